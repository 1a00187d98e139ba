import * as z from 'zod';
import { Backoff, nextTry, pause } from '../backoff';
import type { AdapterContext } from '../contract';
import type { ImessageSettings } from './descriptor';
import { imsgMessage, readMessage } from './inbound';

const CURSOR = 'cursor';
/** Milliseconds between two savings of the cursor; what comes again is dropped by the gateway. */
const SAVE_EVERY_MS = 2_000;
/** Messages that wait to be recorded; when more come, imsg is started again later, from where we are. */
const MOST_WAITING = 500;

const cursorSchema = z.object({ row: z.number().int() });
const notification = z.looseObject({ message: imsgMessage });

/** What people say, in the order of the database of Messages: each is on record before the next is looked at. */
export class Feed {
  /** The row of the last message that is on record. */
  private row: number | undefined;
  private queue: Promise<void> = Promise.resolve();
  private waiting = 0;
  private savedAt = 0;
  private readonly backoff: Backoff;

  constructor(
    private readonly context: AdapterContext,
    private readonly settings: ImessageSettings,
    private readonly stopped: AbortSignal,
    private readonly onlineDetail: () => string,
  ) {
    this.backoff = new Backoff(() => context.random());
  }

  /** Reads how far it came; without that, `newest` says where it starts. */
  async open(newest: () => Promise<number>): Promise<void> {
    const bytes = await this.context.store.load(CURSOR);
    const kept = cursorSchema.safeParse(bytes ? parseJson(bytes) : undefined);
    this.row = kept.success ? kept.data.row : await newest();
    if (!kept.success) await this.save();
  }

  get since(): number {
    return this.row ?? 0;
  }

  /** Resolves when all that was taken is on record or given up. */
  settled(): Promise<void> {
    return this.queue;
  }

  /** False when there is no room for it: it has to come again. */
  take(params: unknown): boolean {
    const parsed = notification.safeParse(params);
    if (!parsed.success) return true;
    if (this.waiting >= MOST_WAITING) return false;
    this.waiting += 1;
    this.queue = this.queue.then(async () => {
      await this.deliver(parsed.data.message);
      this.waiting -= 1;
    });
    return true;
  }

  async close(): Promise<void> {
    await this.queue;
    await this.save();
  }

  private async deliver(said: z.output<typeof imsgMessage>): Promise<void> {
    if (said.id <= this.since) return;
    const message = readMessage(said, { settings: this.settings, now: this.context.clock.now() });
    while (message && !(await this.hand(message))) if (this.stopped.aborted) return;
    if (this.stopped.aborted) return;
    this.row = said.id;
    if (this.context.clock.now() - this.savedAt >= SAVE_EVERY_MS) await this.save();
  }

  /** False when it has to be tried again. */
  private async hand(message: Parameters<AdapterContext['receive']>[0]): Promise<boolean> {
    try {
      await this.context.receive(message);
      if (this.backoff.count > 0) this.context.state('online', this.onlineDetail());
      this.backoff.succeeded();
      return true;
    } catch {
      if (this.stopped.aborted) return false;
      const delay = this.backoff.next();
      this.context.state(
        'waiting',
        `What was said could not be put on record. ${nextTry(this.context.clock.now() + delay)}`,
      );
      await pause(this.context.clock, delay, this.stopped);
      return false;
    }
  }

  private async save(): Promise<void> {
    this.savedAt = this.context.clock.now();
    await this.context.store
      .save(CURSOR, Buffer.from(JSON.stringify({ row: this.since })))
      .catch(() => this.context.log.warn('iMessage: how far it was read could not be kept.'));
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
