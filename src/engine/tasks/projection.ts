import { FINAL_TASK_STATES, type TaskState } from '../model/events';
import type { IdentityKey } from '../model/identity';
import type { Projection } from '../model/projection';

/** Tasks kept in memory for the views, and a few more; older ones that are finished are found in the audit. */
export const KEPT_TASKS = 500;

export interface TaskEntry {
  readonly id: string;
  readonly user: IdentityKey;
  readonly channel: string;
  readonly account: string;
  readonly conversation: string;
  readonly title: string;
  readonly messageId: string;
  readonly createdAt: number;
  state: TaskState;
  detail: string;
  startedAt?: number;
  endedAt?: number;
  denials: number;
  actions: ActionEntry[];
}

export interface ActionEntry {
  readonly actionId: string;
  readonly tool: string;
  readonly action: string;
  readonly sandbox: string;
  readonly startedAt: number;
  state: 'running' | 'ok' | 'failed' | 'interrupted';
  exitCode?: number | null;
  durationMs?: number;
  output?: string;
}

export interface TasksState {
  /** How many were ever created: the next task is `t<created + 1>`. */
  created: number;
  /** How many messages were ever received: the next one is `m<messages + 1>`. */
  messages: number;
  /** Insertion order is order of creation. */
  tasks: Record<string, TaskEntry>;
  /** Owners' stop (law 10). */
  paused: string | null;
}

/** Tasks with their actions, from the records about them. */
export const tasksProjection: Projection<TasksState> = {
  name: 'tasks',
  version: 1,
  initial: () => ({ created: 0, messages: 0, tasks: {}, paused: null }),
  reduce(state, record) {
    switch (record.type) {
      case 'message.received':
        state.messages++;
        break;
      case 'engine.paused':
        state.paused = record.data.reason;
        break;
      case 'engine.resumed':
        state.paused = null;
        break;
      case 'task.created': {
        const { taskId, user, channel, account, conversation, title, messageId } = record.data;
        state.created++;
        state.tasks[taskId] = {
          id: taskId,
          user,
          channel,
          account,
          conversation,
          title,
          messageId,
          createdAt: record.at,
          state: 'queued',
          detail: '',
          denials: 0,
          actions: [],
        };
        forgetOldest(state);
        break;
      }
      case 'task.state': {
        const task = state.tasks[record.data.taskId];
        if (!task) break;
        task.state = record.data.state;
        task.detail = record.data.detail;
        if (record.data.state === 'running') task.startedAt ??= record.at;
        if (isFinal(record.data.state)) task.endedAt = record.at;
        break;
      }
      case 'decision.made': {
        const task = state.tasks[record.data.taskId];
        if (task && record.data.effect === 'deny') task.denials++;
        break;
      }
      case 'action.started': {
        const { taskId, actionId, tool, action, sandbox } = record.data;
        state.tasks[taskId]?.actions.push({
          actionId,
          tool,
          action,
          sandbox,
          startedAt: record.at,
          state: 'running',
        });
        break;
      }
      case 'action.finished': {
        const entry = findAction(state, record.data.taskId, record.data.actionId);
        if (!entry) break;
        entry.state = record.data.ok ? 'ok' : 'failed';
        entry.exitCode = record.data.exitCode;
        entry.durationMs = record.data.durationMs;
        entry.output = record.data.output;
        break;
      }
      case 'action.interrupted': {
        const entry = findAction(state, record.data.taskId, record.data.actionId);
        if (entry) entry.state = 'interrupted';
        break;
      }
    }
  },
};

export function isFinal(state: TaskState): boolean {
  return FINAL_TASK_STATES.includes(state);
}

function findAction(state: TasksState, taskId: string, actionId: string): ActionEntry | undefined {
  return state.tasks[taskId]?.actions.find((action) => action.actionId === actionId);
}

/** So many go at once: naming all that are kept takes longer than all else that a new task does. */
const FORGOTTEN_AT_ONCE = 50;
/** How many tasks a state holds. Only for speed: what is not in it is counted. */
const sizes = new WeakMap<TasksState['tasks'], number>();

function forgetOldest({ tasks }: TasksState): void {
  const known = sizes.get(tasks);
  const size = known === undefined ? Object.keys(tasks).length : known + 1;
  sizes.set(tasks, size);
  if (size < KEPT_TASKS + FORGOTTEN_AT_ONCE) return;
  const ids = Object.keys(tasks);
  const finished = ids.filter((id) => isFinal(tasks[id]?.state ?? 'done'));
  const gone = finished.slice(0, Math.max(0, ids.length - KEPT_TASKS));
  for (const id of gone) delete tasks[id];
  sizes.set(tasks, ids.length - gone.length);
}
