import assert from 'node:assert/strict';
import { scryptSync } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { CODE_ALPHABET, generateCode, hashCode, matchCode } from '../../../src/engine/access/codes';
import { AccessHouse, outcome, who } from '../../helpers/access-house';

const MINUTE = 60_000;

describe('pairing', () => {
  it('[INI-1] starts every channel in pairing mode, for direct messages, groups and public rooms', async () => {
    const house = new AccessHouse();
    for (const context of ['dm', 'group', 'public'] as const) {
      assert.equal(house.service.mode('anything', context), 'pairing');
    }
    assert.equal(outcome(await house.say('1', 'hello')), 'pairing');
    assert.equal(outcome(await house.say('2', 'hello', { context: 'group' })), 'pairing');
    assert.equal(house.service.users().length, 0);
  });

  it('[INI-1] lets in whoever says the code that only the desk has seen', async () => {
    const house = new AccessHouse();
    const { code } = await house.service.issueCode({ channel: 'telegram', context: 'dm' });
    const prompt = await house.say('1', 'hello');
    assert.ok(prompt.kind === 'reply' && !prompt.text.includes(code));
    const welcome = await house.say('1', `  ${code.toLowerCase()}\n`);
    assert.ok(welcome.kind === 'reply' && welcome.reason === 'welcome');
    const next = await house.say('1', '/status', { name: 'Renamed' });
    assert.ok(next.kind === 'principal');
    assert.equal(next.principal.key, who('1'));
    assert.equal(next.principal.role, 'member');
    assert.equal(next.principal.displayName, 'Renamed');
    assert.equal(house.service.users()[0]?.how, 'paired');
  });

  it('[ACC-1] makes codes of six symbols out of 32, each as likely as the others', () => {
    assert.equal(new Set(CODE_ALPHABET).size, 32);
    assert.doesNotMatch(CODE_ALPHABET, /[01IO]/);
    const counts = new Map<string, number>();
    for (let byte = 0; byte < 256; byte++) {
      const symbol = generateCode((count) => new Uint8Array(count).fill(byte)).charAt(0);
      counts.set(symbol, (counts.get(symbol) ?? 0) + 1);
    }
    assert.equal(counts.size, 32);
    assert.deepEqual([...new Set(counts.values())], [8]);
    const codes = new Set(Array.from({ length: 2000 }, () => generateCode()));
    assert.ok(codes.size >= 1999);
    for (const code of codes) assert.match(code, /^[A-HJ-NP-Z2-9]{6}$/);
  });

  it('[ACC-1] keeps of a code a salted scrypt hash and nothing else, in records, state and events', async () => {
    const house = new AccessHouse();
    const seen: unknown[] = [];
    house.service.onWrongTry((event) => seen.push(event));
    const one = await house.service.issueCode({ channel: 'telegram', context: 'dm' });
    const two = await house.service.issueCode({ channel: 'telegram', context: 'dm', role: 'owner' });
    await house.say('1', AccessHouse.wrong(one.code));
    const kept = (): string =>
      JSON.stringify([house.journal.records, house.state(), house.service.liveCodes(), seen]).toUpperCase();
    for (const { code } of [one, two]) assert.ok(!kept().includes(code));
    await house.say('1', one.code);
    await house.say('2', `/pair ${two.code}`);
    for (const { code } of [one, two]) assert.ok(!kept().includes(code));
    assert.ok(!kept().includes(AccessHouse.wrong(one.code)), 'a wrong try is often a code with a slip');
    const issued = house.journal.ofType('access.code.issued');
    assert.equal(new Set(issued.map((record) => record.data.salt)).size, 2);
    const { salt, hash, cost = 14 } = issued[0]!.data;
    assert.equal(
      hash,
      scryptSync(one.code, Buffer.from(salt, 'hex'), 32, { N: 2 ** cost, r: 8, p: 1 }).toString('hex'),
    );
  });

  it('[ACC-1] hashes with scrypt at N = 2^14 unless a test asks for less', async () => {
    const hashed = await hashCode('ABCDEF');
    assert.equal(hashed.cost, 14);
    assert.equal(await matchCode('ABCDEF', [{ ...hashed, codeId: 'x' }]), 'x');
    assert.equal(await matchCode('ABCDEG', [{ ...hashed, codeId: 'x' }]), undefined);
  });

  it('[ACC-1] compares in constant time, every live code each time', async () => {
    const source = fs.readFileSync(path.join(__dirname, '../../../src/engine/access/codes.ts'), 'utf8');
    assert.match(source, /timingSafeEqual\(expected, actual\)/);
    const stored = await Promise.all(
      ['AAAAAA', 'BBBBBB', 'CCCCCC'].map(async (code) => ({ ...(await hashCode(code, 1)), codeId: code })),
    );
    for (const { codeId } of stored) assert.equal(await matchCode(codeId, stored), codeId);
    assert.equal(
      await matchCode('AAAAAA', [{ ...stored[0]!, hash: 'ab' }]),
      undefined,
      'a cut hash matches nothing',
    );
  });

  it('[ACC-1] [FAQ-5] a code dies after 300 seconds, or what the channel is set to', async () => {
    const house = new AccessHouse();
    const one = await house.service.issueCode({ channel: 'telegram', context: 'dm' });
    assert.equal(one.expiresAt - house.clock.now(), 300_000);
    await house.clock.advanceAsync(299_999);
    assert.equal(house.service.liveCodes().length, 1);
    await house.clock.advanceAsync(1);
    assert.equal(house.service.liveCodes().length, 0);
    assert.deepEqual(
      house.journal.ofType('access.code.ended').map((record) => record.data.reason),
      ['expired'],
    );
    assert.equal(outcome(await house.say('1', one.code)), 'wrong-code');

    house.config = { channels: { telegram: { codeTtlMs: 30_000 }, slack: { codeTtlMs: 1 } } };
    const two = await house.service.issueCode({ channel: 'telegram', context: 'dm' });
    assert.equal(two.expiresAt - house.clock.now(), 30_000);
    const three = await house.service.issueCode({ channel: 'slack', context: 'dm' });
    assert.equal(three.expiresAt - house.clock.now(), 30_000, 'clamped to the least there is');
    for (const ttlMs of [29_999, 3_600_001, Number.NaN]) {
      await assert.rejects(
        house.service.issueCode({ channel: 'telegram', context: 'dm', ttlMs }),
        /30 seconds to an hour/,
      );
    }
  });

  it('[ACC-1] a code that ran out while its use was being written admits nobody', async () => {
    let slow = false;
    const house: AccessHouse = new AccessHouse({
      delay: async () => {
        if (slow) house.clock.advance(10_000);
      },
    });
    const { code } = await house.service.issueCode({ channel: 'telegram', context: 'dm' });
    house.clock.advance(295_000);
    slow = true;
    assert.equal(outcome(await house.say('1', code)), 'not-recorded');
    assert.equal(house.service.users().length, 0);
  });

  it('[ACC-1] a code works once', async () => {
    const house = new AccessHouse();
    const { code } = await house.service.issueCode({ channel: 'telegram', context: 'dm' });
    assert.equal(outcome(await house.say('1', code)), 'welcome');
    assert.equal(outcome(await house.say('2', code)), 'wrong-code');
    house.restart();
    assert.equal(outcome(await house.say('3', code)), 'wrong-code');
    assert.deepEqual(
      house.service.users().map((user) => user.sender),
      ['1'],
    );
  });

  it('[ACC-1] of many who say the right code at the same time exactly one is let in', async () => {
    for (let round = 0; round < 20; round++) {
      const house = new AccessHouse({
        delay: () => new Promise((resolve) => setImmediate(resolve)),
      });
      const { code } = await house.service.issueCode({ channel: 'telegram', context: 'dm' });
      const answers = await Promise.all(['1', '2', '3', '4', '5'].map((sender) => house.say(sender, code)));
      assert.equal(answers.filter((answer) => outcome(answer) === 'welcome').length, 1);
      assert.equal(house.service.users().length, 1);
      house.restart();
      assert.equal(house.service.users().length, 1);
    }
  });

  it('[ACC-1] a second admission by the same code is passed over even if it were on the record', async () => {
    const house = new AccessHouse();
    await house.pair('1');
    const first = house.journal.ofType('access.admitted')[0]!;
    await house.journal.append({
      type: 'access.admitted',
      actor: who('2'),
      subject: who('2'),
      data: { ...first.data, user: who('2') },
    });
    assert.deepEqual(
      house.service.users().map((user) => user.sender),
      ['1'],
    );
  });

  it('[ACC-1] the record of an admission uses the code up, even if the program dies right after it', async () => {
    const house = new AccessHouse();
    const { code } = await house.service.issueCode({ channel: 'telegram', context: 'dm' });
    await house.say('1', code);
    const at = house.journal.records.findIndex((record) => record.type === 'access.admitted');
    house.journal.records.splice(at + 1);
    house.restart();
    assert.notEqual(outcome(await house.say('2', code)), 'welcome');
    assert.deepEqual(
      house.service.users().map((user) => user.sender),
      ['1'],
    );
  });

  it('[ACC-1] an admission that came on record after the end of its code does not count', async () => {
    for (const late of [0, 1]) {
      const house = new AccessHouse();
      const { codeId, expiresAt } = await house.service.issueCode({ channel: 'telegram', context: 'dm' });
      house.service.dispose();
      house.clock.advance(expiresAt - house.clock.now() - 1 + late);
      await house.journal.append({
        type: 'access.admitted',
        actor: who('1'),
        subject: who('1'),
        data: { user: who('1'), displayName: '', role: 'member', how: 'paired', context: 'dm', codeId },
      });
      assert.equal(house.service.users().length, 1 - late);
    }
  });

  it('[ACC-1] a code is for one channel, one kind of place and, if so made, one sender', async () => {
    const house = new AccessHouse();
    const { code } = await house.service.issueCode({
      channel: 'telegram',
      context: 'dm',
      expectedSender: '7',
    });
    assert.equal(outcome(await house.say('7', code, { channel: 'slack' })), 'wrong-code');
    assert.equal(outcome(await house.say('7', code, { context: 'group' })), 'wrong-code');
    assert.equal(
      outcome(await house.say('17', code)),
      'wrong-code',
      'an id that ends the same is another id',
    );
    assert.equal(house.service.liveCodes()[0]?.wrongTries, 0, 'none of these could have been right');
    assert.equal(outcome(await house.say('7', code)), 'welcome');
  });

  it('[OPS-3c] rotating a code kills the old one at once; cancelling and extending do what they say', async () => {
    const house = new AccessHouse();
    const old = await house.service.issueCode({
      channel: 'telegram',
      context: 'dm',
      role: 'approver',
      expectedSender: '7',
    });
    const fresh = await house.service.rotateCode(old.codeId);
    assert.notEqual(fresh.code, old.code);
    assert.equal(outcome(await house.say('7', old.code)), 'wrong-code');
    assert.equal(outcome(await house.say('7', fresh.code)), 'welcome');
    assert.equal(house.service.users()[0]?.role, 'approver');

    const cancelled = await house.service.issueCode({ channel: 'telegram', context: 'dm' });
    await house.service.cancelCode(cancelled.codeId);
    assert.notEqual(outcome(await house.say('8', cancelled.code)), 'welcome');
    await assert.rejects(house.service.cancelCode(cancelled.codeId), /used, cancelled or out of time/);

    const extended = await house.service.issueCode({ channel: 'telegram', context: 'dm' });
    house.clock.advance(290_000);
    await house.service.extendCode(extended.codeId, 300_000);
    await house.clock.advanceAsync(200_000);
    house.restart();
    assert.equal(outcome(await house.say('9', extended.code)), 'welcome');
    const old2 = await house.service.issueCode({ channel: 'telegram', context: 'dm', ttlMs: 3_600_000 });
    house.clock.advance(1000);
    await assert.rejects(house.service.extendCode(old2.codeId, 3_600_000), /at most an hour/);
  });

  it('[OPS-3c] shows how many have tried a code', async () => {
    const house = new AccessHouse();
    const { code } = await house.service.issueCode({ channel: 'telegram', context: 'dm' });
    for (const sender of ['1', '2', '2']) await house.say(sender, AccessHouse.wrong(code));
    const live = house.service.liveCodes()[0];
    assert.equal(live?.triedByCount, 2);
    assert.equal(live?.wrongTriesLeft, 17);
  });

  it('keeps the number of open codes small and refuses codes where they could not be used', async () => {
    const house = new AccessHouse();
    for (let made = 0; made < 10; made++)
      await house.service.issueCode({ channel: 'telegram', context: 'dm' });
    await assert.rejects(
      house.service.issueCode({ channel: 'telegram', context: 'dm' }),
      /10 codes are open/,
    );
    await house.service.setMode('telegram', 'dm', 'allowlist');
    assert.equal(house.service.liveCodes().length, 0, 'codes end with the mode');
    await assert.rejects(house.service.issueCode({ channel: 'telegram', context: 'dm' }), /allowlist mode/);
  });

  it('a code said by someone who is in already is used up and never taken for talk', async () => {
    const house = new AccessHouse();
    await house.pair('1');
    const { code } = await house.service.issueCode({ channel: 'telegram', context: 'dm' });
    const group = await house.service.issueCode({ channel: 'slack', context: 'group', role: 'owner' });
    assert.equal(outcome(await house.say('1', code)), 'already');
    assert.equal(
      outcome(await house.say('1', group.code)),
      'already',
      'shown in the wrong place, so it is burnt',
    );
    assert.equal(house.service.liveCodes().length, 0);
    assert.equal(outcome(await house.say('1', 'thanks')), 'principal', 'six letters are still a word');
  });

  it('someone who is in can be raised by a code, and guesses at one count', async () => {
    const house = new AccessHouse();
    await house.pair('1');
    const { code } = await house.service.issueCode({ channel: 'telegram', context: 'dm', role: 'owner' });
    for (let tried = 0; tried < 5; tried++) {
      assert.equal(outcome(await house.say('1', AccessHouse.wrong(code))), 'principal');
    }
    assert.equal(house.service.liveCodes()[0]?.wrongTries, 5);
    assert.notEqual(outcome(await house.say('1', code)), 'welcome', 'locked');
    assert.equal(outcome(await house.say('1', '/status')), 'principal', 'but only for codes');
    house.clock.advance(16 * MINUTE);
    const next = await house.service.issueCode({ channel: 'telegram', context: 'dm', role: 'owner' });
    assert.equal(outcome(await house.say('1', next.code)), 'welcome');
    assert.equal(house.service.users()[0]?.role, 'owner');
  });

  it('lets nobody in when the journal cannot be written', async () => {
    const house = new AccessHouse();
    const { code } = await house.service.issueCode({ channel: 'telegram', context: 'dm' });
    house.journal.failWith(new Error('disk full'));
    assert.equal(outcome(await house.say('1', code)), 'not-recorded');
    assert.equal(outcome(await house.say('2', 'hi')), 'not-recorded');
    house.journal.failWith(undefined);
    assert.equal(outcome(await house.say('1', 'hi')), 'pairing');
    assert.equal(outcome(await house.say('1', code)), 'welcome');
  });
});
