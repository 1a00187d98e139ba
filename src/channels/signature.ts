import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** Compares what a stranger sent with what it must be, in a time that tells nothing about either. */
export function sameText(given: string, wanted: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text, 'utf8').digest();
  // Hashed first, because `timingSafeEqual` wants equal lengths and would tell by refusing.
  return timingSafeEqual(digest(given), digest(wanted)) && given.length === wanted.length;
}

/** HMAC-SHA256 over the parts, one after the other. */
export function hmacSha256(
  secret: string,
  parts: readonly (string | Uint8Array)[],
  encoding: 'hex' | 'base64',
): string {
  const hmac = createHmac('sha256', secret);
  for (const part of parts) hmac.update(part);
  return hmac.digest(encoding);
}
