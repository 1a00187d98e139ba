import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { bodyOf, HttpPeer } from '../http-peer';
import { ToldToWait } from '../told-to-wait';
import { Buckets } from './buckets';
import { editMessage, newMessage, type Row, readMultipart } from './forms';
import { DiscordGatewayPeer } from './gateway';
import { type Denied, messagesOf } from './history';
import { type Json, snowflake } from './ids';
import { type Callback, Interactions } from './interactions';

/**
 * Discord as far as a bot sees it, refusing what it refuses. Written from
 *   https://docs.discord.com/developers/reference                     versions, User-Agent, Authorization, uploads
 *   https://docs.discord.com/developers/topics/rate-limits            X-RateLimit-*, 429 with Retry-After
 *   https://docs.discord.com/developers/resources/message             create, edit, nonce, flags, allowed_mentions, permissions
 *   https://docs.discord.com/developers/interactions/receiving-and-responding   callbacks within three seconds
 *   https://docs.discord.com/developers/interactions/application-commands       bulk overwrite in a guild
 *   https://docs.discord.com/developers/resources/application, …/user           who the token belongs to
 * The gateway is in `gateway.ts`, the messages of a channel in `history.ts`.
 */
// The parts that a token has, with nothing in them that would open anything.
export const TOKEN = `${'M'.repeat(24)}.GtestX.${'x'.repeat(38)}`;
export const APPLICATION = snowflake('application');
export const BOT = { id: snowflake('bot'), username: 'workbot', bot: true, discriminator: '0' };
export const GUILD = snowflake('guild');

export interface Message {
  id: string;
  channel_id: string;
  guild_id?: string;
  author: { id: string; username: string; global_name?: string; bot?: boolean };
  content: string;
  type: number;
  timestamp: string;
  edited_timestamp: string | null;
  attachments: Json[];
  mentions: Json[];
  components: Row[];
  flags: number;
  webhook_id?: string;
  message_reference?: { message_id: string; channel_id: string; type?: number };
  referenced_message?: Message | null;
  nonce?: string;
  [more: string]: unknown;
}

interface Channel {
  readonly id: string;
  readonly guild?: string;
  /** What the bot may not do there. */
  readonly denied?: ReadonlySet<Denied>;
}

type Answer = (status: number, value?: unknown, headers?: Record<string, string>) => undefined;

export class DiscordPeer extends HttpPeer {
  readonly messages = new Map<string, Message>();
  readonly files = new Map<string, { name: string; bytes: Buffer }>();
  readonly channels = new Map<string, Channel>();
  readonly typed: string[] = [];
  /** By guild: what was registered there. */
  readonly commands = new Map<string, unknown[]>();
  readonly calls: string[] = [];
  application: Json = { id: APPLICATION, name: 'workbot', bot_public: false, flags: 0 };
  user: Json = { ...BOT };
  guilds: string[] = [GUILD];
  token = TOKEN;
  loseAnswer = false;
  /** Askings for messages that are still answered with a server error. */
  failing = 0;
  /** Pages of messages that were handed out. */
  histories = 0;
  /** Sendings to one channel, and askings for its messages, until the headers say that none is left; no limit when undefined. */
  bucket: number | undefined;
  readonly gateway: DiscordGatewayPeer = new DiscordGatewayPeer(this);
  private readonly interactions = new Interactions();
  private readonly buckets = new Buckets();
  private readonly told = new ToldToWait();
  private signature = 0;

  get apiRoot(): string {
    return `http://${this.host}/api/v10`;
  }

  get gatewayUrl(): string {
    return `ws://${this.host}`;
  }

  override async stop(): Promise<void> {
    this.cut();
    this.gateway.stop();
    await super.stop();
  }

  stall(): void {
    this.gateway.stall();
  }

  garble(): void {
    this.gateway.garble();
  }

  forget(): void {
    this.gateway.forget();
  }

  override cut(): void {
    this.gateway.cut();
    super.cut();
  }

  addChannel(channel: Channel): void {
    this.channels.set(channel.id, channel);
  }

  /** Somebody says something. */
  say(authorId: string, channelId: string, content: string, extra: Partial<Message> = {}): Message {
    const message: Message = {
      id: snowflake(),
      channel_id: channelId,
      ...this.placeOf(channelId),
      author: { id: authorId, username: 'somebody' },
      content,
      type: extra.message_reference ? 19 : 0,
      timestamp: new Date().toISOString(),
      edited_timestamp: null,
      attachments: [],
      mentions: [...content.matchAll(/<@!?(\d+)>/g)].map(([, id]) => ({ id })),
      components: [],
      flags: 0,
      ...extra,
    };
    this.messages.set(message.id, message);
    this.gateway.emit('MESSAGE_CREATE', this.asSeen(message));
    return message;
  }

  change(id: string, change: Partial<Message>): Message {
    const message = this.messages.get(id);
    if (!message) throw new Error(`no message ${id}`);
    Object.assign(message, change);
    this.gateway.emit('MESSAGE_UPDATE', this.asSeen(message));
    return message;
  }

