import { conversationKey, type IdentityKey } from '../../engine/model/identity';
import type { OutboundMessage } from '../../engine/model/message';
import type { Disposable } from '../../engine/model/ports';
import { Backoff } from '../backoff';

/** One reply that waits. */
export interface Item {
  readonly replyId: string;
  readonly message: OutboundMessage;
  readonly to: IdentityKey;
  readonly queuedAt: number;
  readonly taskId: string | undefined;
  /** On record, so it may be sent. */
  ready: boolean;
  sending: boolean;
  failedBefore: boolean;
}

/** The replies of one conversation, in order. Only the first is ever being sent. */
export interface Line {
  readonly key: string;
  readonly channel: string;
  readonly account: string;
  readonly backoff: Backoff;
  items: Item[];
  retry: Disposable | undefined;
}

/** Replies of one conversation that may wait. */
const LINE_MAX = 100;
/** Characters of all waiting replies together. */
const CHARACTERS_MAX = 16 * 1024 * 1024;
/** What waits to be sent: a line for each conversation, as long as there is something in it. */
export class WaitingLines {
  private readonly lines = new Map<string, Line>();
  private characters = 0;

  /** @param random in [0, 1) */
  constructor(private readonly random: () => number) {}

  /** Replies that wait: for this channel, or for any. */
  count(channel?: string): number {
    let count = 0;
    for (const line of this.lines.values())
      if (channel === undefined || line.channel === channel) count += line.items.length;
    return count;
  }

  /** The lines of now; what comes and goes meanwhile is not among them. */
  all(): readonly Line[] {
    return [...this.lines.values()];
  }

  /** Whether no more may wait than waits already. */
  isFull(message: OutboundMessage): boolean {
    const waiting = this.lines.get(conversationKey(message))?.items.length ?? 0;
    return waiting >= LINE_MAX || this.characters + message.text.length > CHARACTERS_MAX;
  }

  /** The line of the message's conversation, a new one where there is none. */
  of(message: OutboundMessage): Line {
    const key = conversationKey(message);
    const known = this.lines.get(key);
    if (known) return known;
    const line: Line = {
      key,
      channel: message.channel,
      account: message.account,
      backoff: new Backoff(this.random),
      items: [],
      retry: undefined,
    };
    this.lines.set(key, line);
    return line;
  }

  add(line: Line, item: Item): void {
    line.items.push(item);
    this.characters += item.message.text.length;
  }

  /** Makes it ready to be sent, as this message. False when it is not in the line any more. */
  replace(line: Line, item: Item, message: OutboundMessage): boolean {
    const at = line.items.indexOf(item);
    if (at < 0) return false;
    this.characters += message.text.length - item.message.text.length;
    line.items[at] = { ...item, message, ready: true };
    return true;
  }

  remove(line: Line, item: Item): void {
    const at = line.items.indexOf(item);
    if (at < 0) return;
    line.items.splice(at, 1);
    this.characters -= item.message.text.length;
    if (line.items.length === 0) this.lines.delete(line.key);
  }

  clear(): void {
    this.lines.clear();
  }
}
