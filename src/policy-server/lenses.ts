import type { CodeLens } from 'vscode-languageserver';
import { t } from '../views/protocol/l10n';
import type { PolicyDocument, RuleNode } from './document';
import { ruleValue } from './document';
import type { Uses } from './uses';

/** The editor's command that goes through the record with a rule; its argument is the rule as JSON. */
const SIMULATE = 'cowork.policy.simulate';

/** Over each rule: what became of what it is about, and a way into the simulator. */
export function lensesOf(document: PolicyDocument, uses: Uses | undefined): CodeLens[] {
  return document.rules.map((rule) => ({
    range: document.range({ offset: rule.node.offset, length: 1 }),
    command: {
      title: titleOf(rule, uses),
      command: SIMULATE,
      arguments: [JSON.stringify(ruleValue(rule))],
    },
  }));
}

function titleOf(rule: RuleNode, uses: Uses | undefined): string {
  const counted = uses?.of(rule);
  if (counted === undefined || counted.considered === 0) return t('simulate');
  const { matched, asked, approved, blocked } = counted.use;
  if (matched === 0) return t('matched nothing in {0} days · simulate', counted.days);
  const parts = [
    ...(asked > 0 ? [t('asked {0}×', asked), t('approved {0}×', approved)] : []),
    ...(blocked > 0 ? [t('blocked {0}×', blocked)] : []),
  ];
  if (parts.length === 0) parts.push(t('matched {0}×, never asked', matched));
  return t('{0} in {1} days · simulate', parts.join(', '), counted.days);
}
