import { nextTry, pause } from '../backoff';
import { type AdapterContext, ChannelError } from '../contract';
import { Intake } from '../intake';
import type { Receiver } from '../reception';
import { type Standing, StandingConnection } from '../standing';
import { PLATFORM, type TwitchClient, type TwitchIdentity } from './client';
import type { TwitchSettings } from './descriptor';
import { type Membership, proveToken } from './membership';
import { eventsUrl, openEvents, type TwitchLine } from './socket';

/** Milliseconds between two validations: https://dev.twitch.tv/docs/authentication/validate-tokens/ */
const VALIDATE_EVERY_MS = 3_600_000;
/** Ids of messages that are remembered, because Twitch may deliver one twice. */
const REMEMBERED = 2_000;

export interface StreamOptions {
  readonly me: TwitchIdentity;
  readonly settings: TwitchSettings;
  readonly membership: Membership;
  /** Rejects when it could not be recorded. */
  handle(event: TwitchLine): Promise<void>;
}

/** Keeps the connection of events, subscribed to what is listened to, and the token proved. */
export class TwitchStream implements Receiver {
  private readonly line: StandingConnection;
  private readonly intake: Intake<TwitchLine>;
  private readonly stopped = new AbortController();
  private readonly seen = new Set<string>();
  private hours: Promise<void> | undefined;
  private first = true;

  constructor(
    private readonly context: AdapterContext,
    private readonly client: TwitchClient,
    private readonly options: StreamOptions,
  ) {
    const onlineDetail = () => options.membership.describe(options.me.login);
    this.line = new StandingConnection(context, PLATFORM, (signal) => this.open(signal), onlineDetail);
    this.intake = new Intake(context, {
      platform: PLATFORM,
      handle: (event) => options.handle(event),
      overflow: () => context.log.warn('Twitch: too much waits to be put on record; a message was lost.'),
      onlineDetail: onlineDetail(),
    });
  }

  async start(): Promise<void> {
    await this.line.start();
    this.hours = this.eachHour();
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await this.line.stop();
    await this.hours;
    await this.intake.settle();
  }

  private async open(signal: AbortSignal): Promise<Standing> {
    const { client, context, options } = this;
    // At first that is known already.
    if (!this.first) await options.membership.read(signal);
    this.first = false;
    const connection = await openEvents(context, signal, {
      url: eventsUrl(client.apiRoot),
      apiRoot: client.apiRoot,
      event: (event) => this.arrived(event),
    });
    try {
      await this.subscribe(connection.sessionId, signal);
    } catch (error) {
      connection.close();
      throw error;
    }
    return connection;
  }

  /** Within ten seconds of the welcome, or Twitch closes the connection. */
  private async subscribe(sessionId: string, signal: AbortSignal): Promise<void> {
    const { membership, me, settings } = this.options;
    const transport = { method: 'websocket', session_id: sessionId };
    const ask = (type: string, condition: Record<string, string>) =>
      this.client.call('POST', '/eventsub/subscriptions', {
        body: { type, version: '1', condition, transport },
        signal,
      });
    for (const broadcaster of membership.list) {
      try {
        await ask('channel.chat.message', { broadcaster_user_id: broadcaster, user_id: me.user_id });
      } catch (error) {
        if (!(error instanceof ChannelError) || error.kind !== 'refused') throw error;
        membership.leave(broadcaster);
        this.context.log.warn(`Twitch: the chat ${broadcaster} was not joined. ${error.message}`);
      }
    }
    if (settings.whispers) await ask('user.whisper.message', { user_id: me.user_id });
  }

  private arrived(event: TwitchLine): void {
    const { message_id: id, message_type: type } = event.metadata;
    if (this.seen.has(id)) return;
    this.seen.add(id);
    for (const oldest of this.seen) {
      if (this.seen.size <= REMEMBERED) break;
      this.seen.delete(oldest);
    }
    if (type === 'notification') this.intake.take(event);
    // Twitch no longer lets us listen there: who we are and where we may be is asked anew.
    else this.line.renew();
  }

  private async eachHour(): Promise<void> {
    const { signal } = this.stopped;
    const { context, client, options } = this;
    let wait = VALIDATE_EVERY_MS;
    while (!signal.aborted) {
      await pause(context.clock, wait, signal);
      if (signal.aborted) return;
      try {
        await proveToken(context, client, options.settings, true, signal);
        if (await options.membership.read(signal)) this.line.renew();
        wait = VALIDATE_EVERY_MS;
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof ChannelError && error.kind === 'fatal') {
          context.state('fatal', error.message);
          return;
        }
        wait = Math.min(VALIDATE_EVERY_MS, 60_000);
        context.log.warn(`Twitch: the token could not be validated. ${nextTry(context.clock.now() + wait)}`);
      }
    }
  }
}
