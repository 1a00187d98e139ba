import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { OutboundMessage, SentReceipt } from '../../engine/model/message';
import {
  type AdapterContext,
  type AdapterFactory,
  type ChannelAdapter,
  ChannelError,
  type ConnectedAccount,
} from '../contract';
import { type MessagePart, PartSender } from '../parts';
import { remember } from '../recent';
import { Reception } from '../reception';
import { GooglechatClient, PLATFORM } from './client';
import { type GooglechatSettings, googlechatDescriptor, googlechatSettings } from './descriptor';
import { GooglechatDoor } from './door';
import { buttonCard, formatText } from './format';
import { type ChatEvent, readEvent } from './inbound';

const sent = z.looseObject({ name: z.string().min(1) });
/** Messages, and requests, that are remembered. */
const REMEMBERED = 2_000;

class GooglechatAdapter implements ChannelAdapter {
  private readonly settings: GooglechatSettings;
  private readonly client: GooglechatClient;
  private readonly parts = new PartSender(googlechatDescriptor.capabilities);
  private readonly reception = new Reception(PLATFORM);
  /** By message: the thread that it is in. */
  private readonly threads = new Map<string, string>();
  /** By a part that is not confirmed: the id of its request, which is the same when it is tried again. */
  private readonly requests = new Map<string, string>();

  constructor(private readonly context: AdapterContext) {
    this.settings = googlechatSettings.parse(context.settings);
    this.client = new GooglechatClient(context, this.settings);
  }

  async check(): Promise<ConnectedAccount> {
    return (await this.prove()).account;
  }

  async connect(): Promise<ConnectedAccount> {
    const { account, scopes } = await this.prove();
    this.context.report({ scopes });
    await this.reception.begin(
      () =>
        new GooglechatDoor(
          this.context,
          this.settings,
          (event) => this.take(event),
          `Ready as ${account.name}.`,
        ),
    );
    return account;
  }

  disconnect(): Promise<void> {
    return this.reception.end();
  }

  send(message: OutboundMessage): Promise<SentReceipt> {
    return this.parts.send(message, (part) => this.sendPart(message, part));
  }

  private async prove(): Promise<{ account: ConnectedAccount; scopes: readonly string[] }> {
    const { email, scopes } = await this.client.prove();
    return { account: { account: this.settings.projectNumber, name: email, isBot: true }, scopes };
  }

  private async take(event: ChatEvent): Promise<void> {
    const message = readEvent(event, this.settings, this.context.clock.now());
    if (!message) return;
    const thread = event.message?.thread?.name;
    if (thread !== undefined) remember(this.threads, message.platformId, thread, REMEMBERED);
    await this.context.receive(message);
  }

  /** @returns Google's name of the message. */
  private async sendPart(message: OutboundMessage, part: MessagePart): Promise<string> {
    const { text, first, last } = part;
    const key = JSON.stringify([message, part]);
    const requestId = this.requests.get(key) ?? randomUUID();
    remember(this.requests, key, requestId, REMEMBERED);
    const card = last ? buttonCard(message.buttons ?? []) : undefined;
    const content = { text: formatText(text, message.format), ...(card ? { cardsV2: [card] } : {}) };
    if (first && message.edits !== undefined) {
      const edited = await this.edit(message.edits, content);
      if (edited) return message.edits;
    }
    const thread = message.inReplyTo === undefined ? undefined : this.threads.get(message.inReplyTo);
    const query = new URLSearchParams({
      // The question may have been deleted meanwhile; the answer is still wanted.
      messageReplyOption: 'REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD',
      // Google takes a request of the same id once, so an answer that was lost on the way does no harm.
      requestId,
    });
    const answer = await this.client.call('POST', `${message.conversation}/messages?${query}`, {
      ...content,
      ...(thread === undefined ? {} : { thread: { name: thread } }),
    });
    const parsed = sent.safeParse(answer);
    if (!parsed.success) throw new ChannelError('temporary', 'Google Chat did not confirm the message.');
    this.requests.delete(key);
    return parsed.data.name;
  }

  /** False when the message can no longer be edited, so that a new one must be sent. */
  private async edit(name: string, content: object): Promise<boolean> {
    const mask = Object.keys(content)
      .map((key) => (key === 'cardsV2' ? 'cards_v2' : key))
      .join(',');
    try {
      await this.client.call('PATCH', `${name}?updateMask=${mask}`, content);
      return true;
    } catch (error) {
      if (error instanceof ChannelError && error.kind === 'refused') return false;
      throw error;
    }
  }
}

export const createAdapter: AdapterFactory = (context) => new GooglechatAdapter(context);
