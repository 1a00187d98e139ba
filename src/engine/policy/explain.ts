import { type Decision, LAYERS, type Layer, type ToolRequest } from '../model/decision';
import type { Effect } from '../model/effect';
import { suggestionFor } from './command-cover';
import { type Judgement, judge } from './decide';
import type { Facts } from './facts';
import { fieldName } from './problems';
import { type UserPolicy, userPolicySchema } from './schema';
import { buildSnapshot, type PolicySnapshot } from './snapshot';
import type { PolicyChange } from './subject';

/** What one layer said; `silent` when it had nothing to say. */
export interface LayerReport {
  readonly layer: Layer;
  readonly effect: Effect | 'silent';
  readonly decided: boolean;
  readonly words: readonly { readonly effect: Effect; readonly ruleId: string; readonly reason: string }[];
}

/** One thing that a person could do. `setting` is a change of the policy at user scope. */
export type ChangeStep =
  | { readonly kind: 'approve' }
  | { readonly kind: 'remove-grant'; readonly grantId: string }
  | { readonly kind: 'setting'; readonly path: readonly (string | number)[]; readonly value: unknown };

/** The smallest change that alters a decision, tried out before it is told. */
export interface SmallestChange {
  readonly sentence: string;
  readonly steps: readonly ChangeStep[];
  /** What the decision would then be. */
  readonly result: Effect;
}

export interface Explanation {
  readonly decision: Decision;
  readonly summary: string;
  readonly layers: readonly LayerReport[];
  /** Absent when nothing in the policy alters it: the hard block list, a role, a stopped engine. */
  readonly change?: SmallestChange;
  /** For what is asked about: the change of settings after which it would no longer be asked, if there is one. */
  readonly standing?: SmallestChange;
}

/** More rounds than there are layers that can deny. */
const MAX_STEPS = 16;

/** Says which layer and rule decided, what each other layer said, and what would alter it. Never throws. */
export function explain(snapshot: PolicySnapshot, request: ToolRequest, facts: Facts): Explanation {
  const judgement = judge(snapshot, request, facts);
  const { decision } = judgement;
  const base = { decision, summary: summarise(decision), layers: reports(judgement) };
  if (decision.effect === 'allow') {
    const change = tightenOnce(snapshot, request, facts, judgement);
    return { ...base, ...(change === undefined ? {} : { change }) };
  }
  if (decision.effect === 'ask') {
    const standing =
      request.tool === 'run' ? trustIt(snapshot, request, facts) : loosen(snapshot, request, facts, 'ask');
    const change: SmallestChange = { sentence: 'Approve it.', steps: [{ kind: 'approve' }], result: 'allow' };
    return { ...base, change, ...(standing === undefined ? {} : { standing }) };
  }
  const change = loosen(snapshot, request, facts, 'deny');
  return { ...base, ...(change === undefined ? {} : { change }) };
}

function summarise({ effect, layer, ruleId, reasons, grantedBy }: Decision): string {
  const why = reasons[0] ?? '';
  if (grantedBy !== undefined) {
    return `It runs: ${grantedBy} answered beforehand what the layer "${layer}" asks (${ruleId}).`;
  }
  const words = { allow: 'It runs', ask: 'It is asked about', deny: 'It is refused' };
  return `${words[effect]}, as the layer "${layer}" says (${ruleId}): ${why}`;
}

function reports({ decision, said }: Judgement): readonly LayerReport[] {
  return LAYERS.map((layer) => {
    const words = said.filter((one) => one.layer === layer);
    return {
      layer,
      effect: words[0]?.effect ?? 'silent',
      decided: decision.layer === layer,
      words: words.map(({ effect, ruleId, reason }) => ({ effect, ruleId, reason })),
    };
  });
}

