import type { ExplainedDecision, SimulatedDecision, SimulationReport } from '../../engine/api';
import type { Decision, Verdict } from '../../engine/model/decision';
import { t } from '../protocol/l10n';
import { flat } from '../protocol/marks';

/** Text from outside as a code span that it cannot leave. */
export function code(text: string): string {
  const shown = flat(text);
  const runs = shown.match(/`+/g) ?? [];
  const fence = '`'.repeat(1 + Math.max(0, ...runs.map((run) => run.length)));
  const pad = fence.length > 1 ? ' ' : '';
  return `${fence}${pad}${shown}${pad}${fence}`;
}

export function effectText(effect: Decision['effect']): string {
  switch (effect) {
    case 'allow':
      return t('runs');
    case 'ask':
      return t('is asked about');
    case 'deny':
      return t('is blocked');
  }
}

/** What a rule would have done, as a Markdown document. */
export function simulationDocument(report: SimulationReport): string {
  const { candidate, days, considered, matched, changed, complete } = report;
  const rule = JSON.stringify(candidate.kind === 'trusted' ? candidate.entry : candidate.rule);
  const lines = [
    `# ${t('What this rule would have done')}`,
    '',
    code(rule),
    '',
    t(
      '{0} decisions of the last {1} days were looked at. Nothing was run and nothing was changed.',
      considered,
      days,
    ),
  ];
  if (!complete)
    lines.push('', t('Not all of them: it was stopped, or there are more than can be looked at.'));
  lines.push('', `| ${t('With this rule')} | ${t('Decisions')} |`, '|---|---:|');
  lines.push(`| ${t('would have run without asking')} | ${report.wouldAutoRun} |`);
  lines.push(`| ${t('would have been asked about')} | ${report.wouldAsk} |`);
  lines.push(`| ${t('would have been blocked')} | ${report.wouldBlock} |`);
  lines.push('', t('The rule has a word in {0} of them and alters {1}.', matched, changed));
  if (report.examples.length > 0) lines.push('', `## ${t('Examples')}`, '', ...report.examples.map(example));
  return `${lines.join('\n')}\n`;
}

function example({ at, tool, action, before, after }: SimulatedDecision): string {
  const when = new Date(at).toISOString().slice(0, 16).replace('T', ' ');
  const change =
    before === after
      ? effectText(after)
      : t('{0}; without the rule it {1}', effectText(after), effectText(before));
  return `- ${when} ${tool} ${code(action)}: ${change}`;
}

/** Why something was decided, as a Markdown document. */
export function explanationDocument(explained: ExplainedDecision): string {
  const { tool, action, at, decided, asOf, effect, layers, alter } = explained;
  const lines = [
    `# ${t('Why it was decided')}`,
    '',
    `${tool} ${code(action)}`,
    '',
    `${new Date(at).toISOString()}: ${effectText(decided.effect)} (${decided.layer}, ${code(decided.ruleId)})`,
    '',
    ...decided.reasons.map((reason) => `- ${code(reason)}`),
  ];
  lines.push(
    '',
    `## ${asOf === 'then' ? t('What each layer said') : t('What each layer says under the policy of today')}`,
  );
  if (asOf === 'today')
    lines.push('', t('Today it {0}. Budgets and grants of that time are left out.', effectText(effect)));
  lines.push('', ...(layers.length > 0 ? layers.map(layerLine) : [t('No layer objects.')]));
  lines.push('', `## ${t('What would alter it')}`, '');
  lines.push(
    ...(alter.length > 0 ? alter.map((one) => `- ${code(one)}`) : [t('Nothing in the policy alters this.')]),
  );
  return `${lines.join('\n')}\n`;
}

function layerLine({ layer, effect, ruleId, reason }: Verdict): string {
  return `- ${layer}: ${effect} (${code(ruleId)}) ${code(reason)}`;
}
