import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { ChannelError } from '../../../src/channels/contract';
import { createAdapter } from '../../../src/channels/email/adapter';
import { SubmissionServer } from '../../peers/email/submission';
import { BOT, PASSWORD } from '../../peers/email/world';
import { ANN, fatal, MailHouse, reply } from './email-support';
import { MemoryStore } from './support';

describe('email adapter, towards its servers', function () {
  this.timeout(30_000);
  const house = MailHouse.use();

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
