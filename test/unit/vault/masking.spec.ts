import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Masking } from '../../../src/engine/vault/masking';

const SECRET = 'p@ss/w"ord+ä&<1234>=?';

describe('masking', () => {
  const masking = new Masking();
  masking.learn('test/password', SECRET);

  const spellings: Record<string, string> = {
    plain: SECRET,
    'URL-encoded': encodeURIComponent(SECRET),
    'inside JSON': JSON.stringify({ key: SECRET }),
    hex: Buffer.from(SECRET).toString('hex'),
    'HTML-escaped': SECRET.replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;'),
  };
  for (const [how, text] of Object.entries(spellings)) {
    it(`[FAQ-2] hides a secret that is ${how}`, () => {
      const masked = masking.mask(`before ${text} after`);
      assert.match(masked, /‹secret test\/password›/);
      assert.ok(!masked.includes(text));
    });
  }

  it('[FAQ-2] hides a secret that is base64-encoded behind any prefix', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12 }), fc.uint8Array({ maxLength: 12 }), (before, after) => {
        const all = Buffer.concat([before, Buffer.from(SECRET), after]);
        for (const encoding of ['base64', 'base64url'] as const) {
          assert.match(masking.mask(all.toString(encoding)), /‹secret test\/password›/);
        }
      }),
    );
  });

  it('[FAQ-2] hides well-known key shapes that it was never told', () => {
    const token = `123456789:${'AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr'}`;
    const text = masking.mask(`token ${token} and ghp_${'a1'.repeat(18)} and AKIA${'ABCD'.repeat(4)}`);
    assert.equal(text, 'token ‹telegram token› and ‹github token› and ‹aws access key id›');
  });

  it('keeps an earlier value masked after a rotation, and forgets when told', () => {
    const rotating = new Masking();
    rotating.learn('a', 'first-secret');
    rotating.learn('a', 'second-secret');
    assert.equal(rotating.mask('first-secret second-secret'), '‹secret a› ‹secret a›');
    rotating.forget('a');
    assert.equal(rotating.mask('first-secret'), 'first-secret');
  });

  it('leaves ordinary text as it is', () => {
    fc.assert(fc.property(fc.lorem(), (text) => assert.equal(masking.mask(text), text)));
  });

  it('masks the longer of two secrets whole when one contains the other', () => {
    const nested = new Masking();
    nested.learn('short', 'abcdef');
    nested.learn('long', 'abcdefghijkl');
    assert.equal(nested.mask('abcdefghijkl'), '‹secret long›');
  });
});
