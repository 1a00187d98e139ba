import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import { bodyOf, HttpPeer } from '../http-peer';
import { ToldToWait } from '../told-to-wait';
import { SlackFileStore } from './file-store';
import { SlackHistory } from './history';
import { blocks, METHODS, SCOPE_OF } from './methods';
import { PeerSocket } from './websocket';

/**
 * Slack's Web API and Socket Mode, refusing what Slack refuses. Written from
 *   https://docs.slack.dev/apis/web-api                       POST, bearer token, {ok,error}, 429 with Retry-After
 *   https://docs.slack.dev/reference/methods/auth.test        identity, x-oauth-scopes
 *   https://docs.slack.dev/reference/methods/apps.connections.open   xapp tokens only, a ticket for one connection
 *   https://docs.slack.dev/apis/events-api/using-socket-mode  hello, envelopes, acknowledgement in 3 s, disconnect
 *   https://docs.slack.dev/reference/methods/chat.postMessage and chat.update
 *   https://docs.slack.dev/reference/block-kit/blocks         rich text, actions
 *   https://docs.slack.dev/reference/methods/conversations.history   in `history.ts`
 *   https://docs.slack.dev/messaging/working-with-files       files.info, upload in three steps
 *   https://docs.slack.dev/apis/events-api                    HTTP mode: three repetitions of what is not answered in 3 s
 */
export const BOT_TOKEN = 'xoxb-1111111111-2222222222-AbCdEfGhIjKlMnOpQrStUvWx';
export const APP_TOKEN = 'xapp-1-A0001-3333333333-0123456789abcdef0123456789abcdef';
export const TEAM = 'T0001';
export const BOT_USER = 'UBOT1';

type Json = Record<string, unknown>;

export interface SlackSent {
  channel: string;
  ts: string;
  text: string;
  thread_ts?: string;
  blocks: z.output<typeof blocks>;
  edited?: true;
}

/** `lost`: done, but the line breaks before the answer. */
export type Planned =
  | { status?: number; body?: Json; headers?: Record<string, string> }
  | 'pass'
  | 'drop'
  | 'lost';

export class SlackApi extends HttpPeer {
  readonly sent: SlackSent[] = [];
  readonly calls: string[] = [];
  readonly acknowledged: string[] = [];
  readonly deliveries: { envelope: string; attempt: number }[] = [];
  readonly channels = new Set(['D0001', 'C0001']);
  botToken = BOT_TOKEN;
  appToken = APP_TOKEN;
  identity: Json = { team: 'Acme', user: 'workbot', team_id: TEAM, user_id: BOT_USER, bot_id: 'B0001' };
  scopes = 'app_mentions:read,chat:write,im:history,files:read,files:write';
  /** The bot events that the app has subscribed to. */
  subscribed: ReadonlySet<string> = new Set(['app_mention', 'message.im']);
  /** Milliseconds that Slack waits for an acknowledgement; 3,000 at Slack. */
  ackWithinMs = 3_000;
  /** Say hello to those who connect. */
  greets = true;
  /** Where `apps.connections.open` sends clients; its own socket when undefined. */
  socketUrl: string | undefined;
  readonly files = new SlackFileStore();
  /** Calls the app instead of waiting for it: the HTTP mode. Resolves with whether it was taken. */
  caller: ((type: string, payload: Json, repetition: number) => Promise<boolean>) | undefined;
  sockets: PeerSocket[] = [];
  /** Connections of the app that other programs hold. */
  others = 0;
  private readonly told = new ToldToWait();
  private readonly planned = new Map<string, Planned[]>();
  private readonly tickets = new Set<string>();
  private readonly open = new Map<string, { line: Json; attempt: number; timer: NodeJS.Timeout }>();
  /** By envelope: sendings that were not acknowledged yet. */
  private readonly unanswered = new Map<string, number>();
  private readonly backlog: { id: string; line: Json; attempt: number }[] = [];
  /** Seconds; each message comes one later. */
  nextTs = Math.floor(Date.now() / 1000);
  private readonly history = new SlackHistory();
  /** Until somebody connects, what cannot be delivered is not kept. */
  private lossy = false;

  get root(): string {
    return `http://${this.host}/api`;
  }

  override async stop(): Promise<void> {
    for (const socket of this.sockets) socket.cut();
    for (const { timer } of this.open.values()) clearTimeout(timer);
    await super.stop();
  }

