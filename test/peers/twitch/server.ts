import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { bodyOf, HttpPeer } from '../http-peer';
import { EventSubPeer } from './eventsub';

/**
 * Twitch as far as a bot sees it, refusing what it refuses. Written from
 *   https://dev.twitch.tv/docs/authentication/validate-tokens, …/refresh-tokens   whose token, once-only refreshing
 *   https://dev.twitch.tv/docs/api/guide#twitch-rate-limits                       Ratelimit-*, 429
 *   https://dev.twitch.tv/docs/api/reference    Get Moderated Channels, Send Chat Message, Send Whisper,
 *                                               Create EventSub Subscription
 * The events are in `eventsub.ts`.
 */
export const CLIENT = 'clientclientclientclient123456';
export const ACCESS = 'accessaccessaccessaccess000001';
export const REFRESH = 'refreshrefreshrefreshrefresh0000000001';
export const BOT = { id: '900', login: 'workbot' };
export const SCOPES = ['user:read:chat', 'user:write:chat', 'user:read:moderated_channels'];

type Json = Record<string, unknown>;

export interface Said {
  readonly id: string;
  /** Of the broadcaster, or `to/<user>` for a whisper. */
  readonly place: string;
  readonly text: string;
  readonly parent?: string;
}

type Answer = (status: number, value?: unknown, headers?: Record<string, string>) => undefined;

const chatMessage = z.strictObject({
  broadcaster_id: z.string(),
  sender_id: z.string(),
  message: z.string().min(1),
  reply_parent_message_id: z.string().optional(),
});
/** Sendings of a moderator within 30 seconds, and whispers within one. */
const CHAT_LIMIT = 100;
const WHISPER_LIMIT = 3;
const SAME_WITHIN_MS = 30_000;
/** What was on its way already when another call was told to wait is no fault. */
const UNDER_WAY_MS = 250;

export class TwitchPeer extends HttpPeer {
  readonly said: Said[] = [];
  readonly calls: string[] = [];
  /** Ids of messages of people, which can be answered. */
  readonly heard = new Set<string>();
  access = ACCESS;
  refresh = REFRESH;
  clientSecret: string | undefined;
  clientId = CLIENT;
  scopes: string[] = [...SCOPES];
  moderated: string[] = [];
  loseAnswer = false;
  validations = 0;
  renewals = 0;
  /** What the next sendings to chats are dropped for. */
  dropReason: string | undefined;
  readonly events: EventSubPeer = new EventSubPeer(this);
  private readonly sendings = new Map<string, number[]>();
  private readonly last = new Map<string, { text: string; at: number }>();
  private toldToWait = { from: 0, until: 0 };

  get apiRoot(): string {
    return `http://${this.host}/helix`;
  }

  get eventsUrl(): string {
    return `ws://${this.host}/ws`;
  }

  override async stop(): Promise<void> {
    this.cut();
    this.events.stop();
    await super.stop();
  }

  stall(): void {
    this.events.stall();
  }

  garble(): void {
    this.events.garble();
  }

  override cut(): void {
    this.events.cut();
    super.cut();
  }

  /** The access token has run out; the refresh token is still good. */
  expire(): void {
    this.access = `expired${randomBytes(12).toString('hex')}`;
  }

