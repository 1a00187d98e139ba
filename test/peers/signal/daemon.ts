import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { bodyOf, HttpPeer } from '../http-peer';

/**
 * The daemon of signal-cli with its HTTP endpoint, refusing what it refuses. Written from
 *   https://github.com/AsamK/signal-cli/blob/master/man/signal-cli-jsonrpc.5.adoc   endpoints, calls, event ids
 *   https://github.com/AsamK/signal-cli/blob/master/man/signal-cli.1.adoc           parameters of the commands
 *   https://github.com/AsamK/signal-cli/tree/master/src/main/java/org/asamk/signal  HttpServerHandler (content type,
 *   405, 415, 400 for an unknown account, keep-alive every 15 s), ServerSentEventSender, JsonMessageEnvelope,
 *   JsonSendMessageResult, SignalJsonRpcCommandHandler (codes), ListIdentitiesCommand, DataURI
 */
export const ACCOUNT = '+491700000001';
export const ME = '0a0a0a0a-0000-4000-8000-000000000001';

type Json = Record<string, unknown>;

export interface SentMessage {
  timestamp: number;
  readonly place: string;
  text: string;
  styles: string[];
  readonly quote: { author: string; timestamp: number; text: string } | undefined;
  readonly files: readonly { name: string; type: string; bytes: Buffer }[];
  edits: number;
}

interface Identity {
  fingerprint: string;
  safetyNumber: string;
  trustLevel: 'TRUSTED_UNVERIFIED' | 'TRUSTED_VERIFIED' | 'UNTRUSTED';
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Of a message, in bytes; a longer one becomes a file. */
const MESSAGE_BYTES = 2_000;
const KEPT_EVENTS = 1_000;
const KEEP_ALIVE_MS = 15_000;

const place = { recipient: z.array(z.string()).length(1).optional(), groupId: z.string().optional() };
const send = z.strictObject({
  ...place,
  account: z.string(),
  message: z.string(),
  textStyle: z.array(z.string().regex(/^\d+:\d+:(BOLD|ITALIC|SPOILER|STRIKETHROUGH|MONOSPACE)$/)).optional(),
  quoteTimestamp: z.number().int().optional(),
  quoteAuthor: z.string().regex(UUID).optional(),
  quoteMessage: z.string().optional(),
  attachments: z.array(z.string()).optional(),
  editTimestamp: z.number().int().optional(),
});
const call = z.strictObject({
  jsonrpc: z.literal('2.0'),
  id: z.string().min(1),
  method: z.string(),
  params: z.record(z.string(), z.unknown()),
});

class Refused extends Error {
  constructor(
    readonly code: number,
    message: string,
    readonly data: unknown = null,
  ) {
    super(message);
  }
}

export class SignalDaemon extends HttpPeer {
  readonly sent: SentMessage[] = [];
  readonly typed: string[] = [];
  readonly files = new Map<string, Buffer>();
  readonly groups = new Set<string>();
  readonly identities = new Map<string, Identity>();
  loseAnswer = false;
  /** Without ids of events, as older versions are. */
  numbered = true;
  /** Started for one account alone: it has no list of accounts. */
  single = false;
  /** The ids that connections asked to go on after. */
  readonly resumed: (string | undefined)[] = [];
  private streams = new Set<{ response: ServerResponse; dead: boolean }>();
  private events: { id: string; data: string }[] = [];
  private count = 0;
  private began = Date.now();
  private last = 0;
  private waitUntil = 0;
  private timer: NodeJS.Timeout | undefined;

  override async start(): Promise<void> {
    this.began = Date.now();
    await super.start();
    this.timer = setInterval(() => this.write(':\n'), KEEP_ALIVE_MS / this.speed);
  }

  override async stop(): Promise<void> {
    clearInterval(this.timer);
    this.cut();
    await super.stop();
  }

  override cut(): void {
    super.cut();
    this.streams.clear();
  }

  /** Ends the streams of events in good order, and nothing else. */
  halfClose(): void {
    for (const stream of this.streams) {
      stream.dead = true;
      stream.response.end();
    }
  }

  stall(): void {
    for (const stream of this.streams) stream.dead = true;
  }

  garble(): void {
    this.write('data:{"envelope":\n\nnonsense\n\nevent:receive\ndata:[1,2]\n\nevent:other\ndata:{}\n\n');
    this.write('event:receive\ndata:{"envelope":{"sourceUuid":7},"account":null}\n\nevent:receive\ndata\n\n');
  }

  tick(): number {
    const now = this.began + (Date.now() - this.began) * this.speed;
    this.last = Math.max(this.last + 1, Math.round(now));
    return this.last;
  }

  know(uuid: string): void {
    this.identities.set(uuid, {
      fingerprint: `05${uuid.replaceAll('-', '')}`,
      safetyNumber: '11111 22222 33333 44444 55555 66666 77777 88888 99999 00000 12345 67890',
      trustLevel: 'TRUSTED_UNVERIFIED',
    });
  }

