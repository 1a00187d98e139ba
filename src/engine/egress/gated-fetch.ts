import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import { type Admission, type Destination, EgressRefused } from '../model/egress';
import { destinationOf } from './destination';
import { httpFetch, type WireOptions, type WireRequest } from './http-fetch';

export interface FetchGate {
  /** @throws EgressRefused */
  admit(url: URL): Promise<Admission>;
  /** How connections to it are made, when Node's own way will not do. */
  wiring(destination: Destination): Omit<WireOptions, 'lookup'>;
}

/** Browsers give up after 20; a service that needs more than these is not one of ours. */
const MAX_REDIRECTS = 5;

/** What is not sent on to another origin. */
const CREDENTIALS = ['authorization', 'cookie', 'proxy-authorization'];

/** `fetch` whose every hop passes the gate. */
export function gatedFetch(gate: FetchGate): typeof fetch {
  return async (input, init) => {
    // Before `Request`, which has errors of its own for addresses that it does not like.
    destinationOf(input instanceof Request ? input.url : input);
    const request = new Request(input, init);
    const streamed = isStream(init?.body) ? (request.body as NodeReadableStream | null) : null;
    let wire: WireRequest = {
      method: request.method,
      headers: request.headers,
      body: streamed ?? (request.body === null ? undefined : new Uint8Array(await request.arrayBuffer())),
      signal: init?.signal ?? (input instanceof Request ? input.signal : undefined),
    };
    let url = new URL(request.url);
    for (let hops = 0; ; hops++) {
      const admission = await gate.admit(url);
      const response = await httpFetch(url, wire, { lookup: admission.lookup, ...gate.wiring(admission) });
      const location = isRedirect(response.status) ? response.headers.get('location') : null;
      if (location === null || request.redirect === 'manual') return response;
      await response.body?.cancel();
      const next = new URL(location, url);
      if (request.redirect === 'error' || (wire.method !== 'GET' && wire.method !== 'HEAD')) {
        throw new EgressRefused(`${url.host} leads on to ${next.host}, where this request is not sent.`);
      }
      if (hops >= MAX_REDIRECTS) throw new EgressRefused(`${url.host} leads on and on.`);
      if (next.origin !== url.origin) wire = withoutCredentials(wire);
      url = next;
    }
  };
}

function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

function isStream(body: unknown): boolean {
  return (
    body instanceof ReadableStream ||
    (typeof body === 'object' && body !== null && Symbol.asyncIterator in body)
  );
}

function withoutCredentials(wire: WireRequest): WireRequest {
  const headers = new Headers(wire.headers);
  for (const name of CREDENTIALS) headers.delete(name);
  return { ...wire, headers };
}
