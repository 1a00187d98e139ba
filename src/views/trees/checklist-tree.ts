import * as vscode from 'vscode';
import {
  type AppliedFix,
  CHECKLISTS,
  type ChecklistItem,
  type ChecklistName,
  type Finding,
  type PostureReport,
  type Reminder,
  SEVERITIES,
  type Severity,
} from '../../engine/model/posture';
import type { EngineWatch } from '../engine-watch';
import { itemText, listText, severityText, taskOf } from '../present/checklist-words';
import { t, translated } from '../protocol/l10n';
import { flat } from '../protocol/marks';
import { EngineTree, textTooltip } from './tree';

export type ChecklistNode =
  | { readonly kind: 'score'; readonly report: PostureReport }
  | { readonly kind: 'severity'; readonly severity: Severity; readonly findings: readonly Finding[] }
  | { readonly kind: 'finding'; readonly finding: Finding }
  | { readonly kind: 'accepted'; readonly findings: readonly Finding[] }
  | { readonly kind: 'list'; readonly list: ChecklistName; readonly items: readonly ListEntry[] }
  | { readonly kind: 'item'; readonly entry: ListEntry }
  | { readonly kind: 'fixes'; readonly fixes: readonly AppliedFix[] }
  | { readonly kind: 'fix'; readonly fix: AppliedFix };

interface ListEntry {
  readonly item: ChecklistItem;
  readonly reminder?: Reminder;
}

/** What of the findings is shown; everything when nothing is said. */
export interface ChecklistFilter {
  readonly severities?: readonly Severity[];
  /** Part of the title, the evidence or the rule's id, in any case. */
  readonly text?: string;
}

const SEVERITY_ICONS: Readonly<Record<Severity, readonly [icon: string, color: string]>> = {
  critical: ['error', 'list.errorForeground'],
  high: ['warning', 'list.errorForeground'],
  medium: ['warning', 'list.warningForeground'],
  low: ['info', 'charts.blue'],
  info: ['info', 'descriptionForeground'],
};

/** What is not as it should be, the worst first; the seed's three lists; accepted risks; and what was changed here. */
export class ChecklistTree extends EngineTree<ChecklistNode> {
  private chosen: ChecklistFilter = {};

  constructor(watch: EngineWatch) {
    super('cowork.checklist', watch, ['posture', 'status']);
    this.register(
      watch.onChange((kinds) => {
        if (kinds.has('posture') || kinds.has('status')) this.drawBadge();
      }),
    );
  }

  get filter(): ChecklistFilter {
    return this.chosen;
  }

  setFilter(filter: ChecklistFilter): void {
    this.chosen = filter;
    this.view.message = filterText(filter);
    this.refresh();
  }

  protected childrenOf(node?: ChecklistNode): ChecklistNode[] {
    const report = this.watch.engine?.posture.report();
    if (report === undefined) return [];
    if (node === undefined) return this.roots(report);
    switch (node.kind) {
      case 'severity':
      case 'accepted':
        return node.findings.map((finding) => ({ kind: 'finding', finding }));
      case 'list':
        return node.items.map((entry) => ({ kind: 'item', entry }));
      case 'fixes':
        return node.fixes.map((fix) => ({ kind: 'fix', fix }));
      default:
        return [];
    }
  }

  getTreeItem(node: ChecklistNode): vscode.TreeItem {
    switch (node.kind) {
      case 'score':
        return scoreItem(node.report);
      case 'severity':
        return groupItem(
          `severity.${node.severity}`,
          severityText(node.severity),
          node.findings.length,
          true,
        );
      case 'finding':
        return findingItem(node.finding);
      case 'accepted':
        return groupItem('accepted', t('Accepted risks'), node.findings.length, false);
      case 'list':
        return listItem(node.list, node.items);
      case 'item':
        return itemItem(node.entry);
      case 'fixes':
        return groupItem('fixes', t('Changed here'), node.fixes.length, false);
      case 'fix':
        return fixItem(node.fix);
    }
  }

