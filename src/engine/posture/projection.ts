import type { EventMap } from '../model/events';
import type { AcceptedRisk, Severity, UpkeepTask } from '../model/posture';
import type { Projection } from '../model/projection';
import type { AnyRecord } from '../model/record';

/** A day's last score is kept for a year and a quarter. */
const SCORES_KEPT = 460;
const FIXES_KEPT = 100;
const NOTICED_KEPT = 200;
const NAMES_PEOPLE = 2000;
const NAMES_EACH = 5;
const DAY_MS = 86_400_000;

export interface PostureState {
  /** Milliseconds since the epoch of the first record. */
  startedAt: number | null;
  /** What was found when it was last looked at, by finding. */
  open: Record<string, { ruleId: string; family: string; severity: Severity; since: number }>;
  accepted: Record<string, AcceptedRisk & { ruleId: string }>;
  /** By `<what> <subject>`. */
  acknowledged: Record<string, { at: number; statement: string }>;
  /** One a day, oldest first, and the latest. */
  scores: { at: number; score: number; open: Record<Severity, number>; accepted: number }[];
  /** Applied and not undone, oldest first. */
  fixes: (EventMap['posture.fixed'] & { at: number })[];
  upkeep: Partial<Record<UpkeepTask, { doneAt?: number; putOffAt?: number; snoozedUntil?: number }>>;
  /** Oldest first. */
  noticed: (EventMap['pattern.noticed'] & { subject: string; at: number })[];
  update: (EventMap['update.checked'] & { at: number }) | null;
  /** By identity: names under which it appeared, as long as it has access. */
  names: Record<string, string[]>;
  /** What was ever done, for the checklists. */
  seen: { paired: number | null; modes: Record<string, true>; finishedTasks: number };
}

/** What the Checklist remembers. */
export const postureProjection: Projection<PostureState> = {
  name: 'posture',
  version: 1,
  initial: () => ({
    startedAt: null,
    open: {},
    accepted: {},
    acknowledged: {},
    scores: [],
    fixes: [],
    upkeep: {},
    noticed: [],
    update: null,
    names: {},
    seen: { paired: null, modes: {}, finishedTasks: 0 },
  }),
  reduce(state, record) {
    state.startedAt ??= record.at;
    switch (record.type) {
      case 'posture.found': {
        const { finding, ruleId, family, severity } = record.data;
        state.open[finding] = { ruleId, family, severity, since: state.open[finding]?.since ?? record.at };
        break;
      }
      case 'posture.cleared':
        delete state.open[record.data.finding];
        // Should it come back, it is another occurrence, and the owner is asked again.
        delete state.accepted[record.data.finding];
        break;
      case 'posture.score':
        keepScore(state, record);
        break;
      case 'posture.accepted': {
        const { finding, ruleId, severity, reason, until } = record.data;
        state.accepted[finding] = { ruleId, severity, reason, until, at: record.at };
        break;
      }
      case 'posture.reopened':
        delete state.accepted[record.data.finding];
        break;
      case 'posture.fixed':
        state.fixes = [...state.fixes, { ...record.data, at: record.at }].slice(-FIXES_KEPT);
        break;
      case 'posture.fix.undone':
        state.fixes = state.fixes.filter(({ fixId }) => fixId !== record.data.fixId);
        break;
      case 'posture.acknowledged':
        state.acknowledged[acknowledgementKey(record.data)] = {
          at: record.at,
          statement: record.data.statement,
        };
        break;
      case 'posture.withdrawn':
        delete state.acknowledged[acknowledgementKey(record.data)];
        break;
      case 'upkeep.done':
        state.upkeep[record.data.task] = { doneAt: record.at };
        break;
      case 'upkeep.snoozed':
        state.upkeep[record.data.task] = {
          ...state.upkeep[record.data.task],
          snoozedUntil: record.data.until,
        };
        break;
      case 'upkeep.dismissed': {
        const { doneAt } = state.upkeep[record.data.task] ?? {};
        state.upkeep[record.data.task] = {
          ...(doneAt === undefined ? {} : { doneAt }),
          putOffAt: record.at,
        };
        break;
      }
      case 'pattern.noticed':
        state.noticed = [...state.noticed, { ...record.data, subject: record.subject, at: record.at }].slice(
          -NOTICED_KEPT,
        );
        break;
      case 'update.checked':
        state.update = { ...record.data, at: record.at };
        if (record.data.status !== 'unknown') state.upkeep.updates = { doneAt: record.at };
        break;
      case 'access.mode':
        state.seen.modes[record.data.channel] = true;
        break;
      case 'access.admitted':
        if (record.data.how === 'paired') state.seen.paired = record.at;
        rememberName(state, record.data.user, record.data.displayName);
        break;
      case 'access.attempt':
        if (record.data.displayName !== undefined)
          rememberName(state, record.data.sender, record.data.displayName);
        break;
      case 'access.revoked':
        delete state.names[record.data.user];
        break;
      case 'task.state':
        if (record.data.state === 'done') state.seen.finishedTasks += 1;
        break;
      default:
        break;
    }
  },
};

export function acknowledgementKey({
  what,
  subject,
}: Pick<EventMap['posture.acknowledged'], 'what' | 'subject'>): string {
  return `${what} ${subject}`;
}

/** A day's later score replaces the earlier one. */
function keepScore(state: PostureState, record: Extract<AnyRecord, { type: 'posture.score' }>): void {
  const last = state.scores.at(-1);
  const sameDay = last !== undefined && Math.floor(last.at / DAY_MS) === Math.floor(record.at / DAY_MS);
  const { score, open, accepted } = record.data;
  state.scores = [
    ...(sameDay ? state.scores.slice(0, -1) : state.scores),
    { at: record.at, score, open: { ...open }, accepted },
  ].slice(-SCORES_KEPT);
}

/** Names as people would tell them apart: without case, marks and the blanks around them. */
function rememberName(state: PostureState, key: string, name: string): void {
  const shown = name.trim().slice(0, 60);
  if (shown === '') return;
  const known = Object.hasOwn(state.names, key) ? (state.names[key] ?? []) : [];
  const plain = (text: string) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  if (known.some((other) => plain(other) === plain(shown)) || known.length >= NAMES_EACH) return;
  if (known.length === 0 && Object.keys(state.names).length >= NAMES_PEOPLE) return;
  state.names[key] = [...known, shown];
}
