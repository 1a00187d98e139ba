import {
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import { pipeline, Readable, type Transform } from 'node:stream';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';

/** Milliseconds without a byte in either direction after which a connection is given up; that of Node's own fetch. */
const IDLE_MS = 300_000;

/** A request as `fetch` takes it, reduced to what goes over the wire. */
export interface WireRequest {
  readonly method: string;
  readonly headers: Headers;
  readonly body: Uint8Array | NodeReadableStream | undefined;
  readonly signal: AbortSignal | undefined;
}

/** How the connection is made: its lookup, its agent. */
export type WireOptions = Pick<RequestOptions, 'lookup' | 'agent' | 'createConnection'>;

/**
 * One request over `node:http` or `node:https`, no redirects. By these and not by the global `fetch`, because only
 * they take a `lookup`: the address that was looked at is the one that is connected to. VS Code leads both through
 * the proxy that the person has set.
 * @throws TypeError `fetch failed` with its cause, as the global one; what `lookup` throws as it is.
 */
export function httpFetch(url: URL, wire: WireRequest, options: WireOptions): Promise<Response> {
  return new Promise((resolve, reject) => {
    const { signal } = wire;
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, {
      ...options,
      method: wire.method,
      headers: wireHeaders(wire),
    });
    let answered: IncomingMessage | undefined;
    const abort = () => {
      const reason = signal?.reason instanceof Error ? signal.reason : new Error('aborted');
      (answered ?? request).destroy(reason);
      request.destroy(reason);
      reject(signal?.reason);
    };
    signal?.addEventListener('abort', abort, { once: true });
    const done = () => signal?.removeEventListener('abort', abort);
    request.setTimeout(IDLE_MS, () => request.destroy(new Error(`${url.host} does not answer`)));
    request.once('response', (response) => {
      answered = response;
      response.once('close', done);
      try {
        resolve(toResponse(url, wire.method, response));
      } catch (error) {
        response.destroy();
        reject(new TypeError('fetch failed', { cause: error }));
      }
    });
    // An upgrade was not asked for: nobody would read the socket.
    request.once('upgrade', (_response, socket) => {
      socket.destroy();
      reject(new TypeError('fetch failed', { cause: new Error(`${url.host} changed the protocol`) }));
    });
    request.on('error', (error) => {
      done();
      reject(isOurs(error) ? error : new TypeError('fetch failed', { cause: error }));
    });
    send(request, wire.body);
  });
}

/** What the gate itself throws passes through Node as it is. */
function isOurs(error: Error): boolean {
  return error.name === 'EngineError';
}

function wireHeaders({ headers, body }: WireRequest): Record<string, string> {
  const all: Record<string, string> = {};
  for (const [name, value] of headers) all[name] = name in all ? `${all[name]}, ${value}` : value;
  all.accept ??= '*/*';
  all['accept-encoding'] ??= 'gzip, deflate, br';
  all['user-agent'] ??= 'cowork-os';
  if (body instanceof Uint8Array) all['content-length'] = String(body.length);
  return all;
}

function send(request: ClientRequest, body: WireRequest['body']): void {
  if (body === undefined || body instanceof Uint8Array) {
    request.end(body);
    return;
  }
  pipeline(Readable.fromWeb(body), request, (error) => {
    if (error) request.destroy(error);
  });
}

function toResponse(url: URL, method: string, message: IncomingMessage): Response {
  const headers = new Headers();
  for (let at = 0; at + 1 < message.rawHeaders.length; at += 2) {
    headers.append(message.rawHeaders[at] ?? '', message.rawHeaders[at + 1] ?? '');
  }
  const status = message.statusCode ?? 0;
  const empty = method === 'HEAD' || [101, 204, 205, 304].includes(status);
  if (empty) message.resume();
  const body = empty ? null : (Readable.toWeb(decoded(message)) as ReadableStream<Uint8Array>);
  const response = new Response(body, { status, statusText: message.statusMessage ?? '', headers });
  Object.defineProperty(response, 'url', { value: url.href });
  return response;
}

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

function decoded(message: IncomingMessage): Readable {
  const coding = message.headers['content-encoding']?.trim().toLowerCase() ?? '';
  const decoder = Object.hasOwn(DECODERS, coding) ? DECODERS[coding] : undefined;
  if (!decoder) return message;
  // An error of either end is told by the stream that is read.
  return pipeline(message, decoder(), () => {});
}
