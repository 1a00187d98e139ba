import { createAdapter } from '../../../src/channels/telegram/adapter';
import { telegramDescriptor } from '../../../src/channels/telegram/descriptor';
import type { ChatContext } from '../../../src/engine/model/identity';
import { BOT, BotApi, type SentMessage, TOKEN } from '../../peers/telegram/bot-api';
import type { ChannelBench, Seen, Utterance } from '../bench';
import { FAULTS_OF_LINES, PeerBench } from '../peer-bench';

const GROUP = -1001234567890;

/** Telegram by long polling. */
export class TelegramBench extends PeerBench<BotApi> implements ChannelBench {
  readonly descriptor = telegramDescriptor;
  readonly createAdapter = createAdapter;
  readonly people = ['4201', '4202'] as const;
  readonly speed = 10;
  readonly takesFiles = true;
  readonly faults = FAULTS_OF_LINES;
  readonly peer = new BotApi();
  private readonly said = new Map<string, Record<string, unknown>>();
  private last: Record<string, unknown> | undefined;

  async start(speed: number): Promise<void> {
    this.peer.speed = speed;
    this.peer.nextMessage = Math.floor(Date.now() / 1000);
    for (const chat of [...this.people, String(GROUP)]) this.peer.chats.add(chat);
    await this.peer.start();
  }

  settings(): Record<string, unknown> {
    return { apiRoot: this.peer.root };
  }

  secrets(): Record<string, string> {
    return { botToken: TOKEN };
  }

  changeSecret() {
    this.peer.token = TOKEN.replace(/:.*/, ':BBHdqTcvCH1vGWJxfSeofSAs0K5PALDsawY');
    return { name: 'botToken', value: this.peer.token };
  }

  conversation(context: ChatContext): string {
    return context === 'dm' ? this.people[0] : String(GROUP);
  }

  async say({ text, context, from = this.people[0], displayName, addressed, replyTo, file }: Utterance) {
    const message = this.write(
      context,
      Number(from),
      text,
      {
        ...(displayName === undefined
          ? {}
          : { from: { id: Number(from), is_bot: false, first_name: displayName } }),
        ...(replyTo === undefined
          ? {}
          : { reply_to_message: { message_id: Number(replyTo), from: this.peer.me } }),
        ...(file ? this.document(file, text) : {}),
      },
      addressed ?? true,
    );
    this.last = message;
    const id = String(message.message_id);
    this.said.set(id, message);
    return id;
  }

  async edit(id: string, text: string): Promise<void> {
    this.peer.push('edited_message', { ...this.said.get(id), text, edit_date: 1_700_000_100 });
  }

  async sayAsBot(text: string, context: ChatContext): Promise<void> {
    this.write(context, 9000, text, { from: { id: 9000, is_bot: true, first_name: 'Other bot' } }, true);
  }

  async repeatLast(): Promise<void> {
    if (this.last) this.peer.push('message', this.last);
  }

  async press(messageId: string, label: string, context: ChatContext): Promise<void> {
    const message = this.sentTo(context).find(({ message_id }) => String(message_id) === messageId);
    const button = message?.reply_markup?.inline_keyboard.flat().find(({ text }) => text === label);
    if (!message || !button) throw new Error(`no button “${label}”`);
    const id = Number(this.conversation(context));
    this.peer.press(Number(this.people[0]), message, button.callback_data, {
      id,
      type: context === 'dm' ? 'private' : 'supergroup',
    });
  }

  seen(context: ChatContext): readonly Seen[] {
    return this.sentTo(context).map(see);
  }

  override async heal(): Promise<void> {
    await super.heal();
    this.peer.token = TOKEN;
    this.peer.caller.wake();
  }

  signs(context: ChatContext): number {
    return this.peer.typed.filter((chat) => chat === this.conversation(context)).length;
  }

  private write(
    context: ChatContext,
    from: number,
    text: string,
    extra: Record<string, unknown>,
    addressed: boolean,
  ): Record<string, unknown> {
    if (context === 'dm') return this.peer.dm(from, text, extra);
    const command = /^\/\w+/.exec(text)?.[0];
    const meant = command ? text.replace(command, `${command}@${BOT.username}`) : `@${BOT.username} ${text}`;
    return this.peer.group(GROUP, from, addressed ? meant : text, extra);
  }

  private document(file: NonNullable<Utterance['file']>, caption: string): Record<string, unknown> {
    const id = `file${this.peer.files.size}`;
    this.peer.files.set(`documents/${id}`, Buffer.from(file.bytes));
    return {
      text: undefined,
      caption,
      document: {
        file_id: id,
        file_unique_id: id,
        file_name: file.name,
        mime_type: file.mediaType,
        file_size: file.bytes.length,
      },
    };
  }

  private sentTo(context: ChatContext): readonly SentMessage[] {
    return this.peer.sent.filter(({ chat_id }) => chat_id === this.conversation(context));
  }
}

function see(message: SentMessage): Seen {
  const { text, entities = [], reply_parameters, reply_markup } = message;
  const preview = message.link_preview_options as { is_disabled?: boolean } | undefined;
  const odd = entities.filter(({ type }) => type !== 'pre' && type !== 'code').map(({ type }) => type);
  return {
    id: String(message.message_id),
    text,
    code: entities
      .filter(({ type }) => type === 'pre' || type === 'code')
      .map(({ offset, length }) => text.slice(offset, offset + length)),
    ...(reply_parameters ? { replyTo: String(reply_parameters.message_id) } : {}),
    buttons: (reply_markup?.inline_keyboard ?? []).flat().map((button) => button.text),
    edited: message.edited === true,
    files: message.document ? [message.document] : [],
    alarms: [...odd, ...(preview?.is_disabled || message.document ? [] : ['link preview'])],
  };
}

export const makeBench = (): ChannelBench => new TelegramBench();
