import type { CommandAnalysis } from '../model/analysis';
import type { AnyRecord } from '../model/record';
import { suggestionFor } from './command-cover';
import { applies } from './layers/rule';
import { type PastDecision, pastDecisions } from './past-decisions';
import { type WorkspaceRule, workspaceRuleSchema } from './schema';
import { replay } from './simulate';
import { buildSnapshot, type CompiledRule, type PolicySnapshot } from './snapshot';
import { makeSubject } from './subject';

/** What became of the actions that a rule is about. Each action counts once, however often it was decided. */
export interface RuleUse {
  readonly matched: number;
  /** A person was asked, and of these answered with yes. */
  readonly asked: number;
  readonly approved: number;
  /** Denied by the policy, whichever layer said so. */
  readonly blocked: number;
  /** Patterns that say more than the rule's own and cover what was asked for, most frequent first; at most three. */
  readonly narrower: readonly string[];
}

export interface RuleUseReport {
  /** In the order of the rules; null for one that is not a rule of a workspace. */
  readonly uses: readonly (RuleUse | null)[];
  /** Actions of that time. With none, nothing can be said of any rule. */
  readonly considered: number;
}

export interface RuleUseOptions {
  readonly snapshot: PolicySnapshot;
  readonly analyse: (line: string) => CommandAnalysis | Promise<CommandAnalysis>;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly signal?: AbortSignal;
}

/** Comparisons of a rule with an action between two looks at other work: some milliseconds (law 9). */
const BATCH = 4000;
/** What analysing an action and keeping one from the record take, in comparisons. */
const PER_ACTION = 200;
const PER_RECORD = 10;

type Breathe = (work: number) => Promise<void> | undefined;

/** Lets other work go on after each batch of its own. */
function breather(): Breathe {
  let done = 0;
  return (work) => {
    done += work;
    if (done < BATCH) return undefined;
    done = 0;
    return new Promise((resume) => setImmediate(resume));
  };
}

/** Actions that are the same but for when they were asked for. */
interface Kind {
  readonly sample: PastDecision;
  times: number;
  asked: number;
  approved: number;
  blocked: number;
}

/**
 * Counts, for each rule, what became of the actions since `since` (milliseconds since the epoch) that it is about;
 * whether it was in force at the time does not matter. Records oldest first, as `pastDecisions` wants them, with
 * those of approvals among them. Stopped by the signal it reports no actions.
 */
export async function ruleUse(
  rules: readonly unknown[],
  records: readonly AnyRecord[],
  since: number,
  options: RuleUseOptions,
): Promise<RuleUseReport> {
  const compiled = compileAll(rules, options.snapshot);
  const breathe = breather();
  const kinds = await kindsOf(records, since, breathe);
  const counts = rules.map(() => ({ matched: 0, asked: 0, approved: 0, blocked: 0 }));
  const narrower = rules.map(() => new Map<string, number>());
  let considered = 0;
  for (const kind of kinds) {
    if (options.signal?.aborted) break;
    await breathe(compiled.size + PER_ACTION);
    considered += kind.times;
    const { request, facts } = await replay(kind.sample, options.snapshot, options.analyse, options.now);
    const subject = makeSubject(options.snapshot, request, facts);
    if (subject === undefined) continue;
    for (const [at, rule] of compiled) {
      const count = counts[at];
      if (count === undefined || !applies(rule, subject)) continue;
      count.matched += kind.times;
      count.asked += kind.asked;
      count.approved += kind.approved;
      count.blocked += kind.blocked;
      if (rule.command !== undefined && subject.analysis !== undefined)
        addNarrower(narrower[at], rule.command.source, subject.analysis, kind.times);
    }
  }
  const stopped = options.signal?.aborted === true;
  return {
    considered: stopped ? 0 : considered,
    uses: counts.map((count, at) =>
      stopped || !compiled.has(at) ? null : { ...count, narrower: mostFrequent(narrower[at]) },
    ),
  };
}

function compileAll(rules: readonly unknown[], { input }: PolicySnapshot): ReadonlyMap<number, CompiledRule> {
  const valid: { readonly at: number; readonly rule: WorkspaceRule }[] = [];
  for (const [at, given] of rules.entries()) {
    const parsed = workspaceRuleSchema.safeParse(given);
    if (parsed.success) valid.push({ at, rule: parsed.data });
  }
  const snapshot = buildSnapshot({
    ...input,
    user: {},
    workspace: { rules: valid.map(({ rule }) => rule) },
  });
  return new Map(
    snapshot.rules.flatMap((rule) => {
      const own = valid[rule.index];
      return own === undefined ? [] : [[own.at, rule] as const];
    }),
  );
}

/** An action that waits is decided again once it is approved, so actions that were asked about count by the question. */
async function kindsOf(
  records: readonly AnyRecord[],
  since: number,
  breathe: Breathe,
): Promise<Iterable<Kind>> {
  const kinds = new Map<string, Kind>();
  const ofTask = new Map<string, Kind>();
  const questions = new Map<string, Kind>();
  for await (const past of pastDecisions(each(records), since)) {
    await breathe(PER_RECORD);
    const { principal, tool, action } = past;
    const key = JSON.stringify([tool, action, principal.key, principal.context]);
    const kind = kinds.get(key) ?? { sample: past, times: 0, asked: 0, approved: 0, blocked: 0 };
    kinds.set(key, kind);
    ofTask.set(JSON.stringify([past.taskId, tool, action]), kind);
    if (past.effect === 'ask') continue;
    kind.times += 1;
    if (past.effect === 'deny') kind.blocked += 1;
  }
  for (const record of records) {
    if (record.at < since) continue;
    await breathe(1);
    if (record.type === 'approval.requested') {
      const { approvalId, taskId, tool, action } = record.data;
      const kind = ofTask.get(JSON.stringify([taskId, tool, action]));
      if (kind === undefined) continue;
      kind.times += 1;
      kind.asked += 1;
      questions.set(approvalId, kind);
    } else if (record.type === 'approval.resolved' && record.data.outcome === 'approved') {
      const kind = questions.get(record.data.approvalId);
      if (kind !== undefined) kind.approved += 1;
    }
  }
  return kinds.values();
}

async function* each(records: readonly AnyRecord[]): AsyncGenerator<AnyRecord> {
  yield* records;
}

function addNarrower(
  found: Map<string, number> | undefined,
  own: string,
  analysis: CommandAnalysis,
  times: number,
): void {
  for (const pattern of suggestionFor(analysis)?.patterns ?? []) {
    if (pattern !== own && pattern.startsWith(`${own.replace(/\s*\*$/, '')} `))
      found?.set(pattern, (found.get(pattern) ?? 0) + times);
  }
}

function mostFrequent(found: ReadonlyMap<string, number> | undefined): readonly string[] {
  return [...(found ?? [])]
    .sort((a, b) => b[1] - a[1])
    .slice(0, 3)
    .map(([pattern]) => pattern);
}
