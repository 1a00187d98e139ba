import { createHash, randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock, Logger, SecretStore } from '../../engine/model/ports';
import type { RecordSink } from '../../engine/model/record';
import { ChannelError } from '../contract';
import { Buckets } from '../gateway/buckets';
import type {
  OpenWebhook,
  WebhookAnswer,
  WebhookHandler,
  WebhookOptions,
  WebhookRequest,
} from '../webhook-contract';
import { AccessLog } from './access-log';
import { DEFAULT_LIMITS, type WebhookLimits } from './limits';
import { type ReplayClaim, Replays } from './replays';
import { Refusal, readBody, screenHead, webhookRequest } from './request';

/** What the owner set for the server. */
export interface WebhookSettings {
  /** 0 for any free one. */
  readonly port: number;
  /** Where the outside reaches this server, without a slash at the end; empty when VS Code forwards the port. */
  readonly publicUrl: string;
  /** The header in which the owner's own reverse proxy names the caller; empty when there is none. */
  readonly sourceHeader: string;
}

export interface WebhookServerDeps {
  readonly secrets: SecretStore;
  readonly records: RecordSink;
  readonly clock: Clock;
  readonly log: Logger;
  settings(): WebhookSettings;
  /** The address under which the outside reaches a port of this machine, when the editor can forward it. */
  forward(port: number): Promise<string | undefined>;
  /** Hashes of the keys that a channel accepted in the last `forMs`. */
  acceptedKeys(channel: string, forMs: number): Promise<readonly string[]>;
  readonly limits?: Partial<WebhookLimits>;
}

/** What came of asking for a page of ours at the public address. */
export type Reach =
  /** There is no public address. */
  | { readonly kind: 'local' }
  | { readonly kind: 'reached'; readonly host: string }
  /** Somebody else answers there. */
  | { readonly kind: 'elsewhere'; readonly host: string; readonly status: number }
  | { readonly kind: 'unreachable'; readonly host: string; readonly why: string };

interface Door {
  readonly channel: string;
  readonly options: WebhookOptions;
  readonly handler: WebhookHandler;
  readonly replays: Replays;
}

/** The kept name of a channel's path, beside its other secrets. */
export const PATH_SECRET = 'webhook-path';
/** Bytes of a channel's path: it cannot be guessed. */
const PATH_BYTES = 32;
/** Platforms deliver again for at most so long: a day, and some reserve. Milliseconds. */
const REMEMBERED_MS = 26 * 3_600_000;

/**
 * One server on this machine's loopback address for all channels that are called. It listens while a channel has a
 * door in it, knows nothing of platforms, and tells a caller nothing but a status.
 */
export class WebhookServer {
  private readonly limits: WebhookLimits;
  private readonly doors = new Map<string, Door>();
  /** What is answered at paths that stand only while the reach is checked, by the hash of the path. */
  private readonly pages = new Map<string, string>();
  private readonly accessLog: AccessLog;
  private readonly refusals: Buckets;
  /** Connections on which a request was refused: they are closed. */
  private readonly spoilt = new WeakSet<object>();
  private server: Promise<Server> | undefined;

  constructor(private readonly deps: WebhookServerDeps) {
    this.limits = { ...DEFAULT_LIMITS, ...deps.limits };
    this.refusals = new Buckets(this.limits.refusals);
    this.accessLog = new AccessLog(deps.records, deps.clock, (error) =>
      deps.log.error(`Requests to the webhook server could not be recorded: ${String(error)}`),
    );
  }

  /** @throws ChannelError when the port is taken, or the channel has a door already. */
  async open(channel: string, options: WebhookOptions, handler: WebhookHandler): Promise<OpenWebhook> {
    if (this.isOpen(channel))
      throw new ChannelError('temporary', 'The door for its webhooks is still closing.');
    const path = await this.pathOf(channel);
    const replays = new Replays(this.deps.clock);
    const until = this.deps.clock.now() + REMEMBERED_MS;
    for (const hash of await this.deps.acceptedKeys(channel, REMEMBERED_MS)) replays.learn(hash, until);
    const key = digest(path);
    this.doors.set(key, { channel, options, handler, replays });
    try {
      const reach = await this.reach(path);
      return {
        ...reach,
        close: () => this.closeDoor(key),
      };
    } catch (error) {
      await this.closeDoor(key);
      throw error;
    }
  }

