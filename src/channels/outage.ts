import { Backoff, type BackoffLimits, pause, sayWaiting } from './backoff';
import type { AdapterContext, ChannelError } from './contract';

/**
 * The trouble of a channel that hears: said in its state, waited out for longer each time, and over with the first
 * success. Between the tries the channel is `waiting`.
 */
export class Outage {
  private readonly backoff: Backoff;

  constructor(
    private readonly context: Pick<AdapterContext, 'clock' | 'state' | 'random'>,
    /** What to say once it works again. */
    private readonly onlineDetail: () => string,
    limits?: BackoffLimits,
  ) {
    this.backoff = new Backoff(() => context.random(), limits);
  }

  /** Whether the last try failed. */
  get lasts(): boolean {
    return this.backoff.count > 0;
  }

  /** A try has succeeded. */
  over(): void {
    if (!this.lasts) return;
    this.backoff.succeeded();
    this.context.state('online', this.onlineDetail());
  }

  /** What had failed works, though not all is well yet: the next wait is as short as a first one. */
  eased(): void {
    this.backoff.succeeded();
  }

  /** Says what went wrong. Resolves at the time of the next try, or when `signal` is aborted. Never rejects. */
  async wait(why: string, signal: AbortSignal, atLeastMs?: number): Promise<void> {
    const delay = this.backoff.next(atLeastMs);
    sayWaiting(this.context, why, delay);
    await pause(this.context.clock, delay, signal);
  }

  /** As `wait`. Resolves with false, at once, when there is no next try because a person must act first. */
  async survives({ kind, message, retryAfterMs }: ChannelError, signal: AbortSignal): Promise<boolean> {
    if (kind === 'fatal') {
      this.context.state('fatal', message);
      return false;
    }
    await this.wait(message, signal, retryAfterMs);
    return true;
  }
}
