import assert from 'node:assert/strict';
import { dkimSign } from 'mailauth';
import { SELECTOR } from '../../peers/email/records';
import { BOT, OUR_MX } from '../../peers/email/world';
import { ANN, MailHouse } from './email-support';
import { MemoryStore, until } from './support';

const SAYS = { subject: '[cowork] do', text: '/run npm test' };
const RECEIVED = (ip: string, by: string) =>
  `Received: from mail.sender.example (mail.sender.example [${ip}]) by ${by} with ESMTPS id 1; Wed, 25 Nov 2026 12:00:00 +0000\r\n`;

describe('who wrote a mail', function () {
  this.timeout(30_000);
  const house = MailHouse.use();

  before(() => {
    const { world } = house;
    world.domain('strict.example', { dmarc: 'v=DMARC1; p=reject; adkim=s; aspf=s' });
    world.domain('sub.strict.example', { dmarc: 'v=DMARC1; p=reject; adkim=s; aspf=s' });
    world.domain('half.strict.example', { dmarc: 'v=DMARC1; p=reject; adkim=s' });
    world.domain('sub.people.example');
    world.dns.remove('_dmarc.sub.people.example');
    world.domain('no-policy.example');
    world.dns.remove('_dmarc.no-policy.example');
    world.domain('no-key.example');
    world.dns.remove('mail._domainkey.no-key.example');
    world.domain('trial.example', { keyFlags: 't=y; ' });
    for (const domain of ['xn--peple-kye.example', 'peop1e.example', 'peopel.example']) world.domain(domain);
  });

  /** Each is handed on, as said by the person. */
  const proven: Record<string, [Parameters<typeof house.heard>[0], Record<string, unknown>?]> = {
    'a signature of its own domain': [{ ...SAYS, from: ANN }],
    'a signature of the domain above it, where the policy is relaxed': [
      { ...SAYS, from: 'ann@sub.people.example', signedBy: 'people.example' },
    ],
    'a signature of exactly its domain, where the policy is strict': [
      { ...SAYS, from: 'ann@strict.example' },
    ],
    'a signature that came through a forwarder': [
      {
        ...SAYS,
        from: ANN,
        trace: `Return-Path: <list@forward.example>\r\n${RECEIVED('203.0.113.5', OUR_MX)}${RECEIVED('192.0.2.7', 'mx.forward.example')}`,
      },
    ],
    'the address of the server, where ours says it and may be believed': [
      { ...SAYS, from: ANN, signedBy: false, ip: '192.0.2.7' },
      { receivedBy: OUR_MX },
    ],
    'a name that says something else': [
      { ...SAYS, from: { name: 'Boss <boss@other.example>', address: ANN } },
    ],
    'capitals, which make nobody another person': [
      { ...SAYS, from: 'Ann@People.example', signedBy: 'people.example' },
    ],
  };

  for (const [what, [delivery, settings]] of Object.entries(proven)) {
    it(`[EM-4] believes ${what}`, async () => {
      const { messages } = await house.heard(delivery, settings);
      assert.equal(messages.length, 1);
      const from = typeof delivery.from === 'string' ? delivery.from : (delivery.from?.address ?? '');
      assert.equal(messages[0]?.sender.id, from.toLowerCase());
      assert.equal(messages[0]?.conversation, from.toLowerCase());
      assert.ok(!messages[0]?.sender.displayName.includes('boss'));
    });
  }

  const claims =
    'Authentication-Results: mx.team.example; dkim=pass header.d=people.example; dmarc=pass header.from=people.example\r\n';
  const edit = (from: string | RegExp, to: string) => (raw: string) => {
    const result = raw.replace(from, to);
    assert.notEqual(result, raw, 'the test changes something');
    return result;
  };
  const mark = (name: string, text: string) => (raw: string) =>
    raw.replace(/^DKIM-Signature: /m, `${name}: ${text}\r\nDKIM-Signature: `);

  const unproven: Record<string, [Parameters<typeof house.heard>[0], Record<string, unknown>?]> = {
    'no signature': [{ ...SAYS, from: ANN, signedBy: false }],
    'what the mail says of itself': [
      { ...SAYS, from: ANN, signedBy: false, onTheWay: (raw) => `${claims}${raw}` },
    ],
    'a good signature of another domain': [{ ...SAYS, from: ANN, signedBy: 'other.example' }],
    'a text that was changed on the way': [{ ...SAYS, from: ANN, onTheWay: edit('npm test', 'rm -rf /') }],
    'a subject that was changed on the way': [
      { ...SAYS, from: ANN, onTheWay: edit('Subject: [cowork] do', 'Subject: [cowork] it') },
    ],
    'a From that was changed on the way': [
      { ...SAYS, from: ANN, onTheWay: edit('From: ann@', 'From: root@') },
    ],
    'a domain without a DMARC record': [{ ...SAYS, from: 'ann@no-policy.example' }],
    'a key that is not published': [{ ...SAYS, from: 'ann@no-key.example' }],
    'a domain that only tries signatures out': [{ ...SAYS, from: 'ann@trial.example' }],
    'a signature of the domain above it, where the policy is strict': [
      { ...SAYS, from: 'ann@sub.strict.example', signedBy: 'strict.example' },
    ],
    'a signature that leaves the subject out': [{ ...SAYS, from: ANN, skipFields: 'subject' }],
    'a signature that leaves the date out': [{ ...SAYS, from: ANN, skipFields: 'date' }],
    'two From lines, the signed one first': [
      { ...SAYS, from: ANN, onTheWay: (raw) => raw.replace(/^From: .*$/m, `$&\r\nFrom: boss@other.example`) },
    ],
    'two From lines, the signed one last': [
      { ...SAYS, from: ANN, onTheWay: (raw) => raw.replace(/^From: .*$/m, `From: boss@other.example\r\n$&`) },
    ],
    'two authors in From': [
      {
        ...SAYS,
        from: ANN,
        onTheWay: edit('From: ann@people.example', 'From: ann@people.example, boss@other.example'),
      },
    ],
    'two subjects': [{ ...SAYS, from: ANN, onTheWay: mark('Subject', '[cowork] more') }],
    'the address of the server, while nobody said whose word counts': [
      { ...SAYS, from: ANN, signedBy: false, ip: '192.0.2.7' },
    ],
    'the address of a server that may not send for the domain': [
      { ...SAYS, from: ANN, signedBy: false, ip: '198.51.100.1' },
      { receivedBy: OUR_MX },
    ],
    'an address in a line that somebody wrote below ours': [
      {
        ...SAYS,
        from: ANN,
        signedBy: false,
        ip: '198.51.100.1',
        onTheWay: (raw) => `${RECEIVED('192.0.2.7', OUR_MX)}${raw}`,
      },
      { receivedBy: OUR_MX },
    ],
    'an address that another server says, though ours is named below it': [
      {
        ...SAYS,
        from: ANN,
        signedBy: false,
        trace: `Return-Path: <${ANN}>\r\n${RECEIVED('10.0.0.1', 'mx2.team.example')}${RECEIVED('192.0.2.7', OUR_MX)}`,
      },
      { receivedBy: OUR_MX },
    ],
    'a signature of the domain above it beside the address of a third one, where the policy is strict for signatures':
      [
        {
          ...SAYS,
          from: 'ann@half.strict.example',
          signedBy: 'strict.example',
          mailFrom: ANN,
          ip: '192.0.2.7',
        },
        { receivedBy: OUR_MX },
      ],
    'an address in a line of a server whose word does not count': [
      {
        ...SAYS,
        from: ANN,
        signedBy: false,
        trace: `Return-Path: <${ANN}>\r\n${RECEIVED('192.0.2.7', 'mx2.team.example')}`,
      },
      { receivedBy: OUR_MX },
    ],
    'the address of the server for another domain than From': [
      { ...SAYS, from: 'eve@other.example', signedBy: false, mailFrom: ANN, ip: '192.0.2.7' },
      { receivedBy: OUR_MX },
    ],
  };

  for (const [what, [delivery, settings]] of Object.entries(unproven)) {
    it(`[EM-4] does not believe ${what}`, async () => {
      const { messages, facts, logged } = await house.heard(delivery, settings);
      assert.deepEqual(
        messages.map(({ sender, text }) => [sender.id, text]),
        [],
      );
      // What two programs would read differently is passed over before anything is looked up.
      if (!what.startsWith('two ')) await until(() => facts().unproven === 1, 'the count');
      assert.deepEqual(logged, []);
      assert.deepEqual(house.world.smtp.taken, [], 'and nothing is answered');
    });
  }

  it('[EM-4] does not believe a signature over the first part of a text alone', async () => {
    const connected = await house.connect();
    for (const [length, text] of [
      [undefined, 'all of it'],
      [9, 'the rest /run rm -rf /'],
    ] as const) {
      const raw = await house.world.compose({
        from: ANN,
        subject: '[cowork] x',
        text,
        signedBy: false,
        trace: '',
      });
      const signer = {
        signingDomain: 'people.example',
        selector: SELECTOR,
        privateKey: house.world.keyOf('people.example'),
      };
      const partly = length === undefined ? {} : { maxBodyLength: length };
      const { signatures } = await dkimSign(raw, { ...signer, signatureData: [{ ...signer, ...partly }] });
      assert.equal(/[; ]l=/.test(signatures), length !== undefined, signatures);
      await house.world.imap.deliver(Buffer.concat([Buffer.from(signatures), raw]), Date.now());
    }
    await connected.settle();
    assert.deepEqual(connected.texts(), ['all of it']);
  });

  it('[EM-4] tells the owner when somebody writes in the name of a person who is let in, once an hour', async () => {
    const { notes, facts, settle } = await house.heard({ ...SAYS, from: ANN, signedBy: false }, {}, [ANN]);
    await house.world.deliver({ ...SAYS, from: ANN, signedBy: false });
    await settle();
    assert.deepEqual(
      notes.map(({ code, sender }) => [code, sender]),
      [['sender-not-proven', ANN]],
    );
    assert.ok(!JSON.stringify(notes).includes('npm test'));
    await until(() => facts().unproven === 2, 'the count');
  });

  for (const [what, from] of Object.entries({
    'letters of another script': 'ann@xn--peple-kye.example',
    'a digit for a letter': 'ann@peop1e.example',
    'two letters swapped': 'ann@peopel.example',
  })) {
    it(`[EM-4] hands nothing on from a domain that looks like a known one: ${what}`, async () => {
      const connected = await house.connect();
      connected.known.add(`${BOT}/${ANN}`);
      await house.world.deliver({ ...SAYS, from: ANN, text: 'the real one' });
      await until(() => connected.received.length === 1, 'the real one');
      await house.world.deliver({ ...SAYS, from });
      await connected.settle();
      assert.deepEqual(connected.texts(), ['the real one']);
      assert.deepEqual(
        connected.notes.map(({ code, sender }) => [code, sender]),
        [['look-alike-domain', from]],
      );
      assert.match(connected.notes[0]?.text ?? '', /mistaken for (ann@)?people\.example/);
      await until(() => String(connected.facts().lookAlikes).includes(from), 'the report');
    });
  }

  it('[EM-4] remembers across a restart which domains are known', async () => {
    const store = new MemoryStore();
    const first = await house.connect({}, { store });
    first.known.add(`${BOT}/${ANN}`);
    await house.world.deliver({ ...SAYS, from: ANN });
    await first.settle();
    await first.adapter.disconnect();
    const second = await house.connect({}, { store });
    await house.world.deliver({ ...SAYS, from: 'ann@peop1e.example' });
    await second.settle();
    assert.deepEqual(second.texts(), []);
    assert.equal(second.notes.length, 1);
  });

  it('[EM-4] leaves a person with such a domain alone who is let in', async () => {
    const from = 'ann@peop1e.example';
    const { messages, notes } = await house.heard({ ...SAYS, from }, {}, [ANN, from]);
    assert.equal(messages.length, 1);
    assert.deepEqual(notes, []);
  });

  it('[EM-4] does not take a signed mail of a person twice, under whatever id it comes again', async () => {
    const connected = await house.connect();
    connected.known.add(`${BOT}/${ANN}`);
    const bytes = await house.world.compose({
      ...SAYS,
      from: ANN,
      skipFields: 'message-id',
      messageId: '<one@x.example>',
    });
    const again = Buffer.from(
      bytes.toString('latin1').replace('<one@x.example>', '<two@x.example>'),
      'latin1',
    );
    await house.world.imap.deliver(bytes, Date.now());
    await house.world.imap.deliver(again, Date.now());
    await connected.settle();
    await house.world.imap.deliver(again, Date.now());
    await connected.settle();
    assert.deepEqual(connected.texts(), ['/run npm test']);
  });

  it('[EM-4] does not take a signed mail that is older than a week, whenever it comes', async () => {
    const { messages } = await house.heard({
      ...SAYS,
      from: ANN,
      date: new Date(Date.now() - 8 * 86_400_000),
    });
    assert.deepEqual(messages, []);
  });

  it('[EM-4] sends no answer to people whom the signature does not name', async () => {
    const group = { ...SAYS, from: ANN, to: [BOT, 'eve@evil.example'] };
    const unsigned = await house.heard({ ...group, skipFields: 'to' });
    assert.deepEqual(unsigned.messages, []);
    const signed = await house.heard(group);
    assert.equal(signed.messages[0]?.conversation, `${ANN},eve@evil.example`);
    assert.equal(signed.messages[0]?.context, 'group');
  });
});
