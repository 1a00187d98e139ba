import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { PeerTimers } from '../timers';
import { type Json, snowflake } from './ids';
import { APPLICATION, BOT, type DiscordPeer } from './server';

/**
 * The gateway, version 10, refusing what it refuses. Written from
 *   https://docs.discord.com/developers/events/gateway           hello, heartbeats, identify, resume, rate limits
 *   https://docs.discord.com/developers/events/gateway-events    payloads
 *   https://docs.discord.com/developers/topics/opcodes-and-status-codes   close codes
 */
export const HEARTBEAT_MS = 20_000;
/** Events that a client may send within a minute, and bytes of one. */
const SENDS_A_MINUTE = 120;
const PAYLOAD_CAP = 4_096;
/** Milliseconds within which a new connection must say who it is, and between two new sessions. */
const IDENTIFY_WITHIN_MS = 30_000;
const IDENTIFY_EVERY_MS = 5_000;
const PRIVILEGED = (1 << 1) | (1 << 8) | (1 << 15);
const ALL_INTENTS = (1 << 26) - 1;

const frame = z.looseObject({ op: z.number(), d: z.unknown() });
const identify = z.strictObject({
  token: z.string(),
  intents: z.number(),
  properties: z.strictObject({ os: z.string(), browser: z.string(), device: z.string() }),
  compress: z.boolean().optional(),
  large_threshold: z.number().min(50).max(250).optional(),
});
const resume = z.strictObject({ token: z.string(), session_id: z.string(), seq: z.number() });

interface Session {
  readonly id: string;
  /** Of the last event. */
  seq: number;
  readonly sent: { readonly s: number; readonly text: string; readonly t: string }[];
  socket: WebSocket | undefined;
  dead: boolean;
}

export class DiscordGatewayPeer {
  /** Of the last session that was opened. */
  intents = 0;
  /** Privileged intents that are switched on for the application. */
  allowedIntents = 0;
  startsLeft = 1_000;
  identified = 0;
  resumed = 0;
  /** Signs of life that came. */
  beats = 0;
  /** The highest sequence that a sign of life named. */
  acknowledged = 0;
  /** What READY calls the application; for tests of a gateway that is not ours. */
  applicationId = APPLICATION;
  /** The code that the next introductions are refused with. */
  refuseWith: number | undefined;
  private session: Session | undefined;
  private lastIdentify = 0;
  private readonly sockets = new WebSocketServer({ noServer: true });
  private readonly timers = new PeerTimers(() => this.peer.speed);

  constructor(private readonly peer: DiscordPeer) {}