  /** Cuts every connection; new ones are taken. */
  override cut(): void {
    for (const socket of this.sockets) socket.cut();
    super.cut();
  }

  stall(): void {
    for (const socket of this.sockets) socket.dead = true;
  }

  halfClose(): void {
    for (const socket of this.sockets) socket.halfClose();
  }

  garble(): void {
    for (const socket of this.sockets) {
      socket.send('{"type":"nonsense"');
      socket.send('[]');
      socket.send('{"type":"events_api","envelope_id":7,"payload":"x"}');
    }
  }

  /** The tokens are no longer good; what is open stays so. */
  revoke(): void {
    this.trouble = 'revoked';
  }

  /** The answer to the next sending is lost. */
  get loseAnswer(): boolean {
    return this.planned.get('chat.postMessage')?.includes('lost') ?? false;
  }

  set loseAnswer(lost: boolean) {
    if (lost) this.plan('chat.postMessage', 'lost');
  }

  /** Every connection is cut, and Slack has given up what was not taken: as after some minutes without one. */
  forget(): void {
    this.lossy = true;
    for (const { timer } of this.open.values()) clearTimeout(timer);
    this.open.clear();
    this.backlog.length = 0;
    const { sockets } = this;
    this.sockets = [];
    for (const socket of sockets) socket.cut();
  }

  plan(method: string, ...answers: Planned[]): void {
    this.planned.set(method, [...(this.planned.get(method) ?? []), ...answers]);
  }

  fail(method: string, error: string, extra: Json = {}): void {
    this.plan(method, { body: { ok: false, error, ...extra } });
  }

  newTs(): string {
    this.nextTs += 1;
    return `${this.nextTs}.000100`;
  }

  /** Delivers an event, now or when somebody connects, until it is acknowledged. @returns the envelope's id. */
  event(event: Json, outer: Json = {}): string {
    this.history.take(event);
    return this.deliver('events_api', {
      token: 'deprecated',
      team_id: TEAM,
      api_app_id: 'A0001',
      type: 'event_callback',
      event_id: `Ev${this.nextTs}`,
      event_time: this.nextTs,
      authorizations: [{ enterprise_id: null, team_id: TEAM, user_id: BOT_USER, is_bot: true }],
      is_ext_shared_channel: false,
      event,
      ...outer,
    });
  }

  private has(scope: string): boolean {
    return this.scopes.split(',').includes(scope);
  }

  /** Somebody writes to the app directly. */
  dm(user: string, text: string, extra: Json = {}, outer: Json = {}): Json {
    const event = {
      type: 'message',
      channel: 'D0001',
      channel_type: 'im',
      user,
      text,
      ts: this.newTs(),
      team: TEAM,
      client_msg_id: randomUUID(),
      ...extra,
    };
    // Both are needed: that the app may read it, and that it wants to be told.
    if (this.has('im:history') && this.subscribed.has('message.im')) this.event(event, outer);
    return event;
  }

  /** Somebody mentions the app in a channel. */
  mention(user: string, text: string, extra: Json = {}, outer: Json = {}): Json {
    const event = {
      type: 'app_mention',
      channel: 'C0001',
      user,
      text,
      ts: this.newTs(),
      team: TEAM,
      ...extra,
    };
    if (this.has('app_mentions:read') && this.subscribed.has('app_mention')) this.event(event, outer);
    return event;
  }

  press(user: string, message: SlackSent, value: string, extra: Json = {}): string {
    return this.deliver('interactive', {
      type: 'block_actions',
      team: { id: TEAM, domain: 'acme' },
      user: { id: user, username: 'somebody', team_id: TEAM },
      api_app_id: 'A0001',
      channel: { id: message.channel, name: 'x' },
      container: { type: 'message', message_ts: message.ts, channel_id: message.channel },
      trigger_id: 'x',
      actions: [{ type: 'button', action_id: 'cowork-0', block_id: 'b', value, action_ts: this.newTs() }],
      ...extra,
    });
  }

  /** Announces the end of the connection, as Slack does every few hours; Slack does not close the line itself. */
  refresh(): void {
    for (const socket of this.sockets) {
      socket.send(
        JSON.stringify({ type: 'disconnect', reason: 'refresh_requested', debug_info: { host: 'x' } }),
      );
    }
  }

