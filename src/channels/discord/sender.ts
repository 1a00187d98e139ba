import { createHash, randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { OutboundFile, OutboundMessage, ReplyButton } from '../../engine/model/message';
import { ChannelError } from '../contract';
import type { MessagePart } from '../parts';
import type { DiscordClient } from './client';
import { formatText } from './format';

/** https://docs.discord.com/developers/resources/message#message-object-message-flags */
const SUPPRESS_EMBEDS = 1 << 2;
/** https://docs.discord.com/developers/components/reference#button */
const BUTTONS_IN_A_ROW = 5;
const LABEL_CAP = 80;
const ID_CAP = 100;
const STYLE = { primary: 1, plain: 2, danger: 4 } as const;
/** Characters of a nonce. https://docs.discord.com/developers/resources/message#create-message */
const NONCE_CAP = 25;
/** Sendings whose nonce is remembered. */
const REMEMBERED = 200;

const created = z.looseObject({ id: z.string().min(1) });

/** Nothing that is said rings or fetches: neither names nor everybody, and no preview of an address. */
const QUIET = { allowed_mentions: { parse: [], replied_user: false }, flags: SUPPRESS_EMBEDS };

export class DiscordSender {
  /** By what is sent: the number that Discord knows a sending by, so that one whose answer was lost is not repeated. */
  private readonly nonces = new Map<string, string>();

  constructor(private readonly client: DiscordClient) {}

  /** @returns Discord's id of the message. @throws ChannelError */
  async sendPart(message: OutboundMessage, part: MessagePart): Promise<string> {
    const { first, last } = part;
    const content = {
      content: formatText(part.text, message.format),
      // An empty list takes the buttons of before off.
      components: last ? rows(message.buttons ?? []) : [],
      ...QUIET,
    };
    if (first && message.edits !== undefined && isId(message.edits)) {
      const edited = await this.edit(message.conversation, message.edits, content);
      if (edited) return message.edits;
    }
    return this.create(message, { ...content, ...(first ? reference(message) : {}) });
  }

  /** @returns Discord's id of the message. @throws ChannelError */
  async sendFile(message: OutboundMessage, file: OutboundFile): Promise<string> {
    const { name, mediaType } = file;
    const body = {
      ...QUIET,
      attachments: [{ id: 0, filename: name }],
      ...reference(message),
    };
    return this.create(message, body, { name, mediaType, bytes: await file.read() });
  }

  private async create(
    { conversation }: OutboundMessage,
    body: Record<string, unknown>,
    file?: { readonly name: string; readonly mediaType: string; readonly bytes: Uint8Array },
  ): Promise<string> {
    const key = createHash('sha256')
      .update(JSON.stringify([conversation, body, file?.name ?? '']))
      .update(file?.bytes ?? '')
      .digest('hex');
    const nonce = this.nonceOf(key);
    const sent = created.safeParse(
      await this.client.call('POST', `/channels/${encodeURIComponent(conversation)}/messages`, {
        body: { ...body, nonce, enforce_nonce: true },
        ...(file ? { file } : {}),
      }),
    );
    if (!sent.success) throw new ChannelError('temporary', 'Discord did not confirm the message.');
    this.nonces.delete(key);
    return sent.data.id;
  }

  /** Kept until the sending is confirmed; the next one like it is another message. */
  private nonceOf(key: string): string {
    const nonce = this.nonces.get(key) ?? randomUUID().replaceAll('-', '').slice(0, NONCE_CAP);
    this.nonces.set(key, nonce);
    for (const oldest of this.nonces.keys()) {
      if (this.nonces.size <= REMEMBERED) break;
      this.nonces.delete(oldest);
    }
    return nonce;
  }

  /** False when the message can no longer be edited, so that a new one must be sent. */
  private async edit(conversation: string, id: string, body: Record<string, unknown>): Promise<boolean> {
    try {
      await this.client.call('PATCH', `/channels/${encodeURIComponent(conversation)}/messages/${id}`, {
        body,
      });
      return true;
    } catch (error) {
      if (error instanceof ChannelError && error.kind === 'refused') return false;
      throw error;
    }
  }
}

/** The question may have been deleted meanwhile; the answer is still wanted. */
function reference({ inReplyTo }: OutboundMessage): Record<string, unknown> {
  if (inReplyTo === undefined || !isId(inReplyTo)) return {};
  return { message_reference: { message_id: inReplyTo, fail_if_not_exists: false } };
}

function isId(text: string): boolean {
  return /^\d{15,22}$/.test(text);
}

/** A command that does not fit a button can still be typed, so its button is left out. */
function rows(buttons: readonly ReplyButton[]): unknown[] {
  const fitting = [...new Map(buttons.map((button) => [button.command, button])).values()].filter(
    ({ command }) => command.length <= ID_CAP,
  );
  if (fitting.length === 0) return [];
  const components = fitting.slice(0, BUTTONS_IN_A_ROW).map(({ label, command, style }) => ({
    type: 2,
    style: STYLE[style],
    label: label.slice(0, LABEL_CAP),
    custom_id: command,
  }));
  return [{ type: 1, components }];
}
