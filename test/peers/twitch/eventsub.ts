import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { PeerTimers } from '../timers';
import { BOT, type TwitchPeer } from './server';

/**
 * EventSub over WebSockets, refusing what it refuses. Written from
 *   https://dev.twitch.tv/docs/eventsub/handling-websocket-events   welcome, keepalive, reconnect, close codes
 *   https://dev.twitch.tv/docs/eventsub/websocket-reference         what messages look like
 *   https://dev.twitch.tv/docs/eventsub/eventsub-subscription-types channel.chat.message, user.whisper.message
 */
const KEEPALIVE_SECONDS = 10;
/** Milliseconds from the welcome to the first subscription, and from asking to move to the end. */
const SUBSCRIBE_WITHIN_MS = 10_000;
const MOVE_WITHIN_MS = 30_000;

type Json = Record<string, unknown>;

interface Subscription {
  readonly id: string;
  readonly type: string;
  readonly condition: Readonly<Record<string, string>>;
}

interface Session {
  readonly id: string;
  socket: WebSocket;
  readonly subscriptions: Subscription[];
  dead: boolean;
}

const wanted = z.strictObject({
  type: z.enum(['channel.chat.message', 'user.whisper.message']),
  version: z.literal('1'),
  condition: z.record(z.string(), z.string()),
  transport: z.strictObject({ method: z.literal('websocket'), session_id: z.string() }),
});
const NEEDS = { 'channel.chat.message': 'user:read:chat', 'user.whisper.message': 'user:manage:whispers' };

export class EventSubPeer {
  readonly sessions = new Map<string, Session>();
  /** Every subscription that was taken, as `type broadcaster`. */
  readonly taken: string[] = [];
  /** Broadcasters whose chat does not let the bot in. */
  readonly closed = new Set<string>();
  private readonly moves = new Map<string, Session>();
  private readonly sockets = new WebSocketServer({ noServer: true });
  private readonly timers = new PeerTimers(() => this.peer.speed);
  private last: string | undefined;

  constructor(private readonly peer: TwitchPeer) {}

  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const url = new URL(request.url ?? '', 'http://x');
    if (url.pathname !== '/ws') {
      stream.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    this.sockets.handleUpgrade(request, stream, head, (socket) => {
      const challenge = url.searchParams.get('challenge');
      if (challenge === null) return this.welcome(socket);
      const session = this.moves.get(challenge);
      this.moves.delete(challenge);
      if (!session) return socket.close(4007, 'invalid reconnect');
      this.moveTo(socket, session);
    });
  }

  stop(): void {
    this.timers.stop();
    this.cut();
  }

  cut(): void {
    for (const socket of this.sockets.clients) socket.terminate();
  }

  stall(): void {
    for (const session of this.sessions.values()) session.dead = true;
    for (const socket of this.sockets.clients) socket.pause();
  }

  garble(): void {
    for (const socket of this.sockets.clients) {
      socket.send('{"metadata":');
      socket.send('[]');
      socket.send('{"metadata":{"message_id":"x","message_type":"notification"},"payload":null}');
      socket.send('{"metadata":{"message_id":"y","message_type":"session_tickle"},"payload":{}}');
    }
  }

  /** Twitch asks everybody to move to another server. */
  askToMove(to = this.peer.eventsUrl): void {
    for (const session of this.sessions.values()) {
      const challenge = randomUUID();
      this.moves.set(challenge, session);
      this.send(session, 'session_reconnect', {
        session: { id: session.id, status: 'reconnecting', reconnect_url: `${to}?challenge=${challenge}` },
      });
      const before = session.socket;
      this.timers.after(MOVE_WITHIN_MS, () => before.close(4004, 'reconnect grace time expired'));
    }
  }

  revoke(broadcaster: string): void {
    for (const session of this.sessions.values()) {
      const at = session.subscriptions.findIndex((one) => one.condition.broadcaster_user_id === broadcaster);
      const [found] = at < 0 ? [] : session.subscriptions.splice(at, 1);
      if (found)
        this.send(session, 'revocation', {
          subscription: { ...found, status: 'user_removed', version: '1', cost: 0 },
        });
    }
  }

  /** Somebody says something in a chat. @returns the message's id */
  chat(broadcaster: string, from: string, text: string, more: Json = {}): string {
    const id = typeof more.message_id === 'string' ? more.message_id : randomUUID();
    this.peer.heard.add(id);
    this.notify('channel.chat.message', ({ broadcaster_user_id: where }) => where === broadcaster, {
      broadcaster_user_id: broadcaster,
      broadcaster_user_login: 'x',
      chatter_user_id: from,
      chatter_user_login: 'somebody',
      chatter_user_name: 'Somebody',
      message_id: id,
      message: { text, fragments: fragments(text) },
      badges: [],
      message_type: 'text',
      reply: null,
      source_broadcaster_user_id: null,
      ...more,
    });
    return id;
  }