  /** The address of a channel's door, as a platform must be told; undefined while it has none. */
  async addressOf(channel: string): Promise<{ url: string; isPublic: boolean } | undefined> {
    return this.isOpen(channel) ? this.reach(await this.pathOf(channel)) : undefined;
  }

  isOpen(channel: string): boolean {
    return [...this.doors.values()].some((door) => door.channel === channel);
  }

  /**
   * Whether the public address leads to this server: asks for a page there that only this server can answer.
   * `get` is the gate to the network.
   */
  async checkReach(channel: string, get: (url: URL) => Promise<Response>): Promise<Reach> {
    const address = await this.addressOf(channel);
    if (!address?.isPublic) return { kind: 'local' };
    const { host } = new URL(address.url);
    const [path, page] = [0, 0].map(() => randomBytes(PATH_BYTES).toString('base64url')) as [string, string];
    this.pages.set(digest(path), page);
    try {
      const response = await get(new URL(address.url.replace(/[^/]*$/, path)));
      const text = (await response.text()).slice(0, 1_000);
      if (response.ok && text === page) return { kind: 'reached', host };
      return { kind: 'elsewhere', host, status: response.status };
    } catch (error) {
      return { kind: 'unreachable', host, why: describe(error) };
    } finally {
      this.pages.delete(digest(path));
    }
  }

  /** A new path for a channel: whoever knew the old one finds nothing there from now on. */
  async renewPath(channel: string): Promise<void> {
    const old = digest(await this.pathOf(channel));
    const path = randomBytes(PATH_BYTES).toString('base64url');
    await this.deps.secrets.set(`${channel}/${PATH_SECRET}`, path);
    const door = this.doors.get(old);
    this.doors.delete(old);
    if (door) this.doors.set(digest(path), door);
  }

  async close(): Promise<void> {
    this.doors.clear();
    await this.stopListening();
    this.accessLog.dispose();
    await this.accessLog.flush();
  }

  private async closeDoor(key: string): Promise<void> {
    this.doors.delete(key);
    if (this.doors.size === 0) await this.stopListening();
  }

  private async pathOf(channel: string): Promise<string> {
    const name = `${channel}/${PATH_SECRET}`;
    const kept = await this.deps.secrets.get(name);
    if (kept !== undefined) return kept;
    const path = randomBytes(PATH_BYTES).toString('base64url');
    await this.deps.secrets.set(name, path);
    return path;
  }

  private async reach(path: string): Promise<{ url: string; isPublic: boolean }> {
    this.server ??= this.listen().catch((error: unknown) => {
      this.server = undefined;
      throw error;
    });
    const { port } = (await this.server).address() as AddressInfo;
    const own = this.deps.settings().publicUrl;
    const base = own || (await this.deps.forward(port));
    if (base) return { url: `${base.replace(/\/+$/, '')}/${path}`, isPublic: true };
    return { url: `http://127.0.0.1:${port}/${path}`, isPublic: false };
  }