  private deliver(type: string, payload: Json): string {
    const id = randomUUID();
    if (this.caller) {
      void this.call(type, payload);
      return id;
    }
    const line = { envelope_id: id, payload, type, accepts_response_payload: type === 'interactive' };
    this.attempt(id, line, 0);
    return id;
  }

  /** As Slack does it: three repetitions, here with seconds for minutes. */
  private async call(type: string, payload: Json): Promise<void> {
    for (const [repetition, waitMs] of [0, 100, 1_000, 5_000].entries()) {
      // While Slack is down it tries nothing, so that is no try that has failed.
      do await new Promise((resolve) => setTimeout(resolve, waitMs / this.speed + 1));
      while (this.trouble === 'down');
      if (!this.isRunning) return;
      if (await this.caller?.(type, payload, repetition)) return;
    }
    this.problems.push(`${type} was not taken in four tries`);
  }

  private attempt(id: string, line: Json, attempt: number): void {
    const socket = this.sockets.at(-1);
    if (!socket && this.lossy) return;
    if (!socket) {
      this.backlog.push({ id, line, attempt });
      return;
    }
    this.deliveries.push({ envelope: id, attempt });
    const retry = attempt === 0 ? {} : { retry_attempt: attempt, retry_reason: 'timeout' };
    const timer = setTimeout(() => {
      this.open.delete(id);
      this.attempt(id, line, attempt + 1);
    }, this.ackWithinMs / this.speed);
    this.open.set(id, { line, attempt, timer });
    this.unanswered.set(id, (this.unanswered.get(id) ?? 0) + 1);
    socket.send(JSON.stringify({ ...line, ...retry }));
  }

  private welcome(socket: PeerSocket): void {
    this.sockets.push(socket);
    this.lossy = false;
    socket.onProblem = (what) => this.problems.push(what);
    socket.onClose = () => {
      this.sockets = this.sockets.filter((other) => other !== socket);
    };
    socket.onText = (text) => this.acknowledge(text);
    if (!this.greets) return;
    socket.send(
      JSON.stringify({
        type: 'hello',
        num_connections: this.sockets.length + this.others,
        connection_info: { app_id: 'A0001' },
        debug_info: { host: 'applink', approximate_connection_time: 18_060 },
      }),
    );
    for (const { id, line, attempt } of this.backlog.splice(0)) this.attempt(id, line, attempt);
  }

  private acknowledge(text: string): void {
    const ack = z.looseObject({ envelope_id: z.string() }).safeParse(JSON.parse(text));
    const id = ack.success ? ack.data.envelope_id : '';
    // What was sent again meanwhile is acknowledged for each time, and once is enough.
    const unanswered = this.unanswered.get(id) ?? 0;
    this.unanswered.set(id, unanswered - 1);
    if (unanswered < 1) this.problems.push(`acknowledged what was not sent: ${text.slice(0, 100)}`);
    const entry = this.open.get(id);
    if (!entry) return;
    clearTimeout(entry.timer);
    this.open.delete(id);
    this.acknowledged.push(id);
  }