/** Takes away what stands in the way, one thing at a time, until the decision is no longer `from`. */
function loosen(
  snapshot: PolicySnapshot,
  request: ToolRequest,
  facts: Facts,
  from: Effect,
): SmallestChange | undefined {
  const steps: ChangeStep[] = [];
  let user: UserPolicy = snapshot.input.user;
  let current = judge(snapshot, request, facts);
  for (let round = 0; round < MAX_STEPS; round++) {
    if (current.decision.effect !== from) {
      return { sentence: sentenceOf(steps), steps, result: current.decision.effect };
    }
    const obstacle = current.said.find((one) => one.effect === from);
    if (obstacle?.change === undefined) return undefined;
    const changed = applyChange(user, obstacle.change);
    if (changed === undefined) return undefined;
    steps.push({ kind: 'setting', path: obstacle.change.path, value: obstacle.change.value ?? null });
    user = changed;
    current = judge(buildSnapshot({ ...snapshot.input, user }), request, facts);
  }
  return undefined;
}

/** For a command: the patterns to trust. Opening the shell to every command is never what is proposed. */
function trustIt(snapshot: PolicySnapshot, request: ToolRequest, facts: Facts): SmallestChange | undefined {
  const patterns = facts.analysis === undefined ? undefined : suggestionFor(facts.analysis)?.patterns;
  if (patterns === undefined) return undefined;
  let user: UserPolicy | undefined = snapshot.input.user;
  const steps: ChangeStep[] = [];
  for (const value of patterns) {
    const path = ['trusted', '-'];
    user = user === undefined ? undefined : applyChange(user, { path, value });
    steps.push({ kind: 'setting', path, value });
  }
  if (user === undefined) return undefined;
  const { effect } = judge(buildSnapshot({ ...snapshot.input, user }), request, facts).decision;
  return effect === 'allow' ? { sentence: sentenceOf(steps), steps, result: effect } : undefined;
}

/** For what runs: how to be asked. */
function tightenOnce(
  snapshot: PolicySnapshot,
  request: ToolRequest,
  facts: Facts,
  { decision, grantedBy }: Judgement,
): SmallestChange | undefined {
  const grant = facts.grants.find((one) => grantedBy.includes(one.id));
  if (decision.grantedBy !== undefined && grant !== undefined) {
    const sentence = `Remove the grant ${grant.id}, and it is asked about again.`;
    return { sentence, steps: [{ kind: 'remove-grant', grantId: grant.id }], result: 'ask' };
  }
  const change: PolicyChange = { path: ['rules', '-'], value: { effect: 'ask', tool: request.tool } };
  const user = applyChange(snapshot.input.user, change);
  if (user === undefined) return undefined;
  const { effect } = judge(buildSnapshot({ ...snapshot.input, user }), request, facts).decision;
  if (effect === 'allow') return undefined;
  return {
    sentence: `Add a rule to your settings: ${JSON.stringify(change.value)}.`,
    steps: [{ kind: 'setting', path: change.path, value: change.value }],
    result: effect,
  };
}

/** A copy of the policy with the change made; undefined when that would not be a valid policy. */
export function applyChange(user: UserPolicy, change: PolicyChange): UserPolicy | undefined {
  const copy: unknown = structuredClone(user);
  let current = copy as Record<string | number, unknown>;
  const parents = change.path.slice(0, -1);
  parents.forEach((part, at) => {
    const next = change.path[at + 1];
    current[part] ??= typeof next === 'number' || next === '-' ? [] : {};
    current = current[part] as Record<string | number, unknown>;
  });
  const last = change.path.at(-1);
  if (last === undefined) return undefined;
  if (Array.isArray(current)) {
    if (last === '-') current.push(change.value);
    else if (typeof last === 'number' && change.value === undefined) current.splice(last, 1);
    else if (typeof last === 'number') current[last] = change.value;
  } else if (change.value === undefined) delete current[last];
  else current[last] = change.value;
  const result = userPolicySchema.safeParse(copy);
  return result.success ? result.data : undefined;
}

function sentenceOf(steps: readonly ChangeStep[]): string {
  const parts = steps.flatMap((step) => {
    if (step.kind !== 'setting') return [];
    const appended = step.path.at(-1) === '-';
    const name = fieldName(appended ? step.path.slice(0, -1) : step.path);
    if (step.value === null) return [`remove ${name}`];
    return [
      appended
        ? `add ${JSON.stringify(step.value)} to ${name}`
        : `set ${name} to ${JSON.stringify(step.value)}`,
    ];
  });
  return `In your settings, ${parts.join(', and ')}.`;
}
