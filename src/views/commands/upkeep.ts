import * as vscode from 'vscode';
import { type ProfileName, UPKEEP_TASKS, type UpkeepTask } from '../../engine/model/posture';
import { taskOf, taskText } from '../present/checklist-words';
import { t } from '../protocol/l10n';
import { flat } from '../protocol/marks';
import { openDocs } from './checklist';
import {
  type Choice,
  confirmed,
  type Desk,
  type Handler,
  inform,
  isNode,
  Notice,
  needEngine,
  pick,
} from './kit';

const DAY_MS = 86_400_000;
const EXTENSION = 'cowork-os.cowork-os';

/** An item of a checklist that the tree handed over, as it is now. */
function itemOf(desk: Desk, argument: unknown) {
  if (!isNode(argument, 'item') || !('entry' in argument)) return undefined;
  const { entry } = argument;
  if (typeof entry !== 'object' || entry === null || !('item' in entry)) return undefined;
  const { item } = entry;
  const id = typeof item === 'object' && item !== null && 'id' in item ? item.id : undefined;
  return needEngine(desk)
    .posture.report()
    .checklists.find((one) => one.id === id);
}

async function oneTask(desk: Desk, argument: unknown, title: string): Promise<UpkeepTask | undefined> {
  const item = itemOf(desk, argument);
  const given = item === undefined ? UPKEEP_TASKS.find((task) => task === argument) : taskOf(item.id);
  if (given !== undefined) return given;
  const { reminders } = needEngine(desk).posture.report();
  const choices: readonly Choice<UpkeepTask>[] = reminders.map(({ task, detail }) => ({
    label: taskText(task),
    detail,
    value: task,
  }));
  return pick(title, t('Which task?'), choices, true);
}

/** The regular work: doing it, putting it off, and what it opens. */
export function upkeepCommands(desk: Desk) {
  return {
    'cowork.checklist.do': async (argument) => {
      const item = itemOf(desk, argument);
      if (item === undefined) throw new Notice(t('The Checklist has nothing for this.'));
      await vscode.commands.executeCommand(item.command, ...(item.arguments ?? []));
    },
    'cowork.checklist.done': async (argument) => {
      const task = await oneTask(desk, argument, t('Mark as Done'));
      if (task === undefined) return;
      const detail = await vscode.window.showInputBox({
        title: taskText(task),
        prompt: t('What was done, and what came of it? It goes on the record.'),
        ignoreFocusOut: true,
      });
      if (detail !== undefined) await needEngine(desk).posture.complete(task, detail.trim());
    },
    'cowork.checklist.snooze': async (argument) => {
      const task = await oneTask(desk, argument, t('Remind Me Later'));
      if (task === undefined) return;
      const now = Date.now();
      const days = await pick(
        t('Remind Me Later'),
        taskText(task),
        [
          { label: t('Tomorrow'), value: 1 },
          { label: t('In a week'), value: 7 },
          { label: t('In 30 days'), value: 30 },
        ],
        true,
      );
      if (days !== undefined) await needEngine(desk).posture.snooze(task, now + days * DAY_MS);
    },
    'cowork.checklist.dismiss': async (argument) => {
      const task = await oneTask(desk, argument, t('Leave Out This Time'));
      if (task === undefined) return;
      await needEngine(desk).posture.dismiss(task, t('Left out by the owner in the editor'));
    },
    'cowork.updates.check': async () => {
      const { posture } = needEngine(desk);
      const status = await vscode.window.withProgress(
        { location: vscode.ProgressLocation.Notification, title: t('Looking for a newer version…') },
        () => posture.checkForUpdates(),
      );
      if (status.status === 'current') return inform(flat(status.detail));
      const show = t('Show Extension');
      const answer = await vscode.window.showWarningMessage(
        flat(status.detail),
        ...(status.status === 'newer' ? [show] : []),
      );
      if (answer === show) await vscode.commands.executeCommand('extension.open', EXTENSION);
    },
    'cowork.updates.show': async () => {
      await vscode.commands.executeCommand('extension.open', EXTENSION);
    },
    'cowork.recovery.steps': async () => openDocs(desk, 'docs/recovery.md'),
    'cowork.grants.remove': async (argument) => {
      const { posture } = needEngine(desk);
      const found = posture.report().findings.filter(({ rule }) => rule === 'INI-4.grants');
      if (found.length === 0) throw new Notice(t('Every standing grant was used lately.'));
      const finding =
        found.find(({ subject }) => subject === argument) ??
        (await pick(
          t('Remove Grant'),
          t('Which grant?'),
          found.map((one) => ({ label: flat(one.evidence), value: one })),
          true,
        ));
      if (finding?.subject === undefined) return;
      const detail = t('Next time it is asked about again.');
      if (await confirmed(flat(finding.evidence), detail, t('Remove')))
        await posture.removeGrant(finding.subject);
    },
    'cowork.log.setLevel': async () => {
      await vscode.commands.executeCommand('workbench.action.setLogLevel');
    },
    'cowork.profile.choose': async () => {
      const { posture } = needEngine(desk);
      const now = posture.report().profile;
      const profiles: readonly Choice<ProfileName>[] = [
        {
          label: 'development',
          detail: t('For work of your own; nothing is held down'),
          value: 'development',
        },
        {
          label: 'production',
          detail: t('The open folder only, every budget on, nobody let in unasked'),
          value: 'production',
        },
        {
          label: 'shared',
          detail: t('As production; commands only in a sandbox, no memory tools in groups'),
          value: 'shared',
        },
      ];
      const to = await pick(
        t('Choose Profile'),
        t('What is this environment?'),
        profiles.map((one) => ({ ...one, description: one.value === now ? t('now') : '' })),
        true,
      );
      if (to === undefined || to === now) return;
      const changes = await posture.profileChanges(to);
      const lines = (side: 'before' | 'after') =>
        [
          `${t('Profile')}: ${side === 'before' ? now : to}`,
          ...changes.map((one) => `${one.what}: ${one[side]}`),
        ].join('\n');
      await desk.preview.compare(
        t('What the profile “{0}” changes', to),
        `${lines('before')}\n`,
        `${lines('after')}\n`,
      );
      const detail = changes
        .map(
          (one) => `${one.stricter ? '▲' : '▽'} ${flat(one.what)}: ${flat(one.before)} → ${flat(one.after)}`,
        )
        .join('\n');
      const question = t('Switch from “{0}” to “{1}”?', now, to);
      if (await confirmed(question, detail || t('Nothing changes here.'), t('Switch')))
        await posture.setProfile(to);
    },
  } satisfies Record<string, Handler>;
}
