import { isIP } from 'node:net';

const LOCAL_ENDINGS = ['.local', '.lan', '.internal', '.home.arpa'];

/**
 * Whether a host, as a web address names it, is on this machine or in a local network by its name or number. A name
 * that could be anybody's counts as public, wherever it leads.
 */
export function isLocalHost(host: string): boolean {
  const name = host.replace(/^\[|\]$/g, '').toLowerCase();
  if (isIP(name) === 4) return isLocalV4(name);
  if (isIP(name) === 6) {
    // Unique local and link-local: https://www.rfc-editor.org/rfc/rfc4193 and rfc4291
    return name === '::1' || /^f[cd]/.test(name) || /^fe[89ab]/.test(name);
  }
  return name === 'localhost' || LOCAL_ENDINGS.some((ending) => name.endsWith(ending));
}

/** Loopback, private, link-local and shared (RFC 1122, 1918, 3927, 6598). */
function isLocalV4(address: string): boolean {
  const [a = 0, b = 0] = address.split('.').map(Number);
  return (
    a === 127 ||
    a === 10 ||
    (a === 172 && b >= 16 && b <= 31) ||
    (a === 192 && b === 168) ||
    (a === 169 && b === 254) ||
    (a === 100 && b >= 64 && b <= 127)
  );
}

/** BB-2: why the server may not be used; undefined when it may. */
export function placeProblem(serverUrl: string, allowPublicServer: boolean): string | undefined {
  if (serverUrl === '' || allowPublicServer || isLocalHost(new URL(serverUrl).hostname)) return undefined;
  return 'The BlueBubbles server has a public address, at which everybody can try its password, and whoever has that reads and writes as you. Use its address in the local network, or set “cowork.channels.bluebubbles.allowPublicServer” if you mean it.';
}
