import type { ChainEnd, JournalPort } from '../journal';
import { type Checkpoint, chainStart } from '../journal/checkpoint';
import type { Projection } from '../model/projection';
import type { AnyRecord } from '../model/record';
import type { HeadKeeper } from './head-keeper';
import type { Snapshots, StatesSnapshot } from './snapshot';

/** Keeps the states of the projections, and the hash tree beside them, in step with the durable records. */
export class StateKeeper {
  private states: Record<string, unknown> = {};
  /** The last record that the states know. */
  private reduced: ChainEnd = chainStart(undefined);
  private savedAt = 0;

  constructor(
    private readonly projections: readonly Projection<unknown>[],
    private readonly journal: JournalPort,
    private readonly snapshots: Snapshots,
    private readonly heads: HeadKeeper,
  ) {}

  /** Records that the snapshot on disk does not know yet. */
  get unsaved(): number {
    return this.reduced.seq - this.savedAt;
  }

  /** By name of the projection. */
  all(): Record<string, unknown> {
    return Object.fromEntries(this.projections.map((p) => [p.name, this.states[p.name]]));
  }

  /**
   * Puts states and hash tree to where a snapshot, the checkpoint or nothing leaves them; gives what to replay from.
   * @throws Error when the states come from another version and the records they came from are gone.
   */
  async start(checkpoint: Checkpoint | undefined, lastSeq: number): Promise<number> {
    const snapshot = this.snapshots.loadStates(this.projections);
    if (snapshot && (await this.fits(snapshot, checkpoint, lastSeq))) {
      for (const p of this.projections) this.states[p.name] = snapshot.states[p.name]?.state;
      this.reduced = { seq: snapshot.seq, at: snapshot.at, hash: snapshot.hash };
      this.heads.start(snapshot.journal, snapshot.tree, this.reduced);
      this.savedAt = snapshot.seq;
      return snapshot.seq + 1;
    }
    for (const p of this.projections) {
      const kept = checkpoint?.states[p.name];
      if (checkpoint && kept?.version !== p.version) {
        throw new Error(
          `The state "${p.name}" was written by another version of this product (${kept?.version ?? 'none'}, now ${p.version}), ` +
            'and the records it came from were dropped by retention. Install the version that wrote it, or restore a backup.',
        );
      }
      this.states[p.name] = kept ? structuredClone(kept.state) : p.initial();
    }
    this.reduced = chainStart(checkpoint);
    if (checkpoint) {
      const { journal, seq: size, peaks, roots } = checkpoint;
      this.heads.start(journal, { size, peaks, roots }, this.reduced);
    }
    return this.reduced.seq + 1;
  }

  private async fits(
    snapshot: StatesSnapshot,
    checkpoint: Checkpoint | undefined,
    lastSeq: number,
  ): Promise<boolean> {
    if (snapshot.seq > lastSeq || snapshot.seq < (checkpoint?.seq ?? 0)) return false;
    if (snapshot.seq === checkpoint?.seq) return snapshot.hash === checkpoint.hash;
    return (await recordAt(this.journal, snapshot.seq))?.hash === snapshot.hash;
  }

  reduce(record: AnyRecord): void {
    for (const p of this.projections) p.reduce(this.states[p.name], record);
    this.reduced = { seq: record.seq, at: record.at, hash: record.hash };
    this.heads.add(this.reduced);
  }

  /** Writes the snapshot: what the next start need not replay. */
  save(): void {
    this.savedAt = this.reduced.seq;
    if (this.heads.journalId === '') return;
    try {
      this.snapshots.saveStates(
        this.heads.journalId,
        this.reduced,
        this.heads.state(),
        this.projections,
        this.states,
      );
    } catch {
      // Disposable: the next start replays instead.
    }
  }
}

/** The record with that number; undefined when there is none. */
export async function recordAt(journal: JournalPort, seq: number): Promise<AnyRecord | undefined> {
  for await (const [first] of journal.read(seq)) return first?.record.seq === seq ? first.record : undefined;
  return undefined;
}
