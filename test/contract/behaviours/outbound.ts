import assert from 'node:assert/strict';
import { type Behaviour, placesOf, roomOf } from '../behaviour';
import type { Seen } from '../bench';
import { HOSTILE } from '../hostile';
import { ContractHouse } from '../house';

/** Some platforms break a mention with a character that is not seen, or show other spaces. */
function plain(text: string): string {
  return text
    .replace(/\p{Default_Ignorable_Code_Point}/gu, '')
    .replace(/\s+/g, ' ')
    .trim();
}

const textOf = (seen: readonly Seen[]): string => seen.map(({ text }) => text).join('\n');

/** What people see of what is said to them. */
export const outbound: readonly Behaviour[] = [
  {
    title: 'answers where it was asked, linked to the question',
    async run(house) {
      for (const context of placesOf(house.bench)) {
        const id = await house.bench.say({ text: `a question in ${context}`, context });
        const seen = await house.see(`You said: a question in ${context}`, context);
        const { threads } = house.bench.descriptor.capabilities;
        if (threads && (context !== 'dm' || !house.bench.flatDm)) assert.equal(seen.replyTo, id);
        for (const other of placesOf(house.bench))
          if (other !== context) assert.equal(house.count(`question in ${context}`, other), 0);
      }
      // It may be seen before the platform has said so.
      await house.until(() => house.idle(), 'every answer to be sent');
      assert.equal(house.journal.ofType('reply.sent').length, placesOf(house.bench).length);
    },
  },
  {
    title: 'sends a long text whole, in parts of the platform’s length, cut between words',
    async run(house) {
      const { maxLength } = house.bench.descriptor.capabilities;
      const words = Array.from({ length: Math.ceil((maxLength * 2.5) / 9) }, (_, index) =>
        `w${index}`.padEnd(8, 'x'),
      );
      const lines: string[] = [];
      for (let at = 0; at < words.length; at += 7) lines.push(words.slice(at, at + 7).join(' '));
      await house.say(lines.join('\n'), 'dm');
      await house.until(() => house.journal.ofType('reply.sent').length === 1, 'the whole text', 30_000);
      const seen = house.bench.seen('dm');
      assert.ok(seen.length >= 3, `${seen.length} parts`);
      assert.ok(
        seen.every(({ text }) => text.length <= maxLength),
        'no part is too long',
      );
      assert.deepEqual(textOf(seen).split(/\s+/).filter(Boolean), words);
      assert.equal(house.journal.ofType('reply.sent')[0]?.data.platformIds.length, seen.length);
    },
    limitMs: 40_000,
  },
  {
    title: 'keeps a block of code in one part when it fits, and shows every part of a longer one as code',
    async run(house) {
      const { maxLength } = house.bench.descriptor.capabilities;
      const prose = 'p'.padEnd(Math.floor(maxLength * 0.6), ' prose');
      const small = Array.from({ length: Math.floor((maxLength * 0.5) / 10) }, (_, at) =>
        `s${at}`.padEnd(9, '.'),
      );
      await house.say(`${prose}\n\`\`\`\n${small.join('\n')}\n\`\`\``, 'dm', { format: 'markdown' });
      await house.until(() => house.journal.ofType('reply.sent').length === 1, 'the first text', 30_000);
      const whole = house.bench.seen('dm').filter(({ text }) => small.some((line) => text.includes(line)));
      assert.equal(whole.length, 1, 'the block is in one message');
      const before = house.bench.seen('dm').length;
      const large = Array.from({ length: Math.floor((maxLength * 1.5) / 10) }, (_, at) =>
        `l${at}`.padEnd(9, '.'),
      );
      await house.say(`\`\`\`\n${large.join('\n')}\n\`\`\``, 'dm', { format: 'markdown' });
      await house.until(() => house.journal.ofType('reply.sent').length === 2, 'the second text', 30_000);
      const parts = house.bench.seen('dm').slice(before);
      assert.ok(parts.length >= 2);
      assert.deepEqual(
        textOf(parts)
          .split(/\s+/)
          .filter((word) => word.startsWith('l')),
        large,
      );
      if (house.bench.showsCode === false) return;
      const code = parts.flatMap((part) => part.code).join('\n');
      assert.deepEqual(code.split(/\s+/).filter(Boolean), large);
      assert.ok(!/[`~]{3}/.test(textOf(parts)), 'no fence is left as text');
    },
    limitMs: 40_000,
  },
  {
    title: 'shows `code` and blocks as code, and nothing else of Markdown as markup',
    async run(house) {
      await house.say('Run `npm test` now:\n```sh\nnpm test && echo *done*\n```\nThen *look*.', 'dm', {
        format: 'markdown',
      });
      const seen = await house.see('Then *look*.', 'dm');
      assert.ok(seen.text.includes('npm test && echo *done*'));
      if (house.bench.showsCode === false) return;
      assert.deepEqual(
        seen.code.map((code) => code.trim()),
        ['npm test', 'npm test && echo *done*'],
      );
      assert.ok(!seen.text.includes('`'));
    },
  },
  {
    title: 'lets no text become markup, a mention or a link',
    async run(house) {
      const place = ContractHouse.room(house.bench) ?? 'dm';
      const { maxLength } = house.bench.descriptor.capabilities;
      for (const format of ['text', 'markdown'] as const) {
        for (const [index, text] of HOSTILE.entries()) {
          const sent = house.journal.ofType('reply.sent').length;
          const before = house.bench.seen(place).length;
          await house.say(`${format} ${index}: ${text}`, place, { format });
          await house.until(() => house.journal.ofType('reply.sent').length > sent, `hostile text ${index}`);
          const seen = house.bench.seen(place).slice(before);
          for (const { alarms } of seen) assert.deepEqual(alarms, [], `${format} ${index}: ${text}`);
          if (format === 'text' && text.length < maxLength / 2)
            assert.equal(plain(textOf(seen)), plain(`${format} ${index}: ${text}`));
        }
      }
    },
    limitMs: 60_000,
  },
  {
    title: 'changes an earlier message of its own instead of adding one',
    without: ({ descriptor }) =>
      descriptor.capabilities.edit ? undefined : 'messages cannot be changed on the platform',
    async run(house) {
      for (const context of placesOf(house.bench)) {
        await house.say(`working in ${context}`, context);
        const { id } = await house.see(`working in ${context}`, context);
        const count = house.bench.seen(context).length;
        await house.say(`half of it in ${context}`, context, { edits: id });
        await house.see(`half of it in ${context}`, context);
        await house.say(`done in ${context}`, context, { edits: id });
        const seen = await house.see(`done in ${context}`, context);
        assert.equal(seen.id, id);
        assert.equal(seen.edited, true);
        assert.equal(house.bench.seen(context).length, count);
      }
    },
  },
  {
    title: 'sends a message anew when the one to change is not there',
    without: ({ descriptor }) =>
      descriptor.capabilities.edit ? undefined : 'messages cannot be changed on the platform',
    async run(house) {
      await house.say('a first one', 'dm');
      const { id } = await house.see('a first one', 'dm');
      await house.say('instead of one that never was', 'dm', { edits: otherId(id) });
      await house.see('instead of one that never was', 'dm');
      assert.equal(house.count('a first one', 'dm'), 1);
    },
  },
  {
    title: 'shows buttons, and takes the press of one as the command of who pressed it',
    without: ({ descriptor, press }) =>
      descriptor.capabilities.buttons && press ? undefined : 'the platform has no buttons',
    async run(house) {
      for (const context of placesOf(house.bench)) {
        house.answer = () => undefined;
        await house.say(`Run npm test in ${context}?`, context, {
          buttons: [
            { label: 'Approve', command: `/approve ${context}`, style: 'primary' },
            { label: 'Deny', command: `/deny ${context}`, style: 'danger' },
          ],
        });
        const seen = await house.see(`Run npm test in ${context}?`, context);
        assert.deepEqual(seen.buttons, ['Approve', 'Deny']);
        await house.bench.press?.(seen.id, 'Deny', context);
        const pressed = await house.hear(`/deny ${context}`);
        assert.equal(pressed.sender.id, house.bench.people[0]);
        assert.equal(pressed.context, context);
        assert.equal(pressed.conversation, house.bench.conversation(context));
        assert.equal(pressed.addressed, true);
      }
      await house.tell('end', 'dm');
      assert.equal(house.texts.length, placesOf(house.bench).length + 1);
    },
  },
  {
    title: 'shows that it works on something, and says nothing by it',
    without: ({ descriptor }) =>
      descriptor.capabilities.typing ? undefined : 'the platform shows no typing',
    async run(house) {
      for (const context of placesOf(house.bench)) {
        const signs = () => house.bench.signs?.(context) ?? house.bench.requests();
        const before = signs();
        const sign = house.work(context);
        await house.until(() => signs() > before || house.bench.quietTyping === true, 'the sign');
        sign.dispose();
        assert.equal(house.bench.seen(context).length, 0);
      }
    },
  },
  {
    title: 'sends files after the text, byte for byte',
    without: ({ descriptor }) =>
      descriptor.capabilities.fileBytes > 0 ? undefined : 'the platform takes no files from a bot',
    async run(house) {
      const bytes = Uint8Array.from({ length: 2_500 }, (_, index) => (index * 11) % 256);
      const context = house.bench.descriptor.capabilities.contexts.includes('dm') ? 'dm' : roomOf(house);
      const { name, mediaType } = house.bench.sendsFile ?? {
        name: 'report & <co>.bin',
        mediaType: 'application/octet-stream',
      };
      await house.say('Here is the report.', context, {
        files: [
          {
            name,
            mediaType,
            size: bytes.length,
            read: async () => bytes,
          },
        ],
      });
      await house.see('Here is the report.', context);
      await house.until(() => house.bench.seen(context).some(({ files }) => files.length > 0), 'the file');
      const files = house.bench.seen(context).flatMap((seen) => seen.files);
      assert.deepEqual(
        files.map((file) => [file.name, Buffer.from(file.bytes).toString('hex')]),
        [[name, Buffer.from(bytes).toString('hex')]],
      );
      await house.until(() => house.journal.ofType('reply.sent').length === 1, 'the sending on record');
    },
  },
];

/** An id of the same form that belongs to no message. */
function otherId(id: string): string {
  const digit = id.search(/[0-8](?!.*[0-8])/);
  if (digit < 0) return `${id}0`;
  return `${id.slice(0, digit)}${9 - Number(id.charAt(digit))}${id.slice(digit + 1)}`;
}
