import * as z from 'zod';
import type { Attachment, OutboundMessage, SentReceipt } from '../../engine/model/message';
import {
  type AdapterContext,
  type AdapterFactory,
  type ChannelAdapter,
  ChannelError,
  type ConnectedAccount,
} from '../contract';
import { downloaded } from '../http';
import { type MessagePart, PartSender } from '../parts';
import { StandingConnection } from '../standing';
import { MattermostClient, type MattermostUser, PLATFORM } from './client';
import { type MattermostSettings, mattermostDescriptor, mattermostSettings } from './descriptor';
import { Feed } from './feed';
import { formatText } from './format';
import { post, postedData } from './inbound';
import { type MattermostEvent, openSocket, type Resume } from './socket';

const uploaded = z.looseObject({ file_infos: z.array(z.looseObject({ id: z.string() })).min(1) });

class MattermostAdapter implements ChannelAdapter {
  private readonly settings: MattermostSettings;
  private readonly client: MattermostClient;
  private readonly parts = new PartSender(mattermostDescriptor.capabilities);
  private readonly resume: Resume = { connectionId: '', sequence: 0 };
  private readonly stopped = new AbortController();
  private standing: StandingConnection | undefined;
  private feed: Feed | undefined;
  private me: MattermostUser | undefined;

  constructor(private readonly context: AdapterContext) {
    this.settings = mattermostSettings.parse(context.settings);
    this.client = new MattermostClient(context, this.settings.serverUrl);
  }

  async check(): Promise<ConnectedAccount> {
    return accountOf(await this.client.me());
  }

  async connect(): Promise<ConnectedAccount> {
    const me = await this.client.me(this.stopped.signal);
    this.me = me;
    const detail = `Connected as @${me.username}.`;
    this.context.report({ roles: me.roles.split(' ').filter((role) => role !== '') });
    const feed = new Feed(this.context, this.client, this.settings, me, this.stopped.signal, () => detail);
    this.feed = feed;
    await feed.open();
    let first = true;
    this.standing = new StandingConnection(
      this.context,
      PLATFORM,
      async (signal) => {
        // A connection that is refused gives no reason; the REST API does.
        if (!first) await this.client.me(signal);
        return openSocket(this.context, this.client, this.resume, signal, {
          hello: (serverVersion) => {
            first = false;
            feed.missed();
            this.context.report({ serverVersion, gaps: feed.gaps });
          },
          gap: () => {
            feed.missed();
            this.context.report({ gaps: feed.gaps });
          },
          event: (event) => this.arrived(event, feed),
        });
      },
      () => detail,
    );
    await this.standing.start();
    this.context.state('online', detail);
    return accountOf(me);
  }

  async disconnect(): Promise<void> {
    this.stopped.abort();
    const { standing, feed } = this;
    this.standing = undefined;
    this.feed = undefined;
    await standing?.stop();
    await feed?.close();
  }

  send(message: OutboundMessage): Promise<SentReceipt> {
    return this.parts.send(message, (part) => this.sendPart(message, part));
  }

  async typing(conversation: string): Promise<void> {
    if (!this.me) return;
    await this.client.send('POST', `users/${this.me.id}/typing`, { channel_id: conversation });
  }

  async download(attachment: Attachment, limitBytes: number): Promise<Uint8Array> {
    const path = `files/${encodeURIComponent(attachment.platformId)}`;
    const response = await this.client.call('GET', path);
    return downloaded(response, limitBytes, { platform: PLATFORM, name: attachment.name });
  }

  private arrived({ event, data, broadcast }: MattermostEvent, feed: Feed): void {
    if (event !== 'posted' && event !== 'post_edited' && event !== 'post_deleted') return;
    const parsed = postedData.safeParse(data);
    if (!parsed.success) return;
    const said = post.safeParse(parseJson(parsed.data.post));
    if (!said.success) return;
    feed.take({
      said: event === 'post_deleted' ? { ...said.data, delete_at: said.data.delete_at || 1 } : said.data,
      place: {
        type: parsed.data.channel_type,
        teamId: parsed.data.team_id || broadcast?.team_id || '',
      },
      name: parsed.data.sender_name,
    });
  }

  /** @returns Mattermost's id of the post. */
  private async sendPart(message: OutboundMessage, { text, first, last }: MessagePart): Promise<string> {
    const channelId = message.conversation;
    const formatted = formatText(text, message.format);
    if (first && message.edits !== undefined) {
      const edited = await this.edit(message.edits, formatted);
      if (edited) return message.edits;
    }
    const fileIds: string[] = [];
    if (last) for (const file of message.files ?? []) fileIds.push(await this.upload(channelId, file));
    const rootId = message.inReplyTo === undefined ? '' : (this.feed?.threadOf(message.inReplyTo) ?? '');
    const body = { channel_id: channelId, message: formatted, file_ids: fileIds };
    const answer = await this.client
      .send('POST', 'posts', { ...body, ...(rootId ? { root_id: rootId } : {}) })
      .catch((error: unknown) => {
        // The question may have been deleted meanwhile; the answer is still wanted.
        if (rootId === '' || !(error instanceof ChannelError) || error.kind !== 'refused') throw error;
        return this.client.send('POST', 'posts', body);
      });
    const sent = post.safeParse(answer);
    if (!sent.success) throw new ChannelError('temporary', 'Mattermost did not confirm the message.');
    this.feed?.sent(sent.data.id, sent.data.root_id);
    return sent.data.id;
  }

  /** False when the message can no longer be edited, so that a new one must be sent. */
  private async edit(id: string, message: string): Promise<boolean> {
    try {
      await this.client.send('PUT', `posts/${encodeURIComponent(id)}/patch`, { message });
      return true;
    } catch (error) {
      if (error instanceof ChannelError && error.kind === 'refused') return false;
      throw error;
    }
  }

  private async upload(
    channelId: string,
    file: NonNullable<OutboundMessage['files']>[number],
  ): Promise<string> {
    const form = new FormData();
    form.set('channel_id', channelId);
    const bytes = Uint8Array.from(await file.read());
    form.set('files', new Blob([bytes], { type: file.mediaType }), file.name);
    const answer = await this.client.call('POST', 'files', { body: form });
    const parsed = uploaded.safeParse(await answer.json().catch(() => undefined));
    const id = parsed.success ? parsed.data.file_infos[0]?.id : undefined;
    if (id === undefined) throw new ChannelError('refused', `Mattermost did not take “${file.name}”.`);
    return id;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function accountOf({ id, username, is_bot: isBot }: MattermostUser): ConnectedAccount {
  // The server leaves `is_bot` out for people.
  return { account: id, name: username, handle: username, isBot: isBot ?? false };
}

export const createAdapter: AdapterFactory = (context) => new MattermostAdapter(context);
