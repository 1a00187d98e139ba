import * as z from 'zod';
import type { OutboundMessage } from '../../engine/model/message';
import { ChannelError } from '../contract';
import type { MessagePart } from '../parts';
import type { TwitchClient } from './client';
import { formatText, toldApart } from './format';
import { whisperTo } from './inbound';
import type { Membership } from './membership';

/** https://dev.twitch.tv/docs/api/reference/#send-chat-message */
const sent = z.looseObject({
  data: z
    .array(
      z.looseObject({
        message_id: z.string(),
        is_sent: z.boolean(),
        drop_reason: z.looseObject({ code: z.string(), message: z.string().default('') }).nullish(),
      }),
    )
    .min(1),
});
/** Twitch does not send what was said in the last 30 seconds. */
const DUPLICATE = 'msg_duplicate';
/** Sendings that were not confirmed and are remembered. */
const REMEMBERED = 200;

export class TwitchSender {
  private readonly unconfirmed = new Set<string>();

  constructor(
    private readonly client: TwitchClient,
    private readonly membership: Pick<Membership, 'has'>,
    private readonly me: string,
    private readonly whispers: boolean,
  ) {}

  /** @returns Twitch's id of the message; empty for a whisper, which has none. @throws ChannelError */
  async sendPart(message: OutboundMessage, part: MessagePart): Promise<string> {
    const text = formatText(part.text, message.format);
    const person = whisperTo(message.conversation);
    if (person !== undefined) return this.whisper(person, text);
    if (!this.membership.has(message.conversation)) {
      throw new ChannelError(
        'refused',
        'The bot is not a moderator of that Twitch chat, so nothing is said there.',
      );
    }
    const parent = part.first ? message.inReplyTo : undefined;
    return this.chat(message.conversation, text, parent);
  }

  private async whisper(person: string, text: string): Promise<string> {
    if (!this.whispers) throw new ChannelError('refused', 'Whispers on Twitch are switched off.');
    const query = { from_user_id: this.me, to_user_id: person };
    await this.client.call('POST', '/whispers', { query, body: { message: text } });
    return '';
  }

  private async chat(broadcaster: string, text: string, parent: string | undefined): Promise<string> {
    const key = JSON.stringify([broadcaster, text, parent]);
    const again = this.unconfirmed.has(key);
    this.remember(key);
    let result = await this.post(broadcaster, text, parent).catch((error: unknown) => {
      // The question may have been deleted meanwhile; the answer is still wanted.
      if (parent === undefined || !(error instanceof ChannelError) || error.kind !== 'refused') throw error;
      return this.post(broadcaster, text, undefined);
    });
    if (!result.is_sent && result.drop_reason?.code === DUPLICATE && !again) {
      result = await this.post(broadcaster, toldApart(text), parent);
    }
    this.unconfirmed.delete(key);
    // It was taken the first time; only the confirmation was lost.
    if (result.is_sent || (again && result.drop_reason?.code === DUPLICATE)) return result.message_id;
    throw new ChannelError(
      'refused',
      `Twitch did not send the message (${result.drop_reason?.code.slice(0, 100) ?? 'no reason given'}).`,
    );
  }

  private async post(broadcaster: string, message: string, parent: string | undefined) {
    const answer = sent.safeParse(
      await this.client.call('POST', '/chat/messages', {
        body: {
          broadcaster_id: broadcaster,
          sender_id: this.me,
          message,
          ...(parent === undefined ? {} : { reply_parent_message_id: parent }),
        },
      }),
    );
    const result = answer.data?.data[0];
    if (!result) throw new ChannelError('temporary', 'Twitch did not confirm the message.');
    return result;
  }

  private remember(key: string): void {
    this.unconfirmed.add(key);
    for (const oldest of this.unconfirmed) {
      if (this.unconfirmed.size <= REMEMBERED) return;
      this.unconfirmed.delete(oldest);
    }
  }
}
