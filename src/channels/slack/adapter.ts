import type { WebClient } from '@slack/web-api';
import type { Attachment, OutboundFile, OutboundMessage, SentReceipt } from '../../engine/model/message';
import {
  type AdapterContext,
  type AdapterFactory,
  type ChannelAdapter,
  ChannelError,
  type ConnectedAccount,
} from '../contract';
import { MissedMessages } from '../missed';
import { type MessagePart, PartSender } from '../parts';
import { asChannelError, Reception } from '../reception';
import { missingScope, toChannelError, webClient } from './client';
import { type SlackSettings, slackDescriptor, slackSettings } from './descriptor';
import { SlackDoor } from './door';
import type { Envelope } from './envelope';
import { SlackFiles } from './files';
import { blocksOf, plainOf } from './format';
import { history, type Missed } from './history';
import { readEvent, readMissed, readPress, type SlackIdentity, type SlackView, threadOf } from './inbound';
import { SCOPES_FOR_FILES, SCOPES_NEEDED } from './rules';
import { proveAppToken, SlackSocket } from './socket';

/** Scopes of the apps before 2019, each of which stands for dozens. https://docs.slack.dev/legacy */
const LEGACY_SCOPES: ReadonlySet<string> = new Set(['bot', 'client', 'post', 'read', 'admin']);

class SlackAdapter implements ChannelAdapter {
  private readonly settings: SlackSettings;
  private readonly web: WebClient;
  private readonly files: SlackFiles;
  private readonly reception = new Reception('Slack');
  private me: SlackIdentity | undefined;
  private missed: MissedMessages<Missed> | undefined;
  private readonly parts = new PartSender(slackDescriptor.capabilities);

  constructor(private readonly context: AdapterContext) {
    this.settings = slackSettings.parse(context.settings);
    this.web = webClient(context, this.settings.apiRoot);
    this.files = new SlackFiles(context, this.web, this.settings.apiRoot);
  }

  /** Proves the tokens that are there: while they are entered one after the other, one is. */
  async check(): Promise<ConnectedAccount> {
    if (this.settings.mode === 'socket' && (await this.context.secret('appToken')) !== undefined) {
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
    const missed = this.settings.mode === 'socket' ? await this.missedOf(me, detail) : undefined;
    this.missed = missed;
    await this.reception.begin(() =>
      this.settings.mode === 'http'
        ? new SlackDoor(this.context, (envelope) => this.take(envelope), detail)
        : new SlackSocket(
            this.context,
            this.settings.apiRoot,
            async (envelope) => void (await this.take(envelope)),
            async (signal) => missed?.fetch(signal),
            detail,
          ),
    );
    if (this.settings.mode === 'socket') this.context.state('online', detail);
    return account;
  }

  async disconnect(): Promise<void> {
    await this.reception.end();
    await this.missed?.save();
  }

  send(message: OutboundMessage): Promise<SentReceipt> {
    return this.parts.send(
      message,
      (part) => this.sendPart(message, part),
      (file) => this.sendFile(message, file),
    );
  }

  download(attachment: Attachment, limitBytes: number): Promise<Uint8Array> {
    return this.files.download(attachment, limitBytes);
  }

  private sendFile({ conversation, inReplyTo }: OutboundMessage, file: OutboundFile): Promise<string> {
    return this.files.upload(conversation, threadOf(inReplyTo, conversation), file);
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
    // Without one of them Slack hands nothing over, or takes no answer, and says nothing of it.
    const lacking = scopes.length === 0 ? [] : SCOPES_NEEDED.filter((scope) => !scopes.includes(scope));
    if (lacking.length > 0) throw missingScope(lacking.join(', '));
    const account = `${teamId}/${userId}`;
    const name = `${answer.user ?? userId} in ${answer.team ?? teamId}`;
    const extra = scopes.filter(
      (scope) => !SCOPES_NEEDED.includes(scope) && !SCOPES_FOR_FILES.includes(scope),
    );
    this.context.report({ extraScopes: extra });
    const more = extra.length > 0 ? ` The app has permissions that are not needed: ${extra.join(', ')}.` : '';
    return {
      me: { account, teamId, userId, botId, ...(enterpriseId ? { enterpriseId } : {}) },
      account: { account, name, isBot: true },
      detail: `Connected as ${name}.${more}`,
    };
  }

  private view(me: SlackIdentity): SlackView {
    return { me, allowedTeams: new Set(this.settings.allowedTeams), now: this.context.clock.now() };
  }

  private async missedOf(me: SlackIdentity, onlineDetail: string): Promise<MissedMessages<Missed>> {
    const missed = new MissedMessages<Missed>(this.context, {
      ...history(this.web),
      platform: 'Slack',
      owner: me.account,
      onlineDetail,
      isHeard: () => true,
      handle: async (message, place, edited) => {
        const read = readMissed(message, place, edited, this.view(me));
        if (read.kind === 'message') await this.context.receive(read.message);
      },
    });
    await missed.load();
    return missed;
  }

  /** Resolves with why the event was left alone, or with undefined when the gateway has it. */
  private async take({ type, body }: Envelope): Promise<string | undefined> {
    const { me, missed } = this;
    if (!me) return 'not connected';
    const view = this.view(me);
    const read =
      type === 'events_api'
        ? readEvent(body, view)
        : type === 'interactive'
          ? readPress(body, view)
          : undefined;
    if (read?.kind === 'message') {
      const { message } = read;
      const { context, conversation, platformId, sender, change } = message;
      if (!change && missed?.has(conversation, platformId)) return undefined;
      await this.context.receive(message);
      const ofPerson = !sender.isBot && !sender.isSelf;
      if (context === 'dm' && ofPerson && !change)
        await missed?.onRecord(conversation, sender.id, platformId, true);
      return undefined;
    }
    if (read?.kind !== 'outside') return 'nothing for us';
    this.context.log.info(`Slack: an event of the workspace ${read.team} was left alone; it is not allowed.`);
    return 'workspace not allowed';
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

function call<T>(run: () => Promise<T>): Promise<T> {
  return asChannelError(run, (error) => toChannelError(error));
}

export const createAdapter: AdapterFactory = (context) => new SlackAdapter(context);
