import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { bodyOf, HttpPeer } from '../http-peer';
import { formFields } from '../rest-peer';
import { ToldToWait } from '../told-to-wait';

/**
 * A Mattermost server as far as a bot sees it, refusing what it refuses. Written from
 *   https://api.mattermost.com/#tag/authentication     bearer token, 401 with an id and a message
 *   https://api.mattermost.com/#tag/posts              create, patch, since, size of a message, threads
 *   https://api.mattermost.com/#tag/files              multipart upload, then file_ids of a post
 *   https://api.mattermost.com/#tag/rate-limiting      429 with Retry-After
 *   https://api.mattermost.com/#tag/WebSocket          authentication_challenge, hello, seq; and for taking a
 *   connection up again connection_id and sequence_number, as the server's own web client does
 */
export const TOKEN = 'abcdefghijklmnopqrstuvwxyz';
export const BOT = { id: mmId('bot'), username: 'workbot', is_bot: true, roles: 'system_user' };
export const TEAM = mmId('team');

type Json = Record<string, unknown>;

/** An id of the form that Mattermost gives: 26 small letters and digits. */
export function mmId(name: string): string {
  return (name.toLowerCase().replace(/[^a-z0-9]/g, '') + '0'.repeat(26)).slice(0, 26);
}

type Answer = (status: number, value: unknown) => undefined;
type Refuse = (status: number, id: string) => undefined;

export interface Post {
  id: string;
  create_at: number;
  update_at: number;
  edit_at: number;
  delete_at: number;
  user_id: string;
  channel_id: string;
  root_id: string;
  message: string;
  type: string;
  props: Json;
  file_ids: string[];
  metadata: { files?: Json[] };
}

interface Channel {
  readonly id: string;
  readonly type: 'D' | 'G' | 'O' | 'P';
  readonly team_id: string;
}

interface Connection {
  id: string;
  /** Of the next event. */
  seq: number;
  /** What was sent, for taking the connection up again. */
  readonly sent: string[];
  socket: WebSocket | undefined;
  dead: boolean;
}

const id26 = z.string().regex(/^[a-z0-9]{26}$/);
const createPost = z.strictObject({
  channel_id: id26,
  message: z.string(),
  root_id: id26.optional(),
  file_ids: z.array(id26).max(10).optional(),
});
/** Runes of a post: https://api.mattermost.com/#tag/posts/operation/CreatePost */
const MESSAGE_CAP = 16_383;

export class MattermostServer extends HttpPeer {
  readonly posts = new Map<string, Post>();
  readonly files = new Map<string, { name: string; bytes: Buffer; channel: string }>();
  readonly typed: string[] = [];
  readonly channels = new Map<string, Channel>();
  readonly names = new Map<string, string>([[BOT.id, BOT.username]]);
  user: Json = { ...BOT };
  token = TOKEN;
  /** Whether connections can be taken up again, as newer servers allow. */
  reliable = true;
  /** The answer to the next post is lost. */
  loseAnswer = false;
  /** Calls that are taken until the headers say that none is left, for a second; no limit when undefined. */
  callsLeft: number | undefined;
  private fullAgainAt = 0;
  private isLosing = false;
  private connections: Connection[] = [];
  private readonly sockets = new WebSocketServer({ noServer: true });
  private now = Date.now();
  private readonly told = new ToldToWait();

  override async stop(): Promise<void> {
    this.cut();
    await super.stop();
  }

  addChannel(channel: Channel): void {
    this.channels.set(channel.id, channel);
  }

  /** Cuts every connection; new ones are taken. */
  override cut(): void {
    for (const socket of this.sockets.clients) socket.terminate();
    super.cut();
  }

  /** The server forgets its connections, as after a restart of its own. */
  forget(): void {
    this.cut();
    this.connections = [];
  }

  stall(): void {
    for (const connection of this.connections) {
      connection.dead = true;
      // Signs of life are answered below us, so they have to be kept from it.
      connection.socket?.pause();
    }
  }

  garble(): void {
    for (const { socket } of this.connections) {
      socket?.send('{"event":');
      socket?.send('[1,2]');
      socket?.send('{"event":"posted","data":{"post":"{not json"},"seq":"x"}');
    }
  }

  /** Leaves a hole in the numbers: an event is lost on the way. */
  /** What happens in `run` is given its number and gets lost on the way. */
  losing<T>(run: () => T): T {
    this.isLosing = true;
    try {
      return run();
    } finally {
      this.isLosing = false;
    }
  }

  /** Somebody says something. */
  say(
    userId: string,
    channelId: string,
    message: string,
    extra: Partial<Post> = {},
    name = 'somebody',
  ): Post {
    const created = this.tick();
    const post: Post = {
      id: mmId(`p${randomBytes(12).toString('hex')}`),
      create_at: created,
      update_at: created,
      edit_at: 0,
      delete_at: 0,
      user_id: userId,
      channel_id: channelId,
      root_id: '',
      message,
      type: '',
      props: {},
      file_ids: [],
      metadata: {},
      ...extra,
    };
    this.posts.set(post.id, post);
    this.announce('posted', post, name);
    return post;
  }

