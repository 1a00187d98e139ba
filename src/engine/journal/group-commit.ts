import type { Draft } from './line';
import { type JournalPort, PartialAppendError, type Stored } from './port';

/** Most records that one flush takes, so that the first of a long queue does not wait for the last. */
const MAX_BATCH = 4096;

/** Resolves when the callbacks of this turn of the event loop, and what they promised, have run. */
function endOfTurn(): Promise<void> {
  return new Promise((resolve) => process.nextTick(() => queueMicrotask(() => process.nextTick(resolve))));
}

/** What became of drafts handed in together: the first `stored.length` are durable, the rest met `failure`. */
export interface AppendOutcome {
  readonly stored: readonly Stored[];
  readonly failure?: Error;
}

interface Waiting {
  readonly drafts: readonly Draft[];
  resolve(outcome: AppendOutcome): void;
}

/**
 * Lets many callers append at once with one flush: what arrives while the disk is busy goes out together.
 * `onStored` is called with each durable batch, in order, before the appends of that batch resolve.
 */
export class GroupCommit {
  private queue: Waiting[] = [];
  private running: Promise<void> | undefined;

  constructor(
    private readonly port: JournalPort,
    private readonly onStored: (drafts: readonly Draft[], stored: readonly Stored[]) => void = () => {},
  ) {}

  /** True while something waits or is being written. */
  get busy(): boolean {
    return this.running !== undefined;
  }

  /** Resolves when the record is durable. @throws JournalFailedError when it is not. */
  async append(draft: Draft): Promise<Stored> {
    const { stored, failure } = await this.appendAll([draft]);
    const [only] = stored;
    if (!only) throw failure ?? new Error('The record was not written.');
    return only;
  }

  /** Appends in order, nothing of anyone else's in between. Never rejects: the outcome says what is durable. */
  appendAll(drafts: readonly Draft[]): Promise<AppendOutcome> {
    return new Promise((resolve) => {
      this.queue.push({ drafts, resolve });
      this.running ??= this.run();
    });
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    while (this.running) await this.running;
  }

  private async run(): Promise<void> {
    do {
      // Whoever has something to say in this turn of the event loop joins. Not `setImmediate`: a lone writer would
      // wait for a whole turn.
      await endOfTurn();
      await this.commit(this.takeBatch());
    } while (this.queue.length > 0);
    this.running = undefined;
  }

  private takeBatch(): Waiting[] {
    let count = 0;
    let records = 0;
    for (const { drafts } of this.queue) {
      if (count > 0 && records + drafts.length > MAX_BATCH) break;
      count += 1;
      records += drafts.length;
    }
    return this.queue.splice(0, count);
  }

  private async commit(batch: readonly Waiting[]): Promise<void> {
    const drafts = batch.flatMap((waiting) => waiting.drafts);
    let stored: readonly Stored[];
    let failure: Error | undefined;
    try {
      stored = await this.port.appendBatch(drafts);
    } catch (error) {
      stored = error instanceof PartialAppendError ? error.stored : [];
      const cause = error instanceof PartialAppendError ? error.cause : error;
      failure = cause instanceof Error ? cause : new Error(String(cause));
    }
    if (stored.length > 0) this.onStored(drafts.slice(0, stored.length), stored);
    let from = 0;
    for (const waiting of batch) {
      const mine = stored.slice(from, from + waiting.drafts.length);
      from += waiting.drafts.length;
      waiting.resolve(
        mine.length < waiting.drafts.length && failure ? { stored: mine, failure } : { stored: mine },
      );
    }
  }
}
