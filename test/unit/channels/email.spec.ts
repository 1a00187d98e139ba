import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { ChannelError } from '../../../src/channels/contract';
import { createAdapter } from '../../../src/channels/email/adapter';
import type { Cursor } from '../../../src/channels/email/state';
import { ManualClock } from '../../helpers/manual-clock';
import { SubmissionServer } from '../../peers/email/submission';
import { BOT, PASSWORD } from '../../peers/email/world';
import { ANN, BOB, MailHouse } from './email-support';
import { MemoryStore, outbound, until } from './support';

const reply = (text: string, part: object = {}) =>
  outbound({ channel: 'email', account: BOT, conversation: ANN, text, ...part });

function cursorIn(store: MemoryStore): Cursor {
  return JSON.parse(Buffer.from(store.blobs.get('cursor') ?? []).toString());
}

async function fatal(promise: Promise<unknown>, pattern: RegExp): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    assert.ok(error instanceof ChannelError, String(error));
    assert.equal(error.kind, 'fatal', error.message);
    assert.match(error.message, pattern);
    assert.ok(!error.message.includes(PASSWORD));
    return true;
  });
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
          rounds += 1;
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

  describe('what is sent', () => {
    it('answers in the thread, with a subject that is read again, and says it is automatic', async () => {
      const connected = await house.connect();
      const id = await house.world.deliver({
        from: ANN,
        subject: 'Re: [cowork] tests',
        text: 'go on',
        references: '<first@people.example> <second@people.example>',
        inReplyTo: '<second@people.example>',
      });
      await connected.settle();
      const { platformIds } = await connected.adapter.send(reply('done', { inReplyTo: id }));
      const sent = house.world.smtp.taken[0];
      assert.equal(sent?.parsed.subject, 'Re: [cowork] tests');
      assert.equal(sent?.parsed.inReplyTo, `<${id}>`);
      assert.deepEqual(sent?.parsed.references, [
        '<first@people.example>',
        '<second@people.example>',
        `<${id}>`,
      ]);
      assert.deepEqual(platformIds, [sent?.parsed.messageId?.slice(1, -1)]);
      assert.match(sent?.raw ?? '', /^Auto-Submitted: auto-replied\r$/m);
      await connected.adapter.send(reply('by myself'));
      assert.equal(house.world.smtp.taken[1]?.parsed.subject, '[cowork] CoWork OS');
    });

    it('threads an answer after a restart too', async () => {
      const store = new MemoryStore();
      const first = await house.connect({}, { store });
      const id = await house.world.deliver({ from: ANN, subject: '[cowork] kept', text: 'x' });
      await first.settle();
      await first.adapter.disconnect();
      const second = await house.connect({}, { store });
      await second.adapter.send(reply('y', { inReplyTo: id }));
      assert.equal(house.world.smtp.taken[0]?.parsed.subject, 'Re: [cowork] kept');
    });

    it('[EM-4] lets nothing become a header line', async () => {
      const connected = await house.connect();
      const evil = 'x\r\nBcc: eve@evil.example\r\nX-Evil: 1';
      const id = await house.world.deliver({
        from: ANN,
        subject: '[cowork] =?utf-8?Q?a=0D=0ABcc:_eve=40evil.example?=',
        text: 'x',
      });
      await connected.settle();
      await connected.adapter.send(
        reply(evil, {
          inReplyTo: id,
          files: [
            {
              name: `a${evil}.txt`,
              mediaType: `text/plain${evil}`,
              size: 1,
              read: async () => Buffer.from('x'),
            },
          ],
        }),
      );
      await connected.adapter.send(reply('y', { inReplyTo: `id>${evil}` }));
      for (const conversation of [
        `${ANN}\r\nBcc: eve@evil.example`,
        `${ANN}, eve@evil.example`,
        'Ann <ann@people.example>',
        '',
      ]) {
        await assert.rejects(
          connected.adapter.send(reply('z', { conversation })),
          /not one of mail addresses/,
        );
      }
      assert.equal(house.world.smtp.taken.length, 2);
      for (const { raw, envelope } of house.world.smtp.taken) {
        const head = raw.slice(0, raw.indexOf('\r\n\r\n'));
        assert.ok(!/^(?:bcc|x-evil)/im.test(head), head);
        assert.deepEqual(envelope.to, [ANN]);
      }
    });

    it('[EM-4] says below a reply where its links lead and what its files are, and warns of deceptive ones', async () => {
      const connected = await house.connect();
      const text =
        'See https://docs.example.org/a, https://people.example@evil.example/login and https://xn--peple-kye.example/x.';
      const file = (name: string) => ({
        name,
        mediaType: 'application/octet-stream',
        size: 2,
        read: async () => Buffer.from('MZ'),
      });
      await connected.adapter.send(reply(text, { files: [file('report.pdf'), file('setup.exe')] }));
      const body = house.world.smtp.taken[0]?.parsed.text ?? '';
      assert.ok(body.startsWith(text), 'the text itself stays as it is');
      assert.equal(house.world.smtp.taken[0]?.parsed.html, false);
      assert.match(body, /\n-- \nLinks in this message were not checked/);
      assert.match(body, /^- docs\.example\.org$/m);
      assert.match(body, /^! evil\.example \(CAREFUL: another name stands before its “@”/m);
      assert.match(
        body,
        /^! xn--peple-kye\.example \(CAREFUL: written with other letters: .*looks like people\.example and is not\)$/m,
      );
      assert.match(body, /^- report\.pdf, application\/octet-stream, 2 bytes$/m);
      assert.match(body, /^! setup\.exe, .*CAREFUL: opening it may run a program/m);
      assert.deepEqual(connected.facts().suspiciousLinks, ['evil.example', 'xn--peple-kye.example']);
      assert.deepEqual(
        connected.notes.map(({ code }) => code),
        ['suspicious-link'],
      );
      await connected.adapter.send(reply('nothing to see'));
      assert.equal(house.world.smtp.taken[1]?.parsed.text?.trim(), 'nothing to see');
    });

    it('says what kind of failure it is: to wait, to try again, or to leave it', async () => {
      const { adapter } = await house.connect();
      const { smtp } = house.world;
      const cases = [
        [{ code: 451, text: '4.3.0 try later', at: 'data' }, 'temporary', undefined],
        [
          { code: 450, text: '4.7.1 too many messages, try again in 90 seconds', at: 'mail' },
          'rate-limited',
          90_000,
        ],
        [{ code: 550, text: '5.7.1 spam', at: 'data' }, 'refused', undefined],
      ] as const;
      for (const [fault, kind, wait] of cases) {
        smtp.faults = [fault];
        await assert.rejects(adapter.send(reply('x')), (error: unknown) => {
          assert.ok(error instanceof ChannelError);
          assert.equal(error.kind, kind, error.message);
          assert.equal(error.retryAfterMs, wait);
          return true;
        });
      }
      house.world.smtpWire.refuse();
      await assert.rejects(
        adapter.send(reply('x')),
        (error: unknown) => error instanceof ChannelError && error.kind === 'temporary',
      );
    });

    it('gives a mail whose confirmation was lost the same id when it is sent again', async () => {
      const { adapter } = await house.connect();
      const { smtp, smtpWire } = house.world;
      smtp.onTaken = () => smtpWire.cut();
      await assert.rejects(adapter.send(reply('once')), ChannelError);
      smtp.onTaken = () => undefined;
      await adapter.send(reply('once'));
      await adapter.send(reply('once'));
      const ids = smtp.taken.map(({ parsed }) => parsed.messageId);
      assert.equal(ids[0], ids[1]);
      assert.notEqual(ids[1], ids[2], 'a new message has a new one');
    });
  });

  describe('its connections', () => {
    it('[EM-4] says nothing to a server with a certificate that is not trusted', async () => {
      await fatal(house.make({ certificate: '' }).adapter.connect(), /certificate of the IMAP server/);
      const { adapter } = await house.connect();
      const wrong = house.make({ certificate: '', imapPort: house.world.imapWire.port });
      await fatal(wrong.adapter.send(reply('x')), /certificate of the SMTP server/);
      assert.ok(adapter);
    });

    it('[EM-4] encrypts by STARTTLS where that is set', async () => {
      const smtp = new SubmissionServer(BOT, PASSWORD, '', 'starttls');
      await smtp.start();
      try {
        const connected = await house.connect({
          imapSecurity: 'starttls',
          imapPort: house.world.imap.ports.imap,
          smtpSecurity: 'starttls',
          smtpPort: smtp.port,
        });
        await connected.settle();
        await connected.adapter.send(reply('encrypted'));
        assert.equal(smtp.taken.length, 1);
        assert.deepEqual(smtp.violations, []);
      } finally {
        await smtp.stop();
      }
    });

    it('[EM-4] sends nothing when the offer of STARTTLS is taken out on the way to the SMTP server', async () => {
      const smtp = new SubmissionServer(BOT, PASSWORD, '', 'stripped');
      await smtp.start();
      try {
        const { adapter } = await house.connect({ smtpSecurity: 'starttls', smtpPort: smtp.port });
        await fatal(adapter.send(reply('secret')), /did not switch to an encrypted connection/);
        assert.equal(smtp.taken.length, 0);
        assert.deepEqual(smtp.violations, [], 'not even a login was tried');
      } finally {
        await smtp.stop();
      }
    });

    for (const greeting of [
      '* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready',
      '* PREAUTH [CAPABILITY IMAP4rev1] welcome',
    ]) {
      it(`[EM-4] says no password to an IMAP server that answers “${greeting}”`, async () => {
        const { server, port, heard } = await clearImap(greeting);
        try {
          await fatal(
            house.make({ imapSecurity: 'starttls', imapPort: port }).adapter.connect(),
            /did not switch to an encrypted connection/,
          );
          assert.ok(!/LOGIN|AUTHENTICATE|SELECT|EXAMINE/i.test(heard.join('')), heard.join(''));
        } finally {
          server.close();
        }
      });
    }

    it('tries again when the name of a server is not found', async () => {
      const { adapter } = house.make({ imapHost: 'imap.nowhere.example', smtpHost: 'smtp.nowhere.example' });
      const temporary = (error: unknown) => error instanceof ChannelError && error.kind === 'temporary';
      await assert.rejects(adapter.connect(), temporary);
      await assert.rejects(adapter.send(reply('x')), temporary);
    });

    it('[EM-4] asks before each connection, to the two servers alone and always with encryption', async () => {
      const { context } = house.make();
      const asked: string[] = [];
      const adapter = createAdapter({
        ...context,
        admit: (destination) => {
          asked.push(JSON.stringify(destination));
          return context.admit(destination);
        },
      });
      await adapter.connect();
      await adapter.send(reply('x')).finally(() => adapter.disconnect());
      const { imapPort, smtpPort } = house.world.settings();
      assert.deepEqual(
        asked,
        [imapPort, smtpPort].map((port) => JSON.stringify({ host: '127.0.0.1', port, tls: true })),
      );
      await assert.rejects(context.admit({ host: '127.0.0.1', port: 1, tls: true }), ChannelError);
    });
  });
});

/** A server, or someone on the way to one, that offers no encryption. */
async function clearImap(greeting: string): Promise<{ server: Server; port: number; heard: string[] }> {
  const heard: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write(`${greeting}\r\n`);
    socket.on('data', (chunk) => {
      heard.push(chunk.toString());
      for (const line of chunk.toString().split('\r\n').filter(Boolean)) {
        const [tag = '*', command = ''] = line.split(' ');
        if (command === 'CAPABILITY') socket.write('* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n');
        socket.write(command === 'STARTTLS' ? `${tag} BAD unknown\r\n` : `${tag} OK done\r\n`);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return { server, port: address && typeof address === 'object' ? address.port : 0, heard };
}
