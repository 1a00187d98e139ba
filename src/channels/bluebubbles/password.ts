/** BB-1: bits that a password must have. */
export const PASSWORD_BITS = 60;

const CLASSES: readonly (readonly [form: RegExp, size: number])[] = [
  [/[a-z]/, 26],
  [/[A-Z]/, 26],
  [/[0-9]/, 10],
  [/[^a-zA-Z0-9]/, 33],
];
/** What a character adds that repeats or continues the one before it, of a whole one. */
const FOLLOWING = 0.2;

/**
 * How hard a password is to guess, in bits, at most: as if its characters were drawn from the kinds that occur in it.
 * Runs such as `aaaa`, `1234` or `dcba` and halves that repeat count little.
 */
export function passwordBits(password: string): number {
  const size = CLASSES.reduce((sum, [form, count]) => sum + (form.test(password) ? count : 0), 0);
  if (size === 0) return 0;
  const repeated = /^(.+?)\1+$/su.exec(password)?.[1];
  const points = [...(repeated ?? password)].map((char) => char.codePointAt(0) ?? 0);
  let weight = 0;
  for (const [index, point] of points.entries()) {
    const step = index === 0 ? Number.NaN : point - (points[index - 1] ?? 0);
    weight += Math.abs(step) <= 1 ? FOLLOWING : 1;
  }
  // Few different characters say little, however many there are of them.
  const varied = Math.min(weight, new Set(points).size * 2);
  return Math.floor(varied * Math.log2(size));
}
