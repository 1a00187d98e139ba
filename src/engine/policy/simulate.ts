import type { CommandAnalysis } from '../model/analysis';
import type { Decision, ToolRequest } from '../model/decision';
import { type Effect, isStricter } from '../model/effect';
import { decide } from './decide';
import { type Facts, NO_USAGE, type PathFact } from './facts';
import type { PastDecision } from './past-decisions';
import { absolutePath, exactSegments, isWithin } from './paths';
import type { PathAccess } from './protected-paths';
import type { TrustedEntry, UserRule, WorkspaceRule } from './schema';
import { buildSnapshot, type PolicySnapshot } from './snapshot';

/** What somebody thinks of adding. */
export type Candidate =
  | { readonly kind: 'rule'; readonly rule: UserRule }
  | { readonly kind: 'workspace-rule'; readonly rule: WorkspaceRule }
  | { readonly kind: 'trusted'; readonly entry: TrustedEntry };

export interface SimulationOptions {
  /** The policy in force, to which the candidate is added. */
  readonly snapshot: PolicySnapshot;
  /** The guard, for the place where commands run. */
  readonly analyse: (line: string) => CommandAnalysis | Promise<CommandAnalysis>;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly signal?: AbortSignal;
  /** At most this many examples of each outcome; 10 unless said otherwise. */
  readonly examples?: number;
  /** Called now and then with how many decisions were looked at. */
  readonly progress?: (considered: number) => void;
}

export interface SimulatedDecision {
  readonly at: number;
  readonly tool: string;
  readonly action: string;
  /** What was decided then. */
  readonly recorded: Effect;
  /** What the policy in force says today, without and with the candidate. */
  readonly before: Effect;
  readonly after: Effect;
}

/** What the candidate would have done. The three counts are of the decisions that it has a word in. */
export interface Simulation {
  readonly considered: number;
  readonly matched: number;
  readonly wouldAutoRun: number;
  readonly wouldAsk: number;
  readonly wouldBlock: number;
  /** Decisions that come out otherwise than without it. */
  readonly changed: number;
  readonly examples: readonly SimulatedDecision[];
  /** False when it was stopped before the end. */
  readonly complete: boolean;
}

/** Between two looks at other work: about 10 ms of analysis (law 9). */
const BATCH = 16;

/**
 * Decides past actions again, with and without the candidate. Budgets, loops and grants of that time are left
 * out, since they say nothing of the rule; commands are analysed anew.
 */
export async function simulate(
  candidate: Candidate,
  decisions: AsyncIterable<PastDecision>,
  options: SimulationOptions,
): Promise<Simulation> {
  const snapshot = withoutCandidate(options.snapshot, candidate);
  const after = withCandidate(snapshot, candidate);
  const id = idOf(snapshot, candidate);
  const analyse = remembered(options.analyse);
  const counts = { considered: 0, matched: 0, wouldAutoRun: 0, wouldAsk: 0, wouldBlock: 0, changed: 0 };
  const kept = new Map<Effect, SimulatedDecision[]>();
  const limit = options.examples ?? 10;
  let complete = true;
  for await (const past of decisions) {
    if (options.signal?.aborted) {
      complete = false;
      break;
    }
    counts.considered += 1;
    if (counts.considered % BATCH === 0) {
      options.progress?.(counts.considered);
      await new Promise((resume) => setImmediate(resume));
    }
    const { request, facts } = await replay(past, snapshot, analyse, options.now);
    const without = decide(snapshot, request, facts);
    const withIt = decide(after, request, facts);
    const changed = without.effect !== withIt.effect;
    if (!changed && !hasWord(withIt, id)) continue;
    counts.matched += 1;
    if (changed) counts.changed += 1;
    if (withIt.effect === 'allow') counts.wouldAutoRun += 1;
    else if (withIt.effect === 'ask') counts.wouldAsk += 1;
    else counts.wouldBlock += 1;
    const list = kept.get(withIt.effect) ?? [];
    kept.set(withIt.effect, list);
    if (list.length < limit) {
      const { at, tool, action, effect } = past;
      list.push({ at, tool, action, recorded: effect, before: without.effect, after: withIt.effect });
    }
  }
  const examples = [...kept.values()].flat().sort(strictestFirst);
  return { ...counts, examples, complete };
}

function strictestFirst(a: SimulatedDecision, b: SimulatedDecision): number {
  if (a.after !== b.after) return isStricter(a.after, b.after) ? -1 : 1;
  return a.at - b.at;
}

