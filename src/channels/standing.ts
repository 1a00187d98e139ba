import { Backoff, pause, sayWaiting } from './backoff';
import type { AdapterContext } from './contract';
import { ChannelError } from './contract';

/** One connection that stands until it ends. */
export interface Standing {
  /** Resolves when it is gone, for whatever reason. Never rejects. */
  readonly ended: Promise<void>;
  /** Ends it. Never throws; may be called twice. */
  close(): void;
}

/** A connection that held so long was a good one, in milliseconds. */
const STEADY_MS = 10_000;

/**
 * Keeps a connection standing: opens the next one at once when a good one ends, with growing waits when they fail or
 * end right away, and says so in the channel's state. Stops for good when a person must act.
 */
export class StandingConnection {
  private readonly stopped = new AbortController();
  private readonly backoff: Backoff;
  private current: Standing | undefined;
  private running: Promise<void> | undefined;

  constructor(
    private readonly context: Pick<AdapterContext, 'clock' | 'state' | 'random'>,
    private readonly platform: string,
    /** Resolves once it is ready for use. `signal` is aborted when it is no longer wanted. @throws ChannelError */
    private readonly open: (signal: AbortSignal) => Promise<Standing>,
    /** What to say while it works. */
    private readonly onlineDetail: () => string,
  ) {
    this.backoff = new Backoff(() => context.random());
  }

  get signal(): AbortSignal {
    return this.stopped.signal;
  }

  /** Resolves when the first connection is ready. @throws ChannelError */
  async start(): Promise<void> {
    const first = await this.next();
    this.running = this.keep(first);
  }

  /** Ends the connection of now, so that the next one is opened. */
  renew(): void {
    this.current?.close();
  }

  /** Resolves when nothing is left of it. Never throws. */
  async stop(): Promise<void> {
    this.stopped.abort();
    this.current?.close();
    await this.running;
  }

  private async next(): Promise<Standing> {
    const connection = await this.open(this.stopped.signal);
    if (this.stopped.signal.aborted) {
      connection.close();
      throw new ChannelError('temporary', `${this.platform} was disconnected while it was connecting.`);
    }
    this.current = connection;
    return connection;
  }

  private async keep(first: Standing): Promise<void> {
    const { signal } = this.stopped;
    let connection: Standing | undefined = first;
    let openedAt = this.context.clock.now();
    let brief = 0;
    while (!signal.aborted) {
      if (connection) {
        await connection.ended;
        if (signal.aborted) return;
        // Connections end now and then, which is no failure. One that ends again and again right away is.
        brief = this.context.clock.now() - openedAt < STEADY_MS ? brief + 1 : 0;
        if (brief === 0) this.backoff.succeeded();
        if (brief > 1) {
          await this.wait(new ChannelError('temporary', `${this.platform} ends each connection right away.`));
          if (signal.aborted) return;
        }
      }
      const waited = this.backoff.count > 0;
      try {
        connection = await this.next();
        openedAt = this.context.clock.now();
        if (waited) this.context.state('online', this.onlineDetail());
      } catch (error) {
        connection = undefined;
        if (signal.aborted) return;
        const failure =
          error instanceof ChannelError
            ? error
            : new ChannelError('temporary', `${this.platform} failed in an unexpected way.`);
        if (failure.kind === 'fatal') {
          this.context.state('fatal', failure.message);
          return;
        }
        await this.wait(failure);
      }
    }
  }

  private async wait(failure: ChannelError): Promise<void> {
    const delay = this.backoff.next(failure.retryAfterMs);
    sayWaiting(this.context, failure.message, delay);
    await pause(this.context.clock, delay, this.stopped.signal);
  }
}
