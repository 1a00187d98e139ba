import * as vscode from 'vscode';
import type { TaskActionView, TaskView } from '../../engine/api';
import { FINAL_TASK_STATES, type TaskState } from '../../engine/model/events';
import type { EngineWatch } from '../engine-watch';
import type { ChannelsPort } from '../ports';
import { ago, lasting, taskStateText } from '../present/words';
import { t } from '../protocol/l10n';
import { flat } from '../protocol/marks';
import { grouped, type TaskGroup, type TreeChoices } from './choices';
import { EngineTree, textTooltip } from './tree';

export type TaskNode =
  | { readonly kind: 'task'; readonly task: TaskView }
  | { readonly kind: 'action'; readonly taskId: string; readonly action: TaskActionView }
  | {
      readonly kind: 'group';
      readonly id: string;
      readonly name: string;
      readonly tasks: readonly TaskView[];
    }
  | { readonly kind: 'finished'; readonly tasks: readonly TaskView[] };

function stateIcon(state: TaskState): vscode.ThemeIcon {
  switch (state) {
    case 'queued':
      return new vscode.ThemeIcon('clock');
    case 'running':
      return new vscode.ThemeIcon('loading~spin');
    case 'waiting-approval':
      return new vscode.ThemeIcon('bell-dot', new vscode.ThemeColor('list.warningForeground'));
    case 'done':
      return new vscode.ThemeIcon('pass', new vscode.ThemeColor('testing.iconPassed'));
    case 'failed':
      return new vscode.ThemeIcon('error', new vscode.ThemeColor('testing.iconFailed'));
    case 'cancelled':
      return new vscode.ThemeIcon('circle-slash');
    case 'denied':
      return new vscode.ThemeIcon('shield');
    case 'interrupted':
      return new vscode.ThemeIcon('debug-disconnect', new vscode.ThemeColor('list.warningForeground'));
  }
}

function actionIcon(state: TaskActionView['state']): vscode.ThemeIcon {
  switch (state) {
    case 'running':
      return new vscode.ThemeIcon('loading~spin');
    case 'ok':
      return new vscode.ThemeIcon('pass');
    case 'failed':
      return new vscode.ThemeIcon('error');
    case 'interrupted':
      return new vscode.ThemeIcon('debug-disconnect');
  }
}

export function isFinal(task: TaskView): boolean {
  return FINAL_TASK_STATES.includes(task.state);
}

function byState(tasks: readonly TaskView[]): TaskNode[] {
  const active = tasks.filter((task) => !isFinal(task)).map<TaskNode>((task) => ({ kind: 'task', task }));
  const finished = tasks.filter(isFinal);
  return finished.length > 0 ? [...active, { kind: 'finished', tasks: finished }] : active;
}

/** Tasks, the unfinished first, or grouped as the person chose. A task opens to the actions it took. */
export class TasksTree extends EngineTree<TaskNode> {
  constructor(
    watch: EngineWatch,
    private readonly channels: ChannelsPort,
    private readonly choices: TreeChoices<TaskGroup>,
  ) {
    super('cowork.tasks', watch, ['tasks', 'approvals', 'status']);
    this.choose(choices);
  }

  protected childrenOf(node?: TaskNode): TaskNode[] {
    if (node === undefined) {
      const all = (this.watch.engine?.tasks.list() ?? []).filter((task) => this.fits(task));
      return this.choices.group === 'state' ? byState(all) : this.groups(all);
    }
    if (node.kind === 'finished' || node.kind === 'group')
      return node.tasks.map((task) => ({ kind: 'task', task }));
    if (node.kind === 'task') {
      const { id, actions } = node.task;
      return actions.map((action) => ({ kind: 'action', taskId: id, action }));
    }
    return [];
  }

  private fits({ title, displayName, channel, state }: TaskView): boolean {
    return this.choices.fits(
      title,
      displayName,
      channel,
      this.channels.nameOf(channel),
      taskStateText(state),
    );
  }

  private groups(tasks: readonly TaskView[]): TaskNode[] {
    const byPerson = this.choices.group === 'person';
    const found = grouped(tasks, (task) => (byPerson ? task.user : task.channel));
    return [...found].map(([id, members]) => ({
      kind: 'group',
      id,
      name: byPerson ? flat(members[0]?.displayName ?? id) : this.channels.nameOf(id),
      tasks: members,
    }));
  }

  getTreeItem(node: TaskNode): vscode.TreeItem {
    switch (node.kind) {
      case 'task':
        return this.taskItem(node.task);
      case 'action':
        return this.actionItem(node.taskId, node.action);
      case 'group': {
        const item = new vscode.TreeItem(node.name, vscode.TreeItemCollapsibleState.Expanded);
        item.id = `tasks.group:${node.id}`;
        item.description = String(node.tasks.length);
        item.contextValue = 'taskGroup';
        return item;
      }
      case 'finished': {
        const item = new vscode.TreeItem(t('Finished'), vscode.TreeItemCollapsibleState.Expanded);
        item.id = 'tasks.finished';
        item.description = String(node.tasks.length);
        item.contextValue = 'finishedGroup';
        return item;
      }
    }
  }

  private taskItem(task: TaskView): vscode.TreeItem {
    const title = flat(task.title);
    const item = new vscode.TreeItem(
      title,
      task.actions.length > 0
        ? vscode.TreeItemCollapsibleState.Collapsed
        : vscode.TreeItemCollapsibleState.None,
    );
    item.id = `task:${task.id}`;
    item.iconPath = stateIcon(task.state);
    const state = taskStateText(task.state);
    const now = Date.now();
    const time =
      task.endedAt !== undefined
        ? t('took {0}', lasting(task.endedAt - (task.startedAt ?? task.createdAt)))
        : ago(task.createdAt, now);
    const denials = task.denials > 0 ? t('{0} denied', task.denials) : '';
    item.description = [state, flat(task.displayName), time, denials].filter(Boolean).join(' · ');
    item.tooltip = textTooltip(title, [
      state,
      flat(task.detail),
      t('Asked by {0} on {1}, {2}', flat(task.displayName), task.channel, ago(task.createdAt, now)),
    ]);
    item.contextValue = isFinal(task) ? 'task.final' : 'task.active';
    item.command = { command: 'cowork.tasks.open', title: t('Open'), arguments: [{ kind: 'task', task }] };
    item.accessibilityInformation = { label: `${title}, ${item.description}` };
    return item;
  }

  private actionItem(taskId: string, action: TaskActionView): vscode.TreeItem {
    const item = new vscode.TreeItem(flat(action.action));
    item.id = `action:${action.actionId}`;
    item.iconPath = actionIcon(action.state);
    const exit = typeof action.exitCode === 'number' ? t('exit code {0}', action.exitCode) : '';
    const time = action.durationMs === undefined ? '' : lasting(action.durationMs);
    item.description = [action.tool, exit, time].filter(Boolean).join(' · ');
    item.tooltip = textTooltip(flat(action.action), [t('Sandbox: {0}', action.sandbox)]);
    item.contextValue = 'action';
    item.command = { command: 'cowork.tasks.open', title: t('Open'), arguments: [taskId] };
    return item;
  }
}
