import type { JournalPort, StoredRecord } from '../journal';
import type { AnyRecord } from '../model/record';
import { AuditIndex } from './audit-index';
import { AuditTally } from './audit-tally';
import {
  type AggregateQuery,
  type Aggregates,
  type AuditPage,
  type AuditQuery,
  aggregateQuerySchema,
  auditQuerySchema,
} from './query';
import type { Snapshots } from './snapshot';
import { loadSqlite } from './sqlite';
import { recordAt } from './state-keeper';

/** Records that are indexed at once; writers wait no longer than that takes. */
const SLICE = 128;
/** Records that wait in memory to be indexed; beyond that they are read from the journal again. */
const MAX_WAITING = 20_000;
/** The index is worth writing when this many records are not in the file yet, or at the end. */
const WORTH_SAVING = 1_000;
/** Records after which it is written while the store is open, when nobody writes: it holds up writers for a moment. */
const SAVE_EVERY = 50_000;
/** Bytes of records on one page, so that a page of long outputs does not hold up whoever takes it. */
const PAGE_BYTES = 1024 * 1024;

/** Keeps the audit index in step with the journal. It is loaded after start-up, in the background. */
export class IndexKeeper {
  private index: AuditIndex | undefined;
  private ready: Promise<AuditIndex> | undefined;
  private live = false;
  private stopped = false;
  private journalId: () => string = () => '';
  private lastHash = '';
  private savedSeq = 0;
  private dropped = 0;
  private waiting: StoredRecord[] = [];
  private catching: Promise<void> | undefined;

  constructor(
    private readonly journal: JournalPort,
    private readonly snapshots: Snapshots,
    private readonly worthSaving = WORTH_SAVING,
  ) {}

  /** `dropped`: the last record that retention dropped, 0 for none. */
  start(journalId: () => string, dropped: number): void {
    this.dropped = dropped;
    this.journalId = journalId;
    this.ready = new Promise((resolve) => setImmediate(resolve)).then(() => this.load(dropped));
    // A failure is told to whoever asks for something.
    this.ready.catch(() => {});
  }

  private async load(dropped: number): Promise<AuditIndex> {
    const sqlite = await loadSqlite();
    const now = () => performance.now();
    const end = this.journal.head();
    const saved = this.journalId() === '' ? undefined : this.snapshots.loadIndex(this.journalId());
    let index: AuditIndex | undefined;
    if (saved && saved.seq <= end.seq && (await recordAt(this.journal, saved.seq))?.hash === saved.hash) {
      try {
        index = AuditIndex.load(sqlite, saved.bytes, now);
        if (index.lastSeq !== saved.seq) index = undefined;
        this.lastHash = saved.hash;
        this.savedSeq = saved.seq;
      } catch {
        index = undefined;
      }
    }
    index ??= AuditIndex.create(sqlite, now);
    if (dropped > 0) index.dropThrough(dropped);
    await this.catchUp(index);
    this.index = index;
    return index;
  }

  /**
   * Takes records that were just written, to index them when there is time. While catching up, and when too many
   * wait, they are read from the journal instead.
   */
  add(batch: readonly StoredRecord[]): void {
    if (!this.live) return;
    for (const item of batch) this.waiting.push(item);
    if (this.waiting.length <= MAX_WAITING) return;
    this.waiting = [];
    this.live = false;
  }

  /** Indexes some of what waits. False when there is nothing left to do. */
  work(): boolean {
    if (!this.index || this.stopped || this.catching) return false;
    if (!this.live) {
      this.catchUp(this.index).catch(() => {});
      return false;
    }
    this.addTo(this.index, this.waiting.splice(0, SLICE));
    if (this.waiting.length > 0) return true;
    if (this.index.lastSeq - this.savedSeq >= SAVE_EVERY) this.save(this.index);
    return false;
  }

