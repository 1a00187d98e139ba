import assert from 'node:assert/strict';
import { PROJECT } from '../peers/googlechat/google';
import { type Key, makeKey } from '../peers/jwt';
import { type Attack, describeAttacks } from './attacks';
import { GooglechatBench } from './benches/googlechat';
import { ContractHouse } from './house';
import { believesKeysItHas, claiming, contentOf, signedBy, TOKEN_ATTACKS } from './jwt-attacks';
import type { Letter } from './letter';

const google = (bench: unknown): GooglechatBench => {
  assert.ok(bench instanceof GooglechatBench);
  return bench;
};

/** A genuine call about somebody else. */
const from = (name: string, person: Record<string, unknown>): Attack => ({
  name,
  write: (letter) => {
    const event = contentOf(letter);
    const message = event.message as Record<string, unknown>;
    const sender = { ...(message.sender as Record<string, unknown>), ...person };
    return { ...letter, body: Buffer.from(JSON.stringify({ ...event, message: { ...message, sender } })) };
  },
  status: [403],
  reason: /organisation/,
});

const OUTSIDERS: readonly Attack[] = [
  from('a call about a person of another organisation', { email: 'x@evil.example', domainId: 'C0evil' }),
  from('a call about a person of a domain below ours', { email: 'x@sub.acme.example', domainId: undefined }),
  from('a call about a person of a domain that ends as ours does', {
    email: 'x@notacme.example',
    domainId: undefined,
  }),
  from('a call about a person without an organisation', { email: undefined, domainId: undefined }),
];

describeAttacks(() => new GooglechatBench(), '[GC-2] Google Chat', [
  ...TOKEN_ATTACKS,
  ...OUTSIDERS,
  signedBy(
    'a token by a key that Google uses for others',
    (bench) => google(bench).peer.idKeys[0] ?? makeKey('none'),
    /key/,
  ),
  claiming('a token for another project', () => ({ aud: '999999999999' }), /audience/),
  claiming('a token for a number that begins as ours', () => ({ aud: `${PROJECT}0` }), /audience/),
  claiming('a token of another issuer', () => ({ iss: 'https://accounts.google.com' }), /issuer/),
]);

/** The app’s other audience: tokens for the address of the door, which Google signs for all service accounts. */
class ByAddress extends GooglechatBench {
  override settings(): Record<string, unknown> {
    return { ...super.settings(), audience: 'app-url' };
  }

  override signingKey(): Key {
    return this.peer.idKeys[0] ?? super.signingKey();
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

  override letter(event: unknown, claims = this.claims(), key = this.signingKey()): Letter {
    return super.letter(event, claims, key);
  }
}

describeAttacks(() => new ByAddress(), '[GC-2] Google Chat by its address', [
  ...TOKEN_ATTACKS,
  ...OUTSIDERS,
  signedBy(
    'a token by the keys of the other audience',
    (bench) => google(bench).peer.keys[0] ?? makeKey('none'),
    /key/,
  ),
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
]);

describe('[GC-2] the keys of Google', () => {
  it('are believed while Google cannot be reached, and without them nothing is', async () => {
    const bench = new GooglechatBench();
    const house = await ContractHouse.open(bench, { speed: 1 });
    try {
      await believesKeysItHas(house, bench);
    } finally {
      await house.close();
    }
  });
});
