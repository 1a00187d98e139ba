import type { AdapterContext } from './contract';
import { Outage } from './outage';

/** What may wait while nothing can be put on record. */
const WAITING_AT_MOST = 1_000;

export interface IntakeOptions<Item> {
  /** For sentences: `Discord`. */
  readonly platform: string;
  /** Rejects when it could not be recorded; it is tried again then, unless `signal` says that it was dropped. */
  handle(item: Item, signal: AbortSignal): Promise<void>;
  /** No more can wait, and what has just come was not taken. */
  overflow(): void;
  /** What to say while it works. */
  readonly onlineDetail: string;
}

/** What comes over a connection, in its order: each is taken before the next, and tried again until it is on record. */
export class Intake<Item> {
  private queue: Promise<void> = Promise.resolve();
  private waiting = 0;
  /** What was queued under an earlier turn is dropped. */
  private turn = new AbortController();
  private readonly outage: Outage;

  constructor(
    context: Pick<AdapterContext, 'clock' | 'state' | 'random'>,
    private readonly options: IntakeOptions<Item>,
  ) {
    this.outage = new Outage(context, () => options.onlineDetail);
  }

  take(item: Item): void {
    const { signal } = this.turn;
    if (this.waiting >= WAITING_AT_MOST) {
      this.options.overflow();
      return;
    }
    this.waiting += 1;
    this.queue = this.queue.then(async () => {
      await this.record(item, signal);
      this.waiting -= 1;
    });
  }

  /** Drops what waits. */
  drop(): void {
    this.turn.abort();
    this.turn = new AbortController();
  }

  /** Drops what waits, and resolves when nothing is under way. */
  async settle(): Promise<void> {
    this.drop();
    await this.queue;
  }

  private async record(item: Item, signal: AbortSignal): Promise<void> {
    const { options } = this;
    while (!signal.aborted) {
      try {
        await options.handle(item, signal);
        this.outage.over();
        return;
      } catch {
        if (signal.aborted) return;
        await this.outage.wait(
          `What came from ${options.platform} could not be put on record; it is kept until it can.`,
          signal,
        );
      }
    }
  }
}
