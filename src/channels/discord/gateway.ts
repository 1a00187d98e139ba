import * as z from 'zod';
import { pause } from '../backoff';
import { type AdapterContext, ChannelError } from '../contract';
import { Intake } from '../intake';
import type { Receiver } from '../reception';
import { type Standing, StandingConnection } from '../standing';
import { type DiscordClient, PLATFORM } from './client';
import type { GatewaySession } from './session';
import { type Dispatch, openSocket, type Ready, SessionLost } from './socket';

/** Milliseconds before a new session after one was lost: https://docs.discord.com/developers/events/gateway-events#invalid-session */
const AFTER_LOSS_MS = 1_000;
const AFTER_LOSS_MORE_MS = 4_000;

/** https://docs.discord.com/developers/events/gateway#get-gateway-bot */
const gatewayBot = z.looseObject({
  url: z.string().min(1),
  session_start_limit: z.looseObject({ remaining: z.number(), reset_after: z.number() }),
});

export interface GatewayOptions {
  readonly intents: number;
  ready(about: Ready): void;
  /** What has just come and waits for its turn. */
  arrived(event: Dispatch): void;
  /** Resolves when what was said before the session began is on record. Rejects when the signal is aborted before. */
  missed(signal: AbortSignal): Promise<void>;
  /** Rejects when the event could not be recorded. */
  handle(event: Dispatch): Promise<void>;
  readonly onlineDetail: string;
}

/** Keeps the gateway's connection, takes its session up again, and opens a new one only when it must. */
export class DiscordGateway implements Receiver {
  private readonly line: StandingConnection;
  private readonly intake: Intake<Dispatch>;

  constructor(
    private readonly context: AdapterContext,
    private readonly client: DiscordClient,
    private readonly session: GatewaySession,
    private readonly options: GatewayOptions,
  ) {
    this.line = new StandingConnection(
      context,
      PLATFORM,
      (signal) => this.open(signal),
      () => options.onlineDetail,
    );
    this.intake = new Intake(context, {
      platform: PLATFORM,
      // The session is only as far as what is on record: Discord delivers the rest once more with the next line.
      handle: async (event, signal) => {
        if (!session.isComplete) {
          await options.missed(signal);
          session.completed();
        }
        await options.handle(event);
        await session.taken(event.s);
      },
      overflow: () => {
        this.intake.drop();
        this.line.renew();
      },
      onlineDetail: options.onlineDetail,
    });
  }

  async start(): Promise<void> {
    await this.session.load();
    await this.line.start();
  }

  async stop(): Promise<void> {
    await this.line.stop();
    await this.intake.settle();
    await this.session.save();
  }

  private async open(signal: AbortSignal): Promise<Standing> {
    await this.intake.settle();
    await this.rest(signal);
    try {
      return await this.connect(signal);
    } catch (error) {
      if (!(error instanceof SessionLost)) throw error;
      await this.rest(signal);
      return this.connect(signal);
    }
  }

  private async rest(signal: AbortSignal): Promise<void> {
    const { context, session } = this;
    if (!session.refused) return;
    session.refused = false;
    await pause(context.clock, AFTER_LOSS_MS + AFTER_LOSS_MORE_MS * context.random(), signal);
  }

  private async connect(signal: AbortSignal): Promise<Standing> {
    const { client, context, session, options } = this;
    const url = session.state?.url ?? (await this.address(signal));
    if (!isDiscordSocket(url, client.apiRoot)) {
      session.forget();
      throw new ChannelError(
        'fatal',
        'Discord named an address for the connection that is not its own, so it was not used.',
      );
    }
    return openSocket(context, session, signal, {
      url,
      intents: options.intents,
      token: () => client.token(),
      ready: (about) => options.ready(about),
      event: (event) => {
        options.arrived(event);
        this.intake.take(event);
      },
    });
  }

  /** Where to open a new session. @throws ChannelError `rate-limited` when none is left for today */
  private async address(signal: AbortSignal): Promise<string> {
    const answer = gatewayBot.safeParse(await this.client.call('GET', '/gateway/bot', { signal }));
    if (!answer.success) {
      throw new ChannelError('temporary', 'Discord did not say where its gateway is. It is tried again.');
    }
    const { url, session_start_limit: limit } = answer.data;
    this.context.report({ startsLeft: limit.remaining });
    if (limit.remaining > 0) return url;
    throw new ChannelError(
      'rate-limited',
      'Discord allows no more new sessions for today.',
      Math.max(1_000, limit.reset_after),
    );
  }
}

/** `wss://….discord.gg`; a test's own server may hand out its own host, without encryption. */
export function isDiscordSocket(address: string, apiRoot: string): boolean {
  if (!URL.canParse(address)) return false;
  const url = new URL(address);
  const api = new URL(apiRoot);
  if (api.protocol === 'http:') return url.protocol === 'ws:' && url.host === api.host;
  return url.protocol === 'wss:' && url.port === '' && url.hostname.endsWith('.discord.gg');
}
