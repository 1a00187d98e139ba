import assert from 'node:assert/strict';
import { parseCode } from '../../../src/engine/access/codes';
import type { WrongTry } from '../../../src/engine/access/door';
import { AccessHouse, outcome } from '../../helpers/access-house';

const MINUTE = 60_000;

describe('guesses at codes, and strangers', () => {
  it('[ACC-2] five wrong codes lock an identity for 15 minutes, then for twice as long', async () => {
    const house = new AccessHouse();
    for (const minutes of [15, 30, 60, 120]) {
      const { code, codeId } = await house.service.issueCode({
        channel: 'telegram',
        context: 'dm',
        ttlMs: 3_600_000,
      });
      for (let tried = 0; tried < 5; tried++) await house.say('1', AccessHouse.wrong(code));
      await house.service.cancelCode(codeId);
      const right = await house.service.issueCode({ channel: 'telegram', context: 'dm', ttlMs: 3_600_000 });
      assert.notEqual(
        outcome(await house.say('1', right.code)),
        'welcome',
        'the right code is not looked at',
      );
      house.restart();
      house.clock.advance(minutes * MINUTE - 1);
      const last = await house.service.issueCode({ channel: 'telegram', context: 'dm' });
      assert.notEqual(outcome(await house.say('1', last.code)), 'welcome');
      house.clock.advance(1);
      if (minutes === 120) assert.equal(outcome(await house.say('1', last.code)), 'welcome');
    }
    assert.deepEqual(
      house.journal.ofType('access.locked').map((record) => record.data.level),
      [1, 2, 3, 4],
    );
  });

  it('[ACC-2] a lock holds from the fifth try on even if the program dies before it says so', async () => {
    const house = new AccessHouse();
    const { code } = await house.service.issueCode({ channel: 'telegram', context: 'dm' });
    for (let tried = 0; tried < 5; tried++) await house.say('1', AccessHouse.wrong(code));
    const at = house.journal.records.findIndex((record) => record.type === 'access.locked');
    house.journal.records.splice(at);
    house.restart();
    assert.notEqual(outcome(await house.say('1', code)), 'welcome');
  });

  it('[ACC-2] twenty wrong tries by anyone end a code, and the owner sees each of them', async () => {
    const house = new AccessHouse();
    const seen: WrongTry[] = [];
    house.service.onWrongTry((event) => seen.push(event));
    const { code, codeId } = await house.service.issueCode({ channel: 'telegram', context: 'dm' });
    for (let sender = 0; sender < 20; sender++) await house.say(`s${sender}`, AccessHouse.wrong(code));
    assert.equal(outcome(await house.say('honest', code)), 'wrong-code');
    assert.equal(seen.length, 21);
    assert.deepEqual(seen[19]?.codesEnded, [codeId]);
    assert.equal(seen[0]?.triesLeft, 4);
    assert.equal(seen[0]?.displayName, 'Name of s0');
    assert.equal(house.journal.ofType('access.code.ended')[0]?.data.reason, 'exhausted');
  });

  it('[ACC-2] the cap of a code survives a restart, also one before its end was recorded', async () => {
    const house = new AccessHouse();
    const { code } = await house.service.issueCode({ channel: 'telegram', context: 'dm' });
    for (let sender = 0; sender < 20; sender++) {
      if (sender % 3 === 0) house.restart();
      await house.say(`s${sender}`, AccessHouse.wrong(code));
    }
    const end = house.journal.records.findIndex((record) => record.type === 'access.code.ended');
    house.journal.records.splice(end);
    house.restart();
    assert.notEqual(outcome(await house.say('honest', code)), 'welcome');
    assert.equal(house.service.liveCodes().length, 0);
  });

  it('[ACC-3] only a message that is exactly a code is an attempt', async () => {
    for (const text of ['ABCDEF', ' abcdef ', '/start ABCDEF', '/pair abcdef', '/pair@my_bot ABCDEF']) {
      assert.equal(parseCode(text)?.code, 'ABCDEF', text);
    }
    for (const text of [
      'ABCDE',
      'ABCDEFG',
      'code ABCDEF',
      'ABCDEF ABCDEF',
      'ABC-DEF',
      'ABCDE0',
      'ABCDEI',
      'ＡＢＣＤＥＦ',
      'АBCDEF',
      '/pair',
      '/start',
      '/pair ABCDEF please',
      '/run ABCDEF',
      '',
      'A'.repeat(1_000_000),
    ]) {
      assert.equal(parseCode(text), undefined, text.slice(0, 20));
    }
    const house = new AccessHouse();
    const { code } = await house.service.issueCode({ channel: 'telegram', context: 'dm' });
    for (let time = 0; time < 30; time++) await house.say('1', `is it ${code}?`);
    assert.equal(house.journal.ofType('access.attempt').length, 0);
    assert.equal(outcome(await house.say('1', code)), 'welcome');
  });

  it('[ACC-3] a stranger gets one reply per window, whatever they send, also across a restart', async () => {
    const house = new AccessHouse();
    const { code } = await house.service.issueCode({ channel: 'telegram', context: 'dm', ttlMs: 3_600_000 });
    const replies = async (): Promise<number> => {
      let count = 0;
      for (const text of ['hi', AccessHouse.wrong(code), 'hi', '/start', '/help']) {
        const answer = await house.say('1', text);
        if (answer.kind === 'reply') count++;
      }
      return count;
    };
    assert.equal(await replies(), 1);
    house.restart();
    assert.equal(await replies(), 0);
    house.clock.advance(60_000);
    assert.equal(await replies(), 1);
    house.clock.advance(60_000);
    assert.equal(await replies(), 0, 'the window doubles');
    house.clock.advance(60_000);
    assert.equal(await replies(), 1);
  });

  it('[ACC-3] many messages of a stranger at the same time get one reply', async () => {
    const house = new AccessHouse({ delay: () => new Promise((resolve) => setImmediate(resolve)) });
    const answers = await Promise.all(Array.from({ length: 50 }, () => house.say('1', 'hi')));
    assert.equal(answers.filter((answer) => answer.kind === 'reply').length, 1);
  });

  it('[ACC-3] a crowd of strangers cannot make the bot talk without end, and never in a public room', async () => {
    const house = new AccessHouse();
    let replies = 0;
    for (let sender = 0; sender < 500; sender++) {
      if ((await house.say(`s${sender}`, 'hi')).kind === 'reply') replies++;
    }
    assert.equal(replies, 30);
    house.clock.advance(61_000);
    for (let sender = 0; sender < 50; sender++) {
      assert.equal((await house.say(`p${sender}`, 'hi', { context: 'public' })).kind, 'silence');
    }
    let inGroup = 0;
    for (let sender = 0; sender < 50; sender++) {
      if ((await house.say(`g${sender}`, 'hi', { context: 'group' })).kind === 'reply') inGroup++;
    }
    assert.equal(inGroup, 1, 'a group is told once, not once a member');
  });
});
