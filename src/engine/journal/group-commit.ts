import type { Draft } from './line';
import { type JournalPort, PartialAppendError, type Stored } from './port';

/** Most records that one flush takes, so that the first of a long queue does not wait for the last. */
const MAX_BATCH = 4096;

interface Waiting {
  readonly draft: Draft;
  resolve(stored: Stored): void;
  reject(error: unknown): void;
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

  /** Resolves when the record is durable. @throws JournalFailedError when it is not. */
  append(draft: Draft): Promise<Stored> {
    return new Promise((resolve, reject) => {
      this.queue.push({ draft, resolve, reject });
      this.running ??= this.run();
    });
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    while (this.running) await this.running;
  }

  private async run(): Promise<void> {
    // Let the callers of this turn of the event loop join.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.queue.length > 0) {
      const batch = this.queue.splice(0, MAX_BATCH);
      await this.commit(batch);
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.running = undefined;
  }

  private async commit(batch: readonly Waiting[]): Promise<void> {
    const drafts = batch.map((waiting) => waiting.draft);
    let stored: readonly Stored[];
    let failure: unknown;
    try {
      stored = await this.port.appendBatch(drafts);
    } catch (error) {
      stored = error instanceof PartialAppendError ? error.stored : [];
      failure = error instanceof PartialAppendError ? error.cause : error;
    }
    if (stored.length > 0) this.onStored(drafts.slice(0, stored.length), stored);
    for (const [index, waiting] of batch.entries()) {
      const done = stored[index];
      if (done) waiting.resolve(done);
      else waiting.reject(failure);
    }
  }
}
