import type { JournalFs, JournalPort, Signer } from '../journal';
import { type BackupFile, writeBackup } from '../journal/backup';
import {
  CHECKPOINT_FILE,
  type Checkpoint,
  chainStart,
  checkpointBytes,
  signCheckpoint,
} from '../journal/checkpoint';
import { replaceFile } from '../journal/fs';
import { HEADS_FILE } from '../journal/heads';
import type { ChainEnd } from '../journal/line';
import { MerkleFrontier } from '../journal/merkle';
import { makeReceipt, type Receipt } from '../journal/receipt';
import { SegmentTree } from '../journal/segment-tree';
import { listSegments, segmentName } from '../journal/segments';
import type { Masker, SecretForms } from '../model/ports';
import type { Projection } from '../model/projection';
import type { AnyRecord } from '../model/record';
import { exportToFile } from './export';
import type { HeadKeeper } from './head-keeper';
import type { IndexKeeper } from './index-keeper';
import { type ExportRequest, type ExportResult, exportRequestSchema, type RetainRequest } from './requests';
import { plain } from './snapshot';
import type { Progress, RetainReport } from './types';

/** Public key of the signed heads, SPKI in base64, so that a copy of the directory can be checked elsewhere. */
export const PUBLIC_KEY_FILE = 'key.pub';

/** Makes the masking service of this thread from what the other one sends. */
export type MaskerOf = (secrets: readonly SecretForms[]) => Masker;

export interface MaintenanceParts {
  readonly fs: JournalFs;
  readonly directory: string;
  readonly journal: JournalPort;
  readonly heads: HeadKeeper;
  readonly index: IndexKeeper;
  readonly signer: Signer | undefined;
  readonly projections: readonly Projection<unknown>[];
  readonly segmentRecords: number;
  readonly maskerOf: MaskerOf;
  /** Brings states, tree and index up to the newest durable record. */
  readonly settle: () => void;
}

/** What is done with a journal besides writing and asking: receipts, retention, backups, exports. */
export class Maintenance {
  private checkpoint: Checkpoint | undefined;
  private busy = false;

  constructor(private readonly parts: MaintenanceParts) {}

  /** The checkpoint that was found at opening. */
  start(checkpoint: Checkpoint | undefined): void {
    this.checkpoint = checkpoint;
  }

  /** @throws Error when there is no key to sign with. */
  async receipt(seq: number): Promise<Receipt | undefined> {
    const { fs, directory, heads, index, segmentRecords, settle, signer } = this.parts;
    if (!signer) throw new Error('There is no signing key yet: a receipt needs a signed head.');
    settle();
    const record = await index.record(seq);
    if (!record) return undefined;
    if ((heads.last?.seq ?? 0) < seq) heads.sign();
    const head = heads.last;
    if (!head || head.seq < seq)
      throw new Error('The head could not be signed. See the state of the record.');
    const tree = new SegmentTree({ fs, directory, roots: heads.state().roots, segmentRecords });
    const publicKey = signer.publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
    return makeReceipt(tree, record, head, publicKey);
  }

  /** Never drops the newest segment. @throws Error when the journal is damaged: verify first. */
  async retain(request: RetainRequest): Promise<RetainReport> {
    return this.alone(async () => {
      const { fs, directory, journal, heads, index, signer, segmentRecords, settle } = this.parts;
      settle();
      const cut = await this.cutFor(request);
      const dropped = this.checkpoint?.seq ?? 0;
      if (cut <= dropped) return { firstSeq: dropped + 1, dropped: 0 };
      const { end, states } = await this.replayTo(cut);
      const tree = heads.state();
      const roots = tree.roots.slice(0, cut / segmentRecords);
      if (end.seq !== cut || roots.length * segmentRecords !== cut) {
        throw new Error('The record is damaged, so nothing was dropped. Verify it first.');
      }
      const frontier = new MerkleFrontier();
      for (const root of roots) frontier.addSubtree(Buffer.from(root, 'hex'), Math.log2(segmentRecords));
      const checkpoint = signCheckpoint(signer, {
        journal: heads.journalId,
        seq: cut,
        at: end.at,
        hash: end.hash,
        peaks: frontier.save(),
        roots,
        segmentRecords,
        states,
      });
      replaceFile(fs, directory, CHECKPOINT_FILE, checkpointBytes(checkpoint));
      this.checkpoint = checkpoint;
      await journal.drop(cut);
      await index.dropThrough(cut);
      return { firstSeq: cut + 1, dropped: cut - dropped };
    });
  }

