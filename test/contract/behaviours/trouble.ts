import assert from 'node:assert/strict';
import { type Behaviour, noFault, placesOf } from '../behaviour';
import { type Fault, RATE_LIMIT_MS } from '../bench';
import type { ContractHouse } from '../house';

/** As `nextTry` of the channels writes it. */
const NEXT_TRY = /Next try at \d\d:\d\d:\d\d\./;
/** A sentence for a person: what happened, why, what to do. */
const SENTENCE = /^[\p{Lu}“].{20,}[.!]$/su;

/** What the platform loses it loses; what it keeps must come, and come once. */
async function sayThroughTrouble(house: ContractHouse, text: string): Promise<string> {
  const { bench } = house;
  if (!bench.forgetful) {
    await bench.say({ text, context: 'dm' });
    await house.hear(text, 40_000);
    return text;
  }
  // Until somebody listens again, people say it anew.
  for (let turn = 0; turn < 100; turn += 1) {
    const said = `${text} (${turn})`;
    await bench.say({ text: said, context: 'dm' });
    await house.pass(400);
    if (house.texts.includes(said)) return said;
  }
  assert.fail(`nobody heard “${text}”`);
}

function eachOnce(house: ContractHouse): void {
  assert.equal(new Set(house.texts).size, house.texts.length, `heard twice: ${house.texts.join(', ')}`);
}

/** Something has passed both ways before it goes wrong. */
async function breakAfterTalk(house: ContractHouse, fault: Fault): Promise<void> {
  await house.tell('before', 'dm');
  await house.see('You said: before', 'dm');
  await house.bench.inject(fault);
}

/** All that waited is out. */
async function seeOnce(house: ContractHouse, text: string): Promise<void> {
  await house.see(text, 'dm', 30_000);
  await house.until(() => house.idle(), 'everything to be sent', 30_000);
  assert.equal(house.count(text, 'dm'), 1);
}

/** A line over which nothing comes any more, without having been closed. */
function silence(title: string, fault: Fault, text: string): Behaviour {
  return {
    title,
    without: noFault(fault),
    async run(house) {
      const { bench } = house;
      await breakAfterTalk(house, fault);
      const said = await sayThroughTrouble(house, text);
      await bench.heal();
      await house.see(`You said: ${said}`, 'dm', 40_000);
      await house.until(() => house.view.state === 'online', 'the channel to be online', 30_000);
      await house.until(() => house.idle(), 'everything to be sent', 30_000);
      eachOnce(house);
    },
    limitMs: 90_000,
  };
}

