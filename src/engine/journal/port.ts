import type { AnyRecord } from '../model/record';
import type { ChainEnd, Draft, Seal } from './line';

/** What was cut from the end of a journal after a crash. The bytes are kept in the file `aside`. */
export interface Recovery {
  readonly bytesCut: number;
  readonly lastSeq: number;
  readonly aside: string;
}

/** A place in a journal: the file's name, the line in it from 1, and the sequence number where there is one. */
export interface Place {
  readonly segment: string;
  readonly line: number;
  readonly seq: number;
}

/** One thing that is wrong with a journal, with its place. `text` is a sentence for a person. */
export interface Damage extends Place {
  readonly kind: DamageKind;
  readonly text: string;
}

/**
 * edited: a line is not what was written. missing: records are gone. misplaced: a record stands where it does not
 * belong (swapped, repeated, inserted). unlinked: a record follows another than the one it was written after.
 * torn: the last line is not whole. truncated: the end is older than a head that was signed or remembered.
 * added: records follow a head that says that nothing does.
 * replaced: a record differs from the one that a head speaks of. head: a head is damaged or has a wrong signature.
 * key: a head is signed by another key than the known one. checkpoint: the start is not vouched for.
 */
export type DamageKind =
  | 'edited'
  | 'missing'
  | 'misplaced'
  | 'unlinked'
  | 'torn'
  | 'truncated'
  | 'added'
  | 'replaced'
  | 'head'
  | 'key'
  | 'checkpoint';

export interface JournalOpening {
  readonly end: ChainEnd;
  /** Sequence number of the oldest record that is there; 1 unless retention dropped older ones. */
  readonly firstSeq: number;
  readonly recovered?: Recovery;
  /** What is wrong in the newest segment, the only one that opening looks at. */
  readonly damage: readonly Damage[];
}

/** Where a record is. A journal that is not made of files goes by `seq` alone. */
export interface Location {
  readonly seq: number;
  readonly segment: number;
  readonly offset: number;
  readonly length: number;
}

/** A record together with where it is. `offset` and `length` are bytes in the segment, without the line feed. */
export interface StoredRecord {
  readonly record: AnyRecord;
  readonly segment: number;
  readonly offset: number;
  readonly length: number;
}

/** What was made durable. */
export interface Stored {
  readonly seal: Seal;
  readonly segment: number;
  readonly offset: number;
  readonly length: number;
}

/** A batch that could only be written in part: `stored` are durable, the rest is not. */
export class PartialAppendError extends Error {
  constructor(
    readonly stored: readonly Stored[],
    override readonly cause: Error,
  ) {
    super(cause.message);
    this.name = 'PartialAppendError';
  }
}

/**
 * Where a journal lives. Narrow on purpose: local segments implement it, a database of a team can.
 * One caller at a time; `appendBatch` calls do not overlap.
 */
export interface JournalPort {
  /** Takes the lease and makes the end whole. @throws JournalHeldError */
  open(): Promise<JournalOpening>;
  /**
   * Seals the drafts in order and makes them durable. Nothing that is not durable is ever returned.
   * @throws JournalFailedError, or PartialAppendError when the first of them are durable.
   */
  appendBatch(drafts: readonly Draft[]): Promise<readonly Stored[]>;
  /** After a failure: puts the end back to what was acknowledged. True when the journal takes records again. */
  recover(): Promise<boolean>;
  /**
   * Records from `fromSeq` on, in batches, up to the end as it was when reading started. Each is checked against its
   * hash and its place in the chain; what is wrong goes to `onDamage`.
   */
  read(fromSeq: number, onDamage?: (damage: Damage) => void): AsyncIterable<readonly StoredRecord[]>;
  /** One record. @throws when it is not there, or is not the one with that number. */
  fetch(at: Location): Promise<AnyRecord>;
  head(): ChainEnd;
  /** Forgets the records up to `seq`, the last of a full segment. A checkpoint stands for them already. */
  drop(seq: number): Promise<void>;
  /** Gives the lease back. */
  close(): Promise<void>;
}
