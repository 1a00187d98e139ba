import type { Clock } from '../engine/model/ports';
import type { AdapterContext } from './contract';

/** Bounds of the wait between two tries, in milliseconds. */
export interface BackoffLimits {
  readonly firstMs: number;
  readonly mostMs: number;
}

/** One second to five minutes: quick after a hiccup, and a network that is away for days is left in peace. */
export const RECONNECT: BackoffLimits = { firstMs: 1_000, mostMs: 300_000 };

/**
 * Exponential backoff with jitter over the upper half of the step, so that many clients that lost the same
 * server do not come back together. Pure apart from its counter.
 */
export class Backoff {
  private failures = 0;

  constructor(
    /** In [0, 1). */
    private readonly random: () => number,
    private readonly limits: BackoffLimits = RECONNECT,
  ) {}

  /** Failures since the last success. */
  get count(): number {
    return this.failures;
  }

  /** Milliseconds to wait after one more failure, never less than what the platform asked for. */
  next(atLeastMs = 0): number {
    const step = Math.min(this.limits.mostMs, this.limits.firstMs * 2 ** Math.min(this.failures, 30));
    this.failures += 1;
    return Math.max(atLeastMs, Math.round(step / 2 + (step / 2) * this.random()));
  }

  succeeded(): void {
    this.failures = 0;
  }
}

/** Resolves after `delayMs`, or at once when the signal is or gets aborted. Never rejects. */
export function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const done = () => {
      timer.dispose();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.after(delayMs, done);
    signal.addEventListener('abort', done, { once: true });
  });
}

/** “Next try at 14:02:10.”, in this machine's time zone. */
export function nextTry(at: number): string {
  return `Next try at ${new Date(at).toTimeString().slice(0, 8)}.`;
}

/** Says that a channel waits, why, and when it tries next. `why` is a whole sentence, or some. */
export function sayWaiting(
  context: Pick<AdapterContext, 'state' | 'clock'>,
  why: string,
  delayMs: number,
): void {
  const at = context.clock.now() + delayMs;
  context.state('waiting', `${why} ${nextTry(at)}`, at);
}
