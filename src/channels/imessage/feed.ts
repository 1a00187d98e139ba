import * as z from 'zod';
import type { AdapterContext } from '../contract';
import { Intake } from '../intake';
import { jsonFrom } from '../json';
import type { ImessageSettings } from './descriptor';
import { type ImsgMessage, imsgMessage, readMessage } from './inbound';

const CURSOR = 'cursor';
/** Milliseconds between two savings of the cursor; what comes again is dropped by the gateway. */
const SAVE_EVERY_MS = 2_000;

const cursorSchema = z.object({ row: z.number().int() });
const notification = z.looseObject({ message: imsgMessage });

export interface FeedOptions {
  readonly onlineDetail: string;
  /** No more can wait: it has to come again, from where we are. */
  overflow(): void;
}

/** What people say, in the order of the database of Messages: each is on record before the next is looked at. */
export class Feed {
  /** The row of the last message that is on record. */
  private row: number | undefined;
  private savedAt = 0;
  private readonly intake: Intake<ImsgMessage>;

  constructor(
    private readonly context: AdapterContext,
    private readonly settings: ImessageSettings,
    options: FeedOptions,
  ) {
    this.intake = new Intake(context, {
      platform: 'iMessage',
      handle: (said) => this.deliver(said),
      ...options,
    });
  }

  /** Reads how far it came; without that, `newest` says where it starts. */
  async open(newest: () => Promise<number>): Promise<void> {
    if (this.row !== undefined) return;
    const bytes = await this.context.store.load(CURSOR);
    const kept = cursorSchema.safeParse(jsonFrom(bytes));
    this.row = kept.success ? kept.data.row : await newest();
    if (!kept.success) await this.save();
  }

  get since(): number {
    return this.row ?? 0;
  }

  take(params: unknown): void {
    const parsed = notification.safeParse(params);
    if (parsed.success) this.intake.take(parsed.data.message);
  }

  /** Drops what waits, which is asked for again. Resolves when nothing is under way. */
  settle(): Promise<void> {
    return this.intake.settle();
  }

  async close(): Promise<void> {
    await this.intake.settle();
    if (this.row !== undefined) await this.save();
  }

  private async deliver(said: ImsgMessage): Promise<void> {
    if (said.id <= this.since) return;
    const message = readMessage(said, { settings: this.settings, now: this.context.clock.now() });
    if (message) await this.context.receive(message);
    this.row = said.id;
    if (this.context.clock.now() - this.savedAt >= SAVE_EVERY_MS) await this.save();
  }

  private async save(): Promise<void> {
    this.savedAt = this.context.clock.now();
    await this.context.store
      .save(CURSOR, Buffer.from(JSON.stringify({ row: this.since })))
      .catch(() => this.context.log.warn('iMessage: how far it was read could not be kept.'));
  }
}