  /** Somebody has a new phone, or sits in between. */
  changeKey(uuid: string, trustLevel: Identity['trustLevel'] = 'UNTRUSTED'): void {
    this.identities.set(uuid, {
      fingerprint: `05ff${uuid.replaceAll('-', '').slice(2)}`,
      safetyNumber: '99999 88888 77777 66666 55555 44444 33333 22222 11111 00000 54321 09876',
      trustLevel,
    });
  }

  /** Something comes in for the account. */
  arrive(envelope: Json, more: Json = {}): void {
    this.count += 1;
    const event = { id: `${this.count}`, data: JSON.stringify({ envelope, account: ACCOUNT, ...more }) };
    this.events.push(event);
    if (this.events.length > KEPT_EVENTS) this.events.shift();
    this.write(this.line(event));
  }

  /** A person says something. @returns its timestamp */
  say(from: string, message: Json, name = 'somebody'): number {
    const timestamp = this.tick();
    this.arrive(this.envelope(from, timestamp, { dataMessage: { timestamp, ...message } }, name));
    return timestamp;
  }

  envelope(from: string, timestamp: number, content: Json, name = 'somebody'): Json {
    return {
      source: from,
      sourceNumber: null,
      sourceUuid: from,
      sourceName: name,
      sourceDevice: 1,
      timestamp,
      serverReceivedTimestamp: timestamp,
      serverDeliveredTimestamp: timestamp,
      ...content,
    };
  }

  private line({ id, data }: { id: string; data: string }): string {
    return `${this.numbered ? `id:${id}\n` : ''}event:receive\ndata:${data}\n\n`;
  }

  private write(text: string): void {
    for (const { response, dead } of this.streams) if (!dead) response.write(text);
  }

  protected async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests += 1;
    const url = new URL(request.url ?? '', 'http://x');
    const end = (status: number) => void response.writeHead(status).end();
    if (url.pathname === '/api/v1/check') return end(request.method === 'GET' ? 200 : 405);
    if (this.trouble === 'error') return end(500);
    if (url.pathname === '/api/v1/events') {
      if (request.method !== 'GET') return end(405);
      if (this.trouble === 'revoked' || url.searchParams.get('account') !== ACCOUNT) return end(400);
      return this.stream(request, response);
    }
    if (url.pathname !== '/api/v1/rpc') {
      this.problems.push(`${url.pathname} is no address of the daemon`);
      return end(404);
    }
    if (request.method !== 'POST') return end(405);
    if (!request.headers['content-type']?.startsWith('application/json')) return end(415);
    this.rpc((await bodyOf(request)).toString('utf8'), request, response);
  }

  private stream(request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    const after = request.headers['last-event-id'];
    this.resumed.push(typeof after === 'string' ? after : undefined);
    const stream = { response, dead: false };
    if (typeof after === 'string' && this.numbered) {
      const known = this.events.findIndex(({ id }) => id === after);
      const newest = `${this.count}` === after;
      const missed = newest ? [] : this.events.slice(known + 1);
      for (const event of missed) response.write(this.line(event));
    }
    this.streams.add(stream);
    response.on('close', () => this.streams.delete(stream));
  }

