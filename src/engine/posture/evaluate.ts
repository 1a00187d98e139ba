import type { Finding, Found, Severity } from '../model/posture';
import type { FactFamilies, FamilyName, RulesOfChannel } from './facts';
import type { PostureRule } from './rule';
import { RULES } from './rules';

/** The page on which every control is explained. */
const CONTROLS_PAGE = 'docs/controls.md';

interface RuleText {
  readonly id: string;
  readonly severity: Severity;
  readonly title: string;
  readonly why: string;
  readonly docs?: string;
}

/** The control that a rule looks after: its id without the suffix. */
export function controlOf(rule: string): string {
  return rule.split('.', 1)[0] ?? rule;
}

function finding(family: FamilyName, rule: RuleText, found: Found): Finding {
  return {
    ...found,
    id: found.subject === undefined ? rule.id : `${rule.id}:${found.subject}`,
    rule: rule.id,
    family,
    severity: found.severity ?? rule.severity,
    title: rule.title,
    why: rule.why,
    docs: rule.docs ?? `${CONTROLS_PAGE}#${controlOf(rule.id).toLowerCase()}`,
  };
}

/** What the rules of one family find. Pure: the same facts, the same findings, in the same order. */
export function evaluate<F extends FamilyName>(
  family: F,
  facts: FactFamilies[F],
  rulesOf: RulesOfChannel = () => [],
): readonly Finding[] {
  const rules: readonly PostureRule<FactFamilies[F]>[] = RULES[family];
  const general = rules.flatMap((rule) => rule.check(facts).map((found) => finding(family, rule, found)));
  return isChannels(family, facts) ? [...general, ...ofChannels(facts, rulesOf)] : general;
}

function isChannels(family: FamilyName, _facts: unknown): _facts is FactFamilies['channels'] {
  return family === 'channels';
}

function ofChannels({ channels }: FactFamilies['channels'], rulesOf: RulesOfChannel): readonly Finding[] {
  return channels
    .filter(({ enabled }) => enabled)
    .flatMap((facts) =>
      rulesOf(facts.channel).flatMap((rule) => {
        const found = rule.check(facts);
        return found === undefined ? [] : [finding('channels', rule, { subject: facts.channel, ...found })];
      }),
    );
}
