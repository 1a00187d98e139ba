import { Resolver } from 'node:dns/promises';

/** Looks up one kind of record, as `dns.promises.resolve` does. */
export type Lookup = (name: string, type: string) => Promise<unknown>;

const TIMEOUT_MS = 3_000;
const TRIES = 2;
/** Look-ups for one message: three for DMARC, a few keys, eleven for SPF with its includes. */
const MOST_LOOKUPS = 40;

export interface LookupSource {
  /** For one message; each name is asked for once. */
  forMessage(): Lookup;
  /** Gives up what is under way. */
  close(): void;
}

/** The DNS of this machine, or of `servers` (`1.2.3.4`, `1.2.3.4:53`) when some are set. */
export function dnsLookups(servers: readonly string[]): LookupSource {
  const resolver = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  if (servers.length > 0) resolver.setServers([...servers]);
  return {
    forMessage: () => {
      const asked = new Map<string, Promise<unknown>>();
      return (name, type) => {
        const key = `${type} ${name.toLowerCase()}`;
        const earlier = asked.get(key);
        if (earlier) return earlier;
        if (asked.size >= MOST_LOOKUPS)
          return Promise.reject(Object.assign(new Error('too many look-ups'), { code: 'ENOTFOUND' }));
        const asking = resolver.resolve(name, type);
        asked.set(key, asking);
        return asking;
      };
    },
    close: () => resolver.cancel(),
  };
}
