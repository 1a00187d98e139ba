import {
  type AppendOutcome,
  type Damage,
  type Draft,
  GroupCommit,
  type Head,
  type JournalFs,
  type JournalPort,
  nodeFs,
  SegmentJournal,
  Signer,
  type Stored,
  type StoredRecord,
  toRecord,
  type VerifyReport,
  verifyDirectory,
} from '../journal';
import {
  CHECKPOINT_FILE,
  type Checkpoint,
  chainStart,
  readCheckpoint,
  verifyCheckpoint,
} from '../journal/checkpoint';
import { errorCode } from '../journal/errors';
import { replaceFile } from '../journal/fs';
import { SEGMENT_RECORDS } from '../journal/segments';
import type { Clock } from '../model/ports';
import type { Projection } from '../model/projection';
import type { AnyRecord } from '../model/record';
import { HeadKeeper } from './head-keeper';
import { IndexKeeper } from './index-keeper';
import { Maintenance, type MaskerOf, PUBLIC_KEY_FILE } from './maintenance';
import type { AggregateQuery, Aggregates, AuditPage, AuditQuery } from './query';
import { damageAgainst } from './remembered';
import { Snapshots } from './snapshot';
import { recordAt, StateKeeper } from './state-keeper';
import type { OpenReport, StoreState } from './types';

/** Records between two snapshots of the states: what start-up has to replay at most after a crash. */
const SNAPSHOT_EVERY = 10_000;
/** Records that are reduced between two turns of the event loop. */
const SLICE = 512;
/** Beyond this many waiting, writers are slowed down instead of memory filled. */
const MAX_PENDING = 20_000;
/** Indexing waits until nothing was written for so long, in milliseconds. */
const QUIET_MS = 20;
const RECOVER_EVERY_MS = 2_000;
export interface CoreOptions {
  readonly directory: string;
  /** Shown to whoever finds the journal taken. */
  readonly label: string;
  readonly leaseToken: string;
  readonly projections: readonly Projection<unknown>[];
  readonly clock: Pick<Clock, 'now'>;
  /** PKCS #8 in base64; without it no heads are signed. */
  readonly key?: string;
  readonly rememberedHead?: Head;
  readonly onHead: (head: Head) => void;
  readonly onState: (state: StoreState) => void;
  readonly fs?: JournalFs;
  /** Smaller ones are for tests. */
  readonly segmentRecords?: number;
  readonly recoverEveryMs?: number;
  readonly maskerOf: MaskerOf;
  /** See `IndexKeeper`. */
  readonly indexWorthSaving?: number;
  /** See `HeadKeeper`. */
  readonly signAfterMs?: number;
}

const FORGED =
  'The checkpoint that stands for the dropped records is not signed with the key of this record: it may be forged.';

/** The store itself, wherever it runs: the journal, the states reduced from it, the audit index, the signed heads. */
export class StoreCore {
  private readonly fs: JournalFs;
  private readonly journal: JournalPort;
  private readonly group: GroupCommit;
  private readonly heads: HeadKeeper;
  private readonly signer: Signer | undefined;
  private readonly index: IndexKeeper;
  /** Receipts, retention, backups, exports. */
  readonly maintenance: Maintenance;
  private checkpoint: Checkpoint | undefined;
  private readonly states: StateKeeper;
  private pending: { draft: Draft; stored: Stored }[] = [];
  private working = false;
  private closing = false;
  private indexTimer: NodeJS.Timeout | undefined;
  /** When something was last written, in milliseconds of `performance.now()`. */
  private storedAt = 0;
  private failed = false;
  private recoverTimer: NodeJS.Timeout | undefined;

