import * as vscode from 'vscode';
import { t } from '../protocol/l10n';
import type { TaskGroup, TreeChoices, UserGroup } from '../trees/choices';
import { type Desk, type Handler, pick } from './kit';

async function askFilter(
  choices: Pick<TreeChoices<never>, 'filter' | 'setFilter'>,
  title: string,
  prompt: string,
): Promise<void> {
  const text = await vscode.window.showInputBox({ title, prompt, value: choices.filter });
  if (text !== undefined) await choices.setFilter(text);
}

function userGroupText(group: UserGroup): string {
  switch (group) {
    case 'channel':
      return t('By channel');
    case 'role':
      return t('By role');
    case 'none':
      return t('One list');
  }
}

function taskGroupText(group: TaskGroup): string {
  switch (group) {
    case 'state':
      return t('Unfinished and finished');
    case 'person':
      return t('By person');
    case 'channel':
      return t('By channel');
  }
}

async function askGroup<G extends string>(
  choices: TreeChoices<G>,
  title: string,
  textOf: (group: G) => string,
): Promise<void> {
  const group = await pick(
    title,
    t('How shall they be grouped?'),
    choices.groups.map((value) => ({
      label: textOf(value),
      description: value === choices.group ? t('now') : '',
      value,
    })),
  );
  if (group !== undefined) await choices.setGroup(group);
}

/** What is seen of the people and of the tasks. */
export function treeChoiceCommands({ users, tasks }: Desk['choices']) {
  return {
    'cowork.users.filter': () =>
      askFilter(
        users,
        t('Filter Users'),
        t('Part of a name, id, channel, role or note. Leave it empty for all.'),
      ),
    'cowork.users.clearFilter': () => users.setFilter(''),
    'cowork.users.group': () => askGroup(users, t('Group Users'), userGroupText),
    'cowork.tasks.filter': () =>
      askFilter(
        tasks,
        t('Filter Tasks'),
        t('Part of what was asked, of who asked, of the channel or the state. Leave it empty for all.'),
      ),
    'cowork.tasks.clearFilter': () => tasks.setFilter(''),
    'cowork.tasks.group': () => askGroup(tasks, t('Group Tasks'), taskGroupText),
  } satisfies Record<string, Handler>;
}
