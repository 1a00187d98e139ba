import type { EventMap, EventType } from './events';

/** Who did it: an identity key, or one of the product's own actors. */
export type Actor = string;

/** The person at the editor. */
export const OWNER_AT_DESK: Actor = 'desk';
/** The engine itself: timers, recovery, projections. */
export const ENGINE: Actor = 'engine';

/** What is handed to the journal. `data` must be plain JSON: no undefined, no NaN, no Date. */
export interface NewRecord<T extends EventType = EventType> {
  readonly type: T;
  readonly actor: Actor;
  /** What it is about: an identity key, a task id, an approval id, a channel id. Empty when about all. */
  readonly subject: string;
  readonly data: EventMap[T];
}

/** One line of the journal. `hash` is SHA-256 over the canonical JSON of all the other fields, in hex. */
export interface JournalRecord<T extends EventType = EventType> extends NewRecord<T> {
  /** From 1, without gaps. */
  readonly seq: number;
  /** Milliseconds since the epoch when it was accepted. */
  readonly at: number;
  /** `hash` of the record before, 64 zeros for the first. */
  readonly prev: string;
  readonly hash: string;
}

/** A record of any type whose `data` narrows with its `type`. */
export type AnyRecord = { [T in EventType]: JournalRecord<T> }[EventType];
export type AnyNewRecord = { [T in EventType]: NewRecord<T> }[EventType];

/** Appends durably: when the promise resolves, the record survives a crash or a power cut. */
export interface RecordSink {
  append<T extends EventType>(record: NewRecord<T>): Promise<JournalRecord<T>>;
}
