import { ChannelError } from '../contract';

/**
 * `base`, for the hosts of one channel and no others: `host` or `host:port`, where a host without a port means the
 * protocol's own. Redirects are not followed, since they would lead past the list.
 * @throws ChannelError `fatal` from the returned function, before anything is sent.
 */
export function limitedFetch(base: typeof fetch, hosts: readonly string[]): typeof fetch {
  const allowed = new Set(hosts.map((host) => host.toLowerCase()));
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : String(input));
    const web = url.protocol === 'https:' || url.protocol === 'http:';
    // `URL.host` leaves the protocol's own port out.
    if (!web || !allowed.has(url.host)) {
      throw new ChannelError(
        'fatal',
        `A connection to “${url.host}” was refused: it is not among the hosts of this channel.`,
      );
    }
    return base(input, { ...init, redirect: init?.redirect === 'manual' ? 'manual' : 'error' });
  };
}
