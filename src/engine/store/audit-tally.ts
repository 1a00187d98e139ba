import type { Aggregates } from './query';

const HOUR_MS = 3_600_000;
/** Entries of a list that is for reading: a chart shows fewer. */
const MOST_ENTRIES = 100;

/** Records of one hour that agree in everything that is counted by. */
export interface Group {
  /** Hours since the epoch. */
  readonly hour: number;
  readonly type: string;
  readonly channel: string | undefined;
  readonly effect: string | undefined;
  readonly user: string | undefined;
  readonly rule: string | undefined;
  readonly count: number;
}

interface Slot {
  readonly start: number;
  readonly name: string;
  count: number;
}

/** Adds groups of records up to what charts show. */
export class AuditTally {
  private total = 0;
  private readonly channels = new Map<string, Slot>();
  private readonly effects = new Map<string, Slot>();
  private readonly types = new Map<string, number>();
  private readonly users = new Map<string, { count: number; denied: number }>();
  private readonly rules = new Map<string, number>();

  /** `hours`: length of the time that one figure of a series stands for. */
  constructor(private readonly hours: number) {}

  add({ hour, type, channel, effect, user, rule, count }: Group): void {
    const start = Math.floor(hour / this.hours) * this.hours * HOUR_MS;
    const denied = effect === 'deny' ? count : 0;
    this.total += count;
    this.types.set(type, (this.types.get(type) ?? 0) + count);
    if (channel !== undefined) slot(this.channels, start, channel).count += count;
    if (effect !== undefined) slot(this.effects, start, effect).count += count;
    if (user !== undefined) {
      const known = this.users.get(user);
      if (known) {
        known.count += count;
        known.denied += denied;
      } else this.users.set(user, { count, denied });
    }
    if (denied > 0) this.rules.set(rule ?? '', (this.rules.get(rule ?? '') ?? 0) + denied);
  }

  result(): Aggregates {
    return {
      total: this.total,
      byChannel: series(this.channels).map(({ start, name, count }) => ({ start, channel: name, count })),
      byEffect: series(this.effects).map(({ start, name, count }) => ({ start, effect: name, count })),
      byType: [...this.types].map(([type, count]) => ({ type, count })).sort(mostFirst),
      byUser: [...this.users]
        .map(([user, figures]) => ({ user, ...figures }))
        .sort(mostFirst)
        .slice(0, MOST_ENTRIES),
      denials: [...this.rules]
        .map(([ruleId, count]) => ({ ruleId, count }))
        .sort(mostFirst)
        .slice(0, MOST_ENTRIES),
    };
  }
}

function slot(slots: Map<string, Slot>, start: number, name: string): Slot {
  const key = `${start} ${name}`;
  const known = slots.get(key) ?? { start, name, count: 0 };
  slots.set(key, known);
  return known;
}

function series(slots: Map<string, Slot>): Slot[] {
  return [...slots.values()].sort((a, b) => a.start - b.start || (a.name < b.name ? -1 : 1));
}

function mostFirst(a: { readonly count: number }, b: { readonly count: number }): number {
  return b.count - a.count;
}
