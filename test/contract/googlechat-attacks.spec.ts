import assert from 'node:assert/strict';
import { createHmac, createPublicKey } from 'node:crypto';
import { PROJECT } from '../peers/googlechat/google';
import { type Key, makeKey, signToken } from '../peers/jwt';
import { type Attack, type CalledBench, describeAttacks } from './attacks';
import { GooglechatBench } from './benches/googlechat';
import { ContractHouse } from './house';
import { type Letter, post, withHeader } from './letter';

const google = (bench: unknown): GooglechatBench => {
  assert.ok(bench instanceof GooglechatBench);
  return bench;
};
const now = () => Math.floor(Date.now() / 1000);
const bearer = (letter: Letter) =>
  letter.headers.find(([name]) => name === 'Authorization')?.[1].slice('Bearer '.length) ?? '';
const withToken = (letter: Letter, token: string) => withHeader(letter, 'Authorization', `Bearer ${token}`);
const eventOf = (letter: Letter): Record<string, unknown> => JSON.parse(letter.body.toString());
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** The genuine call under a token that says something else, signed with the right key. */
const claiming = (name: string, extra: () => Record<string, unknown>, reason: RegExp): Attack => ({
  name,
  write: (letter, bench) => google(bench).letter(eventOf(letter), google(bench).claims(extra())),
  status: [401],
  reason,
});
const tampered = (name: string, token: (genuine: string) => string, reason: RegExp): Attack => ({
  name,
  write: (letter) => withToken(letter, token(bearer(letter))),
  status: [401],
  reason,
});
/** A genuine call about somebody else. */
const from = (name: string, person: Record<string, unknown>): Attack => ({
  name,
  write: (letter) => {
    const event = eventOf(letter);
    const message = event.message as Record<string, unknown>;
    const sender = { ...(message.sender as Record<string, unknown>), ...person };
    return { ...letter, body: Buffer.from(JSON.stringify({ ...event, message: { ...message, sender } })) };
  },
  status: [403],
  reason: /organisation/,
});

const own: readonly Attack[] = [
  {
    name: 'no token',
    write: (letter) => withHeader(letter, 'Authorization', undefined),
    status: [401],
    reason: /no token/,
  },
  {
    name: 'another kind of authorization',
    write: (letter) => withHeader(letter, 'Authorization', 'Basic YTpi'),
    status: [401],
    reason: /no token/,
  },
  {
    name: 'a token of twenty kilobytes',
    write: (letter) => withToken(letter, 'a'.repeat(20_000)),
    status: [400, 401, 431],
    reason: /too long|header|not understood/,
  },
  tampered(
    'a token without its signature',
    (token) => token.replace(/[^.]+$/, ''),
    /not understood|signature/,
  ),
  tampered('a token with half of its signature', (token) => token.slice(0, -100), /signature/),
  tampered(
    'a token with another body',
    (token) =>
      token.replace(
        /\.[^.]+\./,
        `.${part({ iss: 'chat@system.gserviceaccount.com', aud: PROJECT, exp: now() + 999 })}.`,
      ),
    /signature/,
  ),
  tampered(
    'a token of the algorithm none',
    (token) => `${part({ alg: 'none', kid: 'g-1' })}.${token.split('.')[1]}.`,
    /algorithm/,
  ),
  {
    name: 'a token keyed with the public key',
    write: (letter, bench) => {
      const key = google(bench).google.keys[0] as Key;
      const pem = createPublicKey(key.privateKey).export({ type: 'spki', format: 'pem' });
      const input = `${part({ alg: 'HS256', kid: key.kid })}.${bearer(letter).split('.')[1]}`;
      return withToken(letter, `${input}.${createHmac('sha256', pem).update(input).digest('base64url')}`);
    },
    status: [401],
    reason: /algorithm/,
  },
  {
    name: 'a token of a key that is not Google’s, under the name of one that is',
    write: (letter, bench) => google(bench).letter(eventOf(letter), undefined, makeKey('g-1')),
    status: [401],
    reason: /signature/,
  },
  {
    name: 'a token of an unknown key',
    write: (letter, bench) => google(bench).letter(eventOf(letter), undefined, makeKey('g-9')),
    status: [401],
    reason: /key/,
  },
  {
    name: 'a token that brings its own key',
    write: (letter, bench) => {
      const key = makeKey('g-1');
      const jwk = createPublicKey(key.privateKey).export({ format: 'jwk' });
      return withToken(letter, signToken(key, google(bench).claims(), { jwk }));
    },
    status: [401],
    reason: /signature/,
  },
  {
    name: 'a token by a key that Google uses for others',
    write: (letter, bench) =>
      google(bench).letter(eventOf(letter), undefined, google(bench).google.idKeys[0]),
    status: [401],
    reason: /key/,
  },
  claiming('a token for another project', () => ({ aud: '999999999999' }), /audience/),
  claiming('a token for the project’s number as a part', () => ({ aud: `${PROJECT}0` }), /audience/),
  claiming('a token for nobody', () => ({ aud: undefined }), /audience|claim/),
  claiming('a token of another issuer', () => ({ iss: 'https://accounts.google.com' }), /issuer/),
  claiming('a token that ended six minutes ago', () => ({ iat: now() - 4_000, exp: now() - 360 }), /expired/),
  claiming('a token that never ends', () => ({ exp: undefined }), /claim|expired/),
  claiming('a token that begins in six minutes', () => ({ nbf: now() + 360 }), /future/),
  claiming('a token that was made in six minutes', () => ({ iat: now() + 360 }), /future/),
  from('a call about a person of another organisation', { email: 'x@evil.example', domainId: 'C0evil' }),
  from('a call about a person of a domain below ours', { email: 'x@sub.acme.example', domainId: undefined }),
  from('a call about a person of a domain that ends as ours does', {
    email: 'x@notacme.example',
    domainId: undefined,
  }),
  from('a call about a person without an organisation', { email: undefined, domainId: undefined }),
  {
    name: 'a genuine call once more',
    write: (letter) => letter,
    status: [200],
    reason: /replay/,
    afterGenuine: true,
  },
  {
    name: 'a genuine message under a fresh token',
    write: (letter, bench) => google(bench).letter(eventOf(letter)),
    status: [200],
    reason: /replay/,
    afterGenuine: true,
  },
  {
    name: 'what is no JSON',
    write: (letter) => ({ ...letter, body: Buffer.from('{"type":') }),
    status: [400],
    reason: /not understood/,
  },
  {
    name: 'what is no event',
    write: (letter) => ({ ...letter, body: Buffer.from('[]') }),
    status: [400],
    reason: /not understood/,
  },
];