  change(id: string, change: Partial<Post>, event: 'post_edited' | 'post_deleted'): void {
    const post = this.posts.get(id);
    if (!post) throw new Error(`no post ${id}`);
    Object.assign(post, { update_at: this.tick(), ...change });
    this.announce(event, post, 'somebody');
  }

  announce(event: string, post: Post, name: string): void {
    const channel = this.channels.get(post.channel_id);
    if (!channel) throw new Error(`no channel ${post.channel_id}`);
    this.emit(event, {
      channel_type: channel.type,
      channel_name: 'x',
      sender_name: `@${name}`,
      team_id: channel.team_id,
      post: JSON.stringify(post),
    });
  }

  private emit(event: string, data: Json): void {
    for (const connection of this.connections) {
      const text = JSON.stringify({ event, data, broadcast: {}, seq: connection.seq });
      connection.seq += 1;
      if (this.isLosing) continue;
      connection.sent.push(text);
      if (!connection.dead) connection.socket?.send(text);
    }
  }

  private tick(): number {
    this.now = Math.max(this.now + 1, Date.now());
    return this.now;
  }

  private welcome(socket: WebSocket, query: URLSearchParams): void {
    let expected = 1;
    let connection: Connection | undefined;
    const late = setTimeout(() => socket.terminate(), 5_000 / this.speed);
    socket.on('message', (data) => {
      const asked = z
        .looseObject({
          seq: z.number(),
          action: z.string(),
          data: z.record(z.string(), z.unknown()).optional(),
        })
        .safeParse(JSON.parse(data.toString()));
      if (!asked.success) return this.problems.push(`not an action: ${data.toString().slice(0, 100)}`);
      if (asked.data.seq !== expected) this.problems.push(`seq ${asked.data.seq} where ${expected} was next`);
      expected = asked.data.seq + 1;
      if (connection) return;
      clearTimeout(late);
      if (asked.data.action !== 'authentication_challenge') {
        this.problems.push(`${asked.data.action} before the token`);
        socket.close(4001);
        return;
      }
      if (this.trouble === 'revoked' || asked.data.data?.token !== this.token) {
        socket.send(
          JSON.stringify({
            status: 'FAIL',
            seq_reply: 1,
            error: { id: 'api.web_socket_router.not_authenticated.app_error' },
          }),
        );
        socket.close(4001);
        return;
      }
      socket.send(JSON.stringify({ status: 'OK', seq_reply: asked.data.seq }));
      connection = this.takeUp(socket, query);
    });
    socket.on('close', () => {
      clearTimeout(late);
      if (connection?.socket === socket) connection.socket = undefined;
    });
    socket.on('error', () => {});
  }

  private takeUp(socket: WebSocket, query: URLSearchParams): Connection {
    const wanted = query.get('connection_id') ?? '';
    const from = Number(query.get('sequence_number') ?? 0);
    const known = this.reliable
      ? this.connections.find(({ id, socket: other }) => id === wanted && !other)
      : undefined;
    // It is taken up without a hello: what was missed follows at once. A number that we never gave away cannot be.
    if (known && from <= known.seq) {
      known.socket = socket;
      known.dead = false;
      for (const text of known.sent) if (JSON.parse(text).seq >= from) socket.send(text);
      return known;
    }
    const connection: Connection = {
      id: mmId(`c${randomBytes(10).toString('hex')}`),
      seq: 1,
      sent: [],
      socket,
      dead: false,
    };
    this.connections = this.connections.filter((one) => one.id !== wanted);
    this.connections.push(connection);
    socket.send(this.hello(connection.id));
    return connection;
  }

  private hello(connectionId: string): string {
    const data = { connection_id: connectionId, server_version: '10.5.1.abc.def' };
    return JSON.stringify({ event: 'hello', data, broadcast: { user_id: BOT.id }, seq: 0 });
  }

  protected override upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const url = new URL(request.url ?? '', 'http://x');
    if (url.pathname !== '/api/v4/websocket') {
      stream.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    this.sockets.handleUpgrade(request, stream, head, (socket) => this.welcome(socket, url.searchParams));
  }

