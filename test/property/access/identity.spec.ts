import assert from 'node:assert/strict';
import fc from 'fast-check';
import { parseCode } from '../../../src/engine/access/codes';
import { cleanName } from '../../../src/engine/access/texts';
import { identityKey, parseIdentityKey } from '../../../src/engine/model/identity';
import { AccessHouse, outcome } from '../../helpers/access-house';

const FULL = process.env.COWORK_FULL === '1';
const numRuns = FULL ? 5_000 : 300;

/** Ids as platforms have them, and as someone who chooses their own would have them. */
const id = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
  fc.constantFrom(
    '1',
    '11',
    '1:1',
    '%31',
    '1%3A1',
    ' 1',
    '1 ',
    '１',
    '1\u200b',
    '__proto__',
    'constructor',
    '+15550100',
  ),
);

describe('identities, whatever they are made of', () => {
  it('[ACC-4] have keys that differ when they do, and that can be read back', () => {
    fc.assert(
      fc.property(fc.tuple(id, id, id), fc.tuple(id, id, id), (a, b) => {
        const [one, two] = [a, b].map(([channel, account, sender]) => ({ channel, account, sender }));
        assert.ok(one && two);
        assert.equal(identityKey(one) === identityKey(two), JSON.stringify(one) === JSON.stringify(two));
        assert.deepEqual(parseIdentityKey(identityKey(one)), one);
      }),
      { numRuns },
    );
  });

  it('[ACC-4] let in nobody but the one who said the code, however alike the other looks', async () => {
    await fc.assert(
      fc.asyncProperty(id, id, fc.string({ unit: 'grapheme' }), async (one, other, name) => {
        fc.pre(one !== other && one.trim() !== '' && one !== 'bot1');
        const house = new AccessHouse();
        await house.pair(one, { conversation: 'dm', name });
        assert.equal(outcome(await house.say(one, 'hi', { conversation: 'dm', name })), 'principal');
        assert.notEqual(outcome(await house.say(other, 'hi', { conversation: 'dm', name })), 'principal');
        house.restart();
        assert.notEqual(outcome(await house.say(other, 'hi', { conversation: 'dm', name })), 'principal');
        assert.equal(house.service.users().length, 1);
      }),
      { numRuns: FULL ? 2_000 : 100 },
    );
  });

  it('[ACC-3] only what consists of a code is one', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.stringMatching(/^[ \n]?(\/(pair|start|run)(@bot)? )?[A-Za-z0-9]{5,7}[ \n]?$/),
    );
    fc.assert(
      fc.property(text, (said) => {
        const rest = said.trim().replace(/^\/(pair|start)(@[A-Za-z0-9_]{1,64})?[ \t]+/i, '');
        const isCode = /^[ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjklmnpqrstuvwxyz23456789]{6}$/.test(rest);
        assert.equal(parseCode(said)?.code, isCode ? rest.toUpperCase() : undefined);
      }),
      { numRuns },
    );
  });

  it('have names that can be shown next to others', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (name) => {
        const shown = cleanName(name, 'id');
        assert.ok(shown.length > 0 && [...shown].length <= 80);
        assert.doesNotMatch(shown, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
        assert.equal(shown, shown.trim());
      }),
      { numRuns },
    );
  });
});
