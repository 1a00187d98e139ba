import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';

/** 32 symbols without the pairs that are read for each other (0 and O, 1 and I). 32 divides 256: no bias. */
export const CODE_ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';
/** 32⁶ ≈ 1.07·10⁹ codes. With 20 tries a code, guessing succeeds once in 5·10⁷ codes. */
export const CODE_LENGTH = 6;

/** Source of random bytes; must be cryptographically strong outside tests. */
export type RandomBytes = (count: number) => Uint8Array;
export const strongRandom: RandomBytes = (count) => randomBytes(count);

/**
 * log2 of scrypt's N. A plain hash of 30 bits is undone in minutes by whoever can read the journal while the
 * code is live; 2¹⁴ with r = 8 takes about 40 ms and 16 MiB each, which puts that at years. It runs on the
 * thread pool, and at most 20 wrong tries a code ever get this far, so it is no lever for a flood either.
 */
export const CODE_HASH_COST = 14;

/** A fresh code: the low five bits of each random byte pick a symbol. */
export function generateCode(random: RandomBytes = strongRandom): string {
  let code = '';
  for (const byte of random(CODE_LENGTH)) code += CODE_ALPHABET.charAt(byte & 31);
  return code;
}

export interface CodeAttempt {
  readonly code: string;
  /** Said as `/pair CODE` or `/start CODE`, so it can be nothing else. */
  readonly explicit: boolean;
}

const BARE = /^[A-HJ-NP-Z2-9]{6}$/i;
const COMMAND = /^\/(?:pair|start)(?:@[A-Za-z0-9_]{1,64})?[ \t]+([A-HJ-NP-Z2-9]{6})$/i;

/** The code that a message consists of, apart from space around it and case; undefined for any other message. */
export function parseCode(text: string): CodeAttempt | undefined {
  // Longer than any of the forms: do not run the patterns over a megabyte of text.
  if (text.length > 256) return undefined;
  const trimmed = text.trim();
  if (BARE.test(trimmed)) return { code: trimmed.toUpperCase(), explicit: false };
  const command = COMMAND.exec(trimmed)?.[1];
  return command === undefined ? undefined : { code: command.toUpperCase(), explicit: true };
}

/** What is kept of a code. */
export interface HashedCode {
  readonly salt: string;
  readonly hash: string;
  readonly cost: number;
}

/** Hashes with a salt of its own, so that two codes that happen to be equal do not look equal. */
export async function hashCode(
  code: string,
  cost: number = CODE_HASH_COST,
  random: RandomBytes = strongRandom,
): Promise<HashedCode> {
  const salt = Buffer.from(random(16)).toString('hex');
  return { salt, hash: (await derive(code, salt, cost)).toString('hex'), cost };
}

/**
 * The id of the stored code that `code` is, if any. Every one is hashed and compared, in constant time and
 * without stopping at a match, so the time says only how many there are.
 */
export async function matchCode(
  code: string,
  stored: readonly (HashedCode & { readonly codeId: string })[],
): Promise<string | undefined> {
  const same = await Promise.all(
    stored.map(async (one) => {
      const expected = Buffer.from(one.hash, 'hex');
      const actual = await derive(code, one.salt, one.cost);
      return expected.length === actual.length && timingSafeEqual(expected, actual);
    }),
  );
  let found: string | undefined;
  for (const [at, one] of stored.entries()) if (same[at]) found = one.codeId;
  return found;
}

function derive(code: string, salt: string, cost: number): Promise<Buffer> {
  const options: ScryptOptions = { N: 2 ** cost, r: 8, p: 1 };
  return new Promise((resolve, reject) => {
    scrypt(code, Buffer.from(salt, 'hex'), 32, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}
