import type { LookupAddress } from 'node:dns';
import { lookup as dnsLookup } from 'node:dns/promises';
import { connect, type LookupFunction, type Socket } from 'node:net';
import {
  type Admission,
  type Destination,
  type EgressClient,
  type EgressClientOptions,
  type EgressPort,
  EgressRefused,
} from '../model/egress';
import { ENGINE, type RecordSink } from '../model/record';
import { type AddressKind, addressKind, isAddress } from './address';
import { type Agents, agentsFor } from './agents';
import {
  destinationKey,
  destinationOf,
  findPattern,
  type HostPattern,
  parseHostPattern,
  shownDestination,
} from './destination';
import { gatedFetch } from './gated-fetch';
import { openTunnel, type Upstream } from './upstream';

export interface EgressPorts {
  readonly records: RecordSink;
  /** Whether a destination, by `destinationKey`, is on record already. */
  readonly isKnown: (key: string) => boolean;
  /** The proxy for connections that are opened here. */
  readonly upstream: Upstream;
  /** `node:http` goes through the person's proxy by itself: in VS Code, which patches it. */
  readonly hostProxies: boolean;
  /** All addresses of a name; the system's resolver unless a test has another. */
  readonly resolve?: (host: string) => Promise<readonly LookupAddress[]>;
}

/** What may be reached now, and what for: for the Checklist. */
export interface OpenPurpose {
  readonly purpose: string;
  readonly hosts: readonly string[];
}

/** A client that also opens plain connections: for the proxy in front of commands. */
export interface SocketClient extends EgressClient {
  /** As they were listed. */
  readonly hosts: readonly string[];
  /** A connection to an address that was looked at. @throws EgressRefused, or Error when the network fails. */
  connect(destination: Destination, signal: AbortSignal): Promise<Socket>;
}

/** Longest name of the DNS (RFC 1035). */
const LONGEST_HOST = 253;
/** Refusals that are remembered, so that each is recorded once. */
const REFUSALS_KEPT = 1000;

/**
 * The one gate to the network (FAQ-1). Whatever goes out belongs to a purpose with a list of hosts; everything else
 * is refused. TLS is required except to this machine. Each destination is recorded before it is first contacted.
 */
export class Egress implements EgressPort {
  private readonly open = new Set<Client>();
  private readonly recording = new Map<string, Promise<unknown>>();
  private readonly refusals = new Set<string>();

  constructor(private readonly ports: EgressPorts) {}

  client(purpose: string, hosts: readonly string[], options: EgressClientOptions = {}): SocketClient {
    const client = new Client(purpose, hosts, options, this.ports, {
      admit: (destination) => this.admitted(purpose, destination),
      refuse: (at, reason) => this.refuse(purpose, at, reason),
      closed: () => this.open.delete(client),
    });
    this.open.add(client);
    return client;
  }

  /** Everything that may be reached now. */
  destinations(): readonly OpenPurpose[] {
    return [...this.open].map(({ purpose, hosts }) => ({ purpose, hosts }));
  }

  /** Law 3: durable before the first byte. */
  private async admitted(purpose: string, { host, port, secure }: Destination): Promise<void> {
    const key = destinationKey(purpose, { host, port });
    if (this.ports.isKnown(key)) return;
    let pending = this.recording.get(key);
    if (!pending) {
      pending = this.ports.records
        .append({
          type: 'egress.destination',
          actor: ENGINE,
          subject: '',
          data: { purpose, host, port, secure },
        })
        .finally(() => this.recording.delete(key));
      this.recording.set(key, pending);
    }
    await pending;
  }

  private async refuse(purpose: string, { host, port }: Destination, reason: string): Promise<never> {
    const key = `${destinationKey(purpose, { host, port })} ${reason}`;
    if (!this.refusals.has(key) && this.refusals.size < REFUSALS_KEPT) {
      this.refusals.add(key);
      const data = { purpose, host: host.slice(0, LONGEST_HOST), port, reason };
      await this.ports.records.append({ type: 'egress.refused', actor: ENGINE, subject: '', data });
    }
    throw new EgressRefused(`A connection to “${shownDestination({ host, port })}” was refused: ${reason}.`);
  }
}

interface Gate {
  admit(destination: Destination): Promise<void>;
  refuse(destination: Destination, reason: string): Promise<never>;
  closed(): unknown;
}

class Client implements SocketClient {
  readonly hosts: readonly string[];
  private readonly patterns: readonly HostPattern[];
  private readonly configured: ReadonlySet<string>;
  private readonly agents: Agents | undefined;
  private isClosed = false;

  constructor(
    readonly purpose: string,
    hosts: readonly string[],
    private readonly options: EgressClientOptions,
    private readonly ports: EgressPorts,
    private readonly gate: Gate,
  ) {
    this.hosts = [...hosts];
    this.patterns = hosts.map(parseHostPattern);
    this.configured = new Set(options.configured ?? []);
    // In VS Code the agent is VS Code's: with one of our own, its proxy settings would not count.
    this.agents = ports.hostProxies ? undefined : agentsFor(ports.upstream);
  }

