import { SocketModeClient } from '@slack/socket-mode';
import { WebClient } from '@slack/web-api';
import * as z from 'zod';
import { pause } from '../backoff';
import { type AdapterContext, ChannelError } from '../contract';
import type { Receiver } from '../reception';
import { type Standing, StandingConnection } from '../standing';
import { authorisedFetch, clientOptions, quietLogger, toChannelError } from './client';
import type { Envelope } from './envelope';

/** Milliseconds from asking for a connection to Slack's hello. */
const HELLO_WITHIN_MS = 20_000;
/** Milliseconds that the closing handshake may take before the socket is cut. */
const CLOSE_WITHIN_MS = 500;
/** How long a pong may take, as in Slack’s own client; and how far apart Slack’s own pings may be. */
const PONG_WITHIN_MS = 5_000;
const PING_WITHIN_MS = 60_000;

/** How long what is said now waits for what was missed, in milliseconds: Slack wants an answer within three seconds. */
const HOLD_MS = 1_000;

const APP_TOKEN = 'app-level token (xapp-…)';
/** The library wants a token; the real one is put in below it. */
const PLACEHOLDER = 'xapp-placeholder';

interface Delivery extends Envelope {
  ack(): Promise<void>;
}

/**
 * Keeps one Socket Mode connection. An envelope is acknowledged only when `take` has resolved, so Slack delivers it
 * again after a crash (https://docs.slack.dev/apis/events-api/using-socket-mode). Slack closes each connection after
 * some hours and says so; the next is opened at once then.
 */
export class SlackSocket implements Receiver {
  private readonly line: StandingConnection;
  /** What is under way and has to end before it is over: events that are taken, and goodbyes. */
  private readonly underWay = new Set<Promise<void>>();
  private greeted = false;

  constructor(
    private readonly context: AdapterContext,
    private readonly apiRoot: string,
    private readonly take: (envelope: Envelope) => Promise<void>,
    /** Resolves when what was said before the connection began is on record. Rejects when the signal is aborted before. */
    private readonly missed: (signal: AbortSignal) => Promise<void>,
    onlineDetail: string,
  ) {
    this.line = new StandingConnection(
      context,
      'Slack',
      (signal) => this.open(signal),
      () => onlineDetail,
    );
  }

  /** Resolves with Slack's first hello. */
  start(): Promise<void> {
    return this.line.start();
  }

  async stop(): Promise<void> {
    await this.line.stop();
    await Promise.allSettled(this.underWay);
  }

  /** Resolves with hello. */
  private async open(signal: AbortSignal): Promise<Standing> {
    const wanted = new AbortController();
    const client = new SocketModeClient({
      appToken: PLACEHOLDER,
      autoReconnectEnabled: false,
      clientPingTimeout: PONG_WITHIN_MS,
      serverPingTimeout: PING_WITHIN_MS,
      logger: quietLogger(this.context.log),
      clientOptions: clientOptions(this.apiRoot, connectionFetch(this.context, this.apiRoot, wanted.signal)),
    });
    let begun: () => void = () => {};
    const caughtUp = new Promise<void>((resolve) => {
      begun = resolve;
    }).then(() => this.catchUp(wanted.signal));
    this.track(caughtUp.catch(() => undefined));
    client.on('slack_event', (delivery: Delivery) => this.deliver(delivery, caughtUp));
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    client.once('disconnected', () => end());
    // Slack announces the end but leaves the line open, so the library alone would sit on it for a while.
    client.on('ws_message', (data: unknown) => {
      const said = notice.safeParse(parsed(data)).data;
      if (said?.type === 'disconnect') end();
      if (said?.type === 'hello') this.count(said.num_connections);
    });
    void ended.then(() => {
      wanted.abort();
      begun();
      this.track(this.sayGoodbye(client));
    });
    try {
      await this.hello(client, signal);
    } catch (error) {
      end();
      throw toChannelError(error, APP_TOKEN);
    }
    begun();
    return { ended, close: () => end() };
  }

  private async hello(client: SocketModeClient, signal: AbortSignal): Promise<void> {
    const late = new AbortController();
    try {
      await Promise.race([
        client.start().catch((error: unknown) => {
          // The library gives no reason when the connection itself was refused.
          throw (
            error ??
            new ChannelError(
              'temporary',
              'Slack closed the connection before it was ready. It is tried again.',
            )
          );
        }),
        pause(this.context.clock, HELLO_WITHIN_MS, late.signal).then(() => {
          if (late.signal.aborted) return;
          throw new ChannelError('temporary', 'Slack did not answer in time. It is tried again by itself.');
        }),
        new Promise<never>((_, reject) => {
          const stop = () => reject(new ChannelError('temporary', 'stopped'));
          if (signal.aborted) stop();
          signal.addEventListener('abort', stop, { once: true, signal: late.signal });
        }),
      ]);
    } finally {
      late.abort();
    }
  }