  protected async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests += 1;
    const body = await bodyOf(request);
    const url = new URL(request.url ?? '', 'http://x');
    const path = url.pathname.replace('/api/v4/', '');
    const answer = (status: number, value: unknown, headers: Record<string, string> = {}): undefined => {
      response.writeHead(status, { 'content-type': 'application/json', ...this.quota(), ...headers });
      response.end(JSON.stringify(value));
    };
    if (Date.now() < this.fullAgainAt) this.problems.push(`${path} although no call was left`);
    const refuse = (status: number, id: string) =>
      answer(status, { id, message: 'refused', status_code: status });
    if (this.trouble === 'error') return refuse(503, 'api.server.error');
    if (this.trouble === 'rate-limit') {
      this.told.tell(500 / this.speed);
      return answer(429, { id: 'api.rate_limit', message: 'limit exceeded' }, { 'retry-after': '1' });
    }
    if (request.method === 'POST' && this.told.isTooEarly())
      this.problems.push(`${path} before the time that it was told to wait for`);
    if (this.trouble === 'revoked' || request.headers.authorization !== `Bearer ${this.token}`)
      return refuse(401, 'api.context.session_expired.app_error');
    const [first = '', second = '', third = ''] = path.split('/');
    if (request.method === 'GET') {
      if (path === 'users/me') return answer(200, this.user);
      if (first === 'users' && third === 'channels')
        return answer(
          200,
          [...this.channels.values()].map((channel) => ({
            ...channel,
            last_post_at: this.lastPostIn(channel.id),
          })),
        );
      if (first === 'channels' && third === 'posts')
        return this.since(second, Number(url.searchParams.get('since')), answer);
      if (first === 'posts') {
        const post = this.posts.get(second);
        return post ? answer(200, post) : refuse(404, 'app.post.get.app_error');
      }
      const file = first === 'files' ? this.files.get(second) : undefined;
      if (file) {
        response.writeHead(200, { 'content-type': 'application/octet-stream' });
        response.end(file.bytes);
        return;
      }
      return refuse(404, 'api.context.404.app_error');
    }
    if (path === 'posts' && request.method === 'POST') return this.create(body, answer, refuse, request);
    if (first === 'posts' && third === 'patch' && request.method === 'PUT')
      return this.patch(second, body, answer, refuse);
    if (path === 'files' && request.method === 'POST') return this.upload(request, body, answer, refuse);
    if (first === 'users' && third === 'typing' && request.method === 'POST') {
      this.typed.push(JSON.parse(body.toString()).channel_id);
      return answer(200, { status: 'OK' });
    }
    this.problems.push(`${request.method} ${path} is no call that a bot makes`);
    return refuse(404, 'api.context.404.app_error');
  }

  /** The headers of a server that limits calls; the last that is left tells when there are more. */
  private quota(): Record<string, string> {
    if (this.callsLeft === undefined) return {};
    this.callsLeft -= 1;
    const left = Math.max(0, this.callsLeft);
    // Half of it, so that a timer that fires a little early is not taken for haste.
    if (left === 0) this.fullAgainAt = Date.now() + 500 / this.speed;
    return { 'x-ratelimit-limit': '10', 'x-ratelimit-remaining': String(left), 'x-ratelimit-reset': '1' };
  }

  private lastPostIn(channel: string): number {
    return [...this.posts.values()].reduce(
      (most, post) => (post.channel_id === channel ? Math.max(most, post.create_at) : most),
      0,
    );
  }

  private since(channel: string, since: number, answer: Answer): void {
    const found = [...this.posts.values()].filter(
      (post) => post.channel_id === channel && post.update_at > since,
    );
    answer(200, {
      order: found.map(({ id }) => id).reverse(),
      posts: Object.fromEntries(found.map((post) => [post.id, post])),
    });
  }

  private create(body: Buffer, answer: Answer, refuse: Refuse, request: IncomingMessage): undefined {
    const parsed = createPost.safeParse(JSON.parse(body.toString()));
    if (!parsed.success) return refuse(400, 'api.post.create_post.body');
    const { channel_id, message, root_id = '', file_ids = [] } = parsed.data;
    if (!this.channels.has(channel_id)) return refuse(403, 'api.context.permissions.app_error');
    if (message.trim() === '' && file_ids.length === 0)
      return refuse(400, 'model.post.is_valid.msg.app_error');
    if ([...message].length > MESSAGE_CAP) return refuse(400, 'model.post.is_valid.message_length.app_error');
    const root = root_id === '' ? undefined : this.posts.get(root_id);
    if (root_id !== '' && (!root || root.channel_id !== channel_id || root.root_id !== ''))
      return refuse(400, 'api.post.create_post.root_id.app_error');
    const post = this.say(
      BOT.id,
      channel_id,
      message,
      { root_id, file_ids, props: { from_bot: 'true' } },
      BOT.username,
    );
    if (this.loseAnswer) {
      this.loseAnswer = false;
      request.socket.destroy();
      return;
    }
    answer(201, post);
  }

  private patch(id: string, body: Buffer, answer: Answer, refuse: Refuse): undefined {
    const parsed = z.strictObject({ message: z.string().min(1) }).safeParse(JSON.parse(body.toString()));
    const post = this.posts.get(id);
    if (!parsed.success) return refuse(400, 'api.post.patch');
    if (!post || post.user_id !== BOT.id) return refuse(403, 'api.context.permissions.app_error');
    this.change(id, { message: parsed.data.message, edit_at: this.tick() }, 'post_edited');
    answer(200, post);
  }

  private upload(request: IncomingMessage, body: Buffer, answer: Answer, refuse: Refuse): undefined {
    const form = formFields(body, request.headers['content-type'] ?? '');
    const channel = form.get('channel_id')?.bytes.toString().trim() ?? '';
    const file = form.get('files');
    if (!this.channels.has(channel) || !file) return refuse(400, 'api.file.upload_file.app_error');
    const { fileName: name = '', bytes } = file;
    const id = mmId(`f${randomBytes(10).toString('hex')}`);
    this.files.set(id, { name, bytes, channel });
    answer(201, { file_infos: [{ id, name, size: bytes.length }], client_ids: [] });
  }
}
