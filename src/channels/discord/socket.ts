import { type RawData, WebSocket } from 'ws';
import * as z from 'zod';
import { type AdapterContext, ChannelError } from '../contract';
import type { Standing } from '../standing';
import type { GatewaySession } from './session';

/** Milliseconds from opening a connection to being ready. */
const READY_WITHIN_MS = 30_000;
/** Bytes of one event; a large server introduces itself with some megabytes. */
const EVENT_CAP = 32_000_000;
/** Servers with more people than this do not name them all. The least that Discord allows. */
const LARGE = 50;
/** Not 1000 or 1001, with which Discord would forget the session. */
const KEEP_SESSION = 4000;

/** https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-opcodes */
const Op = {
  dispatch: 0,
  heartbeat: 1,
  identify: 2,
  resume: 6,
  reconnect: 7,
  invalid: 9,
  hello: 10,
  ack: 11,
};

/** https://docs.discord.com/developers/events/gateway-events#payload-structure */
const payload = z.looseObject({
  op: z.number(),
  d: z.unknown().optional(),
  s: z.number().nullish(),
  t: z.string().nullish(),
});
const hello = z.looseObject({ heartbeat_interval: z.number().min(100) });
const ready = z.looseObject({
  session_id: z.string().min(1),
  resume_gateway_url: z.string().min(1),
  application: z.looseObject({ id: z.string() }),
  user: z.looseObject({ id: z.string() }),
});
export type Ready = z.output<typeof ready>;

/** An event of the gateway, with its number. */
export interface Dispatch {
  readonly t: string;
  readonly s: number;
  readonly d: unknown;
}

export interface SocketOptions {
  readonly url: string;
  readonly intents: number;
  token(): Promise<string>;
  /** @throws ChannelError when it is not who it should be */
  ready(about: Ready): void;
  event(event: Dispatch): void;
}

/** Discord has forgotten the session: a new one may be opened after a while. */
export class SessionLost extends ChannelError {
  constructor() {
    super('temporary', 'Discord no longer has the session. A new one is opened.');
  }
}

/** https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes */
function closedWith(code: number): ChannelError | undefined {
  switch (code) {
    case 4004:
      return new ChannelError(
        'fatal',
        'Discord refused the bot token: it is wrong, or was reset. Make a new one with Reset Token on the page Bot and enter it again.',
      );
    case 4014:
      return new ChannelError(
        'fatal',
        'Discord does not allow the intents that are asked for. Switch “cowork.channels.discord.messageContent” off, or Message Content Intent on under Bot at discord.com/developers/applications.',
      );
    case 4010:
    case 4011:
      return new ChannelError(
        'fatal',
        'Discord wants this bot to be split up, because it is in too many servers. Use a bot of its own for this.',
      );
    case 4012:
    case 4013:
      return new ChannelError(
        'fatal',
        `Discord no longer speaks this version of its protocol (${code}). Install a newer version of the extension.`,
      );
    case 1000:
    case 1001:
    case 4003:
    case 4007:
    case 4009:
      return new SessionLost();
    default:
      return undefined;
  }
}

/**
 * One connection of the gateway: hello, signs of life, and a session that is opened or taken up again. Resolves when it
 * is ready. @throws ChannelError
 */
