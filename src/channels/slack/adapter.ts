import type { WebClient } from '@slack/web-api';
import type { OutboundMessage, SentReceipt } from '../../engine/model/message';
import {
  type AdapterContext,
  type AdapterFactory,
  type ChannelAdapter,
  ChannelError,
  type ConnectedAccount,
} from '../contract';
import { type MessagePart, PartSender } from '../parts';
import { toChannelError, webClient } from './client';
import { type SlackSettings, slackDescriptor, slackSettings } from './descriptor';
import { blocksOf, plainOf } from './format';
import { readEvent, readPress, type SlackIdentity, threadOf } from './inbound';
import { SCOPES_NEEDED } from './rules';
import { type Envelope, proveAppToken, SlackSocket } from './socket';

/** Scopes of the apps before 2019, each of which stands for dozens. https://docs.slack.dev/legacy */
const LEGACY_SCOPES: ReadonlySet<string> = new Set(['bot', 'client', 'post', 'read', 'admin']);

class SlackAdapter implements ChannelAdapter {
  private readonly settings: SlackSettings;
  private readonly web: WebClient;
  private socket: SlackSocket | undefined;
  private me: SlackIdentity | undefined;
  private closed = false;
  private readonly parts = new PartSender(slackDescriptor.capabilities);

  constructor(private readonly context: AdapterContext) {
    this.settings = slackSettings.parse(context.settings);
    this.web = webClient(context, this.settings.apiRoot);
  }

  /** Proves the tokens that are there: while they are entered one after the other, one is. */
  async check(): Promise<ConnectedAccount> {
    if ((await this.context.secret('appToken')) !== undefined) {
      await proveAppToken(this.context, this.settings.apiRoot);
    }
    if ((await this.context.secret('botToken')) === undefined) {
      return { account: '', name: 'an app whose bot token is still missing', isBot: true };
    }
    return (await this.identify()).account;
  }

  async connect(): Promise<ConnectedAccount> {
    const { me, account, detail } = await this.identify();
    this.me = me;
    if (this.closed) throw new ChannelError('temporary', 'Slack was disconnected while it was connecting.');
    const socket = new SlackSocket(
      this.context,
      this.settings.apiRoot,
      (envelope) => this.take(envelope),
      detail,
    );
    this.socket = socket;
    try {
      await socket.start();
    } catch (error) {
      throw toChannelError(error, 'app-level token (xapp-…)');
    }
    this.context.state('online', detail);
    return account;
  }

  async disconnect(): Promise<void> {
    this.closed = true;
    const { socket } = this;
    this.socket = undefined;
    await socket?.stop();
  }

  send(message: OutboundMessage): Promise<SentReceipt> {
    return this.parts.send(message, (part) => this.sendPart(message, part));
  }

  private async identify(): Promise<{ me: SlackIdentity; account: ConnectedAccount; detail: string }> {
    const answer = await call(() => this.web.auth.test());
    const { team_id: teamId, user_id: userId, bot_id: botId, enterprise_id: enterpriseId } = answer;
    if (!teamId || !userId) {
      throw new ChannelError('temporary', 'Slack did not say who the app is. It is tried again.');
    }
    const scopes = answer.response_metadata?.scopes ?? [];
    const legacy = scopes.filter((scope) => LEGACY_SCOPES.has(scope));
    if (legacy.length > 0) {
      throw new ChannelError(
        'fatal',
        `This token is of a legacy kind (${legacy.join(', ')}), which opens far more than the bot needs. Make a new app at api.slack.com/apps and use its bot token.`,
      );
    }
    if (!botId) {
      throw new ChannelError(
        'fatal',
        'This token belongs to a person, not to a bot. Use the “Bot User OAuth Token” of your app; it starts with xoxb-.',
      );
    }
    const account = `${teamId}/${userId}`;
    const name = `${answer.user ?? userId} in ${answer.team ?? teamId}`;
    const extra = scopes.filter((scope) => !SCOPES_NEEDED.includes(scope));
    this.context.report({ extraScopes: extra });
    const more = extra.length > 0 ? ` The app has permissions that are not needed: ${extra.join(', ')}.` : '';
    return {
      me: { account, teamId, userId, botId, ...(enterpriseId ? { enterpriseId } : {}) },
      account: { account, name, isBot: true },
      detail: `Connected as ${name}.${more}`,
    };
  }

  private async take({ type, body }: Envelope): Promise<void> {
    const { me } = this;
    if (!me) return;
    const view = { me, allowedTeams: new Set(this.settings.allowedTeams), now: this.context.clock.now() };
    const read =
      type === 'events_api'
        ? readEvent(body, view)
        : type === 'interactive'
          ? readPress(body, view)
          : undefined;
    if (read?.kind === 'message') await this.context.receive(read.message);
    else if (read?.kind === 'outside') {
      this.context.log.info(
        `Slack: an event of the workspace ${read.team} was left alone; it is not allowed.`,
      );
    }
  }

  /** @returns Slack's id of the message. */
  private async sendPart(message: OutboundMessage, part: MessagePart): Promise<string> {
    const { first, last } = part;
    const { conversation: channel } = message;
    const content = {
      text: plainOf(part.text),
      blocks: blocksOf(part.text, message.format, last ? (message.buttons ?? []) : []),
    };
    if (first && message.edits !== undefined) {
      const edited = await this.edit(channel, message.edits, content);
      if (edited) return message.edits;
    }
    const thread = threadOf(message.inReplyTo, channel);
    const answer = await call(() =>
      this.web.apiCall('chat.postMessage', {
        channel,
        ...content,
        // Slack would otherwise fetch every address that is mentioned, and so tell its owner.
        unfurl_links: false,
        unfurl_media: false,
        ...(thread === undefined ? {} : { thread_ts: thread }),
      }),
    );
    return 'ts' in answer && typeof answer.ts === 'string' ? answer.ts : '';
  }

  /** False when the message can no longer be edited, so that a new one must be sent. */
  private async edit(
    channel: string,
    ts: string,
    content: { text: string; blocks: unknown },
  ): Promise<boolean> {
    try {
      await call(() => this.web.apiCall('chat.update', { channel, ts, ...content }));
      return true;
    } catch (error) {
      if (error instanceof ChannelError && error.kind === 'refused') return false;
      throw error;
    }
  }
}

async function call<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw toChannelError(error);
  }
}

export const createAdapter: AdapterFactory = (context) => new SlackAdapter(context);