  private roots(report: PostureReport): ChecklistNode[] {
    const findings = report.findings.filter((finding) => matches(finding, this.chosen));
    const open = findings.filter(({ accepted }) => accepted === undefined);
    const accepted = findings.filter((finding) => finding.accepted !== undefined);
    const groups = SEVERITIES.map((severity) => ({
      kind: 'severity' as const,
      severity,
      findings: open.filter((finding) => finding.severity === severity),
    })).filter((group) => group.findings.length > 0);
    const lists = CHECKLISTS.map((list) => ({
      kind: 'list' as const,
      list,
      items: report.checklists
        .filter((item) => item.list === list)
        .map((item): ListEntry => {
          const reminder = report.reminders.find(({ task }) => task === taskOf(item.id));
          return { item, ...(reminder === undefined ? {} : { reminder }) };
        }),
    }));
    return [
      { kind: 'score', report },
      ...groups,
      ...lists,
      ...(accepted.length > 0 ? [{ kind: 'accepted' as const, findings: accepted }] : []),
      ...(report.fixes.length > 0 ? [{ kind: 'fixes' as const, fixes: [...report.fixes].reverse() }] : []),
    ];
  }

  /** What asks for a person soon; the rest can be looked up. */
  private drawBadge(): void {
    const report = this.watch.engine?.posture.report();
    const pressing =
      report?.findings.filter(
        ({ severity, accepted }) =>
          accepted === undefined && (severity === 'critical' || severity === 'high'),
      ).length ?? 0;
    this.view.badge =
      pressing === 0
        ? undefined
        : { value: pressing, tooltip: t('{0} findings of the Checklist are high or critical', pressing) };
  }
}

function matches({ title, evidence, rule, severity }: Finding, filter: ChecklistFilter): boolean {
  if (filter.severities !== undefined && !filter.severities.includes(severity)) return false;
  const text = filter.text?.toLowerCase() ?? '';
  return text === '' || `${rule} ${title} ${evidence}`.toLowerCase().includes(text);
}

function filterText({ severities, text }: ChecklistFilter): string | undefined {
  const parts = [severities?.map(severityText).join(', '), text].filter(
    (part) => part !== undefined && part !== '',
  );
  return parts.length === 0 ? undefined : t('Only: {0}', parts.join(' · '));
}

function groupItem(id: string, label: string, count: number, expanded: boolean): vscode.TreeItem {
  const { Expanded, Collapsed } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(label, expanded ? Expanded : Collapsed);
  item.id = `checklist.${id}`;
  item.description = String(count);
  item.contextValue = 'checklistGroup';
  return item;
}

function scoreItem(report: PostureReport): vscode.TreeItem {
  const { score, open, profile, unknown } = report;
  const item = new vscode.TreeItem(t('Score {0} of 100', score));
  item.id = 'checklist.score';
  const total = SEVERITIES.reduce((sum, severity) => sum + open[severity], 0);
  const found = total === 0 ? t('nothing found') : t('{0} found', total);
  item.description = [profile, found].join(' · ');
  item.iconPath = new vscode.ThemeIcon(
    score >= 90 ? 'shield' : 'graph',
    new vscode.ThemeColor(
      score >= 90 ? 'testing.iconPassed' : score >= 60 ? 'list.warningForeground' : 'list.errorForeground',
    ),
  );
  item.tooltip = textTooltip(t('Score {0} of 100', score), [
    t('Accepted risks count in full.'),
    unknown.length === 0 ? '' : t('Nothing is known of: {0}', unknown.join(', ')),
  ]);
  item.contextValue = 'score';
  item.command = { command: 'cowork.checklist.history', title: t('Show Score History') };
  item.accessibilityInformation = { label: `${t('Score {0} of 100', score)}, ${item.description}` };
  return item;
}

