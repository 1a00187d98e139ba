import { Backoff, pause, sayWaiting } from '../backoff';
import { type AdapterContext, ChannelError } from '../contract';
import type { Credentials } from './credentials';
import type { EmailSettings } from './descriptor';
import { imapError } from './errors';
import { Mailbox } from './mailbox';
import type { Reader } from './reader';

/** How often a quiet connection is tried, in milliseconds: routers forget connections, and no one says so. */
const PING_EVERY_MS = 4 * 60_000;
/** A connection that lasted this long was a good one, in milliseconds. */
const GOOD_AFTER_MS = 60_000;

/** Keeps a connection to the mailbox, and has what is new read. */
export class Watcher {
  private readonly stopped = new AbortController();
  private readonly backoff: Backoff;
  private running: Promise<void> | undefined;
  private open: Mailbox | undefined;
  /** Of the newest connection; an older one may still say that it has ended. */
  private link = { lost: false };
  private news = false;
  private wake: () => void = () => undefined;

  constructor(
    private readonly context: AdapterContext,
    private readonly settings: EmailSettings,
    private readonly credentials: Credentials,
    private readonly reader: Reader,
    /** What to say while the connection works. */
    private readonly onlineDetail: string,
  ) {
    this.backoff = new Backoff(() => context.random());
  }

  /** The connection, while there is one. */
  get mailbox(): Mailbox | undefined {
    return this.link.lost ? undefined : this.open;
  }

  /** Opens the mailbox for the first time. @throws ChannelError */
  async connect(): Promise<void> {
    await this.reconnect();
    if (!this.stopped.signal.aborted) return;
    await this.open?.close();
    throw new ChannelError('temporary', 'Email was disconnected while it was connecting.');
  }

  start(): void {
    this.running ??= this.run();
  }

  /** Ends the connection; waits for what is being handed over. Never throws. */
  async stop(): Promise<void> {
    this.stopped.abort();
    this.wake();
    await this.open?.close();
    await this.running;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopped;
    let since = this.context.clock.now();
    let waiting = false;
    while (!signal.aborted) {
      try {
        if (!this.open) {
          await this.reconnect();
          since = this.context.clock.now();
        }
        if (this.open && !signal.aborted) {
          if (waiting) this.context.state('online', this.onlineDetail);
          waiting = false;
          await this.follow(this.open, signal);
        }
      } catch (error) {
        this.open?.drop();
        this.open = undefined;
        if (signal.aborted) return;
        const failure = error instanceof ChannelError ? error : imapError(error);
        if (failure.kind === 'fatal') {
          this.context.state('fatal', failure.message);
          return;
        }
        const now = this.context.clock.now();
        if (!waiting && now - since >= GOOD_AFTER_MS) this.backoff.succeeded();
        const delay = this.backoff.next(failure.retryAfterMs);
        waiting = true;
        sayWaiting(this.context, failure.message, delay);
        await pause(this.context.clock, delay, signal);
      }
    }
    await this.open?.close();
  }

  private async reconnect(): Promise<void> {
    const link = { lost: false };
    this.link = link;
    this.news = false;
    const events = {
      onNews: () => {
        this.news = true;
        this.wake();
      },
      onClosed: () => {
        link.lost = true;
        this.wake();
      },
    };
    const { context, settings, credentials, stopped } = this;
    this.open = await Mailbox.open(context, settings, credentials, events, stopped.signal);
  }

  /** Reads what is new, again and again, until the connection is lost. @throws ChannelError */
  private async follow(mailbox: Mailbox, signal: AbortSignal): Promise<void> {
    const { clock } = this.context;
    let pingAt = clock.now() + PING_EVERY_MS;
    await this.measure(mailbox);
    while (!signal.aborted) {
      this.news = false;
      const again = await this.reader.read(mailbox);
      await this.sleep(Math.min(pingAt, again ?? pingAt) - clock.now(), signal);
      if (signal.aborted) return;
      if (this.link.lost) throw imapError(new Error('closed'));
      if (clock.now() < pingAt) continue;
      await mailbox.ping();
      await this.measure(mailbox);
      pingAt = clock.now() + PING_EVERY_MS;
    }
  }

  /** A full mailbox turns mail away, and nobody here would know. */
  private async measure(mailbox: Mailbox): Promise<void> {
    const full = await mailbox.full();
    if (full !== undefined) this.context.report({ mailboxFull: full });
  }

  private async sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (this.news || this.link.lost || signal.aborted || ms <= 0) return;
    await new Promise<void>((resolve) => {
      const timer = this.context.clock.after(ms, resolve);
      this.wake = () => {
        timer.dispose();
        resolve();
      };
    });
    this.wake = () => undefined;
  }
}
