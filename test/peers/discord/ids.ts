export type Json = Record<string, unknown>;

let last = 0;
const named = new Map<string, string>();

/** An id of the form that Discord gives: 19 digits, growing. The same for the same name. */
export function snowflake(name?: string): string {
  const known = name === undefined ? undefined : named.get(name);
  if (known !== undefined) return known;
  last += 1;
  const id = String(1_100_000_000_000_000_000n + BigInt(last) * 1_307n);
  if (name !== undefined) named.set(name, id);
  return id;
}
