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
import { Reception } from '../reception';
import { PLATFORM, TeamsClient } from './client';
import { type TeamsSettings, teamsDescriptor, teamsSettings } from './descriptor';
import { TeamsDoor } from './door';
import { buttonCard, formatText } from './format';
import { type Activity, readActivity, roomOf } from './inbound';
import { Places } from './places';

const sent = z.looseObject({ id: z.string().min(1) });

class TeamsAdapter implements ChannelAdapter {
  private readonly settings: TeamsSettings;
  private readonly client: TeamsClient;
  private readonly places: Places;
  private readonly parts = new PartSender(teamsDescriptor.capabilities);
  private readonly reception = new Reception(PLATFORM);

  constructor(private readonly context: AdapterContext) {
    this.settings = teamsSettings.parse(context.settings);
    this.client = new TeamsClient(context, this.settings);
    this.places = new Places(context.store);
  }

  async check(): Promise<ConnectedAccount> {
    await this.client.accessToken();
    return { account: this.settings.appId, name: `Teams bot ${this.settings.appId}`, isBot: true };
  }

  async connect(): Promise<ConnectedAccount> {
    const account = await this.check();
    await this.places.open();
    const detail = `Ready as ${account.name}.`;
    await this.reception.begin(
      () => new TeamsDoor(this.context, this.settings, (activity) => this.take(activity), detail),
    );
    return account;
  }

  disconnect(): Promise<void> {
    return this.reception.end();
  }

  send(message: OutboundMessage): Promise<SentReceipt> {
    return this.parts.send(message, (part) => this.sendPart(message, part));
  }

  async typing(conversation: string): Promise<void> {
    await this.post(conversation, undefined, { type: 'typing' });
  }

  private async take(activity: Activity): Promise<void> {
    const message = readActivity(activity, this.settings, this.context.clock.now());
    if (!message) return;
    // Before the message is heard: its answer must know where to go, also after a restart.
    await this.places.remember(activity);
    await this.context.receive(message);
  }

  /** @returns Teams' id of the message. */
  private async sendPart(message: OutboundMessage, { text, first, last }: MessagePart): Promise<string> {
    const card = last ? buttonCard(message.buttons ?? []) : undefined;
    const content = {
      type: 'message',
      textFormat: 'xml',
      text: formatText(text, message.format),
      ...(card ? { attachments: [card] } : {}),
    };
    if (first && message.edits !== undefined) {
      const edited = await this.edit(message.conversation, message.edits, content);
      if (edited) return message.edits;
    }
    const answer = await this.post(message.conversation, message.inReplyTo, content);
    const parsed = sent.safeParse(answer);
    if (!parsed.success) throw new ChannelError('temporary', 'Teams did not confirm the message.');
    return parsed.data.id;
  }

  private async post(room: string, inReplyTo: string | undefined, content: object): Promise<unknown> {
    const place = this.place(room);
    const thread = inReplyTo === undefined ? undefined : this.places.threadOf(inReplyTo);
    // In a channel each question begins or continues a thread, whose address has its id behind the room's.
    const conversation = thread === undefined ? room : `${room};messageid=${thread}`;
    return this.client.call('POST', place, `conversations/${encodeURIComponent(conversation)}/activities`, {
      ...content,
      from: { id: `28:${this.settings.appId}` },
      conversation: { id: conversation },
      ...(inReplyTo === undefined ? {} : { replyToId: inReplyTo }),
    });
  }

  /** False when the message can no longer be edited, so that a new one must be sent. */
  private async edit(room: string, id: string, content: object): Promise<boolean> {
    const path = `conversations/${encodeURIComponent(room)}/activities/${encodeURIComponent(id)}`;
    try {
      await this.client.call('PUT', this.place(room), path, { ...content, id });
      return true;
    } catch (error) {
      if (error instanceof ChannelError && error.kind === 'refused') return false;
      throw error;
    }
  }

  /** The service that called from there; else the one for all regions, which Microsoft names for such messages. */
  private place(room: string): string {
    return this.places.serviceOf(roomOf(room).room) ?? `${this.settings.serviceUrl}/teams/`;
  }
}

export const createAdapter: AdapterFactory = (context) => new TeamsAdapter(context);
