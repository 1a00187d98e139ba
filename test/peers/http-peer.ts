import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

/** The ways in which a platform's API can fail. */
export type PeerTrouble = 'down' | 'error' | 'rate-limit' | 'revoked';

/** What all platforms that are played over HTTP have in common: a server on this machine that can be away. */
export abstract class HttpPeer<Trouble extends PeerTrouble = PeerTrouble> {
  /** What a client did against the rules. */
  readonly problems: string[] = [];
  /** Connections and calls, those that were refused too. */
  requests = 0;
  /** How many times faster than the machine's its time passes. */
  speed = 1;
  trouble: Trouble | undefined;
  private server: Server | undefined;
  private port = 0;

  protected abstract serve(request: IncomingMessage, response: ServerResponse): Promise<unknown>;

  /** Takes a connection that is to become another protocol's, where the platform has such. */
  protected upgrade?(request: IncomingMessage, stream: Duplex, head: Buffer): void;

  get url(): string {
    return `http://${this.host}`;
  }

  /** Name and port. */
  protected get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  protected get isRunning(): boolean {
    return this.server !== undefined;
  }

  /** On the same port as before when it ran before. */
  async start(): Promise<void> {
    const server = createServer((request, response) => void this.serve(request, response));
    server.on('connection', (socket) => {
      if (this.trouble !== 'down') return;
      this.requests += 1;
      socket.destroy();
    });
    if (this.upgrade)
      server.on('upgrade', (request, stream, head) => {
        this.requests += 1;
        this.upgrade?.(request, stream, head);
      });
    this.server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, '127.0.0.1', resolve);
    });
    this.port = (server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    if (!server) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  /** Cuts every connection; new ones are taken. */
  cut(): void {
    this.server?.closeAllConnections();
  }
}

/** All that a request brings with it. */
export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
