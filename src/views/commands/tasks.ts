import type { TaskView } from '../../engine/api';
import { taskStateText } from '../present/words';
import { t } from '../protocol/l10n';
import { flat } from '../protocol/marks';
import { isFinal } from '../trees/tasks-tree';
import { type Choice, confirmed, type Desk, type Handler, isNode, Notice, needEngine, pick } from './kit';

function choice(task: TaskView): Choice<TaskView> {
  return {
    label: flat(task.title),
    description: `${taskStateText(task.state)} · ${flat(task.displayName)}`,
    value: task,
  };
}

function fromArgument(desk: Desk, value: unknown): TaskView | undefined {
  const { tasks } = needEngine(desk);
  if (typeof value === 'string') return tasks.get(value);
  if (!isNode(value, 'task') || !('task' in value)) return undefined;
  const { task } = value;
  if (typeof task !== 'object' || task === null || !('id' in task) || typeof task.id !== 'string')
    return undefined;
  return tasks.get(task.id);
}

async function oneTask(
  desk: Desk,
  argument: unknown,
  title: string,
  active: boolean,
): Promise<TaskView | undefined> {
  const given = fromArgument(desk, argument);
  if (given !== undefined) return given;
  const tasks = needEngine(desk)
    .tasks.list()
    .filter((task) => !active || !isFinal(task));
  if (tasks.length === 0) throw new Notice(active ? t('No task is running.') : t('There are no tasks yet.'));
  return pick(title, t('Which task?'), tasks.map(choice), true);
}

export function taskCommands(desk: Desk) {
  return {
    'cowork.tasks.open': async (argument) => {
      const task = await oneTask(desk, argument, t('Open Task'), false);
      if (task !== undefined) desk.panels.tasks.show(task.id);
    },
    'cowork.tasks.cancel': async (argument) => {
      const task = await oneTask(desk, argument, t('Cancel Task'), true);
      if (task !== undefined)
        await needEngine(desk).tasks.cancel(task.id, t('Cancelled by the owner in the editor'));
    },
    'cowork.tasks.forceStop': async (argument) => {
      const task = await oneTask(desk, argument, t('Force Stop'), true);
      if (task === undefined) return;
      const question = t('Force “{0}” to stop?', flat(task.title));
      const detail = t(
        'Every process of the task is killed at once. What it was writing may be left half done.',
      );
      if (!(await confirmed(question, detail, t('Force Stop')))) return;
      await needEngine(desk).tasks.forceStop(task.id, t('Forced to stop by the owner in the editor'));
    },
  } satisfies Record<string, Handler>;
}
