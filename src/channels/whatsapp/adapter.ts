import type { Attachment, OutboundFile, OutboundMessage, SentReceipt } from '../../engine/model/message';
import {
  type AdapterContext,
  type AdapterFactory,
  type ChannelAdapter,
  ChannelError,
  type ConnectedAccount,
} from '../contract';
import { Doorway, reachHint } from '../doorway';
import { downloaded } from '../http';
import { type MessagePart, PartSender } from '../parts';
import { Reception } from '../reception';
import { PLATFORM, WhatsAppClient, type WhatsAppNumber } from './client';
import { type WhatsAppSettings, whatsappDescriptor, whatsappSettings } from './descriptor';
import { WhatsAppDoor } from './door';
import { failedDelivery } from './errors';
import { fileMessage } from './files';
import { formatText, replyButtons } from './format';
import {
  digits,
  readMessage,
  type WhatsAppMessage,
  type WhatsAppStatus,
  type WhatsAppValue,
} from './inbound';

/** Characters of a text with buttons under it are 1,024; a mark that must not act takes a second one. */
const WITH_BUTTONS = 500;
/** Conversations of which the last message is remembered, for the sign of work. */
const REMEMBERED = 1_000;

class WhatsAppAdapter implements ChannelAdapter {
  private readonly settings: WhatsAppSettings;
  private readonly client: WhatsAppClient;
  private readonly parts = new PartSender(whatsappDescriptor.capabilities);
  private readonly partsWithButtons = new PartSender({ maxLength: WITH_BUTTONS });
  private readonly reception = new Reception(PLATFORM);
  private readonly stopped = new AbortController();
  private readonly lastOf = new Map<string, string>();

  constructor(private readonly context: AdapterContext) {
    this.settings = whatsappSettings.parse(context.settings);
    this.client = new WhatsAppClient(context, this.settings);
  }

  /** Proves the token, and with it the app secret when that is there. */
  async check(): Promise<ConnectedAccount> {
    if ((await this.context.secret('accessToken')) === undefined)
      return { account: '', name: 'a number whose access token is still missing', isBot: true };
    return accountOf(await this.client.number());
  }

  async connect(): Promise<ConnectedAccount> {
    const number = await this.client.number(this.stopped.signal);
    const { client, context } = this;
    for (const [name, label] of [
      ['appSecret', 'app secret'],
      ['verifyToken', 'verify token'],
    ] as const) {
      if (await context.secret(name)) continue;
      throw new ChannelError(
        'fatal',
        `WhatsApp has no ${label}, so what Meta sends could not be proved. Enter it with “Enter Token…” in the Channels view.`,
      );
    }
    const testNumber = await client.isTestNumber();
    context.report({
      quality: number.quality_rating,
      apiVersion: client.version,
      ...(testNumber === undefined ? {} : { testNumber }),
    });
    const door = new WhatsAppDoor(context, number.id, {
      message: (said, value) => this.take(said, value),
      failed: (status) => this.failed(status),
    });
    await this.reception.begin(
      () =>
        new Doorway(
          context,
          { methods: ['GET', 'POST'], contentTypes: ['application/json'] },
          (request) => door.answer(request),
          async (opened) => {
            const name = accountOf(number).name;
            context.state('online', `Connected as ${name}.${reachHint(opened, PLATFORM)}`);
          },
        ),
    );
    return accountOf(number);
  }

  async disconnect(): Promise<void> {
    this.stopped.abort();
    await this.reception.end();
  }

  send(message: OutboundMessage): Promise<SentReceipt> {
    const buttons = replyButtons(message.buttons ?? []);
    const parts = buttons.length > 0 ? this.partsWithButtons : this.parts;
    return parts.send(
      message,
      (part) => this.sendPart(message, part, buttons),
      (file) => this.sendFile(message.conversation, file),
    );
  }

  async typing(conversation: string): Promise<void> {
    const last = this.lastOf.get(conversation);
    if (last !== undefined) await this.client.reading(last);
  }

  async download(attachment: Attachment, limitBytes: number): Promise<Uint8Array> {
    const response = await this.client.media(attachment.platformId);
    return downloaded(response, limitBytes, { platform: PLATFORM, name: attachment.name });
  }

  /** @returns WhatsApp's id of the message. */
  private sendPart(
    { conversation, inReplyTo, format }: OutboundMessage,
    { text, first, last }: MessagePart,
    buttons: readonly object[],
  ): Promise<string> {
    const body = formatText(text, format);
    const content =
      last && buttons.length > 0
        ? { type: 'interactive', interactive: { type: 'button', body: { text: body }, action: { buttons } } }
        : { type: 'text', text: { body, preview_url: false } };
    return this.client.send({
      ...recipient(conversation),
      ...(first && inReplyTo !== undefined ? { context: { message_id: inReplyTo } } : {}),
      ...content,
    });
  }

  private async sendFile(conversation: string, file: OutboundFile): Promise<string> {
    const message = fileMessage(file);
    const id = await this.client.upload(file.name, message.mediaType, await file.read());
    return this.client.send({ ...recipient(conversation), ...message.naming(id) });
  }

  /** Resolves with why the message was left alone, or with undefined when it was taken. */
  private async take(said: WhatsAppMessage, value: WhatsAppValue): Promise<string | undefined> {
    const read = readMessage(said, value, this.context.clock.now());
    if (typeof read === 'string') {
      if (read === 'group') {
        this.context.report({ heardOfGroup: true });
        this.context.log.info('WhatsApp: a message of a group was left alone.');
      }
      return read;
    }
    this.remember(read.conversation, read.platformId);
    await this.context.receive(read);
    return undefined;
  }

  private async failed({ errors = [], recipient_id: person }: WhatsAppStatus): Promise<void> {
    const [error] = errors;
    if (!error) return;
    await this.context.note({
      code: 'delivery-failed',
      text: failedDelivery(error.code, error.title),
      ...(person ? { conversation: person } : {}),
    });
  }

  private remember(conversation: string, messageId: string): void {
    this.lastOf.delete(conversation);
    this.lastOf.set(conversation, messageId);
    const [oldest] = this.lastOf.keys();
    if (this.lastOf.size > REMEMBERED && oldest !== undefined) this.lastOf.delete(oldest);
  }
}

function recipient(conversation: string): Readonly<Record<string, string>> {
  return { recipient_type: 'individual', to: conversation };
}

function accountOf({
  id,
  display_phone_number: shown,
  verified_name: name,
}: WhatsAppNumber): ConnectedAccount {
  return {
    account: id,
    name: [name, shown].filter((part) => part !== '').join(', ') || id,
    ...(shown ? { handle: digits(shown) } : {}),
    // A number of the Cloud API is a business's; no person's app can have it.
    isBot: true,
  };
}

export const createAdapter: AdapterFactory = (context) => new WhatsAppAdapter(context);
