import { type RawData, WebSocket } from 'ws';
import * as z from 'zod';
import { type AdapterContext, ChannelError } from '../contract';
import type { Standing } from '../standing';
import type { MattermostClient } from './client';

/** Milliseconds from opening a connection to the server's hello. */
const HELLO_WITHIN_MS = 20_000;
/** Milliseconds between two signs of life that are asked for, and for the answer. */
const PING_EVERY_MS = 30_000;
const PONG_WITHIN_MS = 15_000;
/** Bytes of one event; posts are far smaller. */
const EVENT_CAP = 1_000_000;

/** https://api.mattermost.com/#tag/WebSocket */
const line = z.looseObject({
  event: z.string().optional(),
  data: z.record(z.string(), z.unknown()).nullish(),
  broadcast: z.looseObject({ channel_id: z.string().optional(), team_id: z.string().optional() }).nullish(),
  seq: z.number().optional(),
  seq_reply: z.number().optional(),
  status: z.string().optional(),
});
export type MattermostEvent = z.output<typeof line>;

/** What the server remembers of a connection, so that it can be taken up again. */
export interface Resume {
  connectionId: string;
  /** Of the next event. */
  sequence: number;
}

export interface SocketEvents {
  /** A new connection begins: what was said before it may be missing. */
  hello(serverVersion: string): void;
  /** Something is missing between the last event and this one. */
  gap(): void;
  event(event: MattermostEvent): void;
}

/**
 * One connection: authenticated by its first message, checked by pings, its events numbered without a gap.
 * Resolves when the server has said hello, or has taken up the last connection. @throws ChannelError
 */
export async function openSocket(
  context: AdapterContext,
  client: MattermostClient,
  resume: Resume,
  signal: AbortSignal,
  events: SocketEvents,
): Promise<Standing> {
  const url = new URL(client.socketUrl);
  const tls = url.protocol === 'wss:';
  const { lookup } = await context.admit({
    host: url.hostname,
    port: Number(url.port) || (tls ? 443 : 80),
    tls,
  });
  if (resume.connectionId !== '') {
    url.searchParams.set('connection_id', resume.connectionId);
    url.searchParams.set('sequence_number', String(resume.sequence));
  }
  const token = await client.token();
  if (signal.aborted) throw new ChannelError('temporary', 'Mattermost is no longer wanted.');
  const socket = new WebSocket(url, {
    lookup,
    maxPayload: EVENT_CAP,
    handshakeTimeout: HELLO_WITHIN_MS,
    followRedirects: false,
  });
  return new Promise<Standing>((resolve, reject) => {
    let settle: () => void = () => {};
    const ended = new Promise<void>((done) => {
      settle = done;
    });
    let ready = false;
    let waiting = context.clock.after(HELLO_WITHIN_MS, () => {
      fail(new ChannelError('temporary', 'Mattermost did not say hello in time. It is tried again.'));
    });
    const close = () => {
      waiting.dispose();
      signal.removeEventListener('abort', close);
      socket.terminate();
      settle();
      if (!ready) reject(new ChannelError('temporary', 'The connection to Mattermost was given up.'));
    };
    const fail = (error: ChannelError) => {
      reject(error);
      ready = true;
      close();
    };
    const beat = () => {
      waiting.dispose();
      waiting = context.clock.after(PING_EVERY_MS, () => {
        socket.ping();
        waiting = context.clock.after(PONG_WITHIN_MS, close);
      });
    };
    const isReady = () => {
      ready = true;
      beat();
      resolve({ ended, close });
    };
    signal.addEventListener('abort', close, { once: true });
    socket.on('open', () => {
      socket.send(JSON.stringify({ seq: 1, action: 'authentication_challenge', data: { token } }));
    });
    socket.on('pong', beat);
    socket.on('unexpected-response', (_request, response) => {
      fail(new ChannelError('temporary', `Mattermost refused the connection (${response.statusCode}).`));
    });
    // What went wrong is not repeated: it may quote the address. The close that follows ends it.
    socket.on('error', () => {
      if (!ready)
        fail(
          new ChannelError(
            'temporary',
            'The connection to Mattermost could not be opened. It is tried again.',
          ),
        );
    });
    socket.on('close', () => {
      if (!ready)
        fail(
          new ChannelError(
            'temporary',
            'Mattermost closed the connection before it was ready. It is tried again.',
          ),
        );
      else close();
    });
    socket.on('message', (data: RawData) => {
      const event = parse(data);
      if (!event) return;
      if (ready) beat();
      if (event.status === 'FAIL' && event.seq_reply === 1) {
        // The REST API says whether the token is good; here only that this connection was not taken.
        fail(new ChannelError('temporary', 'Mattermost did not take the token of the connection.'));
        return;
      }
      if (event.status === 'OK' && event.seq_reply === 1 && resume.connectionId !== '') {
        // What is taken up again begins without a hello; when it could not be, one with another id follows.
        isReady();
        return;
      }
      if (event.event === undefined) return;
      if (event.event === 'hello') {
        resume.connectionId = String(event.data?.connection_id ?? '');
        resume.sequence = (event.seq ?? 0) + 1;
        events.hello(String(event.data?.server_version ?? ''));
        isReady();
        return;
      }
      if (event.seq !== undefined) {
        if (event.seq < resume.sequence) return;
        if (event.seq > resume.sequence) events.gap();
        resume.sequence = event.seq + 1;
      }
      events.event(event);
    });
  });
}

function parse(data: RawData): MattermostEvent | undefined {
  try {
    const parsed = line.safeParse(JSON.parse(data.toString()));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
