import * as z from 'zod';
import type { AdapterContext } from '../contract';
import { jsonFrom } from '../json';

const BLOB = 'session';
/** Milliseconds between two savings. */
const SAVE_EVERY_MS = 2_000;

const kept = z.object({
  /** For whom, and with which intents, it was opened: another one cannot take it up. */
  owner: z.string(),
  id: z.string().min(1),
  url: z.string().min(1),
  sequence: z.number().int().nonnegative(),
  /** What was said before it began is on record as well. */
  complete: z.boolean().default(true),
});

/**
 * What Discord remembers of a connection, so that it can be taken up again, also after a restart. The sequence is that
 * of the last event that is on record here: what came after it is delivered once more.
 * https://docs.discord.com/developers/events/gateway#resuming
 */
export class GatewaySession {
  private current: z.output<typeof kept> | undefined;
  private savedAt = 0;
  /** Discord said that it is no good: the next one is asked for after a while only. */
  refused = false;

  constructor(
    private readonly context: Pick<AdapterContext, 'store' | 'clock' | 'log'>,
    private readonly owner: string,
  ) {}

  get state(): { readonly id: string; readonly url: string; readonly sequence: number } | undefined {
    return this.current;
  }

  /** Null before the first event, as Discord wants it in a sign of life. */
  get sequence(): number | null {
    return this.current?.sequence ?? null;
  }

  async load(): Promise<void> {
    const bytes = await this.context.store.load(BLOB).catch(() => undefined);
    const found = kept.safeParse(jsonFrom(bytes));
    if (found.success && found.data.owner === this.owner) this.current = found.data;
  }

  /** False in a new one until what was said before it has been asked for. */
  get isComplete(): boolean {
    return this.current?.complete ?? true;
  }

  begin(id: string, url: string, sequence: number): void {
    this.current = { owner: this.owner, id, url, sequence, complete: false };
    this.savedAt = 0;
  }

  completed(): void {
    if (this.current) this.current.complete = true;
  }

  /** Everything up to this event is on record. */
  async taken(sequence: number): Promise<void> {
    if (!this.current) return;
    this.current.sequence = Math.max(this.current.sequence, sequence);
    if (this.context.clock.now() - this.savedAt >= SAVE_EVERY_MS) await this.save();
  }

  /** Discord no longer has it. */
  forget(): void {
    this.current = undefined;
    this.refused = true;
  }

  async save(): Promise<void> {
    this.savedAt = this.context.clock.now();
    await this.context.store
      .save(BLOB, Buffer.from(JSON.stringify(this.current ?? {})))
      .catch(() => this.context.log.warn('Discord: how far it was read could not be kept.'));
  }
}
