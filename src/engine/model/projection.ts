import type { AnyRecord } from './record';

/**
 * State derived from the journal and from nothing else. The store worker reduces the whole journal once and
 * hands the state to the engine, which goes on reducing each new record; both must come to the same state,
 * so `reduce` is a pure function of (state, record) apart from changing `state` in place.
 */
export interface Projection<S> {
  /** Key of the state in a snapshot. */
  readonly name: string;
  /** Raise it when the shape or the meaning changes: older snapshots are then thrown away and replayed. */
  readonly version: number;
  /** A fresh state; plain JSON, so that it can cross a worker boundary and be kept in a snapshot. */
  initial(): S;
  reduce(state: S, record: AnyRecord): void;
}
