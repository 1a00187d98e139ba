import assert from 'node:assert/strict';
import { createHmac, createPublicKey } from 'node:crypto';
import { type Key, makeKey, signToken } from '../peers/jwt';
import type { Attack, CalledBench } from './attacks';
import type { ContractHouse } from './house';
import { headerOf, type Letter, post, withHeader } from './letter';

/** What of a platform that signs a token for each call the attacks need to know. */
export interface TokenBench extends CalledBench {
  /** The key that the platform signs with now. */
  signingKey(): Key;
  /** What a genuine token says, and these changes. */
  claims(extra?: Readonly<Record<string, unknown>>): Record<string, unknown>;
  /** A call with this content, under a token with these claims, signed with this key. */
  letter(content: unknown, claims?: Record<string, unknown>, key?: Key): Letter;
}

const now = () => Math.floor(Date.now() / 1000);
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const bearer = (letter: Letter) => headerOf(letter, 'Authorization').slice('Bearer '.length);
const withToken = (letter: Letter, token: string) => withHeader(letter, 'Authorization', `Bearer ${token}`);

export function tokenBench(bench: CalledBench): TokenBench {
  if (!('signingKey' in bench && 'claims' in bench && 'letter' in bench)) throw new Error('signs no tokens');
  return bench as TokenBench;
}

export function contentOf(letter: Letter): Record<string, unknown> {
  return JSON.parse(letter.body.toString());
}

/** The genuine call under a token that says something else, signed with the right key. */
export function claiming(
  name: string,
  extra: () => Record<string, unknown>,
  reason: RegExp,
  status = 401,
): Attack {
  return {
    name,
    write: (letter, bench) => tokenBench(bench).letter(contentOf(letter), tokenBench(bench).claims(extra())),
    status: [status],
    reason,
  };
}

/** The genuine call under a token that another key signed. */
export function signedBy(
  name: string,
  key: (bench: TokenBench) => Key,
  reason: RegExp,
  status = 401,
): Attack {
  return {
    name,
    write: (letter, bench) => tokenBench(bench).letter(contentOf(letter), undefined, key(tokenBench(bench))),
    status: [status],
    reason,
  };
}

function authorized(name: string, value: string | undefined): Attack {
  return {
    name,
    write: (letter) => withHeader(letter, 'Authorization', value),
    status: [401],
    reason: /no token/,
  };
}

function tampered(
  name: string,
  token: (genuine: string, bench: TokenBench) => string,
  reason: RegExp,
): Attack {
  return {
    name,
    write: (letter, bench) => withToken(letter, token(bearer(letter), tokenBench(bench))),
    status: [401],
    reason,
  };
}

function unreadable(name: string, body: string): Attack {
  return {
    name,
    write: (letter) => ({ ...letter, body: Buffer.from(body) }),
    status: [400],
    reason: /not understood/,
  };
}

/** What every door refuses whose platform signs a token for each call. */
export const TOKEN_ATTACKS: readonly Attack[] = [
  authorized('no token', undefined),
  authorized('an empty token', 'Bearer '),
  authorized('another kind of authorization', 'Basic YTpi'),
  tampered(
    'a token without its signature',
    (token) => token.replace(/[^.]+$/, ''),
    /not understood|signature/,
  ),
  tampered('a token with half of its signature', (token) => token.slice(0, -100), /signature/),
  tampered(
    'a token with another body under the signature',
    (token, bench) => token.replace(/\.[^.]+\./, `.${part(bench.claims({ exp: now() + 999 }))}.`),
    /signature/,
  ),
  ...['none', 'nOnE'].map((alg) =>
    tampered(
      `a token of the algorithm ${alg}`,
      (token, bench) => `${part({ alg, kid: bench.signingKey().kid })}.${token.split('.')[1]}.`,
      /algorithm/,
    ),
  ),
  tampered(
    'a token keyed with the public key',
    (token, bench) => {
      const key = bench.signingKey();
      const pem = createPublicKey(key.privateKey).export({ type: 'spki', format: 'pem' });
      const input = `${part({ alg: 'HS256', kid: key.kid })}.${token.split('.')[1]}`;
      return `${input}.${createHmac('sha256', pem).update(input).digest('base64url')}`;
    },
    /algorithm/,
  ),
  tampered(
    'a token that brings its own key',
    (_token, bench) => {
      const key = makeKey(bench.signingKey().kid);
      const jwk = createPublicKey(key.privateKey).export({ format: 'jwk' });
      return signToken(key, bench.claims(), { jwk });
    },
    /signature/,
  ),
  signedBy(
    'a token of a key that is not the platform’s, under the name of one that is',
    (bench) => makeKey(bench.signingKey().kid),
    /signature/,
  ),
  signedBy('a token of an unknown key', () => makeKey('unknown'), /key/),
  claiming('a token for nobody', () => ({ aud: undefined }), /audience|claim/),
  claiming(
    'a token that ended six minutes ago',
    () => ({ iat: now() - 4_000, nbf: now() - 4_000, exp: now() - 360 }),
    /expired/,
  ),
  claiming('a token that never ends', () => ({ exp: undefined }), /claim|expired/),
  claiming('a token that begins in six minutes', () => ({ nbf: now() + 360 }), /future/),
  claiming('a token that was made in six minutes', () => ({ iat: now() + 360 }), /future/),
  {
    name: 'a genuine call once more',
    write: (letter) => letter,
    status: [200],
    reason: /replay/,
    afterGenuine: true,
  },
  {
    name: 'a genuine message under a fresh token',
    write: (letter, bench) => tokenBench(bench).letter(contentOf(letter)),
    status: [200],
    reason: /replay/,
    afterGenuine: true,
  },
  unreadable('what is no JSON', '{"type":'),
  unreadable('what is no event', '[]'),
];

/** What of a platform can be away while it still calls. */
interface KeyedBench extends TokenBench {
  readonly peer: { keysDown: boolean };
}

/** Keys that were fetched are good while the platform cannot be asked; without any, nothing is believed. */
export async function believesKeysItHas(house: ContractHouse, bench: KeyedBench): Promise<void> {
  const status = async (text: string) => (await post(await bench.genuine(text))).status;
  bench.peer.keysDown = true;
  assert.equal(await status('unproved'), 503, 'it is to call again');
  bench.peer.keysDown = false;
  await house.restart();
  assert.equal(await status('proved'), 200);
  bench.peer.keysDown = true;
  assert.equal(await status('still proved'), 200);
  await house.hear('still proved');
  assert.deepEqual(house.texts, ['proved', 'still proved']);
}
