import {
  type Decision,
  LAYERS,
  type Layer,
  type Obligation,
  type ToolRequest,
  type Verdict,
} from '../model/decision';
import { type Effect, isStricter, strictest } from '../model/effect';
import type { Facts } from './facts';
import { channel } from './layers/channel';
import { context } from './layers/context';
import { guardrail } from './layers/guardrail';
import { mode } from './layers/mode';
import { profile } from './layers/profile';
import { rule } from './layers/rule';
import { taint } from './layers/taint';
import { user } from './layers/user';
import { workspace } from './layers/workspace';
import { answeredBy } from './lift';
import type { PolicySnapshot } from './snapshot';
import { type LayerCheck, makeSubject, type Said, type Subject } from './subject';

const CHECKS: Readonly<Record<Layer, LayerCheck>> = {
  guardrail,
  profile,
  workspace,
  context,
  channel,
  user,
  rule,
  mode,
  taint,
};

/** A decision with what `explain` needs beyond it. */
export interface Judgement {
  readonly decision: Decision;
  readonly said: readonly Said[];
  readonly grantedBy: readonly string[];
}

/**
 * Whether one use of one tool runs, is asked about, or is refused: the maximum of all layers (law 1), after
 * which a grant may answer what is only asked. Pure and synchronous; never throws: a fault in a layer denies.
 */
export function decide(snapshot: PolicySnapshot, request: ToolRequest, facts: Facts): Decision {
  return judge(snapshot, request, facts).decision;
}

/** `decide()` with every layer's own words, for explanations. Never throws. */
export function judge(snapshot: PolicySnapshot, request: ToolRequest, facts: Facts): Judgement {
  try {
    const subject = makeSubject(snapshot, request, facts);
    if (subject === undefined) return refuse(unknownTool(request.tool));
    return conclude(subject);
  } catch {
    // Which fault it was is of no use to the person in the chat, and its text may quote what they sent.
    return refuse({
      layer: 'guardrail',
      effect: 'deny',
      ruleId: 'guardrail.fault',
      reason: 'The policy could not be applied to this request, so it is refused.',
      remedy: 'Check the policy with "cowork check", or report the fault.',
    });
  }
}

function conclude(subject: Subject): Judgement {
  const said: Said[] = [];
  for (const layer of LAYERS) said.push(...strictestFirst(CHECKS[layer](subject)));
  const effect = strictest(said.map((one) => one.effect));
  const decider = said.find((one) => one.effect === effect);
  if (decider === undefined) throw new Error('no layer spoke');
  if (effect !== 'ask') return { decision: settle(subject, said, decider, effect), said, grantedBy: [] };
  const asks = said.filter((one) => one.effect === 'ask');
  const grantedBy = answeredBy(subject, asks);
  if (grantedBy === undefined)
    return { decision: settle(subject, said, decider, effect), said, grantedBy: [] };
  const decision: Decision = {
    ...settle(subject, said, decider, 'allow'),
    reasons: [`Answered beforehand by ${grantedBy.join(', ')}.`],
    remedies: [],
    grantedBy: grantedBy.join(', '),
  };
  return { decision, said, grantedBy };
}

function settle(subject: Subject, said: readonly Said[], decider: Said, effect: Effect): Decision {
  const same = said.filter((one) => one.effect === decider.effect);
  const decisive = decider.effect === 'allow' ? [decider] : same;
  return {
    effect,
    layer: decider.layer,
    ruleId: decider.ruleId,
    reasons: unique(decisive.map((one) => one.reason)),
    remedies: unique(decisive.flatMap((one) => (one.remedy === undefined ? [] : [one.remedy]))),
    verdicts: said.map(plain),
    obligations: effect === 'deny' ? [] : obligations(subject, said),
  };
}

/** What must hold while it runs. An approval carries them over to the action. */
function obligations(
  { request, groups, hosts, readOnly }: Subject,
  said: readonly Said[],
): readonly Obligation[] {
  const result: Obligation[] = [];
  if (request.tool === 'run') {
    result.push({ kind: 'sandbox', network: hosts.length > 0 || groups.has('network') ? 'listed' : 'none' });
  }
  if (!readOnly && (groups.has('write') || groups.has('destructive'))) result.push({ kind: 'snapshot' });
  if (said.some((one) => one.about === 'exact' && one.layer === 'guardrail'))
    result.push({ kind: 'step-up' });
  return result;
}

function strictestFirst(said: readonly Said[]): readonly Said[] {
  if (said.length < 2) return said;
  return [...said].sort((a, b) =>
    isStricter(a.effect, b.effect) ? -1 : isStricter(b.effect, a.effect) ? 1 : 0,
  );
}

function plain({ layer, effect, ruleId, reason, remedy }: Said): Verdict {
  return { layer, effect, ruleId, reason, ...(remedy === undefined ? {} : { remedy }) };
}

function unique(texts: readonly string[]): readonly string[] {
  return texts.length < 2 ? texts : [...new Set(texts)];
}

function unknownTool(tool: string): Said {
  return {
    layer: 'guardrail',
    effect: 'deny',
    ruleId: 'guardrail.unknown-tool',
    reason: `There is no tool "${tool}".`,
    remedy: 'Use /help to see what there is.',
  };
}

function refuse(said: Said): Judgement {
  return {
    decision: {
      effect: 'deny',
      layer: said.layer,
      ruleId: said.ruleId,
      reasons: [said.reason],
      remedies: said.remedy === undefined ? [] : [said.remedy],
      verdicts: [plain(said)],
      obligations: [],
    },
    said: [said],
    grantedBy: [],
  };
}