/** What goes wrong between a platform and a channel, and how the channel comes back from it. */
export const trouble: readonly Behaviour[] = [
  {
    title: 'waits as long as the platform asks it to, and then sends',
    without: noFault('rate-limit'),
    async run(house) {
      const { bench } = house;
      await breakAfterTalk(house, 'rate-limit');
      const before = bench.requests();
      await house.say('slowed down', 'dm');
      await house.pass(2 * RATE_LIMIT_MS);
      const asked = bench.requests() - before;
      assert.ok(asked <= 12, `${asked} requests within two seconds of being told to wait`);
      await bench.heal();
      await seeOnce(house, 'slowed down');
      assert.notEqual(house.view.state, 'fatal');
    },
    limitMs: 40_000,
  },
  {
    title: 'tries again after an error of the server, with growing waits, and sends once',
    without: noFault('error'),
    async run(house) {
      const { bench } = house;
      await breakAfterTalk(house, 'error');
      const before = bench.requests();
      await house.say('through the errors', 'dm');
      await house.pass(3_000);
      const asked = bench.requests() - before;
      assert.ok(asked <= 15, `${asked} requests within three seconds of errors`);
      assert.notEqual(house.view.state, 'fatal');
      await bench.heal();
      await seeOnce(house, 'through the errors');
      await sayThroughTrouble(house, 'after the errors');
      eachOnce(house);
    },
    limitMs: 60_000,
  },
  {
    title: 'connects again when the line is cut, and loses and repeats nothing',
    without: noFault('drop'),
    async run(house) {
      const { bench } = house;
      for (let turn = 1; turn <= 3; turn += 1) {
        const said = await sayThroughTrouble(house, `before cut ${turn}`);
        await house.see(`You said: ${said}`, 'dm', 30_000);
        await bench.inject('drop');
        await bench.heal();
        const after = await sayThroughTrouble(house, `after cut ${turn}`);
        await house.see(`You said: ${after}`, 'dm', 30_000);
      }
      eachOnce(house);
      for (const text of house.texts) assert.equal(house.count(`You said: ${text}`, 'dm'), 1, text);
      await house.until(() => house.view.state === 'online', 'the channel to be online');
    },
    limitMs: 90_000,
  },
  {
    title: 'says when it tries next while the platform is down, does not hammer it, and goes on where it was',
    without: noFault('down'),
    async run(house) {
      const { bench } = house;
      await breakAfterTalk(house, 'down');
      await house.say('kept while it was down', 'dm');
      if (!bench.pushOnly)
        await house.until(
          () =>
            house.view.state === 'waiting' &&
            NEXT_TRY.test(house.view.detail) &&
            (house.view.nextTryAt ?? 0) > house.channelClock.now(),
          'the next try to be named, and its time counted down',
          30_000,
        );
      const before = bench.requests();
      const logged = house.logged.length;
      await house.pass(3_000);
      assert.ok(bench.requests() - before <= 10, `${bench.requests() - before} tries in three seconds`);
      assert.ok(house.logged.length - logged <= 20, 'the log is not flooded');
      if (!bench.forgetful && !bench.pushOnly)
        await bench.say({ text: 'said while it was down', context: 'dm' });
      await bench.heal();
      await house.see('kept while it was down', 'dm', 40_000);
      await house.until(() => house.view.state === 'online', 'the channel to be online', 40_000);
      assert.equal(house.view.nextTryAt, undefined, 'nothing is counted down any more');
      if (!bench.forgetful && !bench.pushOnly) await house.hear('said while it was down', 30_000);
      await sayThroughTrouble(house, 'afterwards');
      assert.equal(house.count('kept while it was down', 'dm'), 1);
      eachOnce(house);
    },
    limitMs: 90_000,
  },
  silence('notices a line that is dead without being closed, and takes another', 'stall', 'into the silence'),
  silence(
    'takes another line when the platform has ended its side of this one without a word',
    'half-close',
    'at a line that is half closed',
  ),
  {
    title:
      'asks for what was said while its session was lost, and takes it once, in order, and as it was said',
    without: noFault('lose-session'),
    async run(house) {
      const { bench } = house;
      const places = bench.recovers ?? placesOf(bench);
      for (const context of places) await house.tell(`before in ${context}`, context);
      for (const turn of ['while it runs', 'while it is off']) {
        if (turn === 'while it is off') await house.manager.disable(house.id, 'test');
        await bench.inject('lose-session');
        for (const part of ['one', 'two', 'three'])
          for (const context of places) await bench.say({ text: `${part} ${turn} in ${context}`, context });
        const changed = await bench.say({ text: `changed ${turn}`, context: 'dm' });
        await bench.edit?.(changed, '/run rm -rf build', 'dm');
        await bench.heal();
        if (turn === 'while it is off') await house.restart();
        for (const context of places) await house.hear(`three ${turn} in ${context}`, 40_000);
        for (const context of places) {
          const heard = house.texts.filter((text) => text.endsWith(`${turn} in ${context}`));
          assert.deepEqual(
            heard,
            ['one', 'two', 'three'].map((part) => `${part} ${turn} in ${context}`),
          );
        }
        await house.tell(`after it was lost ${turn}`, 'dm');
      }
      eachOnce(house);
      assert.ok(!house.texts.some((text) => text.includes('rm -rf')), house.texts.join());
      await house.until(() => house.idle(), 'everything to be sent', 30_000);
      for (const text of house.texts) {
        const count = places.reduce((sum, context) => sum + house.count(`You said: ${text}`, context), 0);
        assert.equal(count, 1, text);
      }
    },
    limitMs: 90_000,
  },
  {
    title: 'lives through what is not of the protocol',
    without: noFault('garbage'),
    async run(house) {
      const { bench } = house;
      await breakAfterTalk(house, 'garbage');
      for (let turn = 0; turn < 2; turn += 1) await bench.inject('garbage');
      await bench.heal();
      const said = await sayThroughTrouble(house, 'after the garbage');
      await house.see(`You said: ${said}`, 'dm', 30_000);
      assert.ok(!house.states.some(({ state }) => state === 'fatal'), JSON.stringify(house.states));
      eachOnce(house);
    },
    limitMs: 60_000,
  },
  {
    title: 'says in a sentence what to do when its credentials are no good any more, and asks no further',
    without: noFault('revoke'),
    async run(house) {
      const { bench } = house;
      await breakAfterTalk(house, 'revoke');
      await house.say('with the old credentials', 'dm');
      await bench.say({ text: 'said after they were withdrawn', context: 'dm' }).catch(() => undefined);
      await house.until(() => house.view.state === 'fatal', 'the channel to need a person', 40_000);
      assert.match(house.view.detail, SENTENCE);
      // What was under way when it was found out may still end.
      await house.pass(300);
      const before = bench.requests();
      await house.pass(1_500);
      assert.equal(bench.requests(), before, 'nothing is asked any more');
      assert.equal(house.count('with the old credentials', 'dm'), 0);
      // A person has put it right: what waited is sent.
      await bench.heal();
      await house.manager.reconnect(house.id);
      await house.see('with the old credentials', 'dm', 30_000);
    },
    limitMs: 60_000,
  },
  {
    title: 'repeats a message at most once when only the answer to its sending was lost',
    without: noFault('lose-answer'),
    async run(house) {
      const { bench } = house;
      await breakAfterTalk(house, 'lose-answer');
      await house.say('taken, but not confirmed', 'dm');
      await house.until(
        () => house.journal.ofType('reply.sent').length === 2,
        'the sending on record',
        30_000,
      );
      await bench.heal();
      await house.say('next', 'dm');
      await house.see('next', 'dm', 30_000);
      const count = house.count('taken, but not confirmed', 'dm');
      assert.ok(count === 1 || count === 2, `${count} times`);
      assert.equal(house.count('next', 'dm'), 1);
    },
    limitMs: 60_000,
  },
];
