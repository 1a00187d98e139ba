import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { type Behaviour, noRoom, placesOf, roomOf } from '../behaviour';

const EXACT =
  'Grüße 👩‍👩‍👧 日本語 “quoted” 100 % \\ | ~\nsecond line\nif (a < b && c > d) { return `x`; } *s* _u_ &amp; <b>';

/** What is heard of what people say, and from whom. */
export const inbound: readonly Behaviour[] = [
  {
    title: '[ACC-4] knows a person by the platform’s id, whatever they call themselves',
    async run(house) {
      const { bench } = house;
      const [ann, bob] = bench.people;
      await bench.say({ text: 'one', context: 'dm', displayName: 'Ann' });
      await bench.say({ text: 'two', context: 'dm', displayName: bob });
      await bench.say({ text: 'three', context: 'dm', from: bob, displayName: 'Ann' });
      const senders: string[] = [];
      for (const text of ['one', 'two', 'three']) senders.push((await house.hear(text)).sender.id);
      assert.deepEqual(senders, [ann, ann, bob]);
    },
  },
  {
    title:
      '[INI-2] says which account it is, the same each time, and whether the platform takes it for a bot',
    async run(house) {
      const first = house.view.account;
      assert.ok(first && first.account !== '' && first.name !== '');
      assert.equal(first.isBot, house.bench.descriptor.noBots ? null : true);
      assert.equal((await house.tell('hello', 'dm')).account, first.account);
      await house.restart();
      assert.equal(house.view.account?.account, first.account);
    },
  },
  {
    title: 'tells a direct message from a room, and names the conversation of each',
    async run(house) {
      for (const context of placesOf(house.bench)) {
        const message = await house.tell(`in ${context}`, context);
        assert.equal(message.context, context);
        assert.equal(message.conversation, house.bench.conversation(context));
        assert.equal(message.addressed, true);
        assert.equal(message.channel, house.id);
      }
      const all = house.heard.map(({ conversation }) => conversation);
      assert.equal(new Set(all).size, all.length, 'each place is a conversation of its own');
    },
  },
  {
    title: 'leaves alone what is said in a room and not to it, and takes its own name off what is',
    without: noRoom,
    async run(house) {
      const room = roomOf(house);
      await house.bench.say({ text: 'chatter', context: room, addressed: false });
      await house.bench.say({ text: 'rm -rf /', context: room, addressed: false });
      await house.tell('/status', room);
      assert.deepEqual(house.texts, ['/status']);
      await house.see('You said: /status', room);
      assert.equal(house.bench.seen(room).length, 1);
    },
  },
  {
    title: 'takes text as it was typed',
    async run(house) {
      await house.tell(EXACT, 'dm');
      await house.tell('/run git commit -m "a  b" --trailer=\'x: <y@z>\'', 'dm');
    },
  },
  {
    title: 'takes what the platform delivers twice once',
    async run(house) {
      await house.tell('once', 'dm');
      await house.bench.repeatLast();
      await house.bench.repeatLast();
      await house.tell('end', 'dm');
      assert.deepEqual(house.texts, ['once', 'end']);
      await house.see('You said: end', 'dm');
      assert.equal(house.count('You said: once', 'dm'), 1);
    },
  },
  {
    title: 'takes what is delivered again after a restart once',
    async run(house) {
      await house.tell('before the restart', 'dm');
      await house.see('You said: before the restart', 'dm');
      // What was sent and is not on record as sent is sent again, which is as it should be.
      await house.until(() => house.journal.ofType('reply.sent').length === 1, 'the sending on record');
      await house.restart();
      await house.bench.repeatLast();
      await house.tell('after the restart', 'dm');
      assert.deepEqual(house.texts, ['before the restart', 'after the restart']);
      await house.see('You said: after the restart', 'dm');
      assert.equal(house.count('You said: before the restart', 'dm'), 1);
    },
  },
  {
    title: 'keeps what one person says in its order, and the answers too',
    async run(house) {
      const texts = Array.from({ length: 12 }, (_, index) => `number ${index}.`);
      for (const text of texts) await house.bench.say({ text, context: 'dm' });
      await house.see(`You said: ${texts.at(-1)}`, 'dm');
      assert.deepEqual(house.texts, texts);
      const answers = house.bench.seen('dm').map(({ text }) => text.trim());
      assert.deepEqual(
        answers,
        texts.map((text) => `You said: ${text}`),
      );
    },
  },
  {
    title: '[INI-1] hears nothing of strangers and tells them how to be let in once',
    options: { strangers: true },
    async run(house) {
      for (const text of ['hello', 'let me in', 'rm -rf /']) await house.bench.say({ text, context: 'dm' });
      const refused = () => house.journal.ofType('message.refused').length + house.bench.seen('dm').length;
      await house.until(() => refused() >= 4, 'three refusals and one answer');
      assert.deepEqual(house.texts, []);
      assert.equal(house.bench.seen('dm').length, 1);
      assert.match(house.bench.seen('dm')[0]?.text ?? '', /code/);
      assert.ok(!JSON.stringify(house.journal.records).includes('let me in'));
    },
  },
  {
    title: '[ACC-6] does not hear other bots',
    without: ({ sayAsBot }) => (sayAsBot ? undefined : 'the platform has no bots that could be heard'),
    async run(house) {
      for (const context of placesOf(house.bench)) {
        await house.access.setMode(house.id, context, 'open');
        await house.bench.sayAsBot?.(`/run from a bot in ${context}`, context);
        await house.tell(`end of ${context}`, context);
      }
      assert.ok(
        house.texts.every((text) => text.startsWith('end of')),
        house.texts.join(),
      );
    },
  },
  {
    title: '[ACC-6] does not hear itself',
    without: ({ sayAsSelf }) => (sayAsSelf ? undefined : 'the platform does not send back what one said'),
    async run(house) {
      for (const context of placesOf(house.bench)) {
        await house.access.setMode(house.id, context, 'open');
        await house.bench.sayAsSelf?.(`/run from myself in ${context}`, context);
        await house.tell(`end of ${context}`, context);
      }
      assert.ok(
        house.texts.every((text) => text.startsWith('end of')),
        house.texts.join(),
      );
    },
  },
  {
    title: 'never takes an edit of a message for a command',
    without: ({ edit }) => (edit ? undefined : 'messages cannot be edited on the platform'),
    async run(house) {
      for (const context of placesOf(house.bench)) {
        const id = await house.bench.say({ text: `first in ${context}`, context });
        await house.hear(`first in ${context}`);
        await house.bench.edit?.(id, '/run rm -rf build', context);
        await house.tell(`end of ${context}`, context);
      }
      assert.ok(!house.texts.some((text) => text.includes('rm -rf')), house.texts.join());
    },
  },
  {
    title: 'never takes the removal of a message for one',
    without: ({ remove }) => (remove ? undefined : 'the platform tells nobody of removed messages'),
    async run(house) {
      for (const context of placesOf(house.bench)) {
        const id = await house.bench.say({ text: `gone from ${context}`, context });
        await house.hear(`gone from ${context}`);
        await house.bench.remove?.(id, context);
        await house.tell(`end of ${context}`, context);
      }
      const places = placesOf(house.bench).flatMap((context) => [
        `gone from ${context}`,
        `end of ${context}`,
      ]);
      assert.deepEqual(house.texts, places);
    },
  },
  {
    title: 'knows which of its messages is answered',
    without: ({ descriptor }) =>
      descriptor.capabilities.threads ? undefined : 'the platform has no answers to a message',
    async run(house) {
      const context = placesOf(house.bench).at(-1) ?? 'dm';
      await house.say('a question of ours', context);
      const { id } = await house.see('a question of ours', context);
      await house.bench.say({ text: 'an answer to it', context, replyTo: id });
      assert.equal((await house.hear('an answer to it')).inReplyTo, id);
    },
  },
  {
    title: 'lets the platform deliver again what could not be recorded',
    without: ({ forgetful }) => (forgetful ? 'the platform delivers once' : undefined),
    async run(house) {
      house.journal.failWith(new Error('the disk is full'));
      await house.bench.say({ text: 'said while the disk was full', context: 'dm' });
      await house.until(() => house.failures > 0, 'the first try');
      house.journal.failWith(undefined);
      await house.hear('said while the disk was full', 30_000);
      await house.tell('end', 'dm');
      assert.deepEqual(house.texts, ['said while the disk was full', 'end']);
    },
    limitMs: 40_000,
  },
  {
    title: 'puts files of people into quarantine, with where they came from',
    without: (bench) => (bench.takesFiles ? undefined : 'files cannot be fetched from the platform'),
    async run(house) {
      const bytes = Uint8Array.from({ length: 3_000 }, (_, index) => (index * 7) % 256);
      await house.bench.say({
        text: 'with a file',
        context: 'dm',
        file: { name: 'report.bin', mediaType: 'application/octet-stream', bytes },
      });
      const { attachments } = await house.hear('with a file');
      assert.equal(attachments.length, 1);
      assert.equal(attachments[0]?.name, 'report.bin');
      const path = attachments[0]?.quarantinePath ?? '';
      assert.deepEqual(new Uint8Array(await readFile(path)), bytes);
      assert.equal(attachments[0]?.size, bytes.length);
    },
  },
  {
    title: 'names files that are too large, and does not fetch them',
    without: (bench) => (bench.takesFiles ? undefined : 'files cannot be fetched from the platform'),
    options: { limits: { attachmentBytes: 1_000 } },
    async run(house) {
      const bytes = new Uint8Array(3_000).fill(65);
      await house.bench.say({
        text: 'too large',
        context: 'dm',
        file: { name: 'large.txt', mediaType: 'text/plain', bytes },
      });
      const { attachments } = await house.hear('too large');
      assert.deepEqual(
        attachments.map(({ name, quarantinePath }) => [name, quarantinePath]),
        [['large.txt', undefined]],
      );
    },
  },
];