  private rpc(body: string, request: IncomingMessage, response: ServerResponse): void {
    const parsed = call.safeParse(JSON.parse(body));
    const reply = (value: Json) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ jsonrpc: '2.0', ...value }));
    };
    if (!parsed.success) {
      this.problems.push(`not a call: ${body.slice(0, 100)}`);
      reply({ error: { code: -32600, message: 'invalid', data: null }, id: null });
      return;
    }
    const { id, method, params } = parsed.data;
    try {
      const result = this.answer(method, params);
      if (method === 'send' && this.loseAnswer) {
        this.loseAnswer = false;
        request.socket.destroy();
        return;
      }
      reply({ result, id });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      reply({ error: { code: error.code, message: error.message, data: error.data }, id });
    }
  }

  private answer(method: string, params: Json): unknown {
    if (method === 'listAccounts') {
      if (this.single) throw new Refused(-32601, 'Method not implemented');
      return this.trouble === 'revoked' ? [] : [{ number: ACCOUNT, aci: ME }];
    }
    if (this.trouble === 'revoked' || params.account !== ACCOUNT)
      throw new Refused(-32602, 'Specified account does not exist');
    switch (method) {
      case 'send':
        return this.send(params);
      case 'getUserStatus':
        return [{ recipient: ACCOUNT, number: ACCOUNT, uuid: ME, isRegistered: true }];
      case 'listIdentities':
        return [...this.identities]
          .filter(([uuid]) => params.number === undefined || params.number === uuid)
          .map(([uuid, identity]) => ({ number: null, uuid, ...identity, addedTimestamp: 1 }));
      case 'sendTyping':
        this.typed.push(this.placeOf(z.strictObject({ ...place, account: z.string() }).parse(params)));
        return {};
      case 'getAttachment': {
        const asked = z.strictObject({ ...place, account: z.string(), id: z.string() }).parse(params);
        this.placeOf(asked);
        const bytes = this.files.get(asked.id);
        if (!bytes) throw new Refused(-32603, 'An error occurred reading attachment');
        return { data: bytes.toString('base64') };
      }
      default:
        this.problems.push(`${method} is no call that a bot makes`);
        throw new Refused(-32601, 'Method not implemented');
    }
  }

  private placeOf({
    recipient,
    groupId,
  }: {
    recipient?: string[] | undefined;
    groupId?: string | undefined;
  }): string {
    const [person] = recipient ?? [];
    if (person !== undefined && groupId === undefined) {
      if (!UUID.test(person)) throw new Refused(-1, 'Invalid recipient');
      return person;
    }
    if (groupId === undefined || person !== undefined || !this.groups.has(groupId))
      throw new Refused(-1, 'Invalid group id');
    return groupId;
  }

  private send(params: Json): unknown {
    const parsed = send.safeParse(params);
    if (!parsed.success) {
      this.problems.push(
        `send: ${parsed.error.issues[0]?.path.join('.')} ${parsed.error.issues[0]?.message}`,
      );
      throw new Refused(-32600, 'invalid parameters');
    }
    const asked = parsed.data;
    const where = this.placeOf(asked);
    const timestamp = this.tick();
    const address = { uuid: UUID.test(where) ? where : ME, number: null };
    const failed = (type: string, more: Json = {}) => ({
      response: { timestamp, results: [{ recipientAddress: address, type, ...more }] },
    });
    if (this.trouble === 'rate-limit') {
      this.waitUntil = Date.now() + 500 / this.speed;
      throw new Refused(-5, 'rate limited', failed('RATE_LIMIT_FAILURE', { retryAfterSeconds: 1 }));
    }
    if (Date.now() < this.waitUntil) this.problems.push('sent before the time that it was told to wait for');
    if (this.identities.get(where)?.trustLevel === 'UNTRUSTED')
      throw new Refused(-4, 'Failed to send message due to untrusted identities', failed('IDENTITY_FAILURE'));
    const files = (asked.attachments ?? []).map((uri) => this.fileOf(uri));
    if (asked.message === '' && files.length === 0)
      throw new Refused(-1, 'Sending empty message is not allowed');
    if (Buffer.byteLength(asked.message) > MESSAGE_BYTES)
      this.problems.push('a message of more than 2,000 bytes');
    for (const style of asked.textStyle ?? []) {
      const [start = 0, length = 0] = style.split(':').map(Number);
      if (length < 1 || start + length > asked.message.length)
        this.problems.push(`a style outside the text: ${style}`);
    }
    if (asked.editTimestamp !== undefined) this.change(asked.editTimestamp, where, timestamp, asked);
    else {
      const { quoteTimestamp, quoteAuthor, quoteMessage = '' } = asked;
      if ((quoteTimestamp === undefined) !== (quoteAuthor === undefined)) this.problems.push('half a quote');
      this.sent.push({
        timestamp,
        place: where,
        text: asked.message,
        styles: asked.textStyle ?? [],
        quote:
          quoteTimestamp !== undefined && quoteAuthor
            ? { author: quoteAuthor, timestamp: quoteTimestamp, text: quoteMessage }
            : undefined,
        files,
        edits: 0,
      });
      this.latest.set(timestamp, this.sent.length - 1);
    }
    return { timestamp, results: [{ recipientAddress: address, type: 'SUCCESS' }] };
  }

  /** By the timestamp of its latest state: the place of a message in `sent`. */
  private readonly latest = new Map<number, number>();

  private change(target: number, where: string, timestamp: number, asked: z.output<typeof send>): void {
    const index = this.latest.get(target);
    const message = index === undefined ? undefined : this.sent[index];
    if (!message || message.place !== where || message.edits >= 10) {
      // signal-cli sends it all the same; no client shows it.
      this.problems.push('a change of what cannot be changed');
      return;
    }
    message.text = asked.message;
    message.styles = asked.textStyle ?? [];
    message.edits += 1;
    this.latest.delete(target);
    this.latest.set(timestamp, index ?? 0);
  }

  private fileOf(uri: string): SentMessage['files'][number] {
    const match = /^data:([^;,]+\/[^;,]+);filename=([^;,]+);base64,([A-Za-z0-9+/]+={0,2})$/.exec(uri);
    if (!match) {
      this.problems.push(`not a data URI: ${uri.slice(0, 60)}`);
      throw new Refused(-1, 'Invalid attachment');
    }
    const name = decodeURIComponent((match[2] ?? '').replaceAll('+', ' '));
    return { type: match[1] ?? '', name, bytes: Buffer.from(match[3] ?? '', 'base64') };
  }
}
