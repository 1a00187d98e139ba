import type { Update } from 'grammy/types';
import type { Api } from 'grammy/web';
import { Backoff, pause, sayWaiting } from '../backoff';
import type { AdapterContext, ChannelError } from '../contract';
import type { Receiver } from '../reception';
import { toChannelError } from './client';

/** Seconds that Telegram may hold a request open while there is nothing to say. */
const HOLD_S = 25;
/** Milliseconds after which a request that is held open longer than asked is taken for dead. */
const DEAD_AFTER_MS = (HOLD_S + 10) * 1000;
/** A server that does not hold requests open is not asked more often than this, in milliseconds. */
const EMPTY_PAUSE_MS = 300;
/** How long stopping waits for Telegram to hear what was already taken, in milliseconds. */
const CONFIRM_MS = 1_500;

/** Kinds of updates that are read; Telegram keeps the others to itself. */
export const WANTED = ['message', 'edited_message', 'callback_query'] as const;

/**
 * Asks Telegram for updates, one request at a time. An update is confirmed (by asking for the one after it) only
 * when `take` has resolved for it and all before it, so a crash delivers it again instead of losing it; the gateway knows what it has seen.
 */
export class Poller implements Receiver {
  private readonly stopped = new AbortController();
  private readonly backoff: Backoff;
  private offset = 0;
  private confirmed = 0;
  private running: Promise<void> | undefined;

  constructor(
    private readonly api: Api,
    private readonly context: AdapterContext,
    private readonly take: (update: Update) => Promise<void>,
    /** What to say once the connection works again. */
    private readonly onlineDetail: string,
  ) {
    this.backoff = new Backoff(() => context.random());
  }

  async start(): Promise<void> {
    this.context.state('online', this.onlineDetail);
    this.running ??= this.run();
  }

  /** Ends the open request; what was taken is confirmed when Telegram can be reached quickly. Never throws. */
  async stop(): Promise<void> {
    this.stopped.abort();
    await this.running;
    if (this.offset === this.confirmed || this.backoff.count > 0) return;
    const limit = new AbortController();
    const timer = this.context.clock.after(CONFIRM_MS, () => limit.abort());
    await this.ask(this.offset, 0, 1, limit.signal).catch(() => []);
    timer.dispose();
    this.confirmed = this.offset;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopped;
    while (!signal.aborted) {
      try {
        const askedAt = this.context.clock.now();
        const updates = await this.ask(this.offset, HOLD_S, 100, signal);
        this.confirmed = this.offset;
        this.recovered();
        await this.takeAll(updates);
        if (updates.length === 0 && this.context.clock.now() - askedAt < EMPTY_PAUSE_MS) {
          await pause(this.context.clock, EMPTY_PAUSE_MS, signal);
        }
      } catch (error) {
        if (signal.aborted) return;
        const failure = toChannelError(error);
        if (failure.kind === 'fatal') {
          this.context.state('fatal', failure.message);
          return;
        }
        await this.wait(failure, signal);
      }
    }
  }

  /**
   * Hands a batch over at once, in order, so that nobody waits for the person before them; the gateway keeps each
   * conversation in order. The offset moves to the first that was not taken. @throws what its `take` threw.
   */
  private async takeAll(updates: readonly Update[]): Promise<void> {
    const outcomes = await Promise.allSettled(updates.map((update) => this.take(update)));
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status === 'rejected') throw outcome.reason;
      this.offset = (updates[index]?.update_id ?? this.offset - 1) + 1;
    }
  }

  /** Ends with `temporary` when the line turns out to be dead: no answer comes, and no end of it either. */
  private async ask(offset: number, timeout: number, limit: number, signal: AbortSignal): Promise<Update[]> {
    const dead = new AbortController();
    const timer = this.context.clock.after(DEAD_AFTER_MS, () => dead.abort());
    // grammy names the signal's type after a package; its web build passes the platform's own through.
    const own: unknown = AbortSignal.any([signal, dead.signal]);
    try {
      return await this.api.getUpdates(
        { offset, timeout, limit, allowed_updates: WANTED },
        own as Parameters<Api['getUpdates']>[1],
      );
    } finally {
      timer.dispose();
    }
  }

  private recovered(): void {
    if (this.backoff.count === 0) return;
    this.backoff.succeeded();
    this.context.state('online', this.onlineDetail);
  }

  private async wait(failure: ChannelError, signal: AbortSignal): Promise<void> {
    const delay = this.backoff.next(failure.retryAfterMs);
    sayWaiting(this.context, failure.message, delay);
    await pause(this.context.clock, delay, signal);
  }
}
