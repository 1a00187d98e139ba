import type { Effect } from './effect';
import type { Principal } from './identity';

/** The capabilities that modes, contexts and roles speak of. Membership of each tool is one table, in `policy`. */
export type ToolGroup =
  | 'read'
  | 'write'
  | 'destructive'
  | 'shell'
  | 'network'
  | 'export'
  | 'system'
  | 'memory';

export const TOOL_GROUPS: readonly ToolGroup[] = [
  'read',
  'write',
  'destructive',
  'shell',
  'network',
  'export',
  'system',
  'memory',
];

/** Someone asks for one tool to be used once. `args` has passed the tool's own schema. */
export interface ToolRequest {
  readonly principal: Principal;
  readonly taskId: string;
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** Absolute; where relative paths in `args` start. */
  readonly cwd: string;
  /** Untrusted content that this task has read so far: file paths outside the owner's control, hosts, channels. */
  readonly taint: readonly string[];
}

/** In the order of report: the first layer with the strictest effect is the one that decided. */
export const LAYERS = [
  'guardrail',
  'profile',
  'workspace',
  'context',
  'channel',
  'user',
  'rule',
  'mode',
  'taint',
] as const;
export type Layer = (typeof LAYERS)[number];

/** What one layer says. `reason` is one sentence for a person; `remedy` what would make it possible. */
export interface Verdict {
  readonly layer: Layer;
  readonly effect: Effect;
  readonly ruleId: string;
  readonly reason: string;
  readonly remedy?: string;
}

/** Something that must be kept while an allowed action runs. */
export type Obligation =
  | { readonly kind: 'sandbox'; readonly network: 'none' | 'listed' }
  | { readonly kind: 'snapshot' }
  | { readonly kind: 'step-up' };

/** The answer of `decide()`. `verdicts` has every layer that had something to say, in `LAYERS` order. */
export interface Decision {
  readonly effect: Effect;
  readonly layer: Layer;
  readonly ruleId: string;
  readonly reasons: readonly string[];
  readonly remedies: readonly string[];
  readonly verdicts: readonly Verdict[];
  readonly obligations: readonly Obligation[];
  /** The grant or trusted pattern that turned *ask* into *allow*, when one did. */
  readonly grantedBy?: string;
}
