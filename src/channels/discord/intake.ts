import { Backoff, nextTry, pause } from '../backoff';
import type { AdapterContext } from '../contract';
import type { GatewaySession } from './session';
import type { Dispatch } from './socket';

/** Events that may wait here while nothing can be put on record; Discord keeps the rest. */
const WAITING_AT_MOST = 1_000;

/**
 * Events in their order, each taken before the next, and tried again until it is on record. The session is only as far
 * as that: when too many wait, the line is given up and Discord delivers them once more with the next one.
 */
export class Intake {
  private queue: Promise<void> = Promise.resolve();
  private waiting = 0;
  /** What was queued under an earlier turn is delivered again, and dropped here. */
  private turn = new AbortController();
  private readonly backoff: Backoff;

  constructor(
    private readonly context: Pick<AdapterContext, 'clock' | 'state' | 'random'>,
    private readonly session: GatewaySession,
    /** Rejects when the event could not be recorded. */
    private readonly handle: (event: Dispatch) => Promise<void>,
    private readonly giveUp: () => void,
    private readonly onlineDetail: string,
  ) {
    this.backoff = new Backoff(() => context.random());
  }

  take(event: Dispatch): void {
    const { signal } = this.turn;
    if (this.waiting >= WAITING_AT_MOST) {
      this.drop();
      this.giveUp();
      return;
    }
    this.waiting += 1;
    this.queue = this.queue.then(async () => {
      await this.record(event, signal);
      this.waiting -= 1;
    });
  }

  /** Drops what waits, and resolves when nothing is under way, so that the session says how far we are. */
  async settle(): Promise<void> {
    this.drop();
    await this.queue;
  }

  private drop(): void {
    this.turn.abort();
    this.turn = new AbortController();
  }

  private async record(event: Dispatch, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.handle(event);
        await this.session.taken(event.s);
        if (this.backoff.count > 0) this.context.state('online', this.onlineDetail);
        this.backoff.succeeded();
        return;
      } catch {
        if (signal.aborted) return;
        const delay = this.backoff.next();
        this.context.state(
          'waiting',
          `What came from Discord could not be put on record; it is kept until it can. ${nextTry(this.context.clock.now() + delay)}`,
        );
        await pause(this.context.clock, delay, signal);
      }
    }
  }
}