  readonly fetch: typeof fetch = gatedFetch({
    admit: (url) => this.cleared(url),
    wiring: (destination) => this.agents?.for(destination) ?? {},
  });

  // A function of its own, as `fetch` is: both are handed on by themselves.
  readonly admit = async (target: string | URL | Destination): Promise<Admission> => {
    const admission = await this.cleared(target);
    // Once now, so that the answer is an answer; and again by whoever connects.
    if (!isAddress(admission.host)) await this.addresses(admission, this.patternOf(admission));
    return admission;
  };

  async connect(target: Destination, signal: AbortSignal): Promise<Socket> {
    const { lookup, ...destination } = await this.cleared(target);
    const proxy = this.ports.upstream(destination);
    if (proxy) return openTunnel(proxy, destination, signal);
    return new Promise((resolve, reject) => {
      const socket = connect({ host: destination.host, port: destination.port, lookup, signal });
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(socket);
      });
      socket.once('error', reject);
    });
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.agents?.close();
    this.gate.closed();
  }

  /** Everything that can be said before the name is resolved; then the record. */
  private async cleared(target: string | URL | Destination): Promise<Admission> {
    const destination = destinationOf(target);
    const { host, secure } = destination;
    const refuse = (reason: string) => this.gate.refuse(destination, reason);
    if (this.isClosed) return refuse('what it was for has been switched off');
    const pattern = host.length <= LONGEST_HOST ? this.patternOf(destination) : undefined;
    if (!pattern) return refuse(`it is not among the hosts of ${this.purpose}`);
    if (isAddress(host)) {
      const reason = this.objection(destination, pattern, [host]);
      if (reason !== undefined) return refuse(reason);
    } else if (!secure && !this.options.plaintext) {
      // A proxy would resolve the name itself, and take the text along as it is.
      await this.addresses(destination, pattern);
    }
    await this.gate.admit(destination);
    return { ...destination, lookup: this.lookupFor(destination, pattern) };
  }

  private patternOf(destination: Destination): HostPattern | undefined {
    return findPattern(this.patterns, destination);
  }

  private async addresses(
    destination: Destination,
    pattern: HostPattern | undefined,
  ): Promise<readonly LookupAddress[]> {
    const { resolve = systemResolve } = this.ports;
    const found = await resolve(destination.host);
    const reason = this.objection(
      destination,
      pattern,
      found.map(({ address }) => address),
    );
    return reason === undefined ? found : this.gate.refuse(destination, reason);
  }

  /** Why these addresses may not be connected to. One that may not is enough: a name that mixes them is a trick. */
  private objection(
    { host, secure }: Destination,
    pattern: HostPattern | undefined,
    addresses: readonly string[],
  ): string | undefined {
    const own = pattern !== undefined && this.configured.has(pattern.text) && !pattern.below;
    for (const address of addresses) {
      const kind = addressKind(address);
      const permitted =
        kind === 'public' || (own && (isAddress(host) || kind === 'loopback' || kind === 'private'));
      if (!permitted) return KIND_REASONS[kind];
      const plain = kind === 'loopback' || (kind === 'private' && pattern?.plain === true);
      if (!secure && !plain && !this.options.plaintext) return 'it would not be encrypted';
    }
    return undefined;
  }

  /** Resolves and checks at the moment of connecting: the address that was looked at is the one that is used. */
  private lookupFor(destination: Destination, pattern: HostPattern): LookupFunction {
    return (asked, options, callback) => {
      const { resolve = systemResolve } = this.ports;
      const ours = asked.toLowerCase().replace(/\.$/, '') === destination.host;
      // Another name is that of the proxy, which the person has set in VS Code.
      const found = ours ? this.addresses(destination, pattern) : resolve(asked);
      found.then(
        (all) => {
          const family = options.family === 4 || options.family === 6 ? options.family : undefined;
          const usable = all.filter((one) => family === undefined || one.family === family);
          const [first] = usable;
          if (!first) {
            callback(Object.assign(new Error(`${asked} has no address`), { code: 'ENOTFOUND' }), '', 0);
          } else if (options.all) callback(null, [...usable]);
          else callback(null, first.address, first.family);
        },
        (error: unknown) => callback(error as NodeJS.ErrnoException, '', 0),
      );
    };
  }
}

const KIND_REASONS: Readonly<Record<Exclude<AddressKind, 'public'>, string>> = {
  loopback: 'it leads to this machine itself',
  private: 'it leads into a private network',
  'link-local': 'it leads to a link-local address, where clouds keep credentials',
  special: 'it leads to an address that no host on the internet has',
};

async function systemResolve(host: string): Promise<readonly LookupAddress[]> {
  return dnsLookup(host, { all: true });
}