describeAttacks(() => new GooglechatBench(), '[GC-2] Google Chat', own);

/** The app’s other audience: tokens for the address of the door, which Google signs for all service accounts. */
class ByAddress extends GooglechatBench {
  override settings(): Record<string, unknown> {
    return { ...super.settings(), audience: 'app-url' };
  }
  override claims(extra: Record<string, unknown> = {}): Record<string, unknown> {
    return super.claims({
      iss: 'https://accounts.google.com',
      aud: this.address,
      email: 'chat@system.gserviceaccount.com',
      email_verified: true,
      ...extra,
    });
  }
  override letter(
    event: unknown,
    claims = this.claims(),
    key: Key | undefined = this.google.idKeys[0],
  ): Letter {
    return super.letter(event, claims, key);
  }
}

describeAttacks((): CalledBench => new ByAddress(), '[GC-2] Google Chat by its address', [
  claiming(
    'a token of another service account',
    () => ({ email: 'evil@x.iam.gserviceaccount.com' }),
    /account/,
  ),
  claiming('a token whose account is not verified', () => ({ email_verified: false }), /account/),
  claiming('a token without an account', () => ({ email: undefined }), /account/),
  claiming('a token for another address', () => ({ aud: 'https://evil.example/' }), /audience/),
  claiming('a token for the project', () => ({ aud: PROJECT }), /audience/),
  claiming('a token of Chat’s own issuer', () => ({ iss: 'chat@system.gserviceaccount.com' }), /issuer/),
  {
    name: 'a token by the keys of the other audience',
    write: (letter, bench) => google(bench).letter(eventOf(letter), undefined, google(bench).google.keys[0]),
    status: [401],
    reason: /key/,
  },
  claiming('a token that ended six minutes ago', () => ({ iat: now() - 4_000, exp: now() - 360 }), /expired/),
  claiming('a token that was made in six minutes', () => ({ iat: now() + 360 }), /future/),
  from('a call about a person of another organisation', { email: 'x@evil.example', domainId: 'C0evil' }),
  {
    name: 'no token',
    write: (letter) => withHeader(letter, 'Authorization', undefined),
    status: [401],
    reason: /no token/,
  },
]);

describe('[GC-2] the keys of Google', () => {
  it('are believed while Google cannot be reached, and without them nothing is', async () => {
    const bench = new GooglechatBench();
    const house = await ContractHouse.open(bench, { speed: 1 });
    try {
      bench.google.keysDown = true;
      assert.equal((await post(await bench.genuine('unproved'))).status, 503, 'Google is to call again');
      bench.google.keysDown = false;
      await house.restart();
      assert.equal((await post(await bench.genuine('proved'))).status, 200);
      bench.google.keysDown = true;
      assert.equal((await post(await bench.genuine('still proved'))).status, 200);
      await house.hear('still proved');
      assert.deepEqual(house.texts, ['proved', 'still proved']);
    } finally {
      await house.close();
    }
  });
});
