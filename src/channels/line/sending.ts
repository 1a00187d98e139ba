import { randomUUID } from 'node:crypto';
import type { OutboundMessage, ReplyButton, SentReceipt } from '../../engine/model/message';
import type { Clock } from '../../engine/model/ports';
import { type MessagePart, PartSender } from '../parts';
import { isUsedToken, type LineClient, type LineText } from './client';
import { lineDescriptor } from './descriptor';
import { plainText } from './format';

/** https://developers.line.biz/en/reference/messaging-api/#send-reply-message */
const AT_ONCE = 5;
/** A reply token is good for a minute; the call must have arrived by then. Milliseconds. */
const TOKEN_MS = 50_000;
/** Messages of which the tokens are remembered, and of ours of which the ids are. */
const REMEMBERED = 1_000;
/** https://developers.line.biz/en/reference/messaging-api/#postback-action */
const LABEL_CAP = 20;
const DATA_CAP = 300;
/** https://developers.line.biz/en/docs/messaging-api/using-quick-reply/ */
const BUTTONS_CAP = 13;

interface Question {
  readonly replyToken: string | undefined;
  readonly quoteToken: string | undefined;
  readonly at: number;
}

/**
 * Sends: with the reply token of the question while it is good, for that costs nothing; else by a push, whose retry
 * key makes LINE deliver it once however often it is tried.
 */
export class LineSender {
  private readonly parts = new PartSender(lineDescriptor.capabilities);
  private readonly questions = new Map<string, Question>();
  private readonly ours = new Set<string>();
  /** The key of the push that is under way in a conversation, kept until LINE has taken it. */
  private readonly pushes = new Map<string, { readonly what: string; readonly key: string }>();

  constructor(
    private readonly client: LineClient,
    private readonly clock: Clock,
    /** A message that counts towards the plan was sent. */
    private readonly pushed: () => void,
  ) {}

  /** What an answer to this message is sent with. */
  asked(messageId: string, replyToken: string | undefined, quoteToken: string | undefined): void {
    this.questions.set(messageId, { replyToken, quoteToken, at: this.clock.now() });
    forgetOldest(this.questions);
  }

  isOurs(messageId: string): boolean {
    return this.ours.has(messageId);
  }

  /** @throws ChannelError */
  send(message: OutboundMessage): Promise<SentReceipt> {
    return this.parts.sendTogether(message, AT_ONCE, async (parts) => {
      const texts = parts.map((part) => this.textOf(message, part));
      const ids = await this.deliver(message, texts);
      for (const id of ids) this.ours.add(id);
      forgetOldest(this.ours);
      // LINE numbers what it sent; should it not, what was sent was sent all the same.
      return texts.map((_, index) => ids[index] ?? '');
    });
  }

  private async deliver(
    { conversation, inReplyTo }: OutboundMessage,
    texts: readonly LineText[],
  ): Promise<readonly string[]> {
    const token = this.replyToken(inReplyTo);
    if (token !== undefined && inReplyTo !== undefined) {
      try {
        const ids = await this.client.reply(token, texts);
        this.spend(inReplyTo);
        return ids;
      } catch (error) {
        if (!isUsedToken(error)) throw error;
        this.spend(inReplyTo);
      }
    }
    const what = JSON.stringify(texts);
    const earlier = this.pushes.get(conversation);
    const key = earlier?.what === what ? earlier.key : randomUUID();
    this.pushes.set(conversation, { what, key });
    forgetOldest(this.pushes);
    const ids = await this.client.push(conversation, texts, key);
    this.pushes.delete(conversation);
    this.pushed();
    return ids;
  }

  private replyToken(messageId: string | undefined): string | undefined {
    const question = messageId === undefined ? undefined : this.questions.get(messageId);
    return question && this.clock.now() - question.at < TOKEN_MS ? question.replyToken : undefined;
  }

  private spend(messageId: string): void {
    const question = this.questions.get(messageId);
    if (question) this.questions.set(messageId, { ...question, replyToken: undefined });
  }

  private textOf(message: OutboundMessage, { text, first, last }: MessagePart): LineText {
    const { conversation, inReplyTo, format, buttons = [] } = message;
    // In a direct message there is one thread only; in a group the question is quoted.
    const group = !conversation.startsWith('U');
    const quoteToken =
      first && group && inReplyTo !== undefined ? this.questions.get(inReplyTo)?.quoteToken : undefined;
    const items = last ? quickReplies(buttons) : [];
    return {
      type: 'text',
      text: plainText(text, format),
      ...(quoteToken === undefined ? {} : { quoteToken }),
      ...(items.length === 0 ? {} : { quickReply: { items } }),
    };
  }
}

/** A command that does not fit a button can still be typed, so its button is left out. */
function quickReplies(buttons: readonly ReplyButton[]): NonNullable<LineText['quickReply']>['items'] {
  return buttons
    .filter(({ command }) => command.length <= DATA_CAP)
    .slice(0, BUTTONS_CAP)
    .map(({ label, command }) => ({
      type: 'action',
      action: {
        type: 'postback',
        label: label.slice(0, LABEL_CAP),
        data: command,
        displayText: label,
      },
    }));
}

function forgetOldest(kept: Map<string, unknown> | Set<string>): void {
  while (kept.size > REMEMBERED) {
    const [oldest] = kept.keys();
    if (oldest === undefined) return;
    kept.delete(oldest);
  }
}