  private listen(): Promise<Server> {
    const { limits } = this;
    const server = createServer(
      {
        maxHeaderSize: limits.headers,
        headersTimeout: limits.headersWithin,
        requestTimeout: limits.requestWithin,
        keepAliveTimeout: limits.idle,
        connectionsCheckingInterval: 1_000,
        requireHostHeader: true,
      },
      (request, response) => void this.serve(request, response),
    );
    server.maxConnections = limits.connections;
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      // What follows a request that was refused is not looked at; it is no second one.
      if (error.code !== 'ECONNRESET' && !this.spoilt.has(socket))
        this.refused('', { method: '' }, new Refusal(400, 'not understood'), '');
      if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
      else socket.destroy();
    });
    const { port } = this.deps.settings();
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        const why =
          error.code === 'EADDRINUSE'
            ? `The port ${port} for webhooks is in use by another program or window. Set another one under “cowork.webhook.port”, or 0 for any free one.`
            : `The server for webhooks could not be started (${error.code ?? error.message}).`;
        reject(new ChannelError('fatal', why));
      });
      // Law 4: never on another address. The outside comes through a forwarded port or the owner's own proxy.
      server.listen(port, '127.0.0.1', () => resolve(server));
    });
  }

  private async stopListening(): Promise<void> {
    const server = await this.server?.catch(() => undefined);
    this.server = undefined;
    if (!server) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeAllConnections();
    await closed;
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const source = this.sourceOf(request);
    let door: Door | undefined;
    let after: WebhookAnswer['after'];
    try {
      const { path, query } = splitTarget(request.url ?? '');
      const key = digest(path);
      const page = this.pages.get(key);
      if (page !== undefined) return send(response, 200, page);
      door = this.doors.get(key);
      if (source && !this.refusals.has(source, this.deps.clock.now()))
        throw new Refusal(429, 'too many refusals');
      if (!door) throw new Refusal(404, 'no such path');
      screenHead(request, door.options, this.limits);
      const body = await readBody(request, this.limits);
      const claim = door.replays.begin(door.channel);
      const now = this.deps.clock.now();
      const asked = webhookRequest(request, query, body, now, (key, forMs) => claim.firstTime(key, forMs));
      const answer = await this.ask(door, asked, claim);
      await this.settle(door, request, answer, claim, source);
      send(response, answer.status, answer.body, answer.contentType);
      after = answer.after;
    } catch (error) {
      const refusal = error instanceof Refusal ? error : new Refusal(500, 'failed');
      if (!(error instanceof Refusal))
        this.deps.log.error(`A webhook of ${door?.channel}: ${describe(error)}`);
      this.spoilt.add(request.socket);
      this.refused(door?.channel ?? '', request, refusal, source);
      send(response, refusal.status);
      // What is left of the body is not read.
      if (!request.complete) request.destroy();
    }
    await after?.().catch((error: unknown) =>
      this.deps.log.error(`A webhook of ${door?.channel}, after its answer: ${describe(error)}`),
    );
  }

  /** Puts the outcome on the record. What was accepted is not answered before that is durable. */
  private async settle(
    { channel }: Door,
    request: IncomingMessage,
    { status, reason }: WebhookAnswer,
    claim: ReplayClaim,
    source: string,
  ): Promise<void> {
    if (status >= 400) {
      claim.release();
      this.refused(channel, request, new Refusal(status, reason), source);
      return;
    }
    const hashes = claim.hashes();
    try {
      await this.accessLog.accepted({
        channel,
        method: request.method ?? '',
        status,
        reason,
        source,
        ...(hashes.length > 0 ? { replayKeys: [...hashes] } : {}),
      });
    } catch (error) {
      claim.release();
      throw error;
    }
    claim.accept();
  }

  private async ask(door: Door, request: WebhookRequest, claim: ReplayClaim): Promise<WebhookAnswer> {
    const { clock } = this.deps;
    const working = door.handler(request);
    const late = new Promise<never>((_, reject) => {
      const timer = clock.after(this.limits.answerWithin, () => reject(new Refusal(503, 'busy')));
      working.finally(() => timer.dispose()).catch(() => {});
    });
    try {
      return await Promise.race([working, late]);
    } catch (error) {
      claim.release();
      throw error;
    }
  }

  private refused(channel: string, { method }: { method?: string }, refusal: Refusal, source: string): void {
    if (source) this.refusals.take(source, this.deps.clock.now());
    this.accessLog.refused({
      channel,
      method: (method ?? '').slice(0, 10),
      status: refusal.status,
      reason: refusal.reason,
      source,
    });
  }

  /** Everybody comes from this machine: a tunnel or a proxy is in between. Its word counts only when it is named. */
  private sourceOf(request: IncomingMessage): string {
    const name = this.deps.settings().sourceHeader.toLowerCase();
    const value = name ? request.headers[name] : undefined;
    const told = typeof value === 'string' ? value.split(',').at(-1)?.trim() : undefined;
    return told && /^[0-9a-f.:]{2,45}$/i.test(told) ? told : '';
  }
}

function splitTarget(target: string): { path: string; query: URLSearchParams } {
  const [before = '', ...rest] = target.split('?');
  return { path: before.replace(/^\//, ''), query: new URLSearchParams(rest.join('?')) };
}

/** Doors are found by the hash of their path, so that the time it takes tells nothing about the path. */
function digest(path: string): string {
  return createHash('sha256').update(path).digest('base64url');
}

function send(response: ServerResponse, status: number, body = '', contentType = 'text/plain'): void {
  if (response.headersSent || response.destroyed) return;
  response.sendDate = false;
  response.writeHead(status, {
    ...(body === '' ? {} : { 'content-type': contentType }),
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    ...(status >= 400 ? { connection: 'close' } : {}),
  });
  response.end(body);
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
