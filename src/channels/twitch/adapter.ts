import type { OutboundMessage, SentReceipt } from '../../engine/model/message';
import {
  type AdapterContext,
  type AdapterFactory,
  type ChannelAdapter,
  ChannelError,
  type ConnectedAccount,
} from '../contract';
import { PartSender } from '../parts';
import { Reception } from '../reception';
import { PLATFORM, TwitchClient, type TwitchIdentity } from './client';
import { type TwitchSettings, twitchDescriptor, twitchSettings } from './descriptor';
import { fitsOneMessage } from './format';
import { readEvent } from './inbound';
import { Membership, proveToken } from './membership';
import { TwitchSender } from './sender';
import { TwitchStream } from './stream';
import { AbuseWatch } from './watch';

class TwitchAdapter implements ChannelAdapter {
  private readonly settings: TwitchSettings;
  private readonly client: TwitchClient;
  private readonly watch: AbuseWatch;
  private readonly reception = new Reception(PLATFORM);
  private readonly parts = new PartSender(twitchDescriptor.capabilities, fitsOneMessage);
  private readonly stopped = new AbortController();
  private sender: TwitchSender | undefined;

  constructor(private readonly context: AdapterContext) {
    this.settings = twitchSettings.parse(context.settings);
    this.client = new TwitchClient(context, this.settings);
    this.watch = new AbuseWatch(context);
  }

  /** Renews nothing: a refresh token can be used once, and this is a mere question. */
  async check(): Promise<ConnectedAccount> {
    return accountOf(await proveToken(this.context, this.client, this.settings, false));
  }

  async connect(): Promise<ConnectedAccount> {
    const { context, client, settings } = this;
    const { signal } = this.stopped;
    const me = await proveToken(context, client, settings, true, signal);
    const membership = new Membership(context, client, settings, me.user_id);
    await membership.read(signal);
    this.sender = new TwitchSender(client, membership, me.user_id, settings.whispers);
    await this.reception.begin(
      () =>
        new TwitchStream(context, client, {
          me,
          settings,
          membership,
          handle: async ({ metadata, payload }) => {
            const message = readEvent(metadata.subscription_type, payload.event, {
              me: me.user_id,
              whispers: settings.whispers,
              joined: (broadcaster) => membership.has(broadcaster),
              now: context.clock.now(),
            });
            if (!message) return;
            await context.receive(message);
            await this.watch.count(message);
          },
        }),
    );
    context.state('online', membership.describe(me.login));
    return accountOf(me);
  }

  async disconnect(): Promise<void> {
    this.stopped.abort();
    this.sender = undefined;
    await this.reception.end();
    this.watch.dispose();
  }

  send(message: OutboundMessage): Promise<SentReceipt> {
    const { sender } = this;
    if (!sender) throw new ChannelError('temporary', 'Twitch is not connected.');
    return this.parts.send(message, (part) => sender.sendPart(message, part));
  }
}

/** Twitch does not say whether an account is a bot's. */
function accountOf({ user_id: account, login }: TwitchIdentity): ConnectedAccount {
  return { account, name: login, handle: login, isBot: null };
}

export const createAdapter: AdapterFactory = (context) => new TwitchAdapter(context);
