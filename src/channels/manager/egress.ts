import { type EgressClient, type EgressPort, EgressRefused } from '../../engine/model/egress';
import { type Admitted, type ChannelDescriptor, ChannelError, type Destination } from '../contract';
import { readSettings } from './settings';

/** What one channel may do with the network. */
export interface ChannelNetwork {
  readonly fetch: typeof fetch;
  admit(destination: Destination): Promise<Admitted>;
}

/**
 * The networks of all channels, out of the one gate. A channel keeps its own until its hosts change or it is switched
 * off; then nothing goes out through the old one any more.
 */
export class ChannelNetworks {
  private readonly open = new Map<string, { readonly hosts: string; readonly client: EgressClient }>();

  constructor(private readonly egress: EgressPort) {}

  /** For the hosts of a channel with these settings, which have passed its schema. */
  of(descriptor: ChannelDescriptor, settings: Readonly<Record<string, unknown>>): ChannelNetwork {
    const { id } = descriptor;
    const hosts = descriptor.hosts?.(settings) ?? [];
    const key = JSON.stringify(hosts);
    let held = this.open.get(id);
    if (held?.hosts !== key) {
      held?.client.close();
      held = { hosts: key, client: this.client(descriptor, hosts) };
      this.open.set(id, held);
    }
    return channelNetwork(held.client);
  }

  close(id: string): void {
    this.open.get(id)?.client.close();
    this.open.delete(id);
  }

  private client(descriptor: ChannelDescriptor, hosts: readonly string[]): EgressClient {
    try {
      const configured = ownHosts(descriptor, hosts);
      return this.egress.client(`channel:${descriptor.id}`, hosts, { configured });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new ChannelError('fatal', `${descriptor.name} cannot connect: ${error.message}`);
    }
  }
}

/** A client of the gate whose refusals are such as an adapter throws: a person must act. */
export function channelNetwork(client: EgressClient): ChannelNetwork {
  return {
    fetch: (input, init) => client.fetch(input, init).catch(asChannelError),
    admit: ({ host, port, tls }) => client.admit({ host, port, secure: tls }).catch(asChannelError),
  };
}

/** Of the hosts, those that are there because of what the person has set: a server of their own may be private. */
export function ownHosts(descriptor: ChannelDescriptor, hosts: readonly string[]): readonly string[] {
  const untouched = readSettings(descriptor, {});
  const usual = untouched.ok ? (descriptor.hosts?.(untouched.value) ?? []) : [];
  return hosts.filter((host) => !usual.includes(host));
}

function asChannelError(error: unknown): never {
  throw error instanceof EgressRefused ? new ChannelError('fatal', error.message) : error;
}
