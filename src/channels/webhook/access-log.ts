import type { EventMap } from '../../engine/model/events';
import type { Clock, Disposable } from '../../engine/model/ports';
import { ENGINE, type RecordSink } from '../../engine/model/record';

type Entry = EventMap['webhook.request'];

/** How long refusals of one kind are added up before the next record, in milliseconds. */
const FLUSH_MS = 10_000;
/** Kinds that are added up apart; what comes beyond is added up without its source. */
const KINDS_CAP = 500;

/**
 * Puts every request on the record: what was accepted one by one, what was refused in sums, the first of its kind at
 * once, so that a flood of requests does not become a flood of records.
 */
export class AccessLog implements Disposable {
  private readonly sums = new Map<string, Entry>();
  private timer: Disposable | undefined;

  constructor(
    private readonly records: RecordSink,
    private readonly clock: Clock,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Resolves when it is durable. @throws when it cannot be recorded: the platform must deliver it again then. */
  async accepted(entry: Omit<Entry, 'outcome' | 'count'>): Promise<void> {
    await this.append({ ...entry, outcome: 'accepted', count: 1 });
  }

  refused(entry: Omit<Entry, 'outcome' | 'count' | 'replayKeys'>): void {
    const full = this.sums.size >= KINDS_CAP;
    const kind: Entry = { ...entry, source: full ? '' : entry.source, outcome: 'refused', count: 1 };
    const key = JSON.stringify([kind.channel, kind.method, kind.status, kind.reason, kind.source]);
    const known = this.sums.get(key);
    if (known) {
      this.sums.set(key, { ...known, count: known.count + 1 });
      return;
    }
    this.sums.set(key, { ...kind, count: 0 });
    this.append(kind).catch((error) => this.keep(key, kind, error));
    this.timer ??= this.clock.after(FLUSH_MS, () => {
      this.timer = undefined;
      void this.flush();
    });
  }

  /** Writes what has been added up. To be called before the end. */
  async flush(): Promise<void> {
    const pending = [...this.sums].filter(([, { count }]) => count > 0);
    this.sums.clear();
    await Promise.all(
      pending.map(([key, entry]) => this.append(entry).catch((error) => this.keep(key, entry, error))),
    );
  }

  dispose(): void {
    this.timer?.dispose();
    this.timer = undefined;
  }

  /** For the next flush, so that the sum is right once the journal can be written again. */
  private keep(key: string, entry: Entry, error: unknown): void {
    const since = this.sums.get(key)?.count ?? 0;
    this.sums.set(key, { ...entry, count: entry.count + since });
    this.onError(error);
  }

  private async append(data: Entry): Promise<void> {
    await this.records.append({ type: 'webhook.request', actor: ENGINE, subject: data.channel, data });
  }
}
