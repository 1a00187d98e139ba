import { createSign, generateKeyPairSync, type KeyObject } from 'node:crypto';

/** A key that a platform signs its calls with. Node's own crypto, so that nothing is shared with the code under test. */
export interface Key {
  readonly kid: string;
  readonly privateKey: KeyObject;
  /** Microsoft's: the channels for which it may speak. */
  readonly endorsements: readonly string[];
}

export function makeKey(kid: string, endorsements: readonly string[] = ['msteams']): Key {
  return { kid, privateKey: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, endorsements };
}

/** A token signed with RS256. */
export function signToken(
  key: Key,
  claims: Readonly<Record<string, unknown>>,
  header: Readonly<Record<string, unknown>> = {},
): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const head = encode({ alg: 'RS256', typ: 'JWT', kid: key.kid, ...header });
  const input = `${head}.${encode(claims)}`;
  return `${input}.${createSign('RSA-SHA256').update(input).sign(key.privateKey).toString('base64url')}`;
}