function findingItem(finding: Finding): vscode.TreeItem {
  const [icon, color] = SEVERITY_ICONS[finding.severity];
  // What is the case stands first; what should be so is read beside it.
  const item = new vscode.TreeItem(flat(finding.evidence));
  item.id = `finding:${finding.id}`;
  item.description = translated(finding.title);
  const { accepted } = finding;
  item.iconPath =
    accepted === undefined
      ? new vscode.ThemeIcon(icon, new vscode.ThemeColor(color))
      : new vscode.ThemeIcon('shield');
  item.tooltip = textTooltip(`${severityText(finding.severity)} · ${translated(finding.title)}`, [
    flat(finding.evidence),
    translated(finding.why),
    accepted === undefined ? '' : t('Accepted until {0}: {1}', day(accepted.until), flat(accepted.reason)),
    finding.rule,
  ]);
  const fix = finding.fix === undefined ? 'none' : finding.fix.kind === 'command' ? 'place' : 'own';
  item.contextValue = accepted === undefined ? `finding.${fix}` : 'acceptedRisk';
  item.command = {
    command: 'cowork.checklist.why',
    title: t('Why'),
    arguments: [{ kind: 'finding', finding }],
  };
  item.accessibilityInformation = {
    label: `${severityText(finding.severity)}, ${translated(finding.title)}, ${flat(finding.evidence)}`,
  };
  return item;
}

function listItem(list: ChecklistName, items: readonly ListEntry[]): vscode.TreeItem {
  const done = items.filter(({ item }) => item.state === 'done').length;
  const complete = done === items.length;
  const node = new vscode.TreeItem(
    listText(list),
    complete ? vscode.TreeItemCollapsibleState.Collapsed : vscode.TreeItemCollapsibleState.Expanded,
  );
  node.id = `checklist.list.${list}`;
  node.description = t('{0} of {1}', done, items.length);
  node.iconPath = new vscode.ThemeIcon(complete ? 'pass' : 'checklist');
  node.contextValue = 'checklistGroup';
  return node;
}

function itemItem({ item, reminder }: ListEntry): vscode.TreeItem {
  const title = itemText(item.id, item.title);
  const node = new vscode.TreeItem(title);
  node.id = `item:${item.id}`;
  const due = reminder?.state === 'due' ? t('due') : reminder?.state === 'snoozed' ? t('put off') : '';
  node.description = [due, item.evidence].filter(Boolean).join(' · ');
  node.iconPath =
    item.state === 'done'
      ? new vscode.ThemeIcon('pass', new vscode.ThemeColor('testing.iconPassed'))
      : item.state === 'unknown'
        ? new vscode.ThemeIcon('question')
        : new vscode.ThemeIcon(
            reminder?.state === 'due' ? 'bell-dot' : 'circle-large-outline',
            ...(reminder?.state === 'due' ? [new vscode.ThemeColor('list.warningForeground')] : []),
          );
  node.tooltip = textTooltip(title, [
    item.evidence,
    reminder === undefined ? '' : t('Next due on {0}', day(reminder.dueAt)),
    reminder?.snoozedUntil === undefined ? '' : t('Put off until {0}', day(reminder.snoozedUntil)),
  ]);
  node.contextValue = reminder === undefined ? 'item.once' : `item.task.${reminder.state}`;
  node.command = {
    command: 'cowork.checklist.do',
    title: t('Do It'),
    arguments: [{ kind: 'item', entry: { item } }],
  };
  const states = { done: t('done'), open: t('open'), unknown: t('unknown') };
  node.accessibilityInformation = { label: `${title}, ${states[item.state]}, ${node.description}` };
  return node;
}

function fixItem(fix: AppliedFix): vscode.TreeItem {
  const item = new vscode.TreeItem(fix.title);
  item.id = `fix:${fix.id}`;
  item.description = `${fix.place} · ${day(fix.at)}`;
  item.iconPath = new vscode.ThemeIcon('wrench');
  item.tooltip = textTooltip(fix.title, [
    fix.place,
    t('Before: {0}', flat(fix.before) || t('not set')),
    t('After: {0}', flat(fix.after) || t('not set')),
  ]);
  item.contextValue = 'appliedFix';
  return item;
}

export function day(at: number): string {
  return new Date(at).toLocaleDateString(vscode.env.language, { dateStyle: 'medium' });
}