  /**
   * Each of several connections gets a part of what is said. When a connection follows another, Slack may still count
   * that one, so only the first says that there are more, and any that there are not.
   */
  private count(connections: number): void {
    if (!this.greeted || connections <= 1) this.context.report({ connections });
    this.greeted = true;
  }

  /** What was said before goes first, unless it takes long. @throws ChannelError when the signal is aborted before */
  private async catchUp(signal: AbortSignal): Promise<void> {
    const done = new AbortController();
    const missed = this.missed(signal).finally(() => done.abort());
    this.track(missed.catch(() => undefined));
    await Promise.race([missed, pause(this.context.clock, HOLD_MS, AbortSignal.any([signal, done.signal]))]);
    if (signal.aborted) throw new ChannelError('temporary', 'The connection to Slack has ended.');
  }

  private deliver({ type, body, ack }: Delivery, caughtUp: Promise<void>): void {
    // Not an envelope, so there is nothing to acknowledge.
    if (typeof type !== 'string') return;
    this.track(
      caughtUp
        .then(() => this.take({ type, body }))
        .then(() => ack())
        // Not acknowledged, so Slack delivers it again.
        .catch(() =>
          this.context.log.warn('An event of Slack could not be taken or acknowledged; it will come again.'),
        ),
    );
  }

  /** Cuts the line when Slack does not answer. */
  private async sayGoodbye(client: SocketModeClient): Promise<void> {
    const closing = client.disconnect().catch(() => undefined);
    const done = new AbortController();
    await Promise.race([closing, pause(this.context.clock, CLOSE_WITHIN_MS, done.signal)]);
    done.abort();
    // A second call ends it without the handshake.
    void client.disconnect().catch(() => undefined);
  }

  private track(work: Promise<void>): void {
    this.underWay.add(work);
    void work.finally(() => this.underWay.delete(work));
  }
}

/** What Slack says of the connection itself: https://docs.slack.dev/apis/events-api/using-socket-mode#connect */
const notice = z.looseObject({ type: z.string(), num_connections: z.number().int().default(1).catch(1) });

function parsed(data: unknown): unknown {
  if (typeof data !== 'string' || data.length > 10_000) return undefined;
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}

/** Asks Slack for a connection without using it. @throws ChannelError when the token or the app is no good. */
export async function proveAppToken(context: AdapterContext, apiRoot: string): Promise<void> {
  const client = new WebClient(undefined, {
    ...clientOptions(apiRoot, authorisedFetch(context, 'appToken')),
    logger: quietLogger(context.log),
  });
  try {
    await client.apps.connections.open();
  } catch (error) {
    throw toChannelError(error, APP_TOKEN);
  }
}

/**
 * Asks for a connection's address, and lets it through only when it leads to Slack and is still wanted: the
 * library would go on to connect after it was told to disconnect.
 */
function connectionFetch(context: AdapterContext, apiRoot: string, wanted: AbortSignal): typeof fetch {
  const send = authorisedFetch(context, 'appToken');
  return async (input, init) => {
    const signal = init?.signal ? AbortSignal.any([init.signal, wanted]) : wanted;
    const response = await send(input, { ...init, signal });
    const answer: unknown = await response
      .clone()
      .json()
      .catch(() => undefined);
    if (wanted.aborted) throw new ChannelError('temporary', 'The connection is no longer wanted.');
    const url = typeof answer === 'object' && answer !== null && 'url' in answer ? answer.url : undefined;
    if (typeof url === 'string' && !isSlackSocket(url, apiRoot)) {
      throw new ChannelError(
        'fatal',
        'Slack named an address for the connection that is not its own, so it was not used.',
      );
    }
    return response;
  };
}

/** `wss://…slack.com`; a test's own server may hand out its own host, without encryption. */
export function isSlackSocket(address: string, apiRoot: string): boolean {
  if (!URL.canParse(address)) return false;
  const url = new URL(address);
  const api = new URL(apiRoot);
  if (api.protocol === 'http:') return url.protocol === 'ws:' && url.host === api.host;
  return url.protocol === 'wss:' && url.port === '' && url.hostname.endsWith('.slack.com');
}
