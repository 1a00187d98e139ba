import { randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { type Destination, EgressRefused } from '../model/egress';
import type { RunNetwork } from './backend';

/** Connections at once of one command; more wait in the kernel's queue or fail. */
const MAX_CONNECTIONS = 256;

/** Headers that belong to one hop (RFC 9110, 7.6.1). */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * The way to the network of one command: a proxy for HTTP and for CONNECT that asks the egress gate for each
 * connection. It speaks to the command only, on a socket in a folder of its own or, where there is no namespace to
 * bridge into, on a port of this machine with a password.
 */
export class FilterProxy {
  private readonly server: Server;
  private readonly sockets = new Set<Duplex>();
  private readonly stopped = new AbortController();
  private folder: string | undefined;
  private password: string | undefined;

  private constructor(private readonly network: RunNetwork) {
    this.server = createServer((incoming, response) => void this.forward(incoming, response));
    this.server.maxConnections = MAX_CONNECTIONS;
    this.server.on('connect', (incoming, socket, head) => void this.tunnel(incoming, socket, head));
    this.server.on('upgrade', (_incoming, socket) => socket.destroy());
    this.server.on('connection', (socket) => this.keep(socket));
    this.server.on('clientError', (_error, socket) => socket.destroy());
  }

  /** On a socket that only this user can reach; `path` is short enough for every system. */
  static async onSocket(network: RunNetwork): Promise<FilterProxy & { readonly path: string }> {
    const proxy = new FilterProxy(network);
    proxy.folder = mkdtempSync(join(tmpdir(), 'cowork-net-'));
    chmodSync(proxy.folder, 0o700);
    const path = join(proxy.folder, 'proxy');
    await proxy.listen({ path });
    return Object.assign(proxy, { path });
  }

  /** On a port of this machine; whoever knows `url` may use it. */
  static async onPort(
    network: RunNetwork,
  ): Promise<FilterProxy & { readonly url: string; readonly port: number }> {
    const proxy = new FilterProxy(network);
    proxy.password = randomBytes(18).toString('base64url');
    await proxy.listen({ host: '127.0.0.1', port: 0 });
    const { port } = proxy.server.address() as AddressInfo;
    return Object.assign(proxy, { port, url: `http://cowork:${proxy.password}@127.0.0.1:${port}` });
  }

  /** Ends every connection. */
  close(): void {
    this.stopped.abort();
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    if (this.folder !== undefined) rmSync(this.folder, { recursive: true, force: true });
  }

  private listen(where: { path: string } | { host: string; port: number }): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(where, () => {
        this.server.off('error', reject);
        this.server.unref();
        resolve();
      });
    });
  }

  private keep<S extends Duplex>(socket: S): S {
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    if (this.stopped.signal.aborted) socket.destroy();
    return socket;
  }

  private async tunnel(incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const say = (status: string, text = '') =>
      socket.end(
        `HTTP/1.1 ${status}\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n\r\n${text}`,
      );
    if (!this.isAllowed(incoming)) return void say('407 Proxy Authentication Required');
    const destination = authority(incoming.url ?? '');
    if (!destination) return void say('400 Bad Request');
    try {
      const remote = await this.open(destination);
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      if (head.length > 0) remote.write(head);
      socket.pipe(remote).pipe(socket);
      socket.once('close', () => remote.destroy());
      remote.once('close', () => socket.destroy());
    } catch (error) {
      const { status, text } = failure(error);
      say(status === 403 ? '403 Forbidden' : '502 Bad Gateway', text);
    }
  }

  /** Plain HTTP: the request as it is, less what belongs to this hop, on a connection of its own. */
  private async forward(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const refuse = (status: number, text: string) => {
      response
        .writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' })
        .end(`${text}\n`);
    };
    if (!this.isAllowed(incoming)) return refuse(407, 'The proxy is for one command only.');
    const url = URL.canParse(incoming.url ?? '') ? new URL(incoming.url ?? '') : undefined;
    if (url?.protocol !== 'http:') return refuse(400, 'Only http addresses are forwarded.');
    const port = url.port === '' ? 80 : Number(url.port);
    try {
      const remote = await this.open({ host: url.hostname, port, secure: false });
      const outgoing = request({
        createConnection: () => remote,
        method: incoming.method,
        path: `${url.pathname}${url.search}`,
        headers: { ...endToEnd(incoming), host: url.host, connection: 'close' },
      });
      outgoing.once('response', (answer) => {
        response.writeHead(answer.statusCode ?? 502, { ...endToEnd(answer), connection: 'close' });
        answer.pipe(response);
        answer.once('error', () => response.destroy());
      });
      outgoing.once('error', () =>
        response.headersSent ? response.destroy() : refuse(502, 'The host broke off.'),
      );
      response.once('close', () => remote.destroy());
      incoming.pipe(outgoing);
    } catch (error) {
      const { status, text } = failure(error);
      refuse(status, text);
    }
  }

  private async open(destination: Destination): Promise<Socket> {
    return this.keep(await this.network.connect(destination, this.stopped.signal));
  }

  private isAllowed(incoming: IncomingMessage): boolean {
    if (this.password === undefined) return true;
    const wanted = Buffer.from(`Basic ${Buffer.from(`cowork:${this.password}`).toString('base64')}`);
    const given = Buffer.from(incoming.headers['proxy-authorization'] ?? '');
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  }
}

/** Variables by which programs find the proxy; what is on the command's own machine is not sent to it. */
export function proxyVariables(url: string): Record<string, string> {
  const direct = 'localhost,127.0.0.1,::1';
  return {
    HTTP_PROXY: url,
    HTTPS_PROXY: url,
    http_proxy: url,
    https_proxy: url,
    NO_PROXY: direct,
    no_proxy: direct,
    // Node's own fetch goes by these variables only when told so (https://nodejs.org/api/cli.html).
    NODE_USE_ENV_PROXY: '1',
  };
}

/** Undefined for what is no `host:port`. TLS is what everything but port 80 is taken for. */
function authority(text: string): Destination | undefined {
  const [, host, port] = /^(\[[0-9a-f:.]+\]|[^\s:/@?#[\]]+):(\d{1,5})$/i.exec(text) ?? [];
  if (host === undefined || port === undefined || Number(port) > 65_535) return undefined;
  // Written otherwise, an address is still the same address.
  if (!URL.canParse(`http://${host}/`)) return undefined;
  return { host: new URL(`http://${host}/`).hostname, port: Number(port), secure: port !== '80' };
}

function endToEnd(message: IncomingMessage): Record<string, string | string[]> {
  const named = (message.headers.connection ?? '').toLowerCase().split(/[\s,]+/);
  const kept = Object.entries(message.headers).filter(
    (entry): entry is [string, string | string[]] =>
      entry[1] !== undefined && !HOP_BY_HOP.has(entry[0]) && !named.includes(entry[0]),
  );
  return Object.fromEntries(kept);
}

function failure(error: unknown): { status: 403 | 502; text: string } {
  if (error instanceof EgressRefused) return { status: 403, text: error.message };
  const { code } = error as NodeJS.ErrnoException;
  return { status: 502, text: `The host could not be reached${code === undefined ? '' : ` (${code})`}.` };
}
