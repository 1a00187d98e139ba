import { ChannelError, type Destination } from '../contract';

/** What one channel may do with the network. */
export interface ChannelNetwork {
  readonly fetch: typeof fetch;
  admit(destination: Destination): Promise<void>;
}

/**
 * `base`, for the hosts of one channel and no others: `host`, `host:port` or `*.host`, where a host without a port
 * means the protocol's own. Redirects are not followed, since they would lead past the list.
 * What is returned throws ChannelError `fatal` before anything is sent.
 */
export function limitedNetwork(base: typeof fetch, hosts: readonly string[]): ChannelNetwork {
  const allowed = hosts.map((host) => host.toLowerCase());
  return {
    async fetch(input, init) {
      const url = new URL(input instanceof Request ? input.url : String(input));
      const web = url.protocol === 'https:' || url.protocol === 'http:';
      // `URL.host` leaves the protocol's own port out.
      if (!web || !isListed(allowed, url.host)) throw notListed(url.host);
      return base(input, { ...init, redirect: init?.redirect === 'manual' ? 'manual' : 'error' });
    },
    async admit({ host, port, tls }) {
      const name = host.toLowerCase();
      const own = port === (tls ? 443 : 80);
      if (!isListed(allowed, `${name}:${port}`) && !(own && isListed(allowed, name)))
        throw notListed(`${host}:${port}`);
    },
  };
}

function isListed(allowed: readonly string[], host: string): boolean {
  return allowed.some((entry) =>
    entry.startsWith('*.') ? host.endsWith(entry.slice(1)) && host.length > entry.length - 1 : entry === host,
  );
}

function notListed(host: string): ChannelError {
  return new ChannelError(
    'fatal',
    `A connection to “${host}” was refused: it is not among the hosts of this channel.`,
  );
}
