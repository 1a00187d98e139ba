import type { IdentityKey } from '../../engine/model/identity';
import type { InboundMessage } from '../../engine/model/message';

export interface Waiting {
  readonly message: InboundMessage;
  readonly sender: IdentityKey;
  readonly conversation: string;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

export interface LaneLimits {
  readonly atOnce: number;
  readonly perConversation: number;
  readonly total: number;
  readonly characters: number;
}

/**
 * Messages that wait for the engine: in order within a conversation, conversations in turn, a few at the same
 * time. Bounded; what does not fit is not taken.
 */
export class Lane {
  private readonly queues = new Map<string, Waiting[]>();
  private readonly ready: string[] = [];
  private readonly bySender = new Map<IdentityKey, number>();
  private running = 0;
  private count = 0;
  private characters = 0;

  constructor(
    private readonly limits: LaneLimits,
    private readonly work: (waiting: Waiting) => Promise<void>,
  ) {}

  get size(): number {
    return this.count;
  }

  /** True while something of this sender waits or is being worked on here. */
  has(sender: IdentityKey): boolean {
    return this.bySender.has(sender);
  }

  /** False when there is no room. A conversation with nothing waiting still gets in when the lane is full. */
  offer(waiting: Waiting): boolean {
    const queue = this.queues.get(waiting.conversation);
    const full = this.count >= this.limits.total * (queue ? 1 : 2);
    const { length } = waiting.message.text;
    if (full || (queue?.length ?? 0) >= this.limits.perConversation) return false;
    if (this.characters + length > this.limits.characters) return false;
    this.count++;
    this.characters += length;
    this.bySender.set(waiting.sender, (this.bySender.get(waiting.sender) ?? 0) + 1);
    if (queue) queue.push(waiting);
    else {
      this.queues.set(waiting.conversation, [waiting]);
      this.ready.push(waiting.conversation);
    }
    this.pump();
    return true;
  }

  /** Takes out what waits of these senders. What is being worked on already is not stopped here. */
  purge(senders: ReadonlySet<IdentityKey>): readonly Waiting[] {
    const out: Waiting[] = [];
    for (const [conversation, queue] of this.queues) {
      const kept = queue.filter((waiting) => !senders.has(waiting.sender));
      if (kept.length === queue.length) continue;
      for (const waiting of queue) if (senders.has(waiting.sender)) out.push(waiting);
      // An empty queue stays: it says that the conversation is in turn or being worked on.
      this.queues.set(conversation, kept);
    }
    for (const waiting of out) this.leave(waiting);
    return out;
  }

  private leave(waiting: Waiting): void {
    this.count--;
    this.characters -= waiting.message.text.length;
    const left = (this.bySender.get(waiting.sender) ?? 1) - 1;
    if (left > 0) this.bySender.set(waiting.sender, left);
    else this.bySender.delete(waiting.sender);
  }

  private pump(): void {
    while (this.running < this.limits.atOnce && this.ready.length > 0) {
      this.running++;
      void this.run();
    }
  }

  private async run(): Promise<void> {
    for (let next = this.ready.shift(); next !== undefined; next = this.ready.shift()) {
      const waiting = this.queues.get(next)?.shift();
      if (waiting) {
        // Between any two messages the event loop gets a turn, however many wait (law 9).
        await new Promise<void>((resolve) => setImmediate(resolve));
        try {
          await this.work(waiting);
          waiting.done();
        } catch (error) {
          waiting.failed(error);
        }
        this.leave(waiting);
      }
      if ((this.queues.get(next)?.length ?? 0) > 0) this.ready.push(next);
      else this.queues.delete(next);
    }
    this.running--;
  }
}
