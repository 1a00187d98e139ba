import type { LookupFunction } from 'node:net';
import { EngineError } from './error';

/** Where a connection goes. */
export interface Destination {
  /** Lower case; an IPv6 address without its brackets. */
  readonly host: string;
  readonly port: number;
  /** By TLS. */
  readonly secure: boolean;
}

/** A destination that may be connected to by a library which opens its own socket. */
export interface Admission extends Destination {
  /** To be given to `net.connect`, `https.request` or `ws`: answers only with addresses that were looked at. */
  readonly lookup: LookupFunction;
}

/** The way out for one purpose: its own hosts, and no others. Made by the egress gate. */
export interface EgressClient {
  /**
   * As the global one, but follows redirects only to hosts of this client, and with GET and HEAD only.
   * @throws EgressRefused when a destination is not permitted, TypeError when the network fails.
   */
  readonly fetch: typeof fetch;
  /** For `https:`, `http:`, `wss:` and `ws:` addresses and for host and port. @throws EgressRefused */
  admit(destination: string | URL | Destination): Promise<Admission>;
  /** Nothing goes out through it any more. */
  close(): void;
}

export interface EgressClientOptions {
  /**
   * Of the hosts, those that the person has set themselves: they may have private and loopback addresses. One that
   * is written as an address may be any.
   */
  readonly configured?: readonly string[];
  /** Also without TLS: for what commands do, which is theirs. */
  readonly plaintext?: boolean;
}

/** The one gate to the network. */
export interface EgressPort {
  /**
   * The way out for a purpose, such as `channel:telegram`, to these hosts and no others: `host`, `host:port` or
   * `*.host`. To be closed when it is over. @throws RangeError for a line that is no host.
   */
  client(purpose: string, hosts: readonly string[], options?: EgressClientOptions): EgressClient;
}

/** A connection that was not made, with the reason as a sentence for a person. */
export class EgressRefused extends EngineError {}
