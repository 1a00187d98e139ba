import * as z from 'zod';
import type { BlobStore } from '../../engine/model/ports';

/** Messages that are remembered as handled, for a mailbox that numbers them anew and for replays. */
const RECENT = 2_000;
/** Questions whose thread is remembered. */
const THREADS = 300;
const DOMAINS = 200;

const cursorSchema = z.object({
  uidValidity: z.string(),
  /** All up to here have been dealt with, apart from those in `pending`. */
  uid: z.number().int().nonnegative(),
  /** INTERNALDATE of the newest message dealt with, in milliseconds since the epoch. */
  date: z.number(),
  /** Messages whose sender could not be checked, because DNS did not answer. */
  pending: z.array(
    z.object({
      uid: z.number().int().positive(),
      arrived: z.number(),
      tries: z.number().int(),
      due: z.number(),
    }),
  ),
  /** What of a message stays the same wherever it lies: hashes, oldest first. */
  recent: z.array(z.string()),
  /** Domains of people who are let in and have written; others may try to look like them. */
  domains: z.array(z.string()).default([]),
});
export type Cursor = z.output<typeof cursorSchema>;

const threadSchema = z.object({
  /** The id of the message that was answered, or is to be. */
  id: z.string(),
  subject: z.string(),
  references: z.array(z.string()),
});
/** What is needed to answer a message so that mail programs show the answer below it. */
export type Thread = z.output<typeof threadSchema>;

/** What the channel remembers across restarts. What cannot be read any more is as if it had never been. */
export class MailState {
  private cursor: Cursor | undefined;
  private threads: Thread[] = [];
  private saving: Promise<void> = Promise.resolve();

  constructor(private readonly store: BlobStore) {}

  async load(): Promise<void> {
    this.cursor = await this.read('cursor', cursorSchema);
    this.threads = (await this.read('threads', z.array(threadSchema))) ?? [];
  }

  /** Undefined before the first connection. */
  get current(): Cursor | undefined {
    return this.cursor;
  }

  /** Durable when it resolves. */
  async moveTo(cursor: Cursor): Promise<void> {
    const next = {
      ...cursor,
      recent: cursor.recent.slice(-RECENT),
      domains: cursor.domains.slice(-DOMAINS),
    };
    await this.write('cursor', next);
    this.cursor = next;
  }

  thread(id: string): Thread | undefined {
    return this.threads.find((thread) => thread.id === id);
  }

  /** Kept before the message is handed over, so that an answer can be threaded after a restart too. */
  async keepThreads(threads: readonly Thread[]): Promise<void> {
    if (threads.length === 0) return;
    const ids = new Set(threads.map(({ id }) => id));
    this.threads = [...this.threads.filter(({ id }) => !ids.has(id)), ...threads].slice(-THREADS);
    await this.write('threads', this.threads);
  }

  private async read<T>(name: string, schema: z.ZodType<T>): Promise<T | undefined> {
    const bytes = await this.store.load(name);
    if (!bytes) return undefined;
    try {
      const parsed = schema.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8')));
      return parsed.success ? parsed.data : undefined;
    } catch {
      return undefined;
    }
  }

  /** One after the other, so that an earlier state never replaces a later one. */
  private write(name: string, value: unknown): Promise<void> {
    const writing = this.saving.then(() => this.store.save(name, Buffer.from(JSON.stringify(value))));
    this.saving = writing.catch(() => undefined);
    return writing;
  }
}
