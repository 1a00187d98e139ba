import type { EventType } from '../../src/engine/model/events';
import type { Clock } from '../../src/engine/model/ports';
import type { Projection } from '../../src/engine/model/projection';
import type { AnyRecord, JournalRecord, NewRecord, RecordSink } from '../../src/engine/model/record';

const ZEROS = '0'.repeat(64);

/**
 * A journal that keeps its records in memory and reduces every projection before `append` resolves, as the
 * engine does. It numbers the records but does not chain them; `hash` only looks like one.
 */
export class MemoryJournal implements RecordSink {
  readonly records: AnyRecord[] = [];
  private readonly projections: { projection: Projection<unknown>; state: unknown }[] = [];
  private failure: Error | undefined;

  /** `delay`, when given, is awaited before each record is accepted: the disk's share of a race. */
  constructor(
    private readonly clock: Clock,
    private readonly delay?: () => Promise<void>,
  ) {}

  /** Adds a projection, reducing what is already there. The result gives the state, also after `restart()`. */
  project<S>(projection: Projection<S>): () => S {
    const held = { projection: projection as Projection<unknown>, state: projection.initial() as unknown };
    for (const record of this.records) projection.reduce(held.state as S, record);
    this.projections.push(held);
    return () => held.state as S;
  }

  async append<T extends EventType>(record: NewRecord<T>): Promise<JournalRecord<T>> {
    await (this.delay ? this.delay() : Promise.resolve());
    if (this.failure) throw this.failure;
    const seq = this.records.length + 1;
    const full: JournalRecord<T> = {
      ...(JSON.parse(JSON.stringify(record)) as NewRecord<T>),
      seq,
      at: this.clock.now(),
      prev: seq === 1 ? ZEROS : String(seq - 1).padStart(64, '0'),
      hash: String(seq).padStart(64, '0'),
    };
    this.records.push(full as AnyRecord);
    for (const { projection, state } of this.projections) {
      projection.reduce(state, full as AnyRecord);
    }
    return full;
  }

  /** From now on every append rejects with this error; undefined mends it. */
  failWith(error: Error | undefined): void {
    this.failure = error;
  }

  /** Forgets every state and reduces the records again, as after a crash. */
  restart(): void {
    for (const held of this.projections) {
      held.state = held.projection.initial();
      for (const record of this.records) held.projection.reduce(held.state, record);
    }
  }

  ofType<T extends EventType>(type: T): JournalRecord<T>[] {
    return this.records.filter((record) => record.type === type) as JournalRecord<T>[];
  }
}
