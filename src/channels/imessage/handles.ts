/** E.164: a plus, a country and a number, 15 digits at most. https://www.itu.int/rec/T-REC-E.164 */
const PHONE = /^\+[1-9]\d{6,14}$/;
/** What Messages takes for an address; its parts are not looked at. */
const EMAIL = /^[^\s@<>"(),:;\\[\]]{1,64}@[^\s@<>"(),:;\\[\]]{1,190}\.[^\s@<>"(),:;\\[\].\d]{2,63}$/;
/** What people write between digits. */
const BETWEEN = /[\s().\-/\u2010-\u2015\u2212]/g;

/**
 * A handle of iMessage in the one form in which it is compared and kept: `+491701234567`, or an address in small
 * letters. Undefined for everything else: short codes, business chats, and numbers without their country, which may
 * be anybody's.
 */
export function normaliseHandle(raw: string): string | undefined {
  const text = raw
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .trim();
  const bare = text.replace(/^(tel|mailto):/i, '');
  if (bare.includes('@')) return EMAIL.test(bare) ? bare.toLowerCase() : undefined;
  const digits = bare.replace(BETWEEN, '');
  return PHONE.test(digits) ? digits : undefined;
}
