import assert from 'node:assert/strict';
import { createHmac, createPublicKey } from 'node:crypto';
import { type Key, makeKey, signToken } from '../peers/jwt';
import { APP_ID, TENANT } from '../peers/teams/connector';
import { type Attack, describeAttacks } from './attacks';
import { TeamsBench } from './benches/teams';
import { ContractHouse } from './house';
import { type Letter, post, withHeader } from './letter';

const teams = (bench: unknown): TeamsBench => {
  assert.ok(bench instanceof TeamsBench);
  return bench;
};
const now = () => Math.floor(Date.now() / 1000);
const bearer = (letter: Letter) =>
  letter.headers.find(([name]) => name === 'Authorization')?.[1].slice('Bearer '.length) ?? '';
const withToken = (letter: Letter, token: string) => withHeader(letter, 'Authorization', `Bearer ${token}`);
const activityOf = (letter: Letter): Record<string, unknown> => JSON.parse(letter.body.toString());

/** The genuine call under a token that says something else, signed with the right key. */
const claiming = (
  name: string,
  extra: () => Record<string, unknown>,
  reason: RegExp,
  status = 401,
): Attack => ({
  name,
  write: (letter, bench) => teams(bench).letter(activityOf(letter), teams(bench).claims(extra())),
  status: [status],
  reason,
});
/** Something else under a genuine token. */
const saying = (
  name: string,
  change: (activity: Record<string, unknown>) => unknown,
  reason: RegExp,
): Attack => ({
  name,
  write: (letter) => ({ ...letter, body: Buffer.from(JSON.stringify(change(activityOf(letter)))) }),
  status: [403],
  reason,
});
const tampered = (name: string, token: (genuine: string) => string, reason: RegExp): Attack => ({
  name,
  write: (letter) => withToken(letter, token(bearer(letter))),
  status: [401],
  reason,
});
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

