import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ChannelError } from '../../src/channels/contract';
import type { OpenWebhook, WebhookHandler, WebhookOptions } from '../../src/channels/webhook-contract';

/**
 * A door on this machine for the platforms that call us: what the webhook server promises to channels, and none of
 * its defences. It outlives the gateway, as the server's memory of replays outlives a restart.
 */
export class TestDoor {
  /** Of each request, why it was taken or not. */
  readonly reasons: string[] = [];
  private readonly seen = new Set<string>();
  private open: { options: WebhookOptions; handler: WebhookHandler; path: string } | undefined;
  private server: Server | undefined;
  private readonly after = new Set<Promise<void>>();

  constructor(private readonly opened: (url: string) => void) {}

  async webhook(options: WebhookOptions, handler: WebhookHandler): Promise<OpenWebhook> {
    if (this.open) throw new ChannelError('fatal', 'The channel has a door already.');
    const server = this.server ?? (await listen((request, response) => this.serve(request, response)));
    this.server = server;
    const own = { options, handler, path: `/hook/${randomUUID()}` };
    this.open = own;
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${own.path}`;
    this.opened(url);
    return {
      url,
      isPublic: true,
      firstTime: async (key) => {
        const first = !this.seen.has(key);
        this.seen.add(key);
        return first;
      },
      close: async () => {
        if (this.open === own) this.open = undefined;
      },
    };
  }

  get isOpen(): boolean {
    return this.open !== undefined;
  }

  async stop(): Promise<void> {
    this.open = undefined;
    await Promise.allSettled(this.after);
    const { server } = this;
    this.server = undefined;
    if (!server) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const url = new URL(request.url ?? '/', 'http://door');
    const { open } = this;
    const method = request.method === 'GET' || request.method === 'POST' ? request.method : undefined;
    const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
    const known = open && method && url.pathname === open.path && open.options.methods.includes(method);
    if (!known || (method === 'POST' && !open.options.contentTypes.includes(type))) {
      response.writeHead(404).end();
      return;
    }
    try {
      const answer = await open.handler({
        method,
        query: url.searchParams,
        headers: Object.fromEntries(
          Object.entries(request.headers).flatMap(([name, value]) =>
            typeof value === 'string' ? [[name, value]] : [],
          ),
        ),
        body: Buffer.concat(parts),
        receivedAt: Date.now(),
      });
      this.reasons.push(answer.reason);
      response.writeHead(answer.status, { 'content-type': answer.contentType ?? 'text/plain' });
      response.end(answer.body ?? '');
      const after = answer.after?.().catch(() => undefined);
      if (after) {
        this.after.add(after);
        void after.finally(() => this.after.delete(after));
      }
    } catch {
      this.reasons.push('failed');
      response.writeHead(500).end();
    }
  }
}

function listen(
  serve: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<Server> {
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(server));
  });
}
