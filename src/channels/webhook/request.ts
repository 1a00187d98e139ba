import type { IncomingMessage } from 'node:http';
import type { WebhookOptions, WebhookRequest } from '../webhook-contract';
import type { WebhookLimits } from './limits';

/** Why a request is not even handed to its channel. `reason` is for the access log alone. */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly status: number,
    readonly reason: string,
  ) {
    super(reason);
  }
}

/** Checks all that can be checked before the body is read. @throws Refusal */
export function screenHead(request: IncomingMessage, options: WebhookOptions, limits: WebhookLimits): void {
  const method = options.methods.find((one) => one === request.method);
  if (!method) throw new Refusal(405, 'method');
  if (request.rawHeaders.length / 2 > limits.headerCount) throw new Refusal(431, 'too many headers');
  const names = new Set<string>();
  for (let at = 0; at < request.rawHeaders.length; at += 2) {
    const name = (request.rawHeaders[at] ?? '').toLowerCase();
    if (names.has(name)) throw new Refusal(400, 'duplicated header');
    names.add(name);
  }
  // What is signed is the body as it was sent; and a small compressed body can be a large one.
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') throw new Refusal(415, 'compressed body');
  if (method !== 'POST') return;
  if (request.headers['transfer-encoding'] !== undefined) throw new Refusal(411, 'no length');
  const length = request.headers['content-length'];
  if (length === undefined || !/^\d{1,12}$/.test(length)) throw new Refusal(411, 'no length');
  if (Number(length) > limits.body) throw new Refusal(413, 'body too large');
  const [type = ''] = (request.headers['content-type'] ?? '').split(';');
  if (!options.contentTypes.includes(type.trim().toLowerCase())) throw new Refusal(415, 'content type');
}

/** Reads the body, whose length has been announced. @throws Refusal */
export async function readBody(request: IncomingMessage, limits: WebhookLimits): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of request) {
      const bytes: Buffer = part;
      size += bytes.length;
      if (size > limits.body) throw new Refusal(413, 'body too large');
      parts.push(bytes);
    }
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(400, 'incomplete');
  }
  return Buffer.concat(parts);
}

export function webhookRequest(
  request: IncomingMessage,
  query: URLSearchParams,
  body: Uint8Array,
  receivedAt: number,
  firstTime: WebhookRequest['firstTime'],
): WebhookRequest {
  const headers: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(request.headers)) {
    if (typeof value === 'string') headers[name] = value;
  }
  const method = request.method === 'GET' ? 'GET' : 'POST';
  return { method, query, headers, body, receivedAt, firstTime };
}
