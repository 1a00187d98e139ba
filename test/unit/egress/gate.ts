import type { LookupAddress } from 'node:dns';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Egress, type EgressPorts } from '../../../src/engine/egress/egress';
import type { NewRecord, RecordSink } from '../../../src/engine/model/record';

/** Real peers on loopback, and names that lead where the test says. */
export class TestGate {
  readonly records: NewRecord[] = [];
  readonly names = new Map<string, readonly string[]>();
  /** How often each name was resolved. */
  readonly resolved: string[] = [];
  readonly egress: Egress;
  private readonly servers: Server[] = [];

  constructor(ports: Partial<EgressPorts> = {}) {
    const append = async (record: NewRecord) => {
      this.records.push(record);
      return { ...record, seq: this.records.length, at: 0, prev: '', hash: '' };
    };
    this.egress = new Egress({
      records: { append: append as RecordSink['append'] },
      isKnown: () => false,
      upstream: () => undefined,
      hostProxies: false,
      resolve: async (host) => this.resolve(host),
      ...ports,
    });
  }

  /** A web server; the result is its port. */
  async serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<number> {
    const server = createServer(answer);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    this.servers.push(server);
    return (server.address() as AddressInfo).port;
  }

  close(): void {
    for (const server of this.servers) {
      server.close();
      server.closeAllConnections();
    }
  }

  private resolve(host: string): readonly LookupAddress[] {
    this.resolved.push(host);
    const found = this.names.get(host);
    if (!found) throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' });
    return found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  }
}
