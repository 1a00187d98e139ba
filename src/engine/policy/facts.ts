import type { CommandAnalysis } from '../model/analysis';
import type { ToolGroup } from '../model/decision';
import type { Role } from '../model/identity';
import type { Grant } from './grants';
import type { PathAccess } from './protected-paths';

/** A file that the action would touch. `path` is absolute and has its links resolved. */
export interface PathFact {
  readonly path: string;
  readonly access: PathAccess;
  readonly inside: boolean;
  /** Set when whoever resolved the path already knows that it is protected, and as what. */
  readonly protectedName?: string;
}

/** What has been used before this action, not counting it. */
export interface Usage {
  readonly task: {
    readonly tokens: number;
    /** US dollars. */
    readonly cost: number;
    readonly iterations: number;
    readonly callsThisStep: number;
    /** How often this task has already made this very call, with the same arguments. */
    readonly repeats: number;
    /** Milliseconds since the task began to run. */
    readonly elapsedMs?: number;
  };
  /** Of this person, in the last 24 hours. */
  readonly userDay: { readonly tokens: number; readonly cost: number };
  /** What this action itself is expected to add, when that is known. */
  readonly next?: { readonly tokens: number; readonly cost: number };
}

export const NO_USAGE: Usage = Object.freeze({
  task: Object.freeze({ tokens: 0, cost: 0, iterations: 0, callsThisStep: 0, repeats: 0 }),
  userDay: Object.freeze({ tokens: 0, cost: 0 }),
});

/** Everything slow or stateful that a decision needs, gathered before it. */
export interface Facts {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** For `run`: what the guard found. A command without it is asked about. */
  readonly analysis?: CommandAnalysis;
  readonly paths?: readonly PathFact[];
  /** Hosts that the action would contact, as written; the guard's are added from `analysis`. */
  readonly hosts?: readonly string[];
  readonly usage: Usage;
  readonly workspaceTrusted: boolean;
  /** The whole engine is stopped (law 10). */
  readonly paused: boolean;
  readonly grants: readonly Grant[];
  /** What `access` says of the channel and context that the request came from. */
  readonly contextPolicy: {
    readonly deniedToolGroups: readonly ToolGroup[];
    readonly requiredRole: Role;
  };
  readonly sandbox: { readonly id: string; readonly isolated: boolean };
  /**
   * The binding hash of this very action, as an approval of it would hold it (law 7). Only with it can an
   * exact grant match; without it none does.
   */
  readonly exactHash?: string;
}
