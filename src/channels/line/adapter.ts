import type { Attachment, OutboundMessage, SentReceipt } from '../../engine/model/message';
import {
  type AdapterContext,
  type AdapterFactory,
  type ChannelAdapter,
  ChannelError,
  type ConnectedAccount,
} from '../contract';
import { Doorway, JSON_CALLS, reachHint } from '../doorway';
import { downloaded } from '../http';
import { Reception } from '../reception';
import type { OpenWebhook } from '../webhook-contract';
import { type LineBot, LineClient, PLATFORM } from './client';
import { type LineSettings, lineSettings } from './descriptor';
import { LineDoor } from './door';
import { type LineEvent, readEvent } from './inbound';
import { LineSender } from './sending';

/** Seconds that the sign of work stands: https://developers.line.biz/en/reference/messaging-api/#display-a-loading-indicator */
const LOADING_S = 20;
/** The number of messages left is asked for at most so often, in milliseconds. */
const QUOTA_EVERY_MS = 600_000;

class LineAdapter implements ChannelAdapter {
  private readonly settings: LineSettings;
  private readonly client: LineClient;
  private readonly sender: LineSender;
  private readonly reception = new Reception(PLATFORM);
  private readonly stopped = new AbortController();
  private quotaAt = Number.NEGATIVE_INFINITY;
  private me = '';

  constructor(private readonly context: AdapterContext) {
    this.settings = lineSettings.parse(context.settings);
    this.client = new LineClient(context, this.settings.apiRoot);
    this.sender = new LineSender(this.client, context.clock, () => void this.lookAtQuota());
  }

  async check(): Promise<ConnectedAccount> {
    if ((await this.context.secret('accessToken')) === undefined)
      return { account: '', name: 'an account whose channel access token is still missing', isBot: true };
    return accountOf(await this.client.bot());
  }

  async connect(): Promise<ConnectedAccount> {
    const bot = await this.client.bot(this.stopped.signal);
    this.me = bot.userId;
    if (!(await this.context.secret('channelSecret'))) {
      throw new ChannelError(
        'fatal',
        'LINE has no channel secret, so nothing that it sends could be proved. Enter the one under Basic settings, with “Enter Token…” in the Channels view.',
      );
    }
    await this.lookAtQuota();
    const door = new LineDoor(this.context, this.me, (event) => this.take(event));
    await this.reception.begin(
      () =>
        new Doorway(
          this.context,
          JSON_CALLS,
          (request) => door.answer(request),
          async (opened) => {
            const hint = await this.announce(opened);
            this.context.state('online', `Connected as ${bot.displayName || bot.userId}.${hint}`);
          },
        ),
    );
    return accountOf(bot);
  }

  async disconnect(): Promise<void> {
    this.stopped.abort();
    await this.reception.end();
  }

  send(message: OutboundMessage): Promise<SentReceipt> {
    return this.sender.send(message);
  }

  async typing(conversation: string): Promise<void> {
    // LINE has no such sign in groups.
    if (conversation.startsWith('U')) await this.client.loading(conversation, LOADING_S);
  }

  async download(attachment: Attachment, limitBytes: number): Promise<Uint8Array> {
    const response = await this.client.content(attachment.platformId);
    return downloaded(response, limitBytes, { platform: PLATFORM, name: attachment.name });
  }

  /** Tells LINE where we are, when it could reach that. @returns what the person has to know of it. */
  private async announce(door: OpenWebhook): Promise<string> {
    if (!door.isPublic) return reachHint(door, PLATFORM);
    let entered = await this.client.endpoint();
    if (entered.url !== door.url) {
      await this.client.setEndpoint(door.url);
      entered = await this.client.endpoint();
    }
    this.context.report({ webhookElsewhere: entered.url !== door.url });
    return entered.active
      ? ''
      : ' LINE does not call it yet: Switch “Use webhook” on in the LINE Developers Console, on the tab Messaging API.';
  }

  /** Resolves with why the event was left alone, or with undefined when it was taken. */
  private async take(event: LineEvent): Promise<string | undefined> {
    const read = readEvent(event, {
      me: this.me,
      allowedGroups: new Set(this.settings.allowedGroups),
      isOurs: (id) => this.sender.isOurs(id),
      now: this.context.clock.now(),
    });
    if (read.kind === 'ignored') return 'nothing for us';
    if (read.kind === 'outside') {
      this.context.log.info(`LINE: a message to the bot in ${read.group} was left alone; it is not listed.`);
      return 'group not listed';
    }
    // The token of an event that was delivered before has been good for as long as that is ago.
    const token = event.deliveryContext?.isRedelivery ? undefined : event.replyToken;
    this.sender.asked(read.message.platformId, token, event.message?.quoteToken);
    await this.context.receive(read.message);
    return undefined;
  }

  /** What is left of the month's messages, for the tree and the Checklist. Never throws. */
  private async lookAtQuota(): Promise<void> {
    const now = this.context.clock.now();
    if (now - this.quotaAt < QUOTA_EVERY_MS) return;
    this.quotaAt = now;
    const quota = await this.client.quota().catch(() => undefined);
    if (quota) this.context.report({ quotaUsed: quota.used, quotaLimit: quota.limit ?? null });
  }
}

function accountOf({ userId, displayName, basicId }: LineBot): ConnectedAccount {
  return {
    account: userId,
    name: displayName || userId,
    ...(basicId ? { handle: basicId } : {}),
    isBot: true,
  };
}

export const createAdapter: AdapterFactory = (context) => new LineAdapter(context);