  whisper(from: string, text: string, more: Json = {}): string {
    const id = randomUUID();
    this.notify('user.whisper.message', () => true, {
      from_user_id: from,
      from_user_login: 'somebody',
      from_user_name: 'Somebody',
      to_user_id: BOT.id,
      to_user_login: BOT.login,
      whisper_id: id,
      whisper: { text },
      ...more,
    });
    return id;
  }

  /** Twitch is not sure that the last notification arrived. */
  repeat(): void {
    if (this.last === undefined) return;
    for (const { socket, dead } of this.sessions.values()) if (!dead) socket.send(this.last);
  }

  subscribe(
    json: Json,
    answer: (status: number, value?: unknown) => undefined,
    refuse: (status: number, message: string) => undefined,
  ): undefined {
    const parsed = wanted.safeParse(json);
    if (!parsed.success) return refuse(400, 'The request is malformed');
    const { type, condition, transport } = parsed.data;
    const session = this.sessions.get(transport.session_id);
    if (!session)
      return refuse(400, 'websocket transport session does not exist or has already disconnected');
    if (condition.user_id !== BOT.id || !this.peer.scopes.includes(NEEDS[type]))
      return refuse(403, 'subscription missing proper authorization');
    const broadcaster = condition.broadcaster_user_id ?? '';
    if (this.closed.has(broadcaster)) return refuse(403, 'subscription missing proper authorization');
    if (
      session.subscriptions.some(
        (one) => one.type === type && one.condition.broadcaster_user_id === condition.broadcaster_user_id,
      )
    )
      return refuse(409, 'subscription already exists');
    const subscription = { id: randomUUID(), type, condition };
    session.subscriptions.push(subscription);
    this.taken.push(`${type} ${broadcaster}`.trim());
    return answer(202, { data: [{ ...subscription, status: 'enabled', version: '1', transport, cost: 0 }] });
  }

  private notify(
    type: string,
    matches: (condition: Subscription['condition']) => boolean,
    event: Json,
  ): void {
    for (const session of this.sessions.values()) {
      const subscription = session.subscriptions.find((one) => one.type === type && matches(one.condition));
      if (subscription) this.last = this.send(session, 'notification', { subscription, event }, type);
    }
  }

  private send(session: Session, type: string, payload: Json, subscriptionType?: string): string {
    const text = JSON.stringify({
      metadata: {
        message_id: randomUUID(),
        message_type: type,
        message_timestamp: new Date().toISOString(),
        ...(subscriptionType ? { subscription_type: subscriptionType, subscription_version: '1' } : {}),
      },
      payload,
    });
    if (!session.dead) session.socket.send(text);
    return text;
  }

  private welcome(socket: WebSocket): void {
    const session: Session = { id: randomUUID(), socket, subscriptions: [], dead: false };
    this.sessions.set(session.id, session);
    this.timers.after(SUBSCRIBE_WITHIN_MS, () => {
      if (session.subscriptions.length > 0 || socket.readyState !== socket.OPEN) return;
      this.peer.problems.push('a connection without a subscription');
      socket.close(4003, 'connection unused');
    });
    this.attend(socket, session);
  }

  private moveTo(socket: WebSocket, session: Session): void {
    session.socket = socket;
    session.dead = false;
    this.attend(socket, session);
  }

  private attend(socket: WebSocket, session: Session): void {
    this.send(session, 'session_welcome', {
      session: {
        id: session.id,
        status: 'connected',
        keepalive_timeout_seconds: KEEPALIVE_SECONDS,
        reconnect_url: null,
      },
    });
    const alive = () => {
      if (session.socket !== socket || socket.readyState !== socket.OPEN) return;
      this.send(session, 'session_keepalive', {});
      this.timers.after(KEEPALIVE_SECONDS * 800, alive);
    };
    this.timers.after(KEEPALIVE_SECONDS * 800, alive);
    socket.on('error', () => {});
    // The client says nothing but pongs.
    socket.on('message', () => {
      this.peer.problems.push('something was sent over the connection of events');
      socket.close(4001, 'client sent inbound traffic');
    });
    socket.on('close', () => {
      if (session.socket === socket) this.sessions.delete(session.id);
    });
  }
}

/** As Twitch cuts a message up: names after an @ are mentions. */
function fragments(text: string): Json[] {
  return text
    .split(/(@workbot\b)/i)
    .filter((part) => part !== '')
    .map((part) =>
      /^@workbot$/i.test(part)
        ? {
            type: 'mention',
            text: part,
            mention: { user_id: BOT.id, user_login: BOT.login, user_name: 'WorkBot' },
          }
        : { type: 'text', text: part, mention: null },
    );
}
