import { createHmac, timingSafeEqual } from 'node:crypto';

/** RFC 6238's defaults, which every authenticator app takes: HMAC-SHA-1, steps of 30 seconds, six digits. */
export const TOTP_STEP_MS = 30_000;
export const TOTP_DIGITS = 6;
/** Steps before and after the present one that are taken, for clocks that are not quite right (RFC 6238, 5.2). */
const SKEW_STEPS = 1;

/** The code of one step (RFC 4226). `counter` is a whole number ≥ 0; `digits` 6…8. */
export function hotp(secret: Uint8Array, counter: number, digits = TOTP_DIGITS): string {
  const moving = Buffer.alloc(8);
  moving.writeBigUInt64BE(BigInt(counter));
  const mac = createHmac('sha1', secret).update(moving).digest();
  const offset = mac.readUInt8(mac.length - 1) & 0x0f;
  const number = mac.readUInt32BE(offset) & 0x7fffffff;
  return String(number % 10 ** digits).padStart(digits, '0');
}

/** The step at a time in milliseconds since the epoch. */
export function totpStep(now: number): number {
  return Math.floor(now / TOTP_STEP_MS);
}

/** The step whose code this is, if it is one of the few that count now. Compares all of them, in constant time. */
export function matchTotp(secret: Uint8Array, code: string, now: number): number | undefined {
  const given = Buffer.from(code, 'utf8');
  let matched: number | undefined;
  for (let step = totpStep(now) - SKEW_STEPS; step <= totpStep(now) + SKEW_STEPS; step++) {
    const expected = Buffer.from(hotp(secret, step), 'utf8');
    if (given.length === expected.length && timingSafeEqual(given, expected)) matched = step;
  }
  return matched;
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4648 without padding, as authenticator apps want it. */
export function toBase32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += BASE32.charAt((value >>> bits) & 31);
    }
    value &= (1 << bits) - 1;
  }
  return bits > 0 ? text + BASE32.charAt((value << (5 - bits)) & 31) : text;
}

/** @throws RangeError for a symbol that is not of the alphabet. */
export function fromBase32(text: string): Uint8Array {
  const bytes: number[] = [];
  let bits = 0;
  let value = 0;
  for (const symbol of text.toUpperCase().replace(/=+$/, '')) {
    const five = BASE32.indexOf(symbol);
    if (five < 0) throw new RangeError('not a base32 text');
    value = (value << 5) | five;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push((value >>> bits) & 255);
    value &= (1 << bits) - 1;
  }
  return Uint8Array.from(bytes);
}

/** What an authenticator app reads from the QR code. `label` says whose it is. */
export function totpUri(secret: Uint8Array, label: string): string {
  const issuer = 'CoWork OS';
  const query = new URLSearchParams({
    secret: toBase32(secret),
    issuer,
    algorithm: 'SHA1',
    digits: String(TOTP_DIGITS),
    period: String(TOTP_STEP_MS / 1000),
  });
  // URLSearchParams writes a space as a plus, which apps show as one.
  return `otpauth://totp/${encodeURIComponent(`${issuer}:${label}`)}?${query.toString().replaceAll('+', '%20')}`;
}