  protected override upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    this.events.upgrade(request, stream, head);
  }

  protected async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests += 1;
    const body = (await bodyOf(request)).toString();
    const url = new URL(request.url ?? '', 'http://x');
    const answer: Answer = (status, value, headers = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(value === undefined ? undefined : JSON.stringify(value));
    };
    const refuse = (status: number, message: string) => answer(status, { status, error: 'refused', message });
    this.calls.push(`${request.method} ${url.pathname}`);
    if (this.trouble === 'error') return refuse(503, 'Service Unavailable');
    if (this.trouble === 'rate-limit') {
      const now = Date.now();
      this.toldToWait = { from: now + UNDER_WAY_MS / this.speed, until: now + 800 / this.speed };
      return answer(429, { status: 429, message: 'Too Many Requests' }, this.full());
    }
    const { from, until } = this.toldToWait;
    if (Date.now() > from && Date.now() < until && url.pathname.startsWith('/helix'))
      this.problems.push(`${url.pathname} before the time that it was told to wait for`);
    if (url.pathname === '/oauth2/validate') return this.validate(request, answer, refuse);
    if (url.pathname === '/oauth2/token' && request.method === 'POST')
      return this.renew(body, answer, refuse);
    if (!url.pathname.startsWith('/helix/')) return refuse(404, 'not found');
    if (request.headers['client-id'] !== this.clientId) {
      this.problems.push('a call without the client id');
      return refuse(401, 'Client ID and OAuth token do not match');
    }
    if (this.trouble === 'revoked' || request.headers.authorization !== `Bearer ${this.access}`)
      return refuse(401, 'Invalid OAuth token');
    const path = url.pathname.slice('/helix'.length);
    if (path === '/moderation/channels' && request.method === 'GET')
      return this.listModerated(url.searchParams, answer, refuse);
    if (request.method !== 'POST') return refuse(404, 'not found');
    const json = JSON.parse(body) as Json;
    if (path === '/eventsub/subscriptions') return this.events.subscribe(json, answer, refuse);
    if (path === '/chat/messages') return this.takeChat(request, json, answer, refuse);
    if (path === '/whispers') return this.takeWhisper(request, url.searchParams, json, answer, refuse);
    this.problems.push(`${request.method} ${path} is no call that a bot makes`);
    return refuse(404, 'not found');
  }

  private validate(
    request: IncomingMessage,
    answer: Answer,
    refuse: (status: number, message: string) => undefined,
  ): undefined {
    this.validations += 1;
    if (this.trouble === 'revoked' || request.headers.authorization !== `OAuth ${this.access}`)
      return refuse(401, 'invalid access token');
    return answer(200, {
      client_id: this.clientId,
      login: BOT.login,
      user_id: BOT.id,
      scopes: this.scopes,
      expires_in: 14_000,
    });
  }

  /** A refresh token of a public application can be used once. */
  private renew(
    body: string,
    answer: Answer,
    refuse: (status: number, message: string) => undefined,
  ): undefined {
    const form = new URLSearchParams(body);
    if (form.get('grant_type') !== 'refresh_token' || form.get('client_id') !== this.clientId)
      return refuse(400, 'missing client id');
    if (this.clientSecret !== undefined && form.get('client_secret') !== this.clientSecret)
      return refuse(403, 'invalid client secret');
    if (this.clientSecret === undefined && form.has('client_secret'))
      this.problems.push('the secret of an application that has none');
    if (this.trouble === 'revoked' || form.get('refresh_token') !== this.refresh)
      return refuse(400, 'Invalid refresh token');
    this.renewals += 1;
    this.access = `access${randomBytes(14).toString('hex')}`.slice(0, 30);
    this.refresh = `refresh${randomBytes(20).toString('hex')}`;
    return answer(200, {
      access_token: this.access,
      refresh_token: this.refresh,
      scope: this.scopes,
      token_type: 'bearer',
    });
  }

  private listModerated(
    query: URLSearchParams,
    answer: Answer,
    refuse: (status: number, message: string) => undefined,
  ): undefined {
    if (!this.scopes.includes('user:read:moderated_channels')) return refuse(401, 'Missing scope');
    if (query.get('user_id') !== BOT.id) return refuse(401, 'The ID in user_id must match the token');
    // Pages of two, so that they are followed.
    const from = Number(query.get('after') ?? 0);
    const page = this.moderated.slice(from, from + 2);
    const more = from + 2 < this.moderated.length;
    return answer(200, {
      data: page.map((id) => ({ broadcaster_id: id, broadcaster_login: 'x', broadcaster_name: 'X' })),
      pagination: more ? { cursor: String(from + 2) } : {},
    });
  }

  private takeChat(
    request: IncomingMessage,
    json: Json,
    answer: Answer,
    refuse: (status: number, message: string) => undefined,
  ): undefined {
    const parsed = chatMessage.safeParse(json);
    if (!parsed.success) return refuse(400, 'The request is malformed');
    const { broadcaster_id: place, sender_id, message, reply_parent_message_id: parent } = parsed.data;
    if (sender_id !== BOT.id) return refuse(401, 'The ID in sender_id must match the token');
    if (message.length > 500) return refuse(422, 'The message is too large');
    if (parent !== undefined && !this.heard.has(parent))
      return refuse(400, 'The parent message is not known');
    if (!this.spend(`chat ${place}`, CHAT_LIMIT, 30_000))
      return answer(429, { status: 429, message: 'Too Many Requests' }, this.full());
    const now = Date.now();
    const before = this.last.get(place);
    const same = before?.text === message && now - before.at < SAME_WITHIN_MS / this.speed;
    const code = this.dropReason ?? (same ? 'msg_duplicate' : undefined);
    if (code !== undefined)
      return answer(200, {
        data: [{ message_id: '', is_sent: false, drop_reason: { code, message: 'dropped' } }],
      });
    this.last.set(place, { text: message, at: now });
    const id = randomUUID();
    this.heard.add(id);
    this.said.push({ id, place, text: message, ...(parent === undefined ? {} : { parent }) });
    if (this.lose(request)) return;
    this.events.chat(place, BOT.id, message, { message_id: id });
    return answer(200, { data: [{ message_id: id, is_sent: true }] });
  }

  private takeWhisper(
    request: IncomingMessage,
    query: URLSearchParams,
    json: Json,
    answer: Answer,
    refuse: (status: number, message: string) => undefined,
  ): undefined {
    if (!this.scopes.includes('user:manage:whispers')) return refuse(401, 'Missing scope');
    const message = z.strictObject({ message: z.string().min(1).max(500) }).safeParse(json);
    if (!message.success || query.get('from_user_id') !== BOT.id)
      return refuse(400, 'The request is malformed');
    if (!this.spend('whisper', WHISPER_LIMIT, 1_000))
      return answer(429, { status: 429, message: 'Too Many Requests' }, this.full());
    this.said.push({ id: randomUUID(), place: `to/${query.get('to_user_id')}`, text: message.data.message });
    if (this.lose(request)) return;
    return answer(204);
  }

  private lose(request: IncomingMessage): boolean {
    if (!this.loseAnswer) return false;
    this.loseAnswer = false;
    request.socket.destroy();
    return true;
  }

  /** `Ratelimit-Reset` is a whole second, so by the server's date it is one away. */
  private full(): Record<string, string> {
    const now = Math.floor(Date.now() / 1_000);
    return {
      date: new Date(now * 1_000).toUTCString(),
      'ratelimit-remaining': '0',
      'ratelimit-reset': String(now + 1),
    };
  }

  private spend(bucket: string, limit: number, withinMs: number): boolean {
    const now = Date.now();
    const times = (this.sendings.get(bucket) ?? []).filter((at) => now - at < withinMs / this.speed);
    this.sendings.set(bucket, times);
    if (times.length >= limit) return false;
    times.push(now);
    return true;
  }
}
