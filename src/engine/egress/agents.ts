import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { connect as tlsConnect } from 'node:tls';
import type { Destination } from '../model/egress';
import type { WireOptions } from './http-fetch';
import { openTunnel, type Upstream } from './upstream';

/** The connections of one client, kept open between requests. */
export interface Agents {
  for(destination: Destination): Omit<WireOptions, 'lookup'>;
  /** Those that nobody uses are ended; the others end with their requests. */
  close(): void;
}

/** Milliseconds that an unused connection is kept; shorter than servers keep theirs. */
const KEPT_MS = 4000;

export function agentsFor(upstream: Upstream): Agents {
  const plain = new HttpAgent({ keepAlive: true, timeout: KEPT_MS });
  const secure = new HttpsAgent({ keepAlive: true, timeout: KEPT_MS });
  return {
    for(destination) {
      const proxy = upstream(destination);
      return proxy ? throughTunnel(proxy, destination) : { agent: destination.secure ? secure : plain };
    },
    close() {
      for (const sockets of [...Object.values(plain.freeSockets), ...Object.values(secure.freeSockets)]) {
        for (const socket of sockets ?? []) socket.destroy();
      }
    },
  };
}

/** By a tunnel of the proxy, what is not encrypted too: the proxy need not read it. */
function throughTunnel(proxy: URL, destination: Destination): Omit<WireOptions, 'lookup'> {
  return {
    // With this and no agent, Node asks for a connection each time.
    createConnection(_options, onCreate) {
      openTunnel(proxy, destination).then(
        (socket) =>
          onCreate(null, destination.secure ? tlsConnect({ socket, servername: destination.host }) : socket),
        // Node looks at the error first; there is no socket to hand over.
        (error: Error) => onCreate(error, undefined as never),
      );
      return undefined;
    },
  };
}
