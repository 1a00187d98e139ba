import { type RawData, WebSocket } from 'ws';
import * as z from 'zod';
import { type AdapterContext, ChannelError } from '../contract';
import type { Standing } from '../standing';
import { DEFAULT_API } from './descriptor';

/** Milliseconds from opening a connection to Twitch's welcome, and by which a sign of life may be late. */
const WELCOME_WITHIN_MS = 20_000;
const LATE_MS = 5_000;
const EVENT_CAP = 1_000_000;

/** https://dev.twitch.tv/docs/eventsub/websocket-reference/ */
const line = z.looseObject({
  metadata: z.looseObject({
    message_id: z.string().min(1),
    message_type: z.string(),
    subscription_type: z.string().optional(),
  }),
  payload: z.looseObject({
    session: z
      .looseObject({
        id: z.string(),
        keepalive_timeout_seconds: z.number().nullish(),
        reconnect_url: z.string().nullish(),
      })
      .nullish(),
    subscription: z
      .looseObject({
        type: z.string(),
        status: z.string().default(''),
        condition: z.record(z.string(), z.unknown()).nullish(),
      })
      .nullish(),
    event: z.unknown().optional(),
  }),
});
export type TwitchLine = z.output<typeof line>;

export interface EventSocketOptions {
  readonly url: string;
  readonly apiRoot: string;
  /** A notification or a revocation. */
  event(line: TwitchLine): void;
}

interface Opened extends Standing {
  readonly sessionId: string;
}

/** A connection, and the one that Twitch moves it to: to the outside they are one. @throws ChannelError */
export async function openEvents(
  context: AdapterContext,
  signal: AbortSignal,
  options: EventSocketOptions,
): Promise<Opened> {
  let wanted = true;
  let current: Opened | undefined;
  let settle: () => void = () => {};
  const ended = new Promise<void>((done) => {
    settle = done;
  });
  const move = async (url: string) => {
    const before = current;
    try {
      // Subscriptions move along; the old connection delivers until the new one says welcome.
      const next = await openOne(context, signal, { ...options, url }, move);
      before?.close();
      if (!wanted) return next.close();
      current = next;
      watch(next);
    } catch {
      before?.close();
    }
  };
  const watch = (one: Opened) => {
    void one.ended.then(() => {
      if (current === one) settle();
    });
  };
  current = await openOne(context, signal, options, move);
  const { sessionId } = current;
  watch(current);
  return {
    sessionId,
    ended,
    close: () => {
      wanted = false;
      current?.close();
    },
  };
}

async function openOne(
  context: AdapterContext,
  signal: AbortSignal,
  { url: address, apiRoot, event }: EventSocketOptions,
  move: (url: string) => Promise<void>,
): Promise<Opened> {
  if (!isTwitchSocket(address, apiRoot)) {
    throw new ChannelError(
      'fatal',
      'Twitch named an address for the connection that is not its own, so it was not used.',
    );
  }
  const url = new URL(address);
  const tls = url.protocol === 'wss:';
  const port = Number(url.port) || (tls ? 443 : 80);
  const { lookup } = await context.admit({ host: url.hostname, port, tls });
  if (signal.aborted) throw new ChannelError('temporary', 'Twitch is no longer wanted.');
  const socket = new WebSocket(url, {
    lookup,
    maxPayload: EVENT_CAP,
    handshakeTimeout: WELCOME_WITHIN_MS,
    followRedirects: false,
  });
  return new Promise<Opened>((resolve, reject) => {
    let settle: () => void = () => {};
    const ended = new Promise<void>((done) => {
      settle = done;
    });
    let silenceMs: number | undefined;
    let timer = context.clock.after(WELCOME_WITHIN_MS, () => close());
    const close = () => {
      timer.dispose();
      signal.removeEventListener('abort', close);
      socket.terminate();
      settle();
      if (silenceMs === undefined)
        reject(new ChannelError('temporary', 'Twitch did not take the connection. It is tried again.'));
    };
    /** Something came: the line is alive for as long as Twitch promised to say something. */
    const alive = () => {
      if (silenceMs === undefined) return;
      timer.dispose();
      timer = context.clock.after(silenceMs, close);
    };
    signal.addEventListener('abort', close, { once: true });
    socket.on('unexpected-response', close);
    // What went wrong is not repeated: it may quote the address. The close that follows ends it.
    socket.on('error', () => {});
    socket.on('close', close);
    socket.on('message', (data: RawData) => {
      const said = parse(data);
      if (!said || socket.readyState !== WebSocket.OPEN) return;
      alive();
      const { message_type: type } = said.metadata;
      const { session } = said.payload;
      if (type === 'session_welcome' && session && silenceMs === undefined) {
        silenceMs = (session.keepalive_timeout_seconds ?? 10) * 1_000 + LATE_MS;
        alive();
        resolve({ sessionId: session.id, ended, close });
      } else if (type === 'session_reconnect' && session?.reconnect_url) void move(session.reconnect_url);
      else if (type === 'notification' || type === 'revocation') event(said);
    });
  });
}

function parse(data: RawData): TwitchLine | undefined {
  try {
    const parsed = line.safeParse(JSON.parse(data.toString()));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

/** https://dev.twitch.tv/docs/eventsub/handling-websocket-events/ */
export function eventsUrl(apiRoot: string): string {
  if (apiRoot === DEFAULT_API) return 'wss://eventsub.wss.twitch.tv/ws';
  return `${new URL(apiRoot).origin.replace(/^http/, 'ws')}/ws`;
}

/** `wss://….wss.twitch.tv`; a test's own server may have its own host, without encryption. */
export function isTwitchSocket(address: string, apiRoot: string): boolean {
  if (!URL.canParse(address)) return false;
  const url = new URL(address);
  const api = new URL(apiRoot);
  if (api.protocol === 'http:') return url.protocol === 'ws:' && url.host === api.host;
  return url.protocol === 'wss:' && url.port === '' && url.hostname.endsWith('.wss.twitch.tv');
}
