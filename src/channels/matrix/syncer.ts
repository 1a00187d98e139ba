import { Backoff, pause, sayWaiting } from '../backoff';
import { type AdapterContext, ChannelError } from '../contract';
import type { Receiver } from '../reception';
import type { MatrixClient } from './client';
import { type Feed, ROOM_EVENTS } from './feed';
import type { MatrixState } from './state';
import { type SyncAnswer, syncAnswer } from './wire';

/** Milliseconds that the homeserver may hold a request while there is nothing to say. */
const HOLD_MS = 25_000;
/** Milliseconds after which a request that is held longer than asked is taken for dead. */
const DEAD_AFTER_MS = HOLD_MS + 10_000;
/** The same for the first one, for which a homeserver may have to gather much. */
const FIRST_WITHIN_MS = 120_000;
/** A homeserver that does not hold requests is not asked more often than this, in milliseconds. */
const EMPTY_PAUSE_MS = 300;

/** https://spec.matrix.org/v1.11/client-server-api/#filtering */
const FILTER = JSON.stringify({
  presence: { types: [] },
  account_data: { types: ['m.direct'] },
  room: {
    timeline: { limit: 50, ...ROOM_EVENTS },
    state: { types: ROOM_EVENTS.types.filter((type) => !/message|encrypted|redaction/.test(type)) },
    ephemeral: { types: [] },
    account_data: { types: [] },
  },
});

/** Asks the homeserver what is new, one request at a time, from where the last answer ended. */
export class Syncer implements Receiver {
  private readonly backoff: Backoff;
  private running: Promise<void> | undefined;

  constructor(
    private readonly client: MatrixClient,
    private readonly context: AdapterContext,
    private readonly state: MatrixState,
    private readonly feed: Feed,
    /** What to say while it works. */
    private readonly onlineDetail: string,
    /** Ends everything that the connection has under way. */
    private readonly stopped: AbortController,
  ) {
    this.backoff = new Backoff(() => context.random());
  }

  /** With no cursor yet, resolves once there is one: from then on people are heard. @throws ChannelError */
  async start(): Promise<void> {
    const { signal } = this.stopped;
    if (this.state.since === undefined) await this.feed.take(await this.ask(0, FIRST_WITHIN_MS), signal);
    if (signal.aborted) return;
    this.context.state('online', this.onlineDetail);
    this.running ??= this.run();
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopped;
    let asked = false;
    while (!signal.aborted) {
      try {
        const before = this.state.since;
        const askedAt = this.context.clock.now();
        // The first question, and that after trouble, is answered at once: keys go out, and it is known how things are.
        const answer = await this.ask(asked && this.backoff.count === 0 ? HOLD_MS : 0, DEAD_AFTER_MS);
        asked = true;
        await this.feed.take(answer, signal);
        this.recovered();
        if (this.state.since === before && this.context.clock.now() - askedAt < EMPTY_PAUSE_MS)
          await pause(this.context.clock, EMPTY_PAUSE_MS, signal);
      } catch (error) {
        if (signal.aborted) return;
        const failure =
          error instanceof ChannelError
            ? error
            : new ChannelError('temporary', 'What Matrix delivered could not be taken.');
        if (failure.kind === 'fatal') {
          this.context.state('fatal', failure.message);
          return;
        }
        const delay = this.backoff.next(failure.retryAfterMs);
        sayWaiting(this.context, failure.message, delay);
        await pause(this.context.clock, delay, signal);
      }
    }
  }

  /** Ends with `temporary` when the line turns out to be dead: no answer comes, and no end of it either. */
  private async ask(holdMs: number, withinMs: number): Promise<SyncAnswer> {
    const dead = new AbortController();
    const timer = this.context.clock.after(withinMs, () => dead.abort());
    const { since } = this.state;
    try {
      return await this.client.read(syncAnswer, 'GET', 'client/v3/sync', {
        query: { filter: FILTER, timeout: String(holdMs), ...(since === undefined ? {} : { since }) },
        signal: AbortSignal.any([this.stopped.signal, dead.signal]),
        timeoutMs: withinMs,
      });
    } finally {
      timer.dispose();
    }
  }

  private recovered(): void {
    if (this.backoff.count === 0) return;
    this.backoff.succeeded();
    this.context.state('online', this.onlineDetail);
  }
}
