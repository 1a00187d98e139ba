import type { InlineKeyboardMarkup, MessageEntity, Update, UserFromGetMe } from 'grammy/types';
import type { Api } from 'grammy/web';
import type {
  Attachment,
  OutboundFile,
  OutboundMessage,
  ReplyButton,
  SentReceipt,
} from '../../engine/model/message';
import {
  type AdapterContext,
  type AdapterFactory,
  type ChannelAdapter,
  ChannelError,
  type ConnectedAccount,
} from '../contract';
import { downloaded } from '../http';
import { type MessagePart, PartSender } from '../parts';
import { asChannelError, Reception } from '../reception';
import { sendDocument, telegramApi, telegramFile, toChannelError } from './client';
import { type TelegramSettings, telegramDescriptor, telegramSettings } from './descriptor';
import { TelegramDoor, withdrawWebhook } from './door';
import { formatText } from './format';
import { readUpdate } from './inbound';
import { Poller } from './poller';

/** Bytes that a bot may download: https://core.telegram.org/bots/api#getfile */
const DOWNLOAD_CAP = 20 * 1024 * 1024;
/** Bytes of a button's data: https://core.telegram.org/bots/api#inlinekeyboardbutton */
const BUTTON_DATA_CAP = 64;

class TelegramAdapter implements ChannelAdapter {
  private readonly settings: TelegramSettings;
  private readonly api: Api;
  private readonly reception = new Reception('Telegram');
  private me: UserFromGetMe | undefined;
  private readonly parts = new PartSender(telegramDescriptor.capabilities);

  constructor(private readonly context: AdapterContext) {
    this.settings = telegramSettings.parse(context.settings);
    this.api = telegramApi(context, this.settings.apiRoot);
  }

  async check(): Promise<ConnectedAccount> {
    return accountOf(await call(() => this.api.getMe()));
  }

  async connect(): Promise<ConnectedAccount> {
    const me = await call(() => this.api.getMe());
    this.me = me;
    const detail = describe(me);
    this.context.report({ readsAllGroupMessages: me.can_read_all_group_messages === true });
    const take = (update: Update) => this.take(update);
    if (this.settings.mode === 'polling') await call(() => withdrawWebhook(this.api, this.context));
    await call(() =>
      this.reception.begin(() =>
        this.settings.mode === 'webhook'
          ? new TelegramDoor(
              this.api,
              this.context,
              take,
              detail,
              new URL(this.settings.apiRoot).protocol === 'https:',
            )
          : new Poller(this.api, this.context, take, detail),
      ),
    );
    return accountOf(me);
  }

  disconnect(): Promise<void> {
    return this.reception.end();
  }

  send(message: OutboundMessage): Promise<SentReceipt> {
    return this.parts.send(
      message,
      (part) => this.sendPart(message, part),
      (file) => this.sendFile(message, file),
    );
  }

  async typing(conversation: string): Promise<void> {
    await call(() => this.api.sendChatAction(conversation, 'typing'));
  }

  async download(attachment: Attachment, limitBytes: number): Promise<Uint8Array> {
    const limit = Math.min(limitBytes, DOWNLOAD_CAP);
    const { name } = attachment;
    if (attachment.size > limit)
      throw new ChannelError('refused', `“${name}” is larger than ${limit} bytes, so it was not fetched.`);
    const file = await call(() => this.api.getFile(attachment.platformId));
    if (!file.file_path) throw new ChannelError('refused', `Telegram no longer has “${name}”.`);
    const response = await telegramFile(this.context, this.settings.apiRoot, file.file_path);
    return downloaded(response, limit, { platform: 'Telegram', name });
  }

  private async sendFile({ conversation, inReplyTo }: OutboundMessage, file: OutboundFile): Promise<string> {
    const id = await sendDocument(this.context, this.settings.apiRoot, {
      chat: conversation,
      ...(inReplyTo !== undefined && isMessageId(inReplyTo) ? { replyTo: Number(inReplyTo) } : {}),
      name: file.name,
      mediaType: file.mediaType,
      bytes: await file.read(),
    });
    return String(id);
  }

  private async take(update: Update): Promise<void> {
    const { me } = this;
    if (!me) return;
    const message = readUpdate(update, {
      me,
      allowedGroups: new Set(this.settings.allowedGroups),
      now: this.context.clock.now(),
    });
    if (message) await this.context.receive(message);
    const press = update.callback_query;
    // Stops the button's spinner. It may be too old to be answered, which harms nobody.
    if (press) await this.api.answerCallbackQuery(press.id).catch(() => undefined);
  }

  /** @returns Telegram's id of the message. */
  private async sendPart(message: OutboundMessage, part: MessagePart): Promise<string> {
    const { first, last } = part;
    const { text, entities } = formatText(part.text, message.format);
    const markup = last ? keyboard(message.buttons ?? []) : undefined;
    const options = {
      entities,
      // Telegram would otherwise fetch every address that is mentioned, and so tell its owner.
      link_preview_options: { is_disabled: true },
      ...(markup ? { reply_markup: markup } : {}),
    };
    if (first && message.edits !== undefined && isMessageId(message.edits)) {
      const edited = await this.edit(message.conversation, message.edits, text, options);
      if (edited) return message.edits;
    }
    const reply =
      first && message.inReplyTo !== undefined && isMessageId(message.inReplyTo)
        ? {
            reply_parameters: {
              message_id: Number(message.inReplyTo),
              // The question may have been deleted meanwhile; the answer is still wanted.
              allow_sending_without_reply: true,
            },
          }
        : {};
    const result = await call(() =>
      this.api.sendMessage(message.conversation, text, { ...options, ...reply }),
    );
    return String(result.message_id);
  }

  /** False when the message can no longer be edited, so that a new one must be sent. */
  private async edit(
    conversation: string,
    id: string,
    text: string,
    options: { entities: MessageEntity[]; reply_markup?: InlineKeyboardMarkup },
  ): Promise<boolean> {
    try {
      await call(() => this.api.editMessageText(conversation, Number(id), text, options));
      return true;
    } catch (error) {
      if (!(error instanceof ChannelError) || error.kind !== 'refused') throw error;
      return error.message.includes('message is not modified');
    }
  }
}

function call<T>(run: () => Promise<T>): Promise<T> {
  return asChannelError(run, toChannelError);
}

function accountOf(me: UserFromGetMe): ConnectedAccount {
  return {
    account: String(me.id),
    name: me.first_name,
    ...(me.username ? { handle: me.username } : {}),
    isBot: typeof me.is_bot === 'boolean' ? me.is_bot : null,
  };
}

function describe(me: UserFromGetMe): string {
  const name = me.username ? `@${me.username}` : me.first_name;
  if (me.can_read_all_group_messages) {
    return `Connected as ${name}. Its privacy mode is off, so it is sent every message of its groups; switch it on with /setprivacy at @BotFather unless that is meant.`;
  }
  return `Connected as ${name}. Its privacy mode is on: in groups it is sent only what is meant for it.`;
}

function isMessageId(text: string): boolean {
  return /^\d{1,15}$/.test(text);
}

/** A command that does not fit a button can still be typed, so its button is left out. */
function keyboard(buttons: readonly ReplyButton[]): InlineKeyboardMarkup | undefined {
  const fitting = buttons.filter(({ command }) => Buffer.byteLength(command) <= BUTTON_DATA_CAP);
  if (fitting.length === 0) return undefined;
  return {
    inline_keyboard: [fitting.map(({ label, command }) => ({ text: label, callback_data: command }))],
  };
}

export const createAdapter: AdapterFactory = (context) => new TelegramAdapter(context);
