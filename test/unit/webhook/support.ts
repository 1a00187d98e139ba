import { createHmac } from 'node:crypto';
import { connect } from 'node:net';
import type { WebhookLimits } from '../../../src/channels/webhook/limits';
import { WebhookServer, type WebhookSettings } from '../../../src/channels/webhook/server';
import type { WebhookAnswer, WebhookHandler, WebhookOptions } from '../../../src/channels/webhook-contract';
import { systemClock } from '../../../src/engine/model/ports';
import { MemoryJournal } from '../../helpers/memory-journal';
import { MemorySecrets } from '../../helpers/memory-secrets';
import { collectingLogger } from '../channels/support';

export const JSON_POST: WebhookOptions = { methods: ['POST'], contentTypes: ['application/json'] };
export const SECRET = 'the secret of the platform';

export function sign(body: string | Uint8Array): string {
  return createHmac('sha256', SECRET).update(body).digest('hex');
}

/** A channel as they all are: verifies a signature over the body, then takes it. */
export function signedHandler(taken: string[]): WebhookHandler {
  return async ({ headers, body, firstTime }): Promise<WebhookAnswer> => {
    if (headers['x-signature'] !== sign(body)) return { status: 401, reason: 'signature' };
    if (!firstTime(headers['x-signature'], 600_000)) return { status: 200, reason: 'replay' };
    taken.push(Buffer.from(body).toString('utf8'));
    return { status: 200, reason: 'accepted' };
  };
}

export class Bench {
  readonly journal = new MemoryJournal(systemClock);
  readonly secrets = new MemorySecrets();
  readonly logged: string[] = [];
  settings: WebhookSettings = { port: 0, publicUrl: '', sourceHeader: '' };
  forwarded: string | undefined;
  readonly servers: WebhookServer[] = [];

  server(limits: Partial<WebhookLimits> = {}): WebhookServer {
    const server = new WebhookServer({
      secrets: this.secrets,
      records: this.journal,
      clock: systemClock,
      log: collectingLogger(this.logged),
      settings: () => this.settings,
      forward: async () => this.forwarded,
      acceptedKeys: async (channel) =>
        this.journal
          .ofType('webhook.request')
          .flatMap(({ data }) => (data.channel === channel ? (data.replayKeys ?? []) : [])),
      limits,
    });
    this.servers.push(server);
    return server;
  }

  /** Reasons of refused requests with their numbers. */
  refused(): Record<string, number> {
    const sums: Record<string, number> = {};
    for (const { data } of this.journal.ofType('webhook.request'))
      if (data.outcome === 'refused') sums[data.reason] = (sums[data.reason] ?? 0) + data.count;
    return sums;
  }

  async close(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.close()));
  }
}

/** Sends bytes as they are and reads until the server closes. */
export function raw(url: string, bytes: string | Buffer, keepOpen = false): Promise<string> {
  const { port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), '127.0.0.1', () => {
      if (keepOpen) socket.write(bytes);
      else socket.end(bytes);
    });
    let answer = '';
    socket.on('data', (part) => {
      answer += part.toString('latin1');
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNRESET' || error.code === 'EPIPE' ? resolve(answer) : reject(error),
    );
  });
}

export function post(url: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', 'x-signature': sign(body), ...headers },
  });
}
