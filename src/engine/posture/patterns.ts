import type { PatternName } from '../model/checklist';
import type { IdentityKey } from '../model/identity';
import type { Projection } from '../model/projection';
import type { AnyRecord } from '../model/record';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** OPS-2. Numbers that an ordinary day of a small team does not reach; chosen, not measured. */
export const UNUSUAL = {
  /** Tasks of one person in ten minutes. */
  taskBurst: { count: 10, withinMs: 10 * MINUTE_MS },
  /** Denials for one person in a quarter of an hour. */
  denials: { count: 5, withinMs: 15 * MINUTE_MS },
  /** Different accounts that tried a wrong code on one channel in an hour. */
  failedPairings: { count: 3, withinMs: HOUR_MS },
  /** An hour of the day is new for someone who has been asking for two weeks, and at least twenty times. */
  newHour: { afterMs: 14 * DAY_MS, afterTasks: 20 },
  /** Hosts are no news while the first ones are being met. */
  newHost: { afterMs: DAY_MS, afterHosts: 1 },
  /** The same is not told again for a day. */
  quietMs: DAY_MS,
} as const;

/** People, channels and hosts that are remembered; the longest unheard of are forgotten first. */
const MOST_PEOPLE = 5000;
const MOST_HOSTS = 2000;
const MOST_TIMES = 20;
const MOST_TASKS = 2000;
/** Records. */
const PRUNE_EVERY = 2048;

interface PersonHabits {
  firstAt: number;
  lastAt: number;
  tasks: number;
  /** Times of the last tasks and denials, oldest first. */
  taskTimes: number[];
  denialTimes: number[];
  /** Tasks by hour of the day, UTC. */
  hours: number[];
}

export interface PatternsState {
  people: Record<IdentityKey, PersonHabits>;
  /** By channel: wrong tries of the last hour. */
  tries: Record<string, { at: number; sender: IdentityKey }[]>;
  hosts: Record<string, number>;
  firstHostAt: number | null;
  /** Whose a task is; only the unfinished ones and the last few. */
  owners: Record<string, IdentityKey>;
  /** When something was told, by `<pattern> <subject>`. */
  told: Record<string, number>;
}

/** Something unusual, worth a record of its own. */
export interface Unusual {
  readonly pattern: PatternName;
  /** An identity key, a channel or a host. */
  readonly subject: string;
  readonly text: string;
  readonly count: number;
}

/** The habits that `unusual` compares with. */
export const patternsProjection: Projection<PatternsState> = {
  name: 'patterns',
  version: 1,
  initial: () => ({ people: {}, tries: {}, hosts: {}, firstHostAt: null, owners: {}, told: {} }),
  reduce(state, record) {
    // Counting entries takes time, so it is done now and then; a few more than the most do no harm.
    if (record.seq % PRUNE_EVERY === 0) prune(state);
    switch (record.type) {
      case 'task.created':
        addTask(state, record);
        break;
      case 'decision.made':
        addDecision(state, record);
        break;
      case 'access.attempt': {
        const { channel, sender } = record.data;
        const recent = (state.tries[channel] ?? []).filter(
          ({ at }) => record.at - at < UNUSUAL.failedPairings.withinMs,
        );
        state.tries[channel] = [...recent, { at: record.at, sender }].slice(-100);
        break;
      }
      case 'egress.destination':
        addHost(state, record);
        break;
      case 'pattern.noticed':
        state.told[`${record.data.pattern} ${record.subject}`] = record.at;
        break;
      case 'access.revoked':
        delete state.people[record.data.user];
        break;
      default:
        break;
    }
  },
};

function addTask(state: PatternsState, record: Extract<AnyRecord, { type: 'task.created' }>): void {
  const { user, taskId } = record.data;
  state.people[user] ??= {
    firstAt: record.at,
    lastAt: record.at,
    tasks: 0,
    taskTimes: [],
    denialTimes: [],
    hours: new Array<number>(24).fill(0),
  };
  const person = state.people[user];
  const hour = new Date(record.at).getUTCHours();
  person.lastAt = record.at;
  person.tasks += 1;
  person.taskTimes = [...person.taskTimes, record.at].slice(-MOST_TIMES);
  person.hours[hour] = (person.hours[hour] ?? 0) + 1;
  state.owners[taskId] = user;
}

function addDecision(state: PatternsState, record: Extract<AnyRecord, { type: 'decision.made' }>): void {
  if (record.data.effect !== 'deny') return;
  const person = personOf(state, record.data.taskId);
  if (person) person.denialTimes = [...person.denialTimes, record.at].slice(-MOST_TIMES);
}

function addHost(state: PatternsState, record: Extract<AnyRecord, { type: 'egress.destination' }>): void {
  state.firstHostAt ??= record.at;
  state.hosts[record.data.host] ??= record.at;
}

function personOf(state: PatternsState, taskId: string): PersonHabits | undefined {
  const owner = state.owners[taskId];
  return owner === undefined ? undefined : state.people[owner];
}

