import type { AuditApi, AuditFilter } from '../../engine/api';
import type { AnyRecord } from '../../engine/model/record';
import type { AuditToPage } from '../protocol/audit';
import { actorText, recordLine } from './audit-row';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Longer times are counted by day: more bars than this cannot be told apart. */
const MOST_HOURS = 72;
/** Rows of a list of who or what was denied. */
const MOST_COUNTS = 8;
const MOST_MARKS = 50;

/**
 * Records that say by themselves that something was out of the ordinary: a pattern that the engine noticed, a lock
 * after wrong codes, messages over the rate, everything stopped.
 */
const UNUSUAL = ['pattern.noticed', 'access.locked', 'message.dropped', 'engine.paused'] as const;

type Figures = Omit<Extract<AuditToPage, { type: 'charts' }>, 'type' | 'requestId'>;

/**
 * Figures for the charts over the records that a filter takes, of the last 24 hours unless the filter has times of
 * its own. Counted by the store, so that few records are read. `now` in milliseconds since the epoch.
 */
export async function readCharts(
  audit: AuditApi,
  filter: AuditFilter,
  now: number,
  signal?: AbortSignal,
): Promise<Figures> {
  const until = Math.min(now, filter.before ?? now);
  const asked = filter.after ?? until - DAY_MS + HOUR_MS;
  const bucket = until - asked > MOST_HOURS * HOUR_MS ? 'day' : 'hour';
  const unit = bucket === 'day' ? DAY_MS : HOUR_MS;
  const from = Math.floor(asked / unit) * unit;
  const within = { ...filter, after: filter.after ?? from };
  const counted = await audit.aggregates(within, { bucket, ...(signal ? { signal } : {}) });
  return {
    from,
    until,
    bucket,
    total: counted.total,
    activity: counted.byChannel.map(({ start, channel, count }) => ({ series: channel, at: start, count })),
    decisions: counted.byEffect.map(({ start, effect, count }) => ({ series: effect, at: start, count })),
    denials: {
      byRule: counted.denials.slice(0, MOST_COUNTS).map(({ ruleId: name, count }) => ({ name, count })),
      byUser: counted.byUser
        .filter(({ denied }) => denied > 0)
        .sort((a, b) => b.denied - a.denied)
        .slice(0, MOST_COUNTS)
        .map(({ user, denied }) => ({ name: actorText(user), count: denied })),
    },
    marks: await marksOf(audit, within),
  };
}

async function marksOf(audit: AuditApi, filter: AuditFilter): Promise<Figures['marks']> {
  const types = UNUSUAL.filter((type) => filter.types === undefined || filter.types.includes(type));
  if (types.length === 0) return [];
  const { records } = await audit.query({ ...filter, types }, { limit: MOST_MARKS });
  return records.map(mark).reverse();
}

function mark(record: AnyRecord): Figures['marks'][number] {
  return { seq: record.seq, at: record.at, text: recordLine(record) };
}