  /** Brings the index up to the newest record that was handed in. */
  private async upToDate(): Promise<AuditIndex> {
    const index = await this.opened();
    while (this.catching || !this.live) await (this.catching ?? this.catchUp(index));
    // Not more than there are now: a writer who never rests must not keep a reader waiting.
    for (let left = this.waiting.length; left > 0; left -= SLICE) {
      this.addTo(index, this.waiting.splice(0, SLICE));
      if (left > SLICE) await new Promise((resolve) => setImmediate(resolve));
    }
    return index;
  }

  /** Reads what the index lacks from the journal, once. What is written meanwhile waits in memory, in order behind it. */
  private catchUp(index: AuditIndex): Promise<void> {
    this.live = true;
    this.catching ??= this.readInto(index).finally(() => {
      this.catching = undefined;
    });
    return this.catching;
  }

  private async readInto(index: AuditIndex): Promise<void> {
    for await (const batch of this.journal.read(Math.max(index.lastSeq, this.dropped) + 1)) {
      for (let i = 0; i < batch.length && !this.stopped; i += SLICE) {
        this.addTo(index, batch.slice(i, i + SLICE));
        await new Promise((resolve) => setImmediate(resolve));
      }
      if (this.stopped) {
        // What waits must not be put behind a gap.
        this.live = false;
        return;
      }
    }
  }

  private addTo(index: AuditIndex, batch: readonly StoredRecord[]): void {
    const fresh = batch.filter(({ record }) => record.seq > index.lastSeq);
    index.add(
      fresh.map(({ record, segment, offset, length }) => ({
        record,
        at: { seq: record.seq, segment, offset, length },
      })),
    );
    this.lastHash = fresh.at(-1)?.record.hash ?? this.lastHash;
  }

  private opened(): Promise<AuditIndex> {
    if (!this.ready) throw new Error('The record is not open.');
    return this.ready;
  }

  async query(input: AuditQuery): Promise<AuditPage> {
    const query = auditQuerySchema.parse(input);
    const index = await this.upToDate();
    const found = index.find(query);
    const records: AnyRecord[] = [];
    let next = found.next;
    let bytes = 0;
    for (const location of found.locations) {
      bytes += location.length;
      const last = records.at(-1);
      if (last && bytes > PAGE_BYTES) {
        next = last.seq;
        break;
      }
      records.push(await this.journal.fetch(location));
    }
    return { records, total: found.total, ...(next === undefined ? {} : { next }) };
  }

  /** Counts in steps of a few milliseconds, so that appends get their turn. Rejects when `signal` aborts. */
  async aggregates(input: AggregateQuery, signal?: AbortSignal): Promise<Aggregates> {
    const query = aggregateQuerySchema.parse(input);
    const tally = new AuditTally(query.bucket === 'day' ? 24 : 1);
    const steps = (await this.upToDate()).groups(query);
    for (const groups of steps) {
      for (const group of groups) tally.add(group);
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
      if (this.stopped) throw new Error('The record is closed.');
    }
    return tally.result();
  }

  async record(seq: number): Promise<AnyRecord | undefined> {
    const location = (await this.upToDate()).location(seq);
    return location ? this.journal.fetch(location) : undefined;
  }

  /** Forgets the records up to `seq`, which retention dropped. */
  async dropThrough(seq: number): Promise<void> {
    (await this.upToDate()).dropThrough(seq);
    this.dropped = seq;
  }

  /** Writes the index beside the journal when that saves the next start some work. */
  async close(): Promise<void> {
    this.stopped = true;
    await this.ready?.catch(() => undefined);
    await this.catching?.catch(() => undefined);
    const { index } = this;
    if (!index) return;
    if (this.live) this.addTo(index, this.waiting.splice(0));
    if (this.lastHash !== '' && index.lastSeq - this.savedSeq >= this.worthSaving) this.save(index);
    index.close();
  }

  private save(index: AuditIndex): void {
    this.savedSeq = index.lastSeq;
    try {
      this.snapshots.saveIndex(this.journalId(), { seq: index.lastSeq, hash: this.lastHash }, index.export());
    } catch {
      // Disposable: the next start makes it anew.
    }
  }
}