const own: readonly Attack[] = [
  {
    name: 'no token',
    write: (letter) => withHeader(letter, 'Authorization', undefined),
    status: [401],
    reason: /no token/,
  },
  {
    name: 'an empty token',
    write: (letter) => withHeader(letter, 'Authorization', 'Bearer '),
    status: [401],
    reason: /no token/,
  },
  {
    name: 'another kind of authorization',
    write: (letter) => withHeader(letter, 'Authorization', 'Basic YTpi'),
    status: [401],
    reason: /no token/,
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
        `.${part({ iss: 'https://api.botframework.com', aud: APP_ID, exp: now() + 999 })}.`,
      ),
    /signature/,
  ),
  tampered(
    'a token of the algorithm none',
    (token) => `${part({ alg: 'none', kid: 'key-1' })}.${token.split('.')[1]}.`,
    /algorithm/,
  ),
  tampered(
    'a token of the algorithm none in other letters',
    (token) => `${part({ alg: 'nOnE', kid: 'key-1' })}.${token.split('.')[1]}.`,
    /algorithm/,
  ),
  {
    name: 'a token keyed with the public key',
    write: (letter, bench) => {
      const key = teams(bench).connector.keys[0] as Key;
      const pem = createPublicKey(key.privateKey).export({ type: 'spki', format: 'pem' });
      const input = `${part({ alg: 'HS256', kid: key.kid })}.${bearer(letter).split('.')[1]}`;
      return withToken(letter, `${input}.${createHmac('sha256', pem).update(input).digest('base64url')}`);
    },
    status: [401],
    reason: /algorithm/,
  },
  {
    name: 'a token of a key that is not Microsoft’s, under the name of one that is',
    write: (letter, bench) => teams(bench).letter(activityOf(letter), undefined, makeKey('key-1')),
    status: [401],
    reason: /signature/,
  },
  {
    name: 'a token of an unknown key',
    write: (letter, bench) => teams(bench).letter(activityOf(letter), undefined, makeKey('key-9')),
    status: [401],
    reason: /key/,
  },
  {
    name: 'a token that brings its own key',
    write: (letter, bench) => {
      const key = makeKey('key-1');
      const jwk = createPublicKey(key.privateKey).export({ format: 'jwk' });
      return withToken(letter, signToken(key, teams(bench).claims(), { jwk }));
    },
    status: [401],
    reason: /signature/,
  },
  {
    name: 'a token of a key that is not endorsed for Teams',
    arrange: (_house, bench) => void teams(bench).connector.keys.push(makeKey('webchat', ['webchat'])),
    write: (letter, bench) =>
      teams(bench).letter(activityOf(letter), undefined, teams(bench).connector.keys[1]),
    status: [403],
    reason: /endorsement/,
  },
  {
    name: 'the previous key after Microsoft has changed it',
    arrange: async (house, bench) => {
      const { connector } = teams(bench);
      const [old] = connector.keys;
      // What was fetched is older than a day, so it is fetched again.
      connector.keys = [makeKey('key-2')];
      Object.assign(teams(bench), { oldKey: old });
      await house.restart();
    },
    write: (letter, bench) =>
      teams(bench).letter(activityOf(letter), undefined, (bench as unknown as { oldKey: Key }).oldKey),
    status: [401],
    reason: /key/,
  },
  claiming('a token for another app', () => ({ aud: '99999999-2222-3333-4444-555555555555' }), /audience/),
  claiming('a token for nobody', () => ({ aud: undefined }), /audience|claim/),
  claiming('a token of another issuer', () => ({ iss: `https://sts.windows.net/${TENANT}/` }), /issuer/),
  claiming('a token that ended six minutes ago', () => ({ nbf: now() - 4_000, exp: now() - 360 }), /expired/),
  claiming('a token that never ends', () => ({ exp: undefined }), /claim|expired/),
  claiming('a token that begins in six minutes', () => ({ nbf: now() + 360 }), /future/),
  claiming('a token that was made in six minutes', () => ({ iat: now() + 360 }), /future/),
  claiming(
    'a token for another service',
    () => ({ serviceurl: 'https://evil.example/' }),
    /service address/,
    403,
  ),
  claiming('a token for no service', () => ({ serviceurl: undefined }), /service address/, 403),
  saying(
    'a call that wants its answers sent elsewhere',
    (activity) => ({ ...activity, serviceUrl: 'https://evil.example/' }),
    /service address/,
  ),
  saying('a call of another channel', (activity) => ({ ...activity, channelId: 'directline' }), /channel/),
  saying(
    'a call of another tenant',
    (activity) => ({ ...activity, channelData: { tenant: { id: '99999999-bbbb-cccc-dddd-eeeeeeeeeeee' } } }),
    /tenant/,
  ),
  saying(
    'a call of no tenant',
    (activity) => ({
      ...activity,
      channelData: undefined,
      conversation: { id: 'a:x', conversationType: 'personal' },
    }),
    /tenant/,
  ),
  {
    name: 'a genuine call once more',
    write: (letter) => letter,
    status: [200],
    reason: /replay/,
    afterGenuine: true,
  },
  {
    name: 'a genuine message under a fresh token',
    write: (letter, bench) => teams(bench).letter(activityOf(letter)),
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
    name: 'what is no activity',
    write: (letter) => ({ ...letter, body: Buffer.from('[]') }),
    status: [400],
    reason: /not understood/,
  },
];

describeAttacks(() => new TeamsBench(), '[MT-1] Microsoft Teams', own);

describe('[MT-1] the keys of Microsoft', () => {
  let house: ContractHouse;
  let bench: TeamsBench;
  beforeEach(async () => {
    bench = new TeamsBench();
    house = await ContractHouse.open(bench, { speed: 1 });
  });
  afterEach(() => house.close());

  it('are asked for when a new one is used, and not for each unknown one', async () => {
    assert.equal((await post(await bench.genuine('first'))).status, 200);
    assert.equal(bench.connector.keyFetches, 1);
    for (let n = 0; n < 20; n += 1)
      assert.equal(
        (
          await post(
            bench.letter(bench.activity('x', 'dm', bench.people[0], true), undefined, makeKey(`forged-${n}`)),
          )
        ).status,
        401,
      );
    assert.ok(bench.connector.keyFetches <= 2, `${bench.connector.keyFetches} fetches`);
  });

  it('are believed while Microsoft cannot be reached, and without them nothing is', async () => {
    bench.connector.keysDown = true;
    assert.equal((await post(await bench.genuine('unproved'))).status, 503, 'Teams is to call again');
    bench.connector.keysDown = false;
    await house.restart();
    assert.equal((await post(await bench.genuine('proved'))).status, 200);
    bench.connector.keysDown = true;
    assert.equal((await post(await bench.genuine('still proved'))).status, 200);
    await house.hear('still proved');
    assert.deepEqual(house.texts, ['proved', 'still proved']);
  });
});