  information(): Json {
    return {
      url: this.peer.gatewayUrl,
      shards: 1,
      session_start_limit: {
        total: 1_000,
        remaining: this.startsLeft,
        reset_after: 14_400_000,
        max_concurrency: 1,
      },
    };
  }

  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const query = new URL(request.url ?? '', 'http://x').searchParams;
    this.sockets.handleUpgrade(request, stream, head, (socket) => {
      if (query.get('v') !== '10' || query.get('encoding') !== 'json') return socket.close(4012);
      this.welcome(socket);
    });
  }

  stop(): void {
    this.timers.stop();
    this.cut();
  }

  cut(): void {
    for (const socket of this.sockets.clients) socket.terminate();
  }

  /** Discord forgets the session, as when the line was away for too long. */
  forget(): void {
    this.session = undefined;
    this.cut();
  }

  /** Ends the connection with that code, or asks for a reconnect where there is none. */
  end(code?: number): void {
    for (const socket of this.sockets.clients) {
      if (code === undefined) socket.send(JSON.stringify({ op: 7, d: null }));
      else socket.close(code);
    }
  }

  invalidate(resumable: boolean): void {
    if (!resumable) this.session = undefined;
    for (const socket of this.sockets.clients) socket.send(JSON.stringify({ op: 9, d: resumable }));
  }

  /** As though some time had passed since the last new session. */
  rest(): void {
    this.lastIdentify = 0;
  }

  stall(): void {
    if (this.session) this.session.dead = true;
    for (const socket of this.sockets.clients) socket.pause();
  }

  garble(): void {
    for (const socket of this.sockets.clients) {
      socket.send('{"op":0,');
      socket.send('[]');
      socket.send('{"op":0,"t":"MESSAGE_CREATE","s":"x","d":null}');
      socket.send('{"op":99,"d":{}}');
      socket.send(Buffer.from([0x78, 0x9c, 0xff]));
    }
  }

  emit(t: string, d: unknown): void {
    const { session } = this;
    if (!session || !this.covers(t, d)) return;
    session.seq += 1;
    const text = JSON.stringify({ op: 0, t, s: session.seq, d });
    session.sent.push({ s: session.seq, text, t });
    if (!session.dead) session.socket?.send(text);
  }

  /** Discord sends what an intent was asked for; interactions come without. */
  private covers(t: string, d: unknown): boolean {
    const place = z.looseObject({ guild_id: z.string().optional() }).safeParse(d);
    if (t.startsWith('MESSAGE_')) return (this.intents & (place.data?.guild_id ? 1 << 9 : 1 << 12)) !== 0;
    if (t.startsWith('GUILD_')) return (this.intents & 1) !== 0;
    return true;
  }

  private welcome(socket: WebSocket): void {
    const problems = this.peer.problems;
    let session: Session | undefined;
    let sends = 0;
    const late = this.timers.after(IDENTIFY_WITHIN_MS, () => socket.close(4003));
    // A client that is one sign of life behind, and some time for a busy machine, is cut off.
    const missing = () =>
      this.timers.after(HEARTBEAT_MS * 1.5, () => {
        if (session && !session.dead) problems.push('a sign of life is missing');
        socket.close(4009);
      });
    let beat = missing();
    socket.on('error', () => {});
    socket.on('close', (code) => {
      clearTimeout(late);
      clearTimeout(beat);
      if (!session || session.socket !== socket) return;
      session.socket = undefined;
      // Closed like this the client says that it is through with the session.
      if ((code === 1000 || code === 1001) && this.session === session) this.session = undefined;
    });
    socket.on('message', (data) => {
      const refuse = (code: number, why: string) => {
        problems.push(why);
        socket.close(code);
      };
      const text = data.toString();
      sends += 1;
      if (sends > SENDS_A_MINUTE) return refuse(4008, 'too many events');
      if (Buffer.byteLength(text) > PAYLOAD_CAP) return refuse(4002, 'an event that is too large');
      const said = frame.safeParse(JSON.parse(text));
      if (!said.success) return refuse(4002, `not an event: ${text.slice(0, 100)}`);
      const { op, d } = said.data;
      if (op === 1) {
        clearTimeout(beat);
        beat = missing();
        this.beats += 1;
        if (d !== null && (typeof d !== 'number' || (session && d > session.seq)))
          problems.push(`a sign of life with the sequence ${String(d)}`);
        if (typeof d === 'number') this.acknowledged = Math.max(this.acknowledged, d);
        if (!session?.dead) socket.send(JSON.stringify({ op: 11 }));
      } else if (op === 2 || op === 6) {
        if (session) return refuse(4005, 'who it is was said twice');
        clearTimeout(late);
        session = op === 2 ? this.identify(socket, d, refuse) : this.resume(socket, d, refuse);
      } else if (!session) refuse(4003, `op ${op} before it was said who it is`);
      else refuse(4001, `op ${op} is not known`);
    });
    socket.send(
      JSON.stringify({ op: 10, d: { heartbeat_interval: HEARTBEAT_MS / this.peer.speed, _trace: [] } }),
    );
  }

  private isGood(token: string): boolean {
    return this.peer.trouble !== 'revoked' && token === this.peer.token;
  }

  private identify(
    socket: WebSocket,
    d: unknown,
    refuse: (code: number, why: string) => void,
  ): Session | undefined {
    const asked = identify.safeParse(d);
    if (!asked.success) return void refuse(4002, 'an introduction that is not understood');
    const { token, intents } = asked.data;
    if (!this.isGood(token)) return void socket.close(4004);
    if (this.refuseWith !== undefined) return void socket.close(this.refuseWith);
    if ((intents & ~ALL_INTENTS) !== 0) return void refuse(4013, `intents ${intents}`);
    if ((intents & PRIVILEGED & ~this.allowedIntents) !== 0) return void socket.close(4014);
    const now = Date.now();
    if (now - this.lastIdentify < IDENTIFY_EVERY_MS / this.peer.speed) {
      socket.send(JSON.stringify({ op: 9, d: false }));
      return;
    }
    this.lastIdentify = now;
    this.startsLeft -= 1;
    this.identified += 1;
    this.intents = intents;
    const session: Session = { id: randomBytes(16).toString('hex'), seq: 0, sent: [], socket, dead: false };
    this.session = session;
    this.emitTo(session, 'READY', {
      v: 10,
      user: BOT,
      guilds: this.peer.guilds.map((id) => ({ id, unavailable: true })),
      session_id: session.id,
      resume_gateway_url: this.peer.gatewayUrl,
      application: { id: this.applicationId, flags: 0 },
    });
    for (const id of this.peer.guilds)
      this.emit('GUILD_CREATE', { id, name: 'server', channels: [], roles: [] });
    return session;
  }

  private emitTo(session: Session, t: string, d: unknown): void {
    session.seq += 1;
    const text = JSON.stringify({ op: 0, t, s: session.seq, d });
    session.sent.push({ s: session.seq, text, t });
    session.socket?.send(text);
  }

  private resume(
    socket: WebSocket,
    d: unknown,
    refuse: (code: number, why: string) => void,
  ): Session | undefined {
    const asked = resume.safeParse(d);
    if (!asked.success) return void refuse(4002, 'a resumption that is not understood');
    const { token, session_id, seq } = asked.data;
    if (!this.isGood(token)) return void socket.close(4004);
    const { session } = this;
    if (!session || session.id !== session_id) {
      socket.send(JSON.stringify({ op: 9, d: false }));
      return;
    }
    if (seq > session.seq) return void refuse(4007, `the sequence ${seq}, which was never given`);
    session.socket?.terminate();
    session.socket = socket;
    session.dead = false;
    this.resumed += 1;
    for (const one of session.sent) if (one.s > seq) socket.send(one.text);
    this.emitTo(session, 'RESUMED', {});
    return session;
  }

  /** A server that the bot is added to, or put out of. */
  guild(change: 'GUILD_CREATE' | 'GUILD_DELETE', id = snowflake()): string {
    this.emit(change, { id, name: 'server' });
    return id;
  }
}
