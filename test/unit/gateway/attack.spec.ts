import assert from 'node:assert/strict';
import { CODE_ALPHABET } from '../../../src/engine/access/codes';
import type { WrongTry } from '../../../src/engine/access/door';
import type { InboundMessage } from '../../../src/engine/model/message';
import { said, who } from '../../helpers/access-house';
import { sendBursts } from '../../helpers/bursts';
import { FrontDoor } from '../../helpers/front-door';
import { settle } from '../../helpers/manual-clock';

const FULL = process.env.COWORK_FULL === '1';

/** No limits but those of access. */
const WIDE = {
  strangerIdentity: { burst: 1e9, perSecond: 1e9 },
  strangerChannel: { burst: 1e9, perSecond: 1e9 },
  strangerQueue: 1e9,
  conversationQueue: 1e9,
};

/** A small generator with a seed, so that a failure can be run again. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function guess(random: (below: number) => number, not: string): string {
  for (;;) {
    let code = '';
    for (let at = 0; at < 6; at++) code += CODE_ALPHABET.charAt(random(32));
    if (code !== not) return code;
  }
}

describe('attacks on the door, through the gateway', () => {
  for (const [name, limits] of [
    ['with the limits of the gateway', {}],
    ['with access alone', WIDE],
  ] as const) {
    it(`[ACC-2] 5,000 identities guessing together get in nowhere, ${name}`, async () => {
      const door = new FrontDoor(limits);
      const { clock, journal } = door.house;
      const told: WrongTry[] = [];
      const listen = (): void => void door.house.service.onWrongTry((event) => told.push(event));
      listen();
      const random = generator(4);
      const { code, codeId } = await door.house.service.issueCode({ channel: 'telegram', context: 'dm' });
      const rounds = FULL ? 3 : 1;
      for (let round = 0; round < rounds; round++) {
        for (let identity = 0; identity < 5000; identity++) {
          if (identity % 50 === 0) await clock.advanceAsync(100);
          if (identity % 1999 === 10) {
            door.restart();
            listen();
          }
          await door.gateway.receive(said(`a${identity}`, guess(random, code)));
        }
      }
      assert.equal(door.house.service.users().length, 0);
      assert.equal(door.admitted.length, 0);
      const ends = journal.ofType('access.code.ended').filter(({ data }) => data.codeId === codeId);
      assert.deepEqual(
        ends.map(({ data }) => data.reason),
        ['exhausted'],
      );
      const against = journal.ofType('access.attempt').filter(({ data }) => data.codeIds.includes(codeId));
      assert.equal(against.length, 20, 'no more than twenty tries were ever compared with the code');
      assert.ok(told.length >= 20 && told.some(({ codesEnded }) => codesEnded.includes(codeId)));
      await door.gateway.receive(said('late', code));
      assert.equal(door.house.service.users().length, 0, 'not even the right code opens now');
      await settle();
      assert.ok(
        door.adapter.sent.length <= 40 * (1 + Math.ceil((5000 * rounds * 2) / 60_000)),
        `${door.adapter.sent.length} replies`,
      );
    });
  }

  it('[ACC-2] one identity that never stops guessing is locked ever longer, across restarts', async () => {
    const door = new FrontDoor(WIDE);
    const { clock, journal } = door.house;
    const random = generator(5);
    for (let hour = 0; hour < 48; hour++) {
      const { code, codeId } = await door.house.service.issueCode({ channel: 'telegram', context: 'dm' });
      for (let at = 0; at < 10; at++) await door.gateway.receive(said('m', guess(random, code)));
      if (hour % 5 === 0) door.restart();
      if (door.house.service.liveCodes().length > 0) await door.house.service.cancelCode(codeId);
      await clock.advanceAsync(3_600_000);
    }
    const locks = journal.ofType('access.locked');
    assert.deepEqual(
      locks.map(({ data }) => data.level),
      locks.map((_, at) => at + 1),
    );
    assert.ok(locks.length <= 9, `${locks.length} locks in two days`);
    assert.equal(journal.ofType('access.attempt').length, locks.length * 5);
  });

  it('[ACC-1] two who race for one code through two deliveries each: exactly one wins', async () => {
    for (let seed = 1; seed <= (FULL ? 200 : 20); seed++) {
      const random = generator(seed);
      const door = new FrontDoor(WIDE, {
        delay: async () => {
          for (let turn = random(3); turn > 0; turn--) await new Promise((resolve) => setImmediate(resolve));
        },
      });
      const { code } = await door.house.service.issueCode({ channel: 'telegram', context: 'dm' });
      const messages = ['1', '2'].flatMap((sender) => {
        const message = said(sender, code);
        return [message, message, said(sender, ` ${code.toLowerCase()} `)];
      });
      await Promise.all(messages.map((message) => door.gateway.receive(message)));
      assert.equal(door.house.service.users().length, 1, `seed ${seed}`);
      assert.equal(door.house.journal.ofType('access.admitted').length, 1);
    }
  });

  it('[ACC-3] replayed, reordered, doubled and interleaved messages with restarts between: each is taken once', async () => {
    for (let seed = 1; seed <= (FULL ? 100 : 10); seed++) {
      const random = generator(seed);
      const door = new FrontDoor({ ...WIDE, knownIdentity: { burst: 1e9, perSecond: 1e9 } });
      await door.house.pair('friend');
      const { code } = await door.house.service.issueCode({
        channel: 'telegram',
        context: 'dm',
        ttlMs: 3_600_000,
      });
      const wanted = Array.from({ length: 30 }, (_, at) => said('friend', `/run step ${at}`));
      const noise = Array.from({ length: 30 }, (_, at) =>
        said(`s${at % 4}`, at % 2 ? 'hi' : guess(random, code)),
      );
      const queue: InboundMessage[] = [...wanted, ...noise, ...wanted, ...noise, ...wanted.slice(0, 10)];
      for (let at = queue.length - 1; at > 0; at--) {
        const other = random(at + 1);
        [queue[at], queue[other]] = [queue[other]!, queue[at]!];
      }
      while (queue.length > 0) {
        const batch = queue.splice(0, 1 + random(6));
        await Promise.all(batch.map((message) => door.gateway.receive(message)));
        if (random(4) === 0) door.restart();
        door.house.clock.advance(random(30_000));
      }
      const taken = door.admitted.map(({ text }) => text);
      assert.deepEqual(taken.toSorted(), wanted.map(({ text }) => text).toSorted(), `seed ${seed}`);
      assert.deepEqual(
        door.house.service.users().map(({ sender }) => sender),
        ['friend'],
        `seed ${seed}`,
      );
      assert.equal(
        new Set(door.house.journal.ofType('access.attempt').map(({ data }) => data.platformId)).size,
        door.house.journal.ofType('access.attempt').length,
        'no wrong try was counted twice',
      );
    }
  });

  it('[ACC-1] a code is nowhere: records, states, replies and log lines, right, wrong or said in the wrong place', async () => {
    const door = new FrontDoor(WIDE);
    const { service } = door.house;
    const codes: string[] = [];
    for (const [context, role] of [
      ['dm', 'member'],
      ['dm', 'owner'],
      ['group', 'member'],
    ] as const) {
      codes.push((await service.issueCode({ channel: 'telegram', context, role })).code);
    }
    const [member = '', owner = '', group = ''] = codes;
    await door.gateway.receive(said('1', group));
    await door.gateway.receive(said('1', member));
    await door.gateway.receive(said('1', group));
    await door.gateway.receive(said('1', `/start ${owner}`, { isBot: true }));
    await door.gateway.receive(said('1', `/start ${owner}`));
    await door.gateway.receive(said('2', member));
    await settle();
    const everything = JSON.stringify([
      door.house.journal.records,
      door.house.state(),
      door.messages(),
      door.adapter.sent,
      door.log,
    ]).toUpperCase();
    for (const code of codes) assert.ok(!everything.includes(code), code);
    assert.equal(service.users()[0]?.role, 'owner');
  });

  it('[INC-1] after a revocation nothing of the person is taken and nothing is sent to them', async () => {
    const door = new FrontDoor();
    await door.house.pair('1');
    door.gateway.detach('telegram');
    await door.gateway.say({
      channel: 'telegram',
      account: 'bot1',
      conversation: 'dm-1',
      to: who('1'),
      text: 'result',
      format: 'text',
    });
    const waiting = [door.gateway.receive(said('1', '/a')), door.gateway.receive(said('1', '/b'))];
    await door.house.service.revoke([who('1')], 'now');
    await Promise.all(waiting);
    await door.gateway.receive(said('1', '/c'));
    door.restart();
    await door.gateway.receive(said('1', '/d'));
    await settle();
    assert.deepEqual(door.admitted, []);
    assert.deepEqual(door.adapter.sent, []);
    assert.deepEqual(door.messages().unsent, {});
  });

  it('bursts of 5,000 from 1,000 identities: bounded, every drop on record, nobody who is let in starved', async function () {
    this.timeout(60_000);
    const door = new FrontDoor({}, { delay: () => new Promise((resolve) => setImmediate(resolve)) });
    const friends = Array.from({ length: 50 }, (_, at) => `friend${at}`);
    for (const friend of friends) await door.house.pair(friend);
    const bursts = FULL ? 10 : 3;
    const { sent, most, figures } = await sendBursts(door, friends, bursts);
    if (FULL) console.log(`      ${figures}`);
    assert.ok(most <= 2_200 + 1, figures);
    const perFriend = new Map(friends.map((friend) => [friend, 0]));
    for (const { sender } of door.admitted) perFriend.set(sender.id, (perFriend.get(sender.id) ?? 0) + 1);
    for (const [friend, count] of perFriend)
      assert.equal(count, 5 * bursts, `${friend} got ${count} through`);
    const refused = door.house.journal.ofType('message.refused').length;
    assert.equal(door.admitted.length + refused + door.dropped(), sent, figures);
    assert.equal(door.gateway.waiting.inbound, 0);
  });
});