  constructor(private readonly options: CoreOptions) {
    const { directory, label, leaseToken, clock } = options;
    const segmentRecords = options.segmentRecords ?? SEGMENT_RECORDS;
    this.fs = options.fs ?? nodeFs;
    this.signer = options.key === undefined ? undefined : Signer.fromPkcs8(options.key);
    this.journal = new SegmentJournal({
      directory,
      label,
      leaseToken,
      clock,
      fs: this.fs,
      segmentRecords,
      start: () => chainStart(readCheckpoint(this.fs, directory)),
    });
    this.group = new GroupCommit(this.journal, (drafts, stored) => this.onStored(drafts, stored));
    this.heads = new HeadKeeper({
      fs: this.fs,
      directory,
      signer: this.signer,
      segmentRecords,
      onHead: options.onHead,
      ...(options.signAfterMs === undefined ? {} : { signAfterMs: options.signAfterMs }),
    });
    const snapshots = new Snapshots(this.fs, directory, this.signer);
    this.states = new StateKeeper(options.projections, this.journal, snapshots, this.heads);
    this.index = new IndexKeeper(this.journal, snapshots, options.indexWorthSaving);
    this.maintenance = new Maintenance({
      fs: this.fs,
      directory,
      journal: this.journal,
      heads: this.heads,
      index: this.index,
      signer: this.signer,
      projections: options.projections,
      segmentRecords,
      maskerOf: options.maskerOf,
      settle: () => this.drain(),
    });
  }

  /** @throws JournalHeldError when another window has it. */
  async open(): Promise<OpenReport> {
    const { directory, rememberedHead } = this.options;
    const opening = await this.journal.open();
    try {
      const damage: Damage[] = [...opening.damage];
      this.checkpoint = readCheckpoint(this.fs, directory);
      this.maintenance.start(this.checkpoint);
      if (this.checkpoint && this.signer && !verifyCheckpoint(this.signer.publicKey, this.checkpoint)) {
        damage.push({
          kind: 'checkpoint',
          segment: CHECKPOINT_FILE,
          line: 1,
          seq: this.checkpoint.seq,
          text: FORGED,
        });
      }
      this.heads.openFile();
      if (this.signer) {
        const text = this.signer.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
        replaceFile(this.fs, directory, PUBLIC_KEY_FILE, Buffer.from(`${text}\n`));
      }
      const from = await this.states.start(this.checkpoint, opening.end.seq);
      const seen = new Set(damage.map((d) => `${d.segment} ${d.line} ${d.kind}`));
      let rememberedHash: string | undefined;
      for await (const batch of this.journal.read(from, (d) => {
        if (!seen.has(`${d.segment} ${d.line} ${d.kind}`)) damage.push(d);
      })) {
        for (const { record } of batch) {
          if (record.seq === rememberedHead?.seq) rememberedHash = record.hash;
          this.states.reduce(record);
        }
        await new Promise((resolve) => setImmediate(resolve));
      }
      if (rememberedHead) {
        damage.push(...(await this.rememberedDamage(rememberedHead, rememberedHash, opening.end.seq)));
      }
      // Says that records may follow now, so that none can be added behind a closed head.
      if (damage.length === 0) this.heads.sign();
      this.index.start(() => this.heads.journalId, this.checkpoint?.seq ?? 0);
      return {
        firstSeq: opening.firstSeq,
        lastSeq: opening.end.seq,
        replayed: opening.end.seq - from + 1,
        damage,
        states: this.states.all(),
        ...(opening.recovered ? { recovered: opening.recovered } : {}),
      };
    } catch (error) {
      await this.journal.close();
      throw error;
    }
  }

  /** Says when the journal is an older or another one than the last head, kept in a second place, tells of. */
  private async rememberedDamage(head: Head, known: string | undefined, lastSeq: number): Promise<Damage[]> {
    const hash = head.seq > lastSeq ? undefined : (known ?? (await recordAt(this.journal, head.seq))?.hash);
    return damageAgainst(head, {
      lastSeq,
      dropped: this.checkpoint?.seq ?? 0,
      ...(hash === undefined ? {} : { hash }),
      ...(this.signer ? { keyId: this.signer.keyId } : {}),
    });
  }

  append(drafts: readonly Draft[]): Promise<AppendOutcome> {
    return this.group.appendAll(drafts).then((outcome) => {
      if (outcome.failure) this.onFailure(outcome.failure);
      return outcome;
    });
  }

