import assert from 'node:assert/strict';
import { makeKey } from '../peers/jwt';
import { TENANT } from '../peers/teams/connector';
import { type Attack, describeAttacks } from './attacks';
import { TeamsBench } from './benches/teams';
import { ContractHouse } from './house';
import { believesKeysItHas, claiming, contentOf, signedBy, TOKEN_ATTACKS } from './jwt-attacks';
import { post } from './letter';

const teams = (bench: unknown): TeamsBench => {
  assert.ok(bench instanceof TeamsBench);
  return bench;
};

/** Something else under a genuine token. */
const saying = (
  name: string,
  change: (activity: Record<string, unknown>) => unknown,
  reason: RegExp,
): Attack => ({
  name,
  write: (letter) => ({ ...letter, body: Buffer.from(JSON.stringify(change(contentOf(letter)))) }),
  status: [403],
  reason,
});

/** Signs with the key that Microsoft had before. */
class AfterRotation extends TeamsBench {
  readonly previous = this.signingKey();
}

const own: readonly Attack[] = [
  {
    ...signedBy(
      'a token of a key that is not endorsed for Teams',
      (bench) => teams(bench).peer.keys[1] ?? makeKey('none'),
      /endorsement/,
      403,
    ),
    arrange: (_house, bench) => void teams(bench).peer.keys.push(makeKey('webchat', ['webchat'])),
  },
  {
    ...signedBy(
      'the previous key after Microsoft has changed it',
      (bench) => (bench instanceof AfterRotation ? bench.previous : makeKey('none')),
      /key/,
    ),
    arrange: async (house, bench) => {
      teams(bench).peer.keys = [makeKey('key-2')];
      // What was fetched before is forgotten.
      await house.restart();
    },
  },
  claiming('a token for another app', () => ({ aud: '99999999-2222-3333-4444-555555555555' }), /audience/),
  claiming('a token of another issuer', () => ({ iss: `https://sts.windows.net/${TENANT}/` }), /issuer/),
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
];

describeAttacks(() => new AfterRotation(), '[MT-1] Microsoft Teams', [...TOKEN_ATTACKS, ...own]);

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
    assert.equal(bench.peer.keyFetches, 1);
    for (let n = 0; n < 20; n += 1) {
      const forged = bench.letter(
        bench.activity('x', 'dm', bench.people[0], true),
        undefined,
        makeKey(`forged-${n}`),
      );
      assert.equal((await post(forged)).status, 401);
    }
    assert.ok(bench.peer.keyFetches <= 2, `${bench.peer.keyFetches} fetches`);
  });

  it('are believed while Microsoft cannot be reached, and without them nothing is', () =>
    believesKeysItHas(house, bench));
});
