import * as z from 'zod';

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * Where a platform's API is, without a slash at the end. Tokens go there, so it is `https`; plain `http` only on this
 * machine, for a server of one's own or for tests. `description` is for the Settings editor.
 */
export function apiRoot(platform: string, description: string) {
  return z
    .string({ error: `must be a web address such as ${platform}` })
    .refine(isSafe, `must be a web address such as ${platform}; plain http only on this machine (127.0.0.1)`)
    .transform((text) => text.replace(/\/+$/, ''))
    .default(platform)
    .meta({ description, format: 'uri' });
}

function isSafe(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, search, hash } = new URL(text);
  if (username || password || search || hash) return false;
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.has(hostname));
}

/**
 * Where a server of the person's own is, without a slash at the end; empty until it is set. As careful as `apiRoot`.
 * `description` is for the Settings editor.
 */
export function serverAddress(example: string, description: string) {
  const rule = `must be a web address such as ${example}; plain http only on this machine (127.0.0.1)`;
  return z
    .string({ error: rule })
    .refine((text) => text === '' || isSafe(text), rule)
    .transform((text) => text.replace(/\/+$/, ''))
    .default('')
    .meta({ description });
}
