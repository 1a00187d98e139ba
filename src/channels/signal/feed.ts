import { Backoff, pause, sayWaiting } from '../backoff';
import type { AdapterContext } from '../contract';
import { jsonFrom } from '../json';
import { type Cursor, cursorSchema, type SignalEvent } from './events';
import type { Identities } from './identities';
import { type Received, readEnvelope, received, type SignalView } from './inbound';
import type { RecentMessages } from './memory';

const CURSOR = 'cursor';
/** Milliseconds between two savings of the cursor; what is delivered again is dropped by the gateway. */
const SAVE_EVERY_MS = 2_000;
/** How far the clocks of Signal, of its people and of this machine may be apart. */
const CLOCKS_APART_MS = 60_000;
/** An id that the daemon never gave away: it then sends all that it kept. */
const NO_EVENT = 'none';

/** What people say, one event after the other: each is on record before the next is looked at. */
export class Feed {
  private cursor: Cursor = { floor: 0 };
  private first = false;
  /** The daemon was asked for all that it kept. */
  private asksForAll = false;
  private savedAt = 0;
  private readonly backoff: Backoff;

  constructor(
    private readonly context: AdapterContext,
    private readonly identities: Identities,
    private readonly recent: RecentMessages,
    private readonly view: Omit<SignalView, 'now'>,
    private readonly stopped: AbortSignal,
    private readonly onlineDetail: () => string,
  ) {
    this.backoff = new Backoff(() => context.random());
  }

  /** Reads how far it came. An account that was never heard here starts with what is said from now on. */
  async open(): Promise<void> {
    const bytes = await this.context.store.load(CURSOR);
    const kept = cursorSchema.safeParse(jsonFrom(bytes));
    if (kept.success) {
      this.cursor = { ...kept.data };
      return;
    }
    this.first = true;
    this.cursor = { floor: this.context.clock.now() - CLOCKS_APART_MS };
    await this.save();
  }

  /** The id after which events are wanted this time; undefined for those from now on. */
  next(): string | undefined {
    if (this.first) return undefined;
    this.asksForAll = this.cursor.id === undefined;
    return this.cursor.id ?? NO_EVENT;
  }

  /** The stream is open: from now on nothing may be passed over. */
  opened(): void {
    this.first = false;
  }

  /** Never rejects. What cannot be recorded is tried until it can, or until the channel ends. */
  async take({ id, data }: SignalEvent): Promise<void> {
    const parsed = received.safeParse(jsonFrom(Buffer.from(data)));
    if (parsed.success) {
      while (!(await this.deliver(parsed.data))) if (this.stopped.aborted) return;
    }
    if (id === undefined) {
      this.context.report({ resumes: false });
      return;
    }
    this.cursor = { ...this.cursor, id };
    if (this.context.clock.now() - this.savedAt >= SAVE_EVERY_MS) await this.save();
  }

  close(): Promise<void> {
    return this.save();
  }

  /** False when it has to be tried again. */
  private async deliver(event: Received): Promise<boolean> {
    try {
      await this.hear(event);
      if (this.backoff.count > 0) this.context.state('online', this.onlineDetail());
      this.backoff.succeeded();
      return true;
    } catch (error) {
      if (this.stopped.aborted) return false;
      const delay = this.backoff.next();
      const why = error instanceof Error && error.message ? error.message : 'Something went wrong.';
      sayWaiting(this.context, `What was said could not be taken over: ${why}`, delay);
      await pause(this.context.clock, delay, this.stopped);
      return false;
    }
  }

  private async hear(event: Received): Promise<void> {
    const sender = event.envelope?.sourceUuid;
    if (!sender || this.isHistory(event)) return;
    const untrusted = event.exception?.type === 'UntrustedIdentityException';
    const message = readEnvelope(event, { ...this.view, now: this.context.clock.now() });
    if (!message && !untrusted) return;
    if (sender !== this.view.me) await this.identities.check(sender);
    if (!message || untrusted) return;
    if (!message.change) this.recent.heard(message.platformId, message.text);
    await this.context.receive(message);
    // It may have been their code: their key is known from the first moment on.
    if (sender !== this.view.me) await this.identities.pin(sender).catch(() => undefined);
  }

  /** From before the account was first heard here: only when the daemon sends all that it kept. */
  private isHistory({ envelope }: Received): boolean {
    if (!this.asksForAll) return false;
    return (envelope?.serverReceivedTimestamp ?? envelope?.timestamp ?? 0) < this.cursor.floor;
  }

  private async save(): Promise<void> {
    this.savedAt = this.context.clock.now();
    await this.context.store
      .save(CURSOR, Buffer.from(JSON.stringify(this.cursor)))
      .catch(() => this.context.log.warn('Signal: how far it was read could not be kept.'));
  }
}
