export type Json = Record<string, unknown>;

/** https://docs.discord.com/developers/reference#snowflakes */
const EPOCH_MS = 1_420_070_400_000n;
let last = 0n;
const named = new Map<string, string>();

/** An id as Discord gives them: of this moment, and growing. The same for the same name. */
export function snowflake(name?: string): string {
  const known = name === undefined ? undefined : named.get(name);
  if (known !== undefined) return known;
  const now = BigInt(snowflakeAt(Date.now()));
  last = now > last ? now : last + 1n;
  const id = String(last);
  if (name !== undefined) named.set(name, id);
  return id;
}

/** The first id of a moment, in milliseconds since 1970. */
export function snowflakeAt(ms: number): string {
  return String((BigInt(ms) - EPOCH_MS) << 22n);
}
