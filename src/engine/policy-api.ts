import type { ExplainedDecision, PolicyApi } from './api';
import { historyOf, historySince } from './history';
import type { CommandAnalysis } from './model/analysis';
import { Emitter, type Event } from './model/emitter';
import { EngineError } from './model/error';
import type { AnyRecord } from './model/record';
import type { ApprovalView } from './model/views';
import { parseCandidate } from './policy/candidate';
import { effectivePolicy } from './policy/effective';
import { explain } from './policy/explain';
import { pastDecisions } from './policy/past-decisions';
import { ruleUse } from './policy/rule-use';
import { replay, simulate } from './policy/simulate';
import type { PolicySnapshot } from './policy/snapshot';
import { commandSet, commandSets, type PreApprovalDeps, preApprove } from './pre-approval';
import type { Store } from './store/types';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;

export interface PolicyApiDeps extends PreApprovalDeps {
  readonly store: Store;
  readonly policy: () => PolicySnapshot;
  /** Fires when `policy` answers with another one. */
  readonly policyChanged?: Event<void>;
  readonly pending: () => readonly ApprovalView[];
  readonly analyse: (line: string) => Promise<CommandAnalysis>;
}

/** The simulator, explanations and pre-approvals over the journal and the policy in force. */
export function policyApi(deps: PolicyApiDeps): PolicyApi {
  return {
    onChange: deps.policyChanged ?? new Emitter<void>().event,
    effective: () => effectivePolicy(deps.policy()),
    async ruleUse(rules, { days = DEFAULT_DAYS, signal } = {}) {
      mustBeDays(days);
      const now = deps.now();
      const since = now - days * DAY_MS;
      const { records } = await historySince(deps.store, since, signal, true);
      const found = await ruleUse(rules, records, since, {
        snapshot: deps.policy(),
        analyse: deps.analyse,
        now,
        ...(signal === undefined ? {} : { signal }),
      });
      return { ...found, days };
    },
    async simulate(rule, { days = DEFAULT_DAYS, signal, progress } = {}) {
      mustBeDays(days);
      const candidate = parseCandidate(rule);
      const since = deps.now() - days * DAY_MS;
      const { records, whole } = await historySince(deps.store, since, signal);
      const found = await simulate(candidate, pastDecisions(each(records), since), {
        snapshot: deps.policy(),
        analyse: deps.analyse,
        now: deps.now(),
        ...(signal === undefined ? {} : { signal }),
        ...(progress === undefined ? {} : { progress }),
      });
      return { ...found, complete: found.complete && whole, candidate, days };
    },
    explain: (subject) => (typeof subject === 'string' ? ofApproval(deps, subject) : ofRecord(deps, subject)),
    commandSets: () => commandSets(deps.root, deps.analyse),
    commandSet: (line) => commandSet(line, deps.analyse),
    preApprove: (request) => preApprove(request, deps),
  };
}

function mustBeDays(days: number): void {
  if (!(days >= 1 && days <= 365)) throw new EngineError('Between 1 and 365 days can be looked at.');
}

async function ofApproval({ pending }: PolicyApiDeps, id: string): Promise<ExplainedDecision> {
  const view = pending().find((one) => one.id === id);
  if (view === undefined) throw new EngineError('This request is no longer open; look for it in the audit.');
  const { tool, action, requestedAt, decision, alter = {} } = view;
  const { effect, verdicts } = decision;
  return {
    tool,
    action,
    at: requestedAt,
    decided: decision,
    asOf: 'then',
    effect,
    layers: verdicts,
    alter: [alter.now, alter.standing].filter((sentence) => sentence !== undefined),
  };
}

async function ofRecord(deps: PolicyApiDeps, seq: number): Promise<ExplainedDecision> {
  const records = await historyOf(deps.store, seq);
  const record = records?.at(-1);
  if (records === undefined || record?.type !== 'decision.made') {
    throw new EngineError('There is no decision under this number in the record.');
  }
  const { tool, action, effect, layer, ruleId, reasons } = record.data;
  const decided = { effect, layer, ruleId, reasons };
  const snapshot = deps.policy();
  for await (const past of pastDecisions(each([...records]), record.at)) {
    const { request, facts } = await replay(past, snapshot, deps.analyse, deps.now());
    const { decision, change, standing } = explain(snapshot, request, facts);
    const alter = [change?.sentence, standing?.sentence].filter((sentence) => sentence !== undefined);
    return {
      tool,
      action,
      at: record.at,
      decided,
      asOf: 'today',
      effect: decision.effect,
      layers: decision.verdicts,
      alter,
    };
  }
  throw new EngineError('There is no decision under this number in the record.');
}

async function* each(records: readonly AnyRecord[]): AsyncGenerator<AnyRecord> {
  yield* records;
}