  remove(id: string): void {
    const message = this.messages.get(id);
    if (!message) throw new Error(`no message ${id}`);
    this.messages.delete(id);
    const { channel_id } = message;
    this.gateway.emit('MESSAGE_DELETE', { id, channel_id, ...this.placeOf(channel_id) });
  }

  /** Without the Message Content intent the words are shown only where they are meant for the bot. */
  asSeen(message: Message, intents = this.gateway.intents): Message {
    const seen =
      message.guild_id === undefined ||
      message.author.id === BOT.id ||
      message.mentions.some(({ id }) => id === BOT.id) ||
      (intents & (1 << 15)) !== 0;
    return seen ? message : { ...message, content: '', attachments: [], components: [] };
  }

  /** What was said to who pressed or called. */
  get callbacks(): readonly Callback[] {
    return this.interactions.callbacks;
  }

  /** Somebody presses a button or calls the command. @returns the interaction's id */
  interact(type: 2 | 3, userId: string, channelId: string, more: Json): string {
    const { id, token } = this.interactions.open(this.speed);
    const user = { id: userId, username: 'somebody', bot: false };
    const place = this.placeOf(channelId);
    this.gateway.emit('INTERACTION_CREATE', {
      id,
      application_id: APPLICATION,
      type,
      token,
      version: 1,
      channel_id: channelId,
      ...place,
      ...(place.guild_id ? { member: { user } } : { user }),
      ...more,
    });
    return id;
  }

  /** Interactions that nobody answered within three seconds. */
  unanswered(): number {
    return this.interactions.unanswered();
  }

  /** A file that came with a message of somebody. */
  attach(name: string, mediaType: string, bytes: Uint8Array): Json {
    const id = snowflake();
    this.files.set(id, { name, bytes: Buffer.from(bytes) });
    this.signature += 1;
    return {
      id,
      filename: name,
      content_type: mediaType,
      size: bytes.length,
      url: `http://${this.host}/attachments/${id}/${encodeURIComponent(name)}?ex=${this.signature}&hm=${id}`,
    };
  }

  private placeOf(channelId: string): { guild_id?: string } {
    const guild = this.channels.get(channelId)?.guild;
    return guild === undefined ? {} : { guild_id: guild };
  }

