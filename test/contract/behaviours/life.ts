import assert from 'node:assert/strict';
import { ChannelError } from '../../../src/channels/contract';
import { type Behaviour, noFault, placesOf } from '../behaviour';
import type { ContractHouse } from '../house';

/** TCP connections of this process, the platform's own side included. */
function sockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap' || name === 'TLSWrap')
    .length;
}

/** Milliseconds that a request takes at most from this process to the platform, which is in it too. */
const ON_ITS_WAY_MS = 50;

async function silentAfter(house: ContractHouse, ms: number): Promise<void> {
  // What was sent just before the end may still be on its way to the platform.
  await new Promise((resolve) => setTimeout(resolve, ON_ITS_WAY_MS));
  const before = house.bench.requests();
  await house.pass(ms);
  assert.equal(house.bench.requests(), before, 'the platform hears nothing more');
}

/** How a channel starts and ends, and how people lose access to it. */
export const life: readonly Behaviour[] = [
  {
    title: '[INC-1] is silent towards a person who was shut out in the middle of a conversation',
    async run(house) {
      const { bench } = house;
      const key = house.who(bench.people[0]);
      await house.tell('before', 'dm');
      await house.see('You said: before', 'dm');
      let talking = true;
      const talk = (async () => {
        for (let line = 0; talking && line < 60; line += 1) {
          await house.say(`line ${line} of a long answer`, 'dm');
          await new Promise((resolve) => setTimeout(resolve, 25));
        }
      })();
      await house.see('line 2 of', 'dm');
      await house.access.revoke([key], 'test');
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      const seen = bench.seen('dm').length;
      await bench.say({ text: 'do you hear me?', context: 'dm' });
      await new Promise((resolve) => setTimeout(resolve, 500));
      talking = false;
      await talk;
      assert.equal(bench.seen('dm').length, seen, 'nothing is said any more');
      assert.deepEqual(house.texts, ['before']);
    },
  },
  {
    title: '[INC-1] goes on hearing the others when one is shut out',
    async run(house) {
      const [ann, bob] = house.bench.people;
      await house.tell('from ann', 'dm', ann);
      await house.access.revoke([house.who(ann)], 'test');
      await house.bench.say({ text: 'ann again', context: 'dm', from: ann });
      await house.tell('from bob', 'dm', bob);
      assert.deepEqual(house.texts, ['from ann', 'from bob']);
    },
  },
  {
    title: 'frees every socket and timer when it is switched off, and asks the platform nothing more',
    async run(house) {
      const { bench } = house;
      await house.manager.disable(house.id, 'test');
      await house.until(() => house.channelClock.pending === 0, 'its timers to end');
      // Connections of fetch are kept for another request for some seconds, by the platform Node and not the channel.
      await house.until(() => sockets() === 0, `${sockets()} connections to end`, 12_000);
      await house.connect();
      await house.tell('hello', 'dm');
      await house.see('You said: hello', 'dm');
      await house.manager.disable(house.id, 'test');
      assert.equal(house.view.state, 'off');
      assert.equal(house.channelClock.pending, 0, 'no timer is left');
      await silentAfter(house, 300);
      if (bench.forgetful) return;
      await bench.say({ text: 'to nobody', context: 'dm' }).catch(() => undefined);
      await silentAfter(house, 700);
      await house.until(() => sockets() === 0, `${sockets()} connections to end`, 12_000);
      assert.ok(!house.texts.includes('to nobody'));
    },
    limitMs: 40_000,
  },
  {
    title: 'can be switched off twice, and while it connects',
    async run(house) {
      const adapter = house.adapter;
      await house.manager.disable(house.id, 'test');
      await adapter?.disconnect();
      const connecting = house.manager.enable(house.id);
      await house.manager.disable(house.id, 'test');
      await connecting;
      await house.pass(300);
      assert.equal(house.view.state, 'off');
      await house.until(() => house.channelClock.pending === 0, 'its timers to end');
      await silentAfter(house, 300);
    },
  },
  {
    title: 'works again when it is switched on again',
    async run(house) {
      await house.tell('the first time', 'dm');
      await house.see('You said: the first time', 'dm');
      // It may be seen before the platform has said so.
      await house.until(() => house.idle(), 'the answer to be sent');
      await house.manager.disable(house.id, 'test');
      await house.connect();
      await house.tell('the second time', 'dm');
      await house.see('You said: the second time', 'dm');
      assert.equal(house.count('You said: the first time', 'dm'), 1);
      assert.deepEqual(house.texts, ['the first time', 'the second time']);
    },
  },
  {
    title: 'sends after a restart what an earlier run had left unsent',
    async run(house) {
      await house.manager.disable(house.id, 'test');
      await house.say('left by the run before', 'dm');
      await house.restart();
      await house.see('left by the run before', 'dm', 30_000);
      assert.equal(house.count('left by the run before', 'dm'), 1);
      await house.until(() => house.journal.ofType('reply.sent').length === 1, 'the sending on record');
    },
  },
  {
    title: 'proves credentials without starting to receive',
    async run(house) {
      await house.manager.disable(house.id, 'test');
      const name = Object.keys(house.bench.secrets())[0];
      if (name === undefined) return;
      const before = house.heard.length;
      const account = await house.manager.credentials.check(house.id, {
        [name]: house.bench.secrets()[name] ?? '',
      });
      if (account) assert.ok(account.name !== '');
      assert.equal(house.heard.length, before);
      assert.equal(house.view.state, 'off');
      await house.until(() => house.channelClock.pending === 0, 'its timers to end');
      await silentAfter(house, 300);
    },
  },
  {
    title: 'refuses credentials that the platform refuses, in a sentence that does not repeat them',
    without: noFault('revoke'),
    async run(house) {
      await house.manager.disable(house.id, 'test');
      await house.bench.inject('revoke');
      for (const [name, value] of Object.entries(house.bench.secrets())) {
        const field = house.bench.descriptor.secrets.find((secret) => secret.name === name);
        const needed = field?.neededWith?.(house.bench.settings()) ?? true;
        if (!needed || house.bench.unproven?.includes(name)) continue;
        await assert.rejects(
          house.manager.credentials.check(house.id, { [name]: value }),
          (error: unknown) => {
            assert.ok(error instanceof ChannelError, String(error));
            assert.equal(error.kind, 'fatal', error.message);
            assert.ok(!error.message.includes(value));
            return true;
          },
        );
      }
      await house.bench.heal();
    },
  },
  {
    title: 'goes on where it was with a new secret of its account',
    without: ({ changeSecret }) =>
      changeSecret ? undefined : 'the platform has no secret, or the channel renews its own',
    async run(house) {
      const { bench } = house;
      await house.tell('with the first secret', 'dm');
      await house.see('You said: with the first secret', 'dm');
      const { name, value } = bench.changeSecret?.() ?? assert.fail();
      await bench.say({ text: 'between the two', context: 'dm' });
      await house.manager.credentials.store(house.id, { [name]: value });
      await house.until(() => house.view.state === 'online', 'the channel to be online', 20_000);
      await house.hear('between the two', 20_000);
      await house.tell('with the second secret', 'dm');
      await house.see('You said: with the second secret', 'dm');
      assert.deepEqual(house.texts, ['with the first secret', 'between the two', 'with the second secret']);
    },
    limitMs: 60_000,
  },
  {
    title: 'does not answer in another place than it was asked in, whoever asks',
    async run(house) {
      const [, bob] = house.bench.people;
      const rooms = placesOf(house.bench).filter((context) => context !== 'dm');
      const before = house.bench.seen('dm').length;
      for (const room of rooms) {
        await house.tell(`bob in ${room}`, room, bob);
        await house.see(`You said: bob in ${room}`, room);
      }
      await house.tell('bob alone', 'dm', bob);
      await house.until(() => house.idle(), 'everything to be sent');
      assert.equal(house.bench.seen('dm').length, before, 'the first person sees nothing of it');
    },
  },
];
