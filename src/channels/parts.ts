import type { OutboundFile, OutboundMessage, SentReceipt } from '../engine/model/message';
import type { ChannelCapabilities } from './contract';
import { splitMessage } from './gateway/split';

/** Conversations for which it is remembered what was sent of a reply that failed half-way. */
const REMEMBERED = 200;
/** How much shorter parts get that did not fit, and where that ends. */
const SHORTER = 0.8;
const SHORTEST = 100;

export interface MessagePart {
  readonly text: string;
  readonly first: boolean;
  readonly last: boolean;
}

/**
 * Sends messages in parts of the platform's length, one after the other, and then their files. When one fails and the
 * outbox tries the message again, it goes on after the last that was sent, so that nothing is said twice.
 */
export class PartSender {
  private readonly unfinished = new Map<string, { readonly message: string; readonly ids: string[] }>();

  constructor(
    private readonly capabilities: Pick<ChannelCapabilities, 'maxLength'>,
    /** Whether a part still fits once it is in the platform's own markup; every one does when absent. */
    private readonly fits: (text: string, format: OutboundMessage['format']) => boolean = () => true,
  ) {}

  /** Both resolve with the platform's id of what was sent. @throws what they throw. */
  send(
    message: OutboundMessage,
    send: (part: MessagePart) => Promise<string>,
    sendFile?: (file: OutboundFile) => Promise<string>,
  ): Promise<SentReceipt> {
    const one = async (parts: readonly MessagePart[]) => {
      const ids: string[] = [];
      for (const part of parts) ids.push(await send(part));
      return ids;
    };
    return this.sendTogether(message, 1, one, sendFile);
  }

  /** As `send`, with so many parts at a time: `send` resolves with an id for each. @throws what they throw. */
  async sendTogether(
    message: OutboundMessage,
    atOnce: number,
    send: (parts: readonly MessagePart[]) => Promise<readonly string[]>,
    sendFile?: (file: OutboundFile) => Promise<string>,
  ): Promise<SentReceipt> {
    const parts = this.split(message);
    // The platforms refuse an empty message; what stands for it is theirs to say.
    if (parts.length === 0) parts.push('');
    const ids = this.sentOf(message);
    const all = parts.map((text, index) => ({ text, first: index === 0, last: index === parts.length - 1 }));
    while (ids.length < all.length) ids.push(...(await send(all.slice(ids.length, ids.length + atOnce))));
    const files = sendFile ? (message.files ?? []) : [];
    for (const file of files.slice(ids.length - parts.length)) ids.push((await sendFile?.(file)) ?? '');
    this.unfinished.delete(message.conversation);
    return { platformIds: [...ids] };
  }

  /** In parts of the platform's length; of less, where its markup makes too much of that. */
  private split({ text, format }: OutboundMessage): string[] {
    for (let limit = this.capabilities.maxLength; ; limit = Math.floor(limit * SHORTER)) {
      const parts = splitMessage(text, limit, { fences: format === 'markdown' });
      if (limit < SHORTEST || parts.every((part) => this.fits(part, format))) return parts;
    }
  }

  /** The ids of what is sent already; the list is added to. */
  private sentOf(message: OutboundMessage): string[] {
    const key = JSON.stringify(message);
    const earlier = this.unfinished.get(message.conversation);
    if (earlier?.message === key) return earlier.ids;
    const ids: string[] = [];
    this.unfinished.delete(message.conversation);
    this.unfinished.set(message.conversation, { message: key, ids });
    if (this.unfinished.size > REMEMBERED) {
      const oldest = this.unfinished.keys().next().value;
      if (oldest !== undefined) this.unfinished.delete(oldest);
    }
    return ids;
  }
}
