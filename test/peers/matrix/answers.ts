import type { ServerResponse } from 'node:http';
import type { Json } from './world';

/** One login of somebody. */
export interface Session {
  readonly user: string;
  readonly device: string;
}

/** https://spec.matrix.org/v1.11/client-server-api/#standard-error-response */
export class Refusal extends Error {
  readonly body: Json;

  constructor(
    readonly status: number,
    errcode: string,
    error: string,
    more: Json = {},
  ) {
    super(error);
    this.body = { errcode, error, ...more };
  }
}

/** The body of a request, which must be an object. @throws Refusal */
export function jsonOf(body: Buffer, type: string | undefined): Json {
  if (!type?.includes('application/json')) throw new Refusal(400, 'M_NOT_JSON', 'Content not JSON.');
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  } catch {
    throw new Refusal(400, 'M_NOT_JSON', 'Content not JSON.');
  }
  throw new Refusal(400, 'M_BAD_JSON', 'Content must be a JSON object.');
}

/** Where a token of ours points. @throws Refusal */
export function positionOf(token: string | null): number {
  const position = Number(/^[st](\d+)$/.exec(token ?? '')?.[1] ?? Number.NaN);
  if (Number.isNaN(position)) throw new Refusal(400, 'M_INVALID_PARAM', 'Invalid stream token');
  return position;
}

export function reply(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}