export async function openSocket(
  context: AdapterContext,
  session: GatewaySession,
  signal: AbortSignal,
  options: SocketOptions,
): Promise<Standing> {
  const url = new URL(options.url);
  url.searchParams.set('v', '10');
  url.searchParams.set('encoding', 'json');
  const tls = url.protocol === 'wss:';
  const { lookup } = await context.admit({
    host: url.hostname,
    port: Number(url.port) || (tls ? 443 : 80),
    tls,
  });
  const token = await options.token();
  if (signal.aborted) throw new ChannelError('temporary', 'Discord is no longer wanted.');
  const socket = new WebSocket(url, {
    lookup,
    maxPayload: EVENT_CAP,
    handshakeTimeout: READY_WITHIN_MS,
    followRedirects: false,
  });
  return new Promise<Standing>((resolve, reject) => {
    let settle: () => void = () => {};
    const ended = new Promise<void>((done) => {
      settle = done;
    });
    let isReady = false;
    let answered = true;
    let failure: ChannelError | undefined;
    let beat: { dispose(): void } | undefined;
    const late = context.clock.after(READY_WITHIN_MS, () => {
      end(new ChannelError('temporary', 'Discord did not answer in time. It is tried again.'));
    });
    const end = (why?: ChannelError) => {
      failure ??= why;
      late.dispose();
      beat?.dispose();
      signal.removeEventListener('abort', close);
      // A goodbye that nobody answers would keep the socket.
      if (socket.readyState === WebSocket.OPEN) socket.close(KEEP_SESSION);
      socket.terminate();
      settle();
      if (!isReady)
        reject(failure ?? new ChannelError('temporary', 'The connection to Discord was given up.'));
    };
    const close = () => end();
    const send = (op: number, d: unknown) => socket.send(JSON.stringify({ op, d }));
    const sign = () => send(Op.heartbeat, session.sequence);
    const beatAfter = (delayMs: number, everyMs: number) => {
      beat = context.clock.after(delayMs, () => {
        // The line is dead when the last sign of life was not answered.
        if (!answered) return end();
        answered = false;
        sign();
        beatAfter(everyMs, everyMs);
      });
    };
    const becomeReady = () => {
      late.dispose();
      isReady = true;
      resolve({ ended, close });
    };
    const dispatched = ({ t, s, d }: z.output<typeof payload>) => {
      if (typeof t !== 'string' || typeof s !== 'number') return;
      if (t === 'READY') {
        const about = ready.safeParse(d);
        if (!about.success)
          return end(
            new ChannelError('temporary', 'Discord’s greeting was not understood. It is tried again.'),
          );
        try {
          options.ready(about.data);
        } catch (error) {
          return end(
            error instanceof ChannelError ? error : new ChannelError('temporary', 'Discord failed.'),
          );
        }
        session.begin(about.data.session_id, about.data.resume_gateway_url, s);
        becomeReady();
      } else if (t === 'RESUMED') becomeReady();
      options.event({ t, s, d });
    };
    signal.addEventListener('abort', close, { once: true });
    socket.on('unexpected-response', (_request, response) => {
      end(new ChannelError('temporary', `Discord refused the connection (${response.statusCode}).`));
    });
    // What went wrong is not repeated: it may quote the address. The close that follows ends it.
    socket.on('error', () => {
      failure ??= new ChannelError(
        'temporary',
        'The connection to Discord could not be opened. It is tried again.',
      );
    });
    socket.on('close', (code) => {
      const why = closedWith(code);
      if (why instanceof SessionLost) session.forget();
      end(why ?? new ChannelError('temporary', 'Discord closed the connection. It is tried again.'));
    });
    socket.on('message', (data: RawData) => {
      const said = parse(data);
      if (!said || socket.readyState !== WebSocket.OPEN) return;
      switch (said.op) {
        case Op.hello: {
          const greeting = hello.safeParse(said.d);
          if (!greeting.success || beat) return;
          const every = greeting.data.heartbeat_interval;
          beatAfter(every * context.random(), every);
          const { state } = session;
          if (state) send(Op.resume, { token, session_id: state.id, seq: state.sequence });
          else send(Op.identify, introduction(token, options.intents));
          return;
        }
        case Op.ack:
          answered = true;
          return;
        case Op.heartbeat:
          return sign();
        case Op.reconnect:
          return end();
        case Op.invalid:
          if (said.d === true) session.refused = true;
          else session.forget();
          return end(new SessionLost());
        case Op.dispatch:
          return dispatched(said);
      }
    });
  });
}

/** https://docs.discord.com/developers/events/gateway-events#identify */
function introduction(token: string, intents: number): Record<string, unknown> {
  return {
    token,
    intents,
    large_threshold: LARGE,
    properties: { os: 'unknown', browser: 'cowork-os', device: 'cowork-os' },
  };
}

function parse(data: RawData): z.output<typeof payload> | undefined {
  try {
    const parsed = payload.safeParse(JSON.parse(data.toString()));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