  /** The last record of the last full segment that may go. */
  private async cutFor(request: RetainRequest): Promise<number> {
    const { journal, segmentRecords } = this.parts;
    const last = journal.head().seq;
    let free = 'keep' in request ? last - request.keep : 0;
    if ('olderThan' in request) {
      free = last;
      for await (const batch of journal.read((this.checkpoint?.seq ?? 0) + 1)) {
        const young = batch.find(({ record }) => record.at >= request.olderThan);
        if (young) {
          free = young.record.seq - 1;
          break;
        }
      }
    }
    return Math.floor(Math.min(free, last - 1) / segmentRecords) * segmentRecords;
  }

  private async replayTo(cut: number): Promise<{ end: ChainEnd; states: Checkpoint['states'] }> {
    const { journal, projections } = this.parts;
    const { checkpoint } = this;
    const live = projections.map((p) => ({
      projection: p,
      state: checkpoint ? structuredClone(checkpoint.states[p.name]?.state) : p.initial(),
    }));
    let end = chainStart(checkpoint);
    for await (const batch of journal.read(end.seq + 1)) {
      for (const { record } of batch) {
        if (record.seq > cut) break;
        for (const { projection, state } of live) projection.reduce(state, record);
        end = { seq: record.seq, at: record.at, hash: record.hash };
      }
      if ((batch.at(-1)?.record.seq ?? 0) >= cut) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    const states = Object.fromEntries(
      live.map(({ projection, state }) => [
        projection.name,
        { version: projection.version, state: plain(state) },
      ]),
    );
    return { end, states };
  }

  async backup(target: string, passphrase: string, progress: Progress): Promise<void> {
    return this.alone(async () => {
      const { fs, directory, journal, heads, settle } = this.parts;
      settle();
      heads.sign();
      const names = new Set(fs.list(directory));
      const wanted = [
        ...[PUBLIC_KEY_FILE, CHECKPOINT_FILE, HEADS_FILE].filter((name) => names.has(name)),
        ...listSegments(fs, directory).map(segmentName),
      ];
      // Sizes now, all at once: what is appended meanwhile is not part of it. What is there is acknowledged and whole.
      const files = wanted.map((name): BackupFile => ({ name, size: this.sizeOf(name) }));
      if (journal.head().seq === 0) throw new Error('There is nothing to back up yet.');
      await writeBackup(fs, directory, files, heads.last, target, passphrase, progress);
    });
  }

  private sizeOf(name: string): number {
    const { fs, directory } = this.parts;
    const fd = fs.open(`${directory}/${name}`, 'read');
    try {
      return fs.size(fd);
    } finally {
      fs.close(fd);
    }
  }

  async export(input: ExportRequest, progress: Progress): Promise<ExportResult> {
    const { fs, journal, maskerOf } = this.parts;
    const { format, target, filter, secrets } = exportRequestSchema.parse(input);
    const source = { batches: recordsOf(journal), lastSeq: journal.head().seq };
    return exportToFile(fs, source, { format, filter, masker: maskerOf(secrets) }, target, progress);
  }

  /** Retention and backup look at the same files: one at a time. */
  private async alone<T>(work: () => Promise<T>): Promise<T> {
    if (this.busy)
      throw new Error('A backup or a clean-up of the record is running already. Wait for it to end.');
    this.busy = true;
    try {
      return await work();
    } finally {
      this.busy = false;
    }
  }
}

async function* recordsOf(journal: JournalPort): AsyncGenerator<readonly AnyRecord[]> {
  for await (const batch of journal.read(1)) yield batch.map(({ record }) => record);
}