  protected override upgrade(request: IncomingMessage, stream: Duplex): void {
    const ticket = new URL(request.url ?? '', 'http://x').searchParams.get('ticket') ?? '';
    if (!this.tickets.delete(ticket)) {
      stream.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    this.welcome(new PeerSocket(request, stream));
  }

  protected async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = /^\/api\/([\w.]+)$/.exec(request.url ?? '')?.[1] ?? '';
    const bytes = await bodyOf(request);
    if (this.files.serve(request, response, bytes, this.botToken)) {
      this.requests += 1;
      return;
    }
    this.calls.push(method);
    this.requests += 1;
    const refusal = this.refusalNow(method);
    if (refusal) {
      response.writeHead(refusal.status, { 'content-type': 'application/json', ...refusal.headers });
      response.end(JSON.stringify(refusal.body));
      return;
    }
    const planned = this.planned.get(method)?.shift();
    if (planned === 'drop') {
      request.socket.destroy();
      return;
    }
    if (planned && typeof planned === 'object') {
      response.writeHead(planned.status ?? 200, { 'content-type': 'application/json', ...planned.headers });
      response.end(JSON.stringify(planned.body ?? {}));
      return;
    }
    const body = Object.fromEntries(new URLSearchParams(bytes.toString('utf8')));
    const answer = this.answer(request, method, body);
    if (planned === 'lost') {
      request.socket.destroy();
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json', 'x-oauth-scopes': this.scopes });
    response.end(JSON.stringify(answer));
  }

  private refusalNow(
    method: string,
  ): { status: number; headers?: Record<string, string>; body: Json } | undefined {
    if (method.startsWith('chat.') && this.told.isTooEarly())
      this.problems.push(`${method} before the time that it was told to wait for`);
    switch (this.trouble) {
      case 'error':
        return { status: 503, body: {} };
      case 'revoked':
        return { status: 200, body: { ok: false, error: 'token_revoked' } };
      case 'rate-limit':
        // Half of it, so that a timer that fires a little early is not taken for haste.
        if (method.startsWith('chat.')) this.told.tell(500 / this.speed);
        return { status: 429, headers: { 'retry-after': '1' }, body: { ok: false, error: 'ratelimited' } };
    }
    return undefined;
  }

  private answer(request: IncomingMessage, method: string, body: Record<string, string>): Json {
    const refuse = (error: string, extra: Json = {}) => ({ ok: false, error, ...extra });
    if (request.method !== 'POST') return refuse('insecure_request');
    if (!(method in METHODS)) return refuse('unknown_method');
    const name = method as keyof typeof METHODS;
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined) return refuse('not_authed');
    const wanted = name === 'apps.connections.open' ? this.appToken : this.botToken;
    if (token !== wanted) {
      return refuse(
        token === this.appToken || token === this.botToken ? 'not_allowed_token_type' : 'invalid_auth',
      );
    }
    const needed = SCOPE_OF[name];
    if (needed !== undefined && !this.has(needed))
      return refuse('missing_scope', { needed, provided: this.scopes });
    const parsed = METHODS[name].safeParse(body);
    if (!parsed.success) return refuse('invalid_arguments', { why: parsed.error.issues[0]?.message });
    if (name === 'auth.test') return { ok: true, url: 'https://acme.slack.com/', ...this.identity };
    if (name === 'apps.connections.open') {
      const ticket = randomUUID();
      this.tickets.add(ticket);
      const url = this.socketUrl ?? `ws://${this.host}/link/?ticket=${ticket}&app_id=A0001`;
      return { ok: true, url };
    }
    if (name === 'conversations.history') {
      if (!this.channels.has(body.channel ?? '')) return refuse('channel_not_found');
      return this.history.answer(body, this.scopes, refuse);
    }
    if (name.startsWith('files.')) {
      const { channel_id: channel } = body;
      if (channel !== undefined && !this.channels.has(channel)) return refuse('channel_not_found');
      return this.files.answer(name, body, `http://${this.host}`) ?? refuse('file_not_found');
    }
    return this.message(name, body, refuse);
  }

  private message(
    name: string,
    body: Record<string, string>,
    refuse: (error: string, extra?: Json) => Json,
  ): Json {
    const { channel = '', text = '', thread_ts, ts } = body;
    if (!this.channels.has(channel)) return refuse('channel_not_found');
    // Slack reads these three as markup and expects them escaped.
    if (/[<>]|&(?!(amp|lt|gt);)/.test(text))
      return refuse('invalid_arguments', { why: 'text is not escaped' });
    const parsed = blocks.safeParse(JSON.parse(body.blocks ?? 'null'));
    if (!parsed.success) return refuse('invalid_blocks', { why: parsed.error.issues[0]?.message });
    if (name === 'chat.update') {
      const earlier = this.sent.find((message) => message.ts === ts && message.channel === channel);
      if (!earlier) return refuse('message_not_found');
      Object.assign(earlier, { text, blocks: parsed.data, edited: true });
      return { ok: true, channel, ts: earlier.ts, text };
    }
    const message: SlackSent = {
      channel,
      text,
      ts: this.newTs(),
      blocks: parsed.data,
      ...(thread_ts === undefined ? {} : { thread_ts }),
    };
    this.sent.push(message);
    const { ts: sentAt } = message;
    this.history.take({
      type: 'message',
      channel,
      user: BOT_USER,
      bot_id: 'B0001',
      team: TEAM,
      text,
      ts: sentAt,
    });
    return { ok: true, channel, ts: sentAt, message };
  }
}
