import type { AuditApi } from '../../engine/api';
import type { ChartPoint } from '../protocol/audit';

const HOUR_MS = 3_600_000;
const HOURS = 24;
const EFFECTS = ['allow', 'ask', 'deny'] as const;

/**
 * Figures for the charts: messages by hour and channel over the last 24 hours, and decisions by effect over the
 * same time. Counted by the store, so no record is read. `now` in milliseconds since the epoch.
 */
export async function readCharts(
  audit: AuditApi,
  channels: readonly string[],
  now: number,
): Promise<{ activity: ChartPoint[]; decisions: ChartPoint[] }> {
  const lastHour = Math.floor(now / HOUR_MS) * HOUR_MS;
  const first = lastHour - (HOURS - 1) * HOUR_MS;
  const activity: ChartPoint[] = [];
  for (const channel of channels) {
    for (let at = first; at <= lastHour; at += HOUR_MS) {
      const filter = { types: ['message.received' as const], channel, after: at, before: at + HOUR_MS - 1 };
      const { total } = await audit.query(filter, { limit: 1 });
      activity.push({ series: channel, at, count: total });
    }
  }
  const decisions: ChartPoint[] = [];
  for (const effect of EFFECTS) {
    const { total } = await audit.query({ types: ['decision.made'], effect, after: first }, { limit: 1 });
    decisions.push({ series: effect, at: first, count: total });
  }
  return { activity, decisions };
}