  protected override upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    this.gateway.upgrade(request, stream, head);
  }

  protected async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests += 1;
    const body = await bodyOf(request);
    const url = new URL(request.url ?? '', 'http://x');
    const answer: Answer = (status, value, headers = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(value === undefined ? undefined : JSON.stringify(value));
    };
    const refuse = (status: number, code: number) => answer(status, { code, message: 'refused' });
    if (this.trouble === 'error') return refuse(503, 0);
    if (url.pathname.startsWith('/attachments/')) return this.serveFile(request, url, response, refuse);
    if (this.trouble === 'rate-limit') {
      this.told.tell(450 / this.speed);
      const body = { message: 'You are being rate limited.', retry_after: 0.5, global: true };
      return answer(429, body, { 'retry-after': '1', 'x-ratelimit-global': 'true' });
    }
    const path = url.pathname.replace('/api/v10', '');
    this.calls.push(`${request.method} ${path}`);
    if (this.told.isTooEarly()) this.problems.push(`${path} before the time that it was told to wait for`);
    if (!/^DiscordBot \(https?:\/\/\S+, \S+\)/.test(request.headers['user-agent'] ?? '')) {
      this.problems.push(`${path} without the User-Agent of a bot`);
      return refuse(403, 40333);
    }
    if (this.trouble === 'revoked' || request.headers.authorization !== `Bot ${this.token}`)
      return answer(401, { message: '401: Unauthorized', code: 0 });
    const [first = '', second = '', third = '', fourth = '', fifth = ''] = path.split('/').slice(1);
    const { method } = request;
    if (method === 'GET' && path === '/oauth2/applications/@me') return answer(200, this.application);
    if (method === 'GET' && path === '/users/@me') return answer(200, this.user);
    if (method === 'GET' && path === '/users/@me/guilds')
      return answer(
        200,
        this.guilds.map((id) => ({ id, name: 'server' })),
      );
    if (method === 'GET' && path === '/gateway/bot') return answer(200, this.gateway.information());
    if (first === 'interactions' && fourth === 'callback' && method === 'POST')
      return this.interactions.answer(second, third, body, answer, refuse);
    if (first === 'applications' && third === 'guilds' && fifth === 'commands' && method === 'PUT')
      return this.takeCommands(second, fourth, body, answer, refuse);
    if (first !== 'channels' || !this.channels.has(second)) {
      if (first !== 'channels') this.problems.push(`${method} ${path} is no call that a bot makes`);
      return refuse(404, 10003);
    }
    if (third === 'typing' && method === 'POST') {
      this.typed.push(second);
      return answer(204);
    }
    if (third === 'messages' && fourth === '' && method === 'POST')
      return this.create(second, request, body, answer, refuse);
    if (third === 'messages' && fourth === '' && method === 'GET')
      return this.list(second, url.searchParams, answer, refuse);
    const message = this.messages.get(fourth);
    if (third === 'messages' && message?.channel_id === second) {
      if (method === 'GET')
        return this.channels.get(second)?.denied ? refuse(403, 50001) : answer(200, this.asRead(message));
      if (method === 'PATCH') return this.patch(message, body, answer, refuse);
    }
    return refuse(404, 10008);
  }

  private list(
    id: string,
    search: URLSearchParams,
    answer: Answer,
    refuse: (status: number, code: number) => undefined,
  ): undefined {
    if (this.failing > 0) {
      this.failing -= 1;
      return refuse(503, 0);
    }
    const limited = this.buckets.spend(`GET ${id}`, this);
    if (limited === undefined) {
      this.problems.push('messages asked for although the headers said that it would be refused');
      return answer(429, { retry_after: 0.5, global: false }, { 'retry-after': '1' });
    }
    this.histories += 1;
    const channel = this.channels.get(id) ?? { id };
    const { status, code = 0, messages } = messagesOf(this.messages.values(), channel, search);
    if (!messages) {
      if (status === 400) this.problems.push(`messages asked for by ${search}`);
      return refuse(status, code);
    }
    return answer(
      200,
      messages.map((message) => this.asRead(message)),
      limited,
    );
  }

  /** Asked for by REST: no server is named, and the words are shown by what the application may, not the session. */
  private asRead(message: Message): Message {
    const { guild_id: _server, ...read } = this.asSeen(message, this.gateway.allowedIntents);
    return read;
  }

  private serveFile(
    request: IncomingMessage,
    url: URL,
    response: ServerResponse,
    refuse: (status: number, code: number) => undefined,
  ): undefined {
    if (request.headers.authorization) this.problems.push('the token was sent to the file server');
    const file = this.files.get(url.pathname.split('/')[2] ?? '');
    if (!file || !url.searchParams.has('hm')) return refuse(404, 0);
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    response.end(file.bytes);
  }

  private create(
    channel: string,
    request: IncomingMessage,
    body: Buffer,
    answer: Answer,
    refuse: (status: number, code: number) => undefined,
  ): undefined {
    const limited = this.buckets.spend(channel, this);
    if (limited === undefined) {
      this.problems.push('a message that the headers said would be refused');
      return answer(429, { retry_after: 0.5, global: false }, { 'retry-after': '1' });
    }
    const { payload, file } = readMultipart(request.headers['content-type'] ?? '', body);
    const parsed = newMessage.safeParse(payload);
    if (!parsed.success) return refuse(400, 50035);
    const { content = '', nonce, enforce_nonce, message_reference: reference } = parsed.data;
    if (content.trim() === '' && !file) return refuse(400, 50006);
    if (content.length > 2_000) return refuse(400, 50035);
    const twin =
      enforce_nonce &&
      [...this.messages.values()].find((one) => one.nonce === nonce && one.author.id === BOT.id);
    if (twin) return answer(200, twin, limited);
    const target = reference ? this.messages.get(reference.message_id) : undefined;
    if (reference && !target && reference.fail_if_not_exists !== false) return refuse(400, 50035);
    if (parsed.data.allowed_mentions.replied_user !== false) this.problems.push('an answer that rings');
    const message = this.say(BOT.id, channel, content.trim(), {
      author: { ...BOT },
      components: parsed.data.components ?? [],
      flags: parsed.data.flags ?? 0,
      ...(nonce === undefined ? {} : { nonce }),
      ...(target ? { message_reference: { message_id: target.id, channel_id: channel } } : {}),
      ...(file ? { attachments: [this.attach(file.name, file.mediaType, file.bytes)] } : {}),
    });
    if (this.loseAnswer) {
      this.loseAnswer = false;
      request.socket.destroy();
      return;
    }
    return answer(200, message, limited);
  }

  private patch(
    message: Message,
    body: Buffer,
    answer: Answer,
    refuse: (status: number, code: number) => undefined,
  ): undefined {
    const parsed = editMessage.safeParse(JSON.parse(body.toString()));
    if (!parsed.success || (parsed.data.content ?? '').length > 2_000) return refuse(400, 50035);
    if (message.author.id !== BOT.id) return refuse(403, 50005);
    const { content, components, flags } = parsed.data;
    const changed = this.change(message.id, {
      edited_timestamp: new Date().toISOString(),
      ...(content === undefined ? {} : { content: content.trim() }),
      ...(components === undefined ? {} : { components }),
      ...(flags === undefined ? {} : { flags }),
    });
    return answer(200, changed);
  }

  private takeCommands(
    application: string,
    guild: string,
    body: Buffer,
    answer: Answer,
    refuse: (status: number, code: number) => undefined,
  ): undefined {
    if (application !== this.application.id) return refuse(403, 20012);
    if (!this.guilds.includes(guild)) return refuse(403, 50001);
    const parsed = z
      .array(
        z.looseObject({
          name: z.string().regex(/^[-_\p{L}\p{N}]{1,32}$/u),
          description: z.string().max(100),
        }),
      )
      .safeParse(JSON.parse(body.toString()));
    if (!parsed.success) return refuse(400, 50035);
    this.commands.set(guild, parsed.data);
    return answer(200, parsed.data);
  }
}
