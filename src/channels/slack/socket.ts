import { SocketModeClient } from '@slack/socket-mode';
import { WebClient } from '@slack/web-api';
import { Backoff, nextTry, pause } from '../backoff';
import { type AdapterContext, ChannelError } from '../contract';
import { authorisedFetch, clientOptions, quietLogger, toChannelError } from './client';

/** Milliseconds from asking for a connection to Slack's hello. */
const HELLO_WITHIN_MS = 20_000;
/** Milliseconds that the closing handshake may take before the socket is cut. */
const CLOSE_WITHIN_MS = 500;
/** A connection that held so long was a good one, in milliseconds. */
const STEADY_MS = 10_000;
/** Slack's own client waits so long for a pong, and for Slack's next ping. */
const PONG_WITHIN_MS = 10_000;
const PING_WITHIN_MS = 60_000;

const APP_TOKEN = 'app-level token (xapp-…)';
/** The library wants a token; the real one is put in below it. */
const PLACEHOLDER = 'xapp-placeholder';

/** What Slack delivers: `type` is that of the envelope. */
export interface Envelope {
  readonly type: string;
  readonly body: unknown;
}

interface Connection {
  /** Resolves when it is gone. */
  readonly ended: Promise<void>;
}

interface Delivery extends Envelope {
  ack(): Promise<void>;
}

/**
 * Keeps one Socket Mode connection. An envelope is acknowledged only when `take` has resolved, so Slack delivers it
 * again after a crash (https://docs.slack.dev/apis/events-api/using-socket-mode). Slack closes each connection after
 * some hours and says so; the next is opened at once then, and with growing waits after failures.
 */
export class SlackSocket {
  private readonly stopped = new AbortController();
  private readonly backoff: Backoff;
  private client: SocketModeClient | undefined;
  /** Of the try that is under way or led to `client`. */
  private attempt = new AbortController();
  private running: Promise<void> | undefined;
  private readonly taking = new Set<Promise<void>>();

  constructor(
    private readonly context: AdapterContext,
    private readonly apiRoot: string,
    private readonly take: (envelope: Envelope) => Promise<void>,
    /** What to say once the connection works again. */
    private readonly onlineDetail: string,
  ) {
    this.backoff = new Backoff(() => context.random());
  }

  /** Resolves with Slack's first hello. @throws ChannelError */
  async start(): Promise<void> {
    const connection = await this.open();
    this.running = this.keep(connection);
  }

  /** Never throws. */
  async stop(): Promise<void> {
    this.stopped.abort();
    await this.close();
    await this.running;
    await Promise.allSettled(this.taking);
  }

  private async keep(first: Connection): Promise<void> {
    const { signal } = this.stopped;
    let connection: Connection | undefined = first;
    let opened = this.context.clock.now();
    let brief = 0;
    while (!signal.aborted) {
      await connection?.ended;
      if (signal.aborted) return;
      if (connection) {
        // Connections end every few hours, which is no failure. One that ends again and again right away is.
        brief = this.context.clock.now() - opened < STEADY_MS ? brief + 1 : 0;
        if (brief === 0) this.backoff.succeeded();
        if (brief > 1)
          await this.wait(new ChannelError('temporary', 'Slack ends each connection right away.'));
        if (signal.aborted) return;
      }
      const waited = this.backoff.count > 0;
      try {
        connection = await this.open();
        opened = this.context.clock.now();
        if (waited) this.context.state('online', this.onlineDetail);
      } catch (error) {
        connection = undefined;
        if (signal.aborted) return;
        const failure = toChannelError(error, APP_TOKEN);
        if (failure.kind === 'fatal') {
          this.context.state('fatal', failure.message);
          return;
        }
        await this.wait(failure);
      }
    }
  }

  private async wait(failure: ChannelError): Promise<void> {
    const delay = this.backoff.next(failure.retryAfterMs);
    this.context.state('waiting', `${failure.message} ${nextTry(this.context.clock.now() + delay)}`);
    await pause(this.context.clock, delay, this.stopped.signal);
  }

  /** Resolves with hello. */
  private async open(): Promise<Connection> {
    await this.close();
    this.attempt = new AbortController();
    const client = new SocketModeClient({
      appToken: PLACEHOLDER,
      autoReconnectEnabled: false,
      clientPingTimeout: PONG_WITHIN_MS,
      serverPingTimeout: PING_WITHIN_MS,
      logger: quietLogger(this.context.log),
      clientOptions: clientOptions(
        this.apiRoot,
        connectionFetch(this.context, this.apiRoot, this.attempt.signal),
      ),
    });
    this.client = client;
    client.on('slack_event', (delivery: Delivery) => this.deliver(delivery));
    const ended = new Promise<void>((resolve) => {
      client.once('disconnected', () => resolve());
      // Slack announces the end but leaves the line open, so the library alone would sit on it for a while.
      client.on('ws_message', (data: unknown) => {
        if (isDisconnect(data)) resolve();
      });
    });
    await this.hello(client);
    if (this.stopped.signal.aborted) {
      await this.close();
      throw new ChannelError('temporary', 'Slack was disconnected while it was connecting.');
    }
    return { ended };
  }

  private async hello(client: SocketModeClient): Promise<void> {
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
          this.stopped.signal.addEventListener(
            'abort',
            () => reject(new ChannelError('temporary', 'stopped')),
            {
              once: true,
              signal: late.signal,
            },
          );
        }),
      ]);
    } catch (error) {
      await this.close();
      throw error;
    } finally {
      late.abort();
    }
  }

  private deliver({ type, body, ack }: Delivery): void {
    // Not an envelope, so there is nothing to acknowledge.
    if (typeof type !== 'string') return;
    const taking = this.take({ type, body })
      .then(() => ack())
      // Not acknowledged, so Slack delivers it again.
      .catch(() =>
        this.context.log.warn('An event of Slack could not be taken or acknowledged; it will come again.'),
      );
    this.taking.add(taking);
    void taking.finally(() => this.taking.delete(taking));
  }

  /** Says goodbye, and cuts the line when Slack does not. */
  private async close(): Promise<void> {
    const { client } = this;
    this.client = undefined;
    this.attempt.abort();
    if (!client) return;
    const closing = client.disconnect().catch(() => undefined);
    const done = new AbortController();
    await Promise.race([closing, pause(this.context.clock, CLOSE_WITHIN_MS, done.signal)]);
    done.abort();
    // A second call ends it without the handshake.
    void client.disconnect().catch(() => undefined);
  }
}

function isDisconnect(data: unknown): boolean {
  if (typeof data !== 'string' || data.length > 10_000) return false;
  try {
    const message: unknown = JSON.parse(data);
    return (
      typeof message === 'object' && message !== null && 'type' in message && message.type === 'disconnect'
    );
  } catch {
    return false;
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
