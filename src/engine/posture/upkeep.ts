import type { Reminder, UpkeepTask } from '../model/posture';
import { UPKEEP_TASKS } from '../model/posture';
import type { PostureState } from './projection';

const DAY_MS = 86_400_000;

/**
 * Days from one time to the next. Updates and the list of people every month; the record every week, since what is
 * in it is the only sign of a break-in; the drill twice a year. Chosen; `users` and `permissions` can be set.
 */
export const EVERY_DAYS: Readonly<Record<UpkeepTask, number>> = {
  updates: 30,
  users: 30,
  audit: 7,
  permissions: 30,
  credentials: 90,
  drill: 182,
};

const COMMANDS: Readonly<Record<UpkeepTask, string>> = {
  updates: 'cowork.updates.check',
  users: 'cowork.users.accessDocument',
  audit: 'cowork.audit.verify',
  permissions: 'cowork.permissions.review',
  credentials: 'cowork.credentials.rotate',
  drill: 'cowork.recovery.steps',
};

export interface UpkeepInput {
  readonly state: Pick<PostureState, 'startedAt' | 'upkeep'>;
  readonly now: number;
  readonly every?: Partial<Readonly<Record<UpkeepTask, number>>>;
  /** When the oldest issued credential got its value; undefined when there is none. */
  readonly oldestCredentialAt?: number;
}

/**
 * The regular work with its due dates. The first time counts from the first record, so that nothing is due on the
 * first day. Leaving one out counts like doing it, for the next date only.
 */
export function reminders(input: UpkeepInput): readonly Reminder[] {
  return UPKEEP_TASKS.flatMap((task) => {
    if (task === 'credentials' && input.oldestCredentialAt === undefined) return [];
    return [reminder(task, input)];
  });
}

function reminder(task: UpkeepTask, input: UpkeepInput): Reminder {
  const { state, now } = input;
  const { doneAt: recorded, putOffAt, snoozedUntil } = state.upkeep[task] ?? {};
  // A credential is done when it is replaced, wherever that was.
  const doneAt = task === 'credentials' ? input.oldestCredentialAt : recorded;
  const every = (input.every?.[task] ?? EVERY_DAYS[task]) * DAY_MS;
  const from = Math.max(doneAt ?? state.startedAt ?? now, putOffAt ?? 0);
  const dueAt = from + every;
  const due = now >= dueAt;
  const snoozed = due && snoozedUntil !== undefined && now < snoozedUntil;
  return {
    task,
    state: snoozed ? 'snoozed' : due ? 'due' : 'waiting',
    dueAt,
    ...(doneAt === undefined ? {} : { doneAt }),
    ...(snoozed ? { snoozedUntil } : {}),
    detail: detail(task, doneAt, now),
    command: COMMANDS[task],
  };
}

const DONE: Readonly<Record<UpkeepTask, string>> = {
  updates: 'Updates were last looked for',
  users: 'The list of people was last reviewed',
  audit: 'The record was last verified',
  permissions: 'The permissions of tools were last reviewed',
  credentials: 'The oldest credential got its value',
  drill: 'Recovery was last rehearsed',
};

function detail(task: UpkeepTask, doneAt: number | undefined, now: number): string {
  if (doneAt === undefined)
    return `${DONE[task].replace(/ was last | were last /, (text) => (text.includes('were') ? ' were never ' : ' was never '))}.`;
  const days = Math.max(0, Math.floor((now - doneAt) / DAY_MS));
  return `${DONE[task]} ${days === 0 ? 'today' : days === 1 ? 'yesterday' : `${days} days ago`}.`;
}

/** The next moment at which a reminder changes its state, in milliseconds since the epoch; undefined when none will. */
export function nextChange(list: readonly Reminder[], now: number): number | undefined {
  const times = list
    .flatMap(({ dueAt, snoozedUntil }) => [dueAt, snoozedUntil ?? 0])
    .filter((at) => at > now);
  return times.length === 0 ? undefined : Math.min(...times);
}
