import { type Destination, EgressRefused } from '../model/egress';
import { isAddress } from './address';

/** A host that may be reached: `host`, `host:port`, `*.host` (below it, not itself), each also after `http://`. */
export interface HostPattern {
  /** As it was listed. */
  readonly text: string;
  /** Lower case, without brackets. */
  readonly host: string;
  /** Every name below `host`, at any depth. */
  readonly below: boolean;
  /** Undefined: the protocol's own. */
  readonly port: number | undefined;
  /** Listed with `http://`: may be reached without TLS where its addresses are private. */
  readonly plain: boolean;
}

const SCHEMES: Readonly<Record<string, { readonly secure: boolean; readonly port: number }>> = {
  'https:': { secure: true, port: 443 },
  'wss:': { secure: true, port: 443 },
  'http:': { secure: false, port: 80 },
  'ws:': { secure: false, port: 80 },
};

/** @throws EgressRefused for an address of another kind, or none. */
export function destinationOf(target: string | URL | Destination): Destination {
  if (typeof target !== 'string' && !(target instanceof URL)) {
    const { port, secure } = target;
    return { host: plainHost(target.host), port, secure };
  }
  let url: URL;
  try {
    url = new URL(target);
  } catch {
    throw new EgressRefused('A connection was refused: its address is none.');
  }
  const scheme = SCHEMES[url.protocol];
  if (!scheme || url.hostname === '') {
    throw new EgressRefused(
      `A connection by “${url.protocol}” was refused: only https, wss, http and ws are made.`,
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new EgressRefused(
      `A connection to “${url.host}” was refused: its address has a name or password in it.`,
    );
  }
  return {
    host: plainHost(url.hostname),
    port: url.port === '' ? scheme.port : Number(url.port),
    secure: scheme.secure,
  };
}

/** @throws RangeError for a line that is no host. */
export function parseHostPattern(text: string): HostPattern {
  const [, plain, star, rest = ''] = /^(http:\/\/)?(\*\.)?(.+)$/i.exec(text.trim()) ?? [];
  let url: URL;
  try {
    // Whatever the protocol: `URL` leaves the port of its own protocol out, and this one has none.
    url = new URL(`cowork-host://${rest}`);
    // A host of a web address is normalised (case, IDN, numbers); of any other it is not.
    url = new URL(`https://${url.host.replace(/:\d+$/, '')}${url.port === '' ? '' : `:${url.port}`}`);
  } catch {
    throw new RangeError(
      `“${text}” is no host. Write a name such as api.example.com, *.example.com or host:8443.`,
    );
  }
  const port = /:(\d+)$/.exec(rest)?.[1];
  const host = plainHost(url.hostname);
  const bad =
    /[/?#@\s*]/.test(rest) || host === '' || (star !== undefined && (isAddress(host) || !host.includes('.')));
  if (bad)
    throw new RangeError(
      `“${text}” is no host. Write a name such as api.example.com, *.example.com or host:8443.`,
    );
  return {
    text,
    host,
    below: star !== undefined,
    port: port === undefined ? undefined : Number(port),
    plain: plain !== undefined,
  };
}

export function isHostPattern(text: string): boolean {
  try {
    parseHostPattern(text);
    return true;
  } catch {
    return false;
  }
}

/** The first pattern that a destination matches. */
export function findPattern(
  patterns: readonly HostPattern[],
  { host, port, secure }: Destination,
): HostPattern | undefined {
  const own = secure ? 443 : 80;
  const listed = patterns.filter((pattern) =>
    pattern.below ? host.endsWith(`.${pattern.host}`) : host === pattern.host,
  );
  return listed.find((pattern) => port === (pattern.port ?? own));
}

/** `host:port` for people and records. */
export function shownDestination({ host, port }: Pick<Destination, 'host' | 'port'>): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Under which a destination is known again. */
export function destinationKey(purpose: string, at: Pick<Destination, 'host' | 'port'>): string {
  return `${purpose} ${shownDestination(at)}`;
}

function plainHost(host: string): string {
  // The dot at the end names the same host and would be another text.
  return host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
}