/** A rule that is already in force is held against the policy without it, or it would alter nothing. */
function withoutCandidate(snapshot: PolicySnapshot, candidate: Candidate): PolicySnapshot {
  const { user, workspace } = snapshot.input;
  const wanted = JSON.stringify(candidate.kind === 'trusted' ? candidate.entry : candidate.rule);
  const others = <T>(list: readonly T[] | undefined): T[] | undefined =>
    list?.filter((one) => JSON.stringify(one) !== wanted);
  const rules = others(user.rules);
  const trusted = others(user.trusted);
  const restrictions = others(workspace?.rules);
  const removed =
    rules?.length !== user.rules?.length ||
    trusted?.length !== user.trusted?.length ||
    restrictions?.length !== workspace?.rules?.length;
  if (!removed) return snapshot;
  return buildSnapshot({
    ...snapshot.input,
    user: { ...user, ...(rules ? { rules } : {}), ...(trusted ? { trusted } : {}) },
    ...(workspace ? { workspace: { ...workspace, ...(restrictions ? { rules: restrictions } : {}) } } : {}),
  });
}

function withCandidate({ input }: PolicySnapshot, candidate: Candidate): PolicySnapshot {
  const { user, workspace = {} } = input;
  switch (candidate.kind) {
    case 'rule':
      return buildSnapshot({ ...input, user: { ...user, rules: [...(user.rules ?? []), candidate.rule] } });
    case 'workspace-rule': {
      const rules = [...(workspace.rules ?? []), candidate.rule];
      return buildSnapshot({ ...input, workspace: { ...workspace, rules } });
    }
    case 'trusted':
      return buildSnapshot({
        ...input,
        user: { ...user, trusted: [...(user.trusted ?? []), candidate.entry] },
      });
  }
}

/** Under which id the candidate appears in verdicts and in `grantedBy`. */
function idOf({ input }: PolicySnapshot, candidate: Candidate): string {
  if (candidate.kind === 'trusted') return `trusted[${input.user.trusted?.length ?? 0}]`;
  const source = candidate.kind === 'rule' ? 'user' : 'workspace';
  const index = (source === 'user' ? input.user.rules : input.workspace?.rules)?.length ?? 0;
  return candidate.rule.id ?? `${source}.rules[${index}]`;
}

function hasWord(decision: Decision, id: string): boolean {
  return (
    decision.verdicts.some((verdict) => verdict.layer === 'rule' && verdict.ruleId === id) ||
    decision.grantedBy?.split(', ').includes(id) === true
  );
}

type Analyse = SimulationOptions['analyse'];

/** People repeat themselves; 2,000 lines are a few megabytes. */
function remembered(analyse: Analyse): Analyse {
  const known = new Map<string, ReturnType<Analyse>>();
  return (line) => {
    let analysis = known.get(line);
    if (analysis === undefined) {
      analysis = analyse(line);
      if (known.size < 2000) known.set(line, analysis);
    }
    return analysis;
  };
}

/** A past action as it would be asked for today: without the budgets, grants and loops of its time. */
export async function replay(
  past: PastDecision,
  snapshot: PolicySnapshot,
  analyse: Analyse,
  now: number,
): Promise<{ readonly request: ToolRequest; readonly facts: Facts }> {
  const { principal, taskId, tool } = past;
  const target = tool === 'run' ? undefined : targetOf(tool, past.action);
  const access = ACCESS[tool];
  const paths = target === undefined || access === undefined ? [] : [pathFact(target, access, snapshot)];
  const hosts = target !== undefined && (tool === 'fetch' || tool === 'http') ? [target] : [];
  return {
    request: { principal, taskId, tool, args: {}, cwd: snapshot.workspaceRoot, taint: [] },
    facts: {
      now,
      ...(tool === 'run' ? { analysis: await analyse(past.action) } : {}),
      paths,
      hosts,
      usage: NO_USAGE,
      workspaceTrusted: true,
      paused: false,
      grants: [],
      contextPolicy: { deniedToolGroups: [], requiredRole: 'observer' },
      sandbox: { id: 'simulated', isolated: true },
    },
  };
}

const ACCESS: Readonly<Record<string, PathAccess>> = {
  list: 'read',
  read: 'read',
  search: 'read',
  write: 'write',
  edit: 'write',
  move: 'write',
  delete: 'delete',
};

/** What follows the path in the line that a tool writes of itself: `read a.ts from line 3`. */
const TAIL = / from line \d+.*$| \(\d+ bytes\):$|, \d+ (?:lines|levels)$| for the (?:text|expression) .*$/;

/** The main argument in the recorded line of an action, which starts with the tool's name. */
function targetOf(tool: string, action: string): string | undefined {
  const line = action.split('\n', 1)[0] ?? '';
  if (!line.startsWith(`${tool} `)) return undefined;
  const target = line
    .slice(tool.length + 1)
    .replace(TAIL, '')
    .trim();
  return target === '' ? undefined : target;
}

function pathFact(
  target: string,
  access: PathAccess,
  { workspaceRoot, home, rootSegments }: PolicySnapshot,
): PathFact {
  const path = absolutePath(target, workspaceRoot, home);
  return { path, access, inside: isWithin(exactSegments(path), rootSegments) };
}
