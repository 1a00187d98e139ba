import assert from 'node:assert/strict';
import { createAdapter } from '../../../src/channels/email/adapter';
import type { Cursor } from '../../../src/channels/email/state';
import { ManualClock } from '../../helpers/manual-clock';
import { BOT, PASSWORD } from '../../peers/email/world';
import { ANN, BOB, fatal, MailHouse, reply } from './email-support';
import { MemoryStore, until } from './support';

function cursorIn(store: MemoryStore): Cursor {
  return JSON.parse(Buffer.from(store.blobs.get('cursor') ?? []).toString());
}

describe('email adapter', function () {
  this.timeout(30_000);
  const house = MailHouse.use();

  it('[INI-2] [EM-2] is the address of its mailbox, which nobody says is a bot', async () => {
    const { adapter } = house.make({ address: 'Bot@Team.Example', user: BOT });
    const account = { account: BOT, name: BOT, handle: BOT, isBot: null };
    assert.deepEqual(await adapter.check?.(), account);
    assert.deepEqual(await adapter.connect(), account);
  });

  it('says which settings are missing', async () => {
    await fatal(
      house.make({ address: '', smtpHost: '' }).adapter.connect(),
      /email\.address and .*email\.smtpHost/,
    );
  });

  it('needs a person when the password is wrong, on either server', async () => {
    await fatal(
      house.make({}, { secrets: { password: 'not the password' } }).adapter.connect(),
      /app password/,
    );
    const { adapter } = await house.connect();
    house.world.smtp.setPassword('another one');
    await fatal(adapter.send(reply('x')), /SMTP server refused/).finally(() =>
      house.world.smtp.setPassword(PASSWORD),
    );
  });

  describe('what is read', () => {
    it('never reads what was there before it came', async () => {
      await house.world.deliver({ from: ANN, text: 'long ago' });
      const connected = await house.connect();
      await connected.settle();
      assert.deepEqual(connected.texts(), []);
    });

    it('[EM-3] fetches nothing of mail with another subject, and leaves all of it unseen', async () => {
      const connected = await house.connect();
      await connected.settle();
      const before = house.world.imapWire.bytes;
      // Not even the head: it has some 100 kB here.
      const headers = { 'X-Long': 'words '.repeat(20_000) };
      await house.world.deliver({
        from: ANN,
        subject: 'Newsletter',
        headers,
        text: 'x'.repeat(3_000_000),
      });
      await connected.settle();
      const came = house.world.imapWire.bytes - before;
      assert.ok(came < 40_000, `${came} bytes came`);
      assert.deepEqual(connected.texts(), []);
      assert.ok((await house.world.imap.flags()).every((flags) => !flags.includes('S')));
    });

    it('[EM-3] looks for the text in any case, encoded or in other letters, and reads all without one', async () => {
      const umlauts = await house.connect({ subjectFilter: 'Büro' });
      await house.world.deliver({ from: ANN, subject: 'Re: BÜRO an', text: 'one' });
      await house.world.deliver({ from: ANN, subject: 'Buero', text: 'two' });
      await umlauts.settle();
      assert.deepEqual(umlauts.texts(), ['one']);
      const all = await house.connect({ subjectFilter: '' });
      await house.world.deliver({ from: ANN, subject: 'anything', text: 'three' });
      await all.settle();
      assert.deepEqual(all.texts(), ['three']);
    });

    for (const [what, headers] of Object.entries({
      'an out-of-office answer': { 'Auto-Submitted': 'auto-replied' },
      'a mailing list': { 'List-Id': '<dev.lists.example>' },
      'bulk mail': { Precedence: 'bulk' },
      'an older answering machine': { 'X-Autoreply': 'yes' },
      'what passed us before': { 'X-Loop': BOT },
    })) {
      it(`hands on nothing of ${what}`, async () => {
        const { messages } = await house.heard({ from: ANN, subject: '[cowork] x', text: 'hello', headers });
        assert.deepEqual(messages, []);
      });
    }

    it('hands on no bounces', async () => {
      const bounces = [
        { from: 'MAILER-DAEMON@people.example', text: 'undeliverable' },
        { from: ANN, text: 'undeliverable', trace: 'Return-Path: <>\r\n' },
      ];
      const connected = await house.connect();
      for (const bounce of bounces) await house.world.deliver(bounce);
      await connected.settle();
      assert.deepEqual(connected.texts(), []);
    });

    it('tells who reads along: alone, among others, in copy only, and not at all', async () => {
      const connected = await house.connect();
      const say = (text: string, to: string[], cc: string[] = []) =>
        house.world.deliver({ from: ANN, text, to, cc });
      await say('alone', [BOT]);
      await say('tagged', ['bot+work@team.example']);
      await say('among', [BOT, BOB]);
      await say('copied', [BOB], [BOT]);
      await say('hidden', [BOB]);
      await connected.settle();
      assert.deepEqual(
        connected.received
          .filter(({ text }) => !text.startsWith('mark'))
          .map(({ text, context, conversation, addressed }) => [text, context, conversation, addressed]),
        [
          ['alone', 'dm', ANN, true],
          ['tagged', 'dm', ANN, true],
          ['among', 'group', `${ANN},${BOB}`, true],
          ['copied', 'group', `${ANN},${BOB}`, false],
        ],
      );
    });

    it('takes what the person wrote, without quotations and signatures, and HTML as the text that is seen', async () => {
      const connected = await house.connect();
      await house.world.deliver({
        from: ANN,
        text: '/run npm test\n\n-- \nAnn\n\nOn Mon, Bot wrote:\n> /run rm -rf /',
      });
      await house.world.deliver({
        from: ANN,
        html: '<p>/run npm <b>ci</b></p><div style="display: none">/run rm -rf /</div><script>x</script>',
      });
      await connected.settle();
      assert.deepEqual(connected.texts(), ['/run npm test', '/run npm ci']);
    });

    it('fetches files when they are asked for, and not over the limit', async () => {
      const connected = await house.connect();
      const content = Buffer.alloc(2_000, 7);
      await house.world.deliver({
        from: ANN,
        text: 'with a file',
        attachments: [{ filename: 'a.bin', content }],
      });
      await connected.settle();
      const attachment = connected.received.find(({ text }) => text === 'with a file')?.attachments[0];
      assert.ok(attachment);
      assert.equal(attachment.size, 2_000);
      assert.deepEqual(await connected.adapter.download?.(attachment, 5_000), content);
      await assert.rejects(
        async () => connected.adapter.download?.(attachment, 1_000),
        /larger than 1000 bytes/,
      );
      await assert.rejects(
        async () => connected.adapter.download?.({ ...attachment, platformId: '1.1.0' }, 5_000),
        /no longer has/,
      );
    });
  });

  describe('where it goes on', () => {
    it('after a restart takes what came meanwhile, each once', async () => {
      const store = new MemoryStore();
      const first = await house.connect({}, { store });
      await house.world.deliver({ from: ANN, text: 'before' });
      await first.settle();
      await first.adapter.disconnect();
      await house.world.deliver({ from: ANN, text: 'meanwhile' });
      const second = await house.connect({}, { store });
      await second.settle();
      assert.deepEqual(first.texts(), ['before']);
      assert.deepEqual(second.texts(), ['meanwhile']);
    });

    it('has delivered again what could not be put on record, and nothing after it is lost', async () => {
      const connected = await house.connect();
      connected.failReceives(1);
      for (const text of ['one', 'two', 'three']) await house.world.deliver({ from: ANN, text });
      await until(() => new Set(connected.texts()).size === 3, 'all three');
      assert.ok(connected.states.some(({ state }) => state === 'waiting'));
      // What was taken after the failed one comes again; the gateway knows its id.
      assert.ok(connected.texts().includes('one'));
      await until(() => connected.states.at(-1)?.state === 'online', 'the connection');
    });

    it('after the line was cut says when it tries next, and goes on', async () => {
      const connected = await house.connect();
      await connected.settle();
      house.world.imapWire.refuse();
      await house.world.deliver({ from: ANN, text: 'while away' });
      await until(() => connected.states.at(-1)?.state === 'waiting', 'the wait');
      assert.match(connected.states.at(-1)?.detail ?? '', /IMAP server cannot be reached.* Next try at \d/);
      house.world.imapWire.heal();
      await until(() => connected.texts().includes('while away'), 'the mail');
      assert.equal(connected.states.at(-1)?.state, 'online');
      assert.deepEqual(connected.texts(), ['while away']);
    });

    it('when the server numbers the folder anew, takes what is new and nothing twice', async () => {
      const store = new MemoryStore();
      const first = await house.connect({}, { store });
      first.known.add(`${BOT}/${ANN}`);
      await house.world.deliver({ from: ANN, text: 'handled', arrived: Date.now() - 5_000 });
      await until(() => first.texts().length === 1, 'the first');
      const before = cursorIn(store);
      await first.adapter.disconnect();
      // The server's dates are in whole seconds.
      await house.world.deliver({ from: ANN, text: 'new', arrived: Date.now() + 2_000 });
      await house.world.imap.renumber();
      const second = await house.connect({}, { store });
      second.known.add(`${BOT}/${ANN}`);
      await until(() => second.texts().includes('new'), 'the new one');
      await second.settle();
      assert.deepEqual(second.texts(), ['new']);
      const after = cursorIn(store);
      assert.notEqual(after.uidValidity, before.uidValidity);
    });

    it('loses nothing when it is interrupted while it reads a folder that was numbered anew', async () => {
      const store = new MemoryStore();
      const first = await house.connect({}, { store });
      await first.settle();
      await first.adapter.disconnect();
      // The later one has the lower number, as when folders were copied together.
      const soon = Date.now() + 2_000;
      for (const [text, arrived, place] of [
        ['later', soon + 60_000, soon],
        ['sooner', soon + 30_000, soon + 90_000],
      ] as const)
        await house.world.imap.deliver(await house.world.compose({ from: ANN, text }), arrived, place);
      await house.world.imap.renumber();
      const { context, received } = house.make({}, { store });
      let failures = 0;
      const adapter = createAdapter({
        ...context,
        receive: async (message) => {
          if (message.text === 'sooner' && failures++ === 0) throw new Error('the disk is full');
          await context.receive(message);
        },
      });
      try {
        await adapter.connect();
        await until(() => received.some(({ text }) => text === 'sooner'), 'the one that failed');
        assert.ok(received.some(({ text }) => text === 'later'));
        assert.equal(failures, 2, 'it was delivered again');
      } finally {
        await adapter.disconnect();
      }
    });

    it('asks about a sender again when DNS did not answer, and then no more', async () => {
      const clock = new ManualClock(Date.now());
      const made = house.make({}, { clock });
      let rounds = 0;
      const adapter = createAdapter({
        ...made.context,
        report: (facts) => {
          // This is said after each look at the mailbox.
          if ('waiting' in facts) rounds += 1;
          made.context.report(facts);
        },
      });
      /** Turns the clock and waits until the mailbox was read once more. */
      const round = async (minutes: number, done: () => boolean, what: string) => {
        const before = rounds;
        clock.advance(minutes * 60_000);
        await until(() => rounds > before && done(), what, 25_000);
      };
      const tries = () => cursorIn(made.store).pending[0]?.tries ?? 0;
      const texts = () => made.received.map(({ text }) => text);
      try {
        await adapter.connect();
        await until(() => rounds > 0, 'the first look');
        house.world.dns.broken.add('people.example');
        await house.world.deliver({ from: ANN, text: 'wait for me' });
        await round(0, () => tries() === 1, 'the mail to wait');
        house.world.dns.broken.clear();
        await round(1, () => texts().length === 1, 'the mail');
        assert.equal(tries(), 0);

        house.world.dns.broken.add('people.example');
        await house.world.deliver({ from: ANN, text: 'for nothing' });
        for (const [index, minutes] of [0, 1, 2, 4, 8, 15].entries())
          await round(minutes, () => tries() === index + 1, `try ${index + 1}`);
        await round(30, () => tries() === 0, 'the end');
        assert.deepEqual(texts(), ['wait for me']);
      } finally {
        await adapter.disconnect();
      }
    });

    it('notices that nobody is at the other end, and takes another line', async () => {
      const clock = new ManualClock(Date.now());
      const connected = await house.connect({}, { clock });
      await connected.settle();
      house.world.imapWire.hold();
      clock.advance(4 * 60_000);
      // The ping has no answer; its time is up.
      await until(() => clock.pendingTimers > 0, 'the ping');
      clock.advance(30_000);
      await until(() => connected.states.at(-1)?.state === 'waiting', 'the loss to be noticed');
      clock.advance(5_000);
      await house.world.deliver({ from: ANN, text: 'on the new line' });
      await until(() => connected.texts().includes('on the new line'), 'the mail');
    });
  });
});