function prune(state: PatternsState): void {
  forgetOldest(state.people, MOST_PEOPLE, ({ lastAt }) => lastAt);
  forgetOldest(state.hosts, MOST_HOSTS, (at) => at);
  forgetOldest(state.told, MOST_PEOPLE, (at) => at);
  // In the order in which they were made.
  const tasks = Object.keys(state.owners);
  for (const id of tasks.slice(0, Math.max(0, tasks.length - MOST_TASKS))) delete state.owners[id];
}

function forgetOldest<V>(map: Record<string, V>, most: number, time: (value: V) => number): void {
  const entries = Object.entries(map);
  if (entries.length <= most) return;
  entries.sort(([, a], [, b]) => time(a) - time(b));
  for (const [key] of entries.slice(0, Math.ceil(most / 10))) delete map[key];
}

/** What is unusual about a record that has just been reduced. Pure; the state is after the record. */
export function unusual(state: PatternsState, record: AnyRecord): readonly Unusual[] {
  return found(state, record).filter(({ pattern, subject }) => {
    const told = state.told[`${pattern} ${subject}`];
    return told === undefined || record.at - told >= UNUSUAL.quietMs;
  });
}

function found(state: PatternsState, record: AnyRecord): readonly Unusual[] {
  switch (record.type) {
    case 'task.created':
      return [...burst(state, record), ...newHour(state, record)];
    case 'decision.made':
      return denials(state, record);
    case 'access.attempt':
      return failedPairings(state, record);
    case 'egress.destination':
      return newHost(state, record);
    default:
      return [];
  }
}

function within(times: readonly number[], now: number, ms: number): number {
  return times.filter((at) => now - at < ms).length;
}

function burst(
  state: PatternsState,
  record: Extract<AnyRecord, { type: 'task.created' }>,
): readonly Unusual[] {
  const { user } = record.data;
  const { count: most, withinMs } = UNUSUAL.taskBurst;
  const count = within(state.people[user]?.taskTimes ?? [], record.at, withinMs);
  if (count < most) return [];
  return [
    {
      pattern: 'task-burst',
      subject: user,
      count,
      text: `One person asked for ${count} tasks in ten minutes.`,
    },
  ];
}

function newHour(
  state: PatternsState,
  record: Extract<AnyRecord, { type: 'task.created' }>,
): readonly Unusual[] {
  const { user } = record.data;
  const person = state.people[user];
  const { afterMs, afterTasks } = UNUSUAL.newHour;
  if (!person || record.at - person.firstAt < afterMs || person.tasks <= afterTasks) return [];
  const hour = new Date(record.at).getUTCHours();
  // An hour beside a usual one is a long day, not another person.
  const near = [hour - 1, hour, hour + 1].map((at) => person.hours[(at + 24) % 24] ?? 0);
  if (near.reduce((sum, count) => sum + count, 0) > 1) return [];
  const text = `Someone asked for work at ${String(hour).padStart(2, '0')}:00 UTC for the first time in ${person.tasks} tasks.`;
  return [{ pattern: 'new-hour', subject: user, count: 1, text }];
}

function denials(
  state: PatternsState,
  record: Extract<AnyRecord, { type: 'decision.made' }>,
): readonly Unusual[] {
  if (record.data.effect !== 'deny') return [];
  const person = personOf(state, record.data.taskId);
  const { count: most, withinMs } = UNUSUAL.denials;
  const count = within(person?.denialTimes ?? [], record.at, withinMs);
  const subject = state.owners[record.data.taskId];
  if (count < most || subject === undefined) return [];
  return [
    {
      pattern: 'denial-spike',
      subject,
      count,
      text: `${count} actions of one person were denied in a quarter of an hour.`,
    },
  ];
}

function failedPairings(
  state: PatternsState,
  record: Extract<AnyRecord, { type: 'access.attempt' }>,
): readonly Unusual[] {
  const { channel } = record.data;
  const count = new Set((state.tries[channel] ?? []).map(({ sender }) => sender)).size;
  if (count < UNUSUAL.failedPairings.count) return [];
  const text = `${count} different accounts have tried a wrong pairing code on ${channel} within an hour.`;
  return [{ pattern: 'many-failed-pairings', subject: channel, count, text }];
}

function newHost(
  state: PatternsState,
  record: Extract<AnyRecord, { type: 'egress.destination' }>,
): readonly Unusual[] {
  const { host } = record.data;
  const { afterMs, afterHosts } = UNUSUAL.newHost;
  const others = Object.keys(state.hosts).length - 1;
  if (state.hosts[host] !== record.at || others < afterHosts) return [];
  if (state.firstHostAt === null || record.at - state.firstHostAt < afterMs) return [];
  return [
    { pattern: 'new-host', subject: host, count: 1, text: `${host} was contacted for the first time.` },
  ];
}