  private onStored(drafts: readonly Draft[], stored: readonly Stored[]): void {
    for (const [i, item] of stored.entries()) {
      const draft = drafts[i];
      if (draft) this.pending.push({ draft, stored: item });
    }
    if (this.pending.length > MAX_PENDING) this.reducePending(this.pending.length - MAX_PENDING);
    this.storedAt = performance.now();
    if (this.working) return;
    this.working = true;
    setImmediate(() => this.turn());
  }

  /** Reduces what was written, after it was acknowledged and in the gaps that writing leaves. */
  private turn(): void {
    if (this.closing) return;
    this.reducePending(SLICE);
    if (this.pending.length > 0) {
      setImmediate(() => this.turn());
      return;
    }
    this.working = false;
    if (this.states.unsaved >= SNAPSHOT_EVERY && !this.group.busy) this.states.save();
    this.indexSoon(QUIET_MS);
  }

  /** Indexes when nobody has written for a while: a writer that waits for each record is not held up by it. */
  private indexSoon(delayMs: number): void {
    if (this.indexTimer || this.closing) return;
    this.indexTimer = setTimeout(() => {
      this.indexTimer = undefined;
      const quiet = performance.now() - this.storedAt >= QUIET_MS;
      if (!quiet) this.indexSoon(QUIET_MS);
      else if (this.index.work()) this.indexSoon(0);
    }, delayMs);
    this.indexTimer.unref();
  }

  private reducePending(count: number): void {
    const batch: StoredRecord[] = [];
    for (const { draft, stored } of this.pending.splice(0, count)) {
      const record = toRecord(draft, stored.seal);
      this.states.reduce(record);
      batch.push({ record, segment: stored.segment, offset: stored.offset, length: stored.length });
    }
    this.index.add(batch);
    this.heads.due();
  }

  private drain(): void {
    this.reducePending(this.pending.length);
  }

  private onFailure(failure: Error): void {
    if (this.failed) return;
    this.failed = true;
    this.options.onState({ state: 'failed', reason: failure.message, code: errorCode(failure) });
    this.recoverTimer = setInterval(() => {
      void this.recover();
    }, this.options.recoverEveryMs ?? RECOVER_EVERY_MS);
    this.recoverTimer.unref();
  }

  private async recover(): Promise<void> {
    if (!(await this.journal.recover())) return;
    clearInterval(this.recoverTimer);
    this.failed = false;
    this.options.onState({ state: 'ready' });
  }

  async query(query: AuditQuery): Promise<AuditPage> {
    this.drain();
    return this.index.query(query);
  }

  async aggregates(query: AggregateQuery, signal?: AbortSignal): Promise<Aggregates> {
    this.drain();
    return this.index.aggregates(query, signal);
  }

  async record(seq: number): Promise<AnyRecord | undefined> {
    this.drain();
    return this.index.record(seq);
  }

  /** Checks everything up to the newest durable record, against the newest head that was ever signed or remembered. */
  verify(onProgress?: (checked: number, share: number) => void, signal?: AbortSignal): Promise<VerifyReport> {
    const rememberedHead = this.heads.last ?? this.options.rememberedHead;
    return verifyDirectory(this.options.directory, {
      fs: this.fs,
      until: { seq: this.journal.head().seq },
      ...(this.signer ? { publicKey: this.signer.publicKey } : {}),
      ...(rememberedHead ? { rememberedHead } : {}),
      ...(onProgress ? { onProgress } : {}),
      ...(signal ? { signal } : {}),
    });
  }

  /** Ends in order: what was handed in is written, a head is signed, snapshots are kept, the lease is given back. */
  async close(): Promise<void> {
    await this.group.idle();
    this.closing = true;
    this.drain();
    clearInterval(this.recoverTimer);
    clearTimeout(this.indexTimer);
    this.heads.sign(false);
    this.heads.stop();
    if (this.states.unsaved > 0) this.states.save();
    await this.index.close();
    await this.journal.close();
  }
}
