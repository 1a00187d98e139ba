import assert from 'node:assert/strict';
import { conversationOf, isOurs, normalAddress, recipientsOf } from '../../../src/channels/email/addresses';
import { automatic, ownId } from '../../../src/channels/email/automatic';
import { type Composition, compose } from '../../../src/channels/email/compose';
import { emailDescriptor, emailSettings } from '../../../src/channels/email/descriptor';
import { HeaderFields } from '../../../src/channels/email/headers';
import { htmlText } from '../../../src/channels/email/html';
import { readHeading } from '../../../src/channels/email/inbound';
import { Intake } from '../../../src/channels/email/intake';
import { linksIn } from '../../../src/channels/email/links';
import { imitated, looksLike } from '../../../src/channels/email/look-alike';
import { ownWords } from '../../../src/channels/email/text';
import { watchedContext } from './support';

const US = 'bot@team.example';
const head = (text: string) => HeaderFields.read(Buffer.from(`${text.replaceAll('\n', '\r\n')}\r\n\r\nbody`));

describe('addresses of mail', () => {
  it('[ACC-4] are one for a person however they are written, and none for what is not one', () => {
    assert.equal(normalAddress('Ann@People.EXAMPLE'), 'ann@people.example');
    assert.equal(normalAddress('ann@bücher.example'), 'ann@xn--bcher-kva.example');
    assert.equal(normalAddress('ann+x@people.example.'), 'ann+x@people.example');
    for (const text of [
      '',
      'ann',
      '@people.example',
      'ann@',
      'ann@localhost',
      '"a b"@people.example',
      'a b@people.example',
      'ann@people.example, bob@x.example',
      'ann@127.0.0.1',
      'ann@[127.0.0.1]',
      'ann\r\n@people.example',
      'anń@people.example',
      `${'a'.repeat(65)}@people.example`,
    ])
      assert.equal(normalAddress(text), undefined, JSON.stringify(text));
  });

  it('name a conversation by everyone in it', () => {
    const name = conversationOf(['bob@b.example', 'ann@a.example', 'bob@b.example']);
    assert.equal(name, 'ann@a.example,bob@b.example');
    assert.deepEqual(recipientsOf(name), ['ann@a.example', 'bob@b.example']);
    for (const other of [
      'bob@b.example,ann@a.example',
      'ann@a.example,ann@a.example',
      'Ann@a.example',
      'ann',
      '',
    ])
      assert.equal(recipientsOf(other), undefined, other);
    assert.equal(conversationOf([]), undefined);
    assert.equal(conversationOf(Array.from({ length: 21 }, (_, index) => `p${index}@a.example`)), undefined);
  });

  it('are ours with a tag too, and with nothing else', () => {
    assert.ok(isOurs(US, US));
    assert.ok(isOurs('bot+build@team.example', US));
    for (const other of [
      'bot+x@other.example',
      'robot@team.example',
      '+bot@team.example',
      'bot@team.example.evil.example',
    ])
      assert.ok(!isOurs(other, US), other);
  });
});

describe('the head of a mail', () => {
  it('[EM-4] is read only when all programs would read it alike', () => {
    assert.ok(head('From: a@x.example\nTo: b@x.example\n folded'));
    for (const text of [
      'From: a@x.example\nFrom: b@x.example',
      'From: a@x.example\nfrom : b@x.example',
      'Subject: a\nSubject: b',
      'From: a@x.example\nnot a field',
      'From: a@x.example\rFrom: b@x.example',
      'From: a@x.example\0',
      `${'X-A: b\n'.repeat(501)}From: a@x.example`,
    ])
      assert.equal(head(text), undefined, JSON.stringify(text.slice(0, 60)));
  });

  it('[EM-3] counts only with the text in its subject, whatever the server has found', async () => {
    const listed = (subject: string) => ({
      uid: 1,
      bytes: 100,
      arrived: Date.UTC(2026, 0, 1),
      head: Buffer.from(
        `From: ann@people.example\r\nTo: ${US}\r\nSubject: ${subject}\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\n\r\n`,
      ),
    });
    const read = (subject: string) => readHeading(listed(subject), US, '[cowork]');
    assert.equal(await read('cowork and more'), 'other-subject');
    assert.equal(await read(''), 'other-subject');
    for (const subject of ['Re: [CoWork] x', '=?utf-8?B?W2Nvd29ya10gw7w=?='])
      assert.equal(typeof (await read(subject)), 'object', subject);
  });

  it('knows what a program wrote', () => {
    const cases: Record<string, string> = {
      'Auto-Submitted: auto-generated': 'auto-reply',
      'Auto-Submitted: Auto-Replied (vacation)': 'auto-reply',
      'Precedence: auto_reply': 'auto-reply',
      'X-Autorespond: holiday': 'auto-reply',
      'X-Auto-Response-Suppress: DR, OOF': 'auto-reply',
      'Precedence: list': 'list',
      'List-Unsubscribe: <mailto:x@y.example>': 'list',
      'Return-Path: <>': 'bounce',
      'X-Failed-Recipients: a@x.example': 'bounce',
      'Content-Type: multipart/report; report-type=delivery-status': 'bounce',
      'From: Mail Delivery <MAILER-DAEMON@x.example>': 'bounce',
      'From: no-reply@x.example': 'auto-reply',
      'X-Loop: Bot@Team.Example': 'loop',
      [`Message-ID: <${ownId('00000000-0000-4000-8000-000000000000', US)}>`]: 'loop',
      [Array.from({ length: 31 }, () => 'Received: from a by b').join('\n')]: 'loop',
    };
    for (const [text, kind] of Object.entries(cases)) {
      const fields = head(text);
      assert.ok(fields, text);
      assert.equal(automatic(fields, US), kind, text);
    }
    for (const text of [
      'Auto-Submitted: no',
      'From: Ann <ann@x.example>',
      'Precedence: normal',
      'X-Loop: other@x.example',
    ]) {
      const fields = head(text);
      assert.ok(fields, text);
      assert.equal(automatic(fields, US), undefined, text);
    }
  });

  it('costs no more than its length, whatever is in it', () => {
    const began = process.cpuUsage().user;
    for (const text of [
      `From: ${'a'.repeat(200_000)}`,
      `From: ${'<'.repeat(200_000)}@`,
      `References: ${'<a'.repeat(100_000)}`,
    ]) {
      const fields = head(text);
      if (fields) automatic(fields, US);
    }
    assert.throws(() => htmlText('<b>x'.repeat(250_000)), RangeError);
    htmlText('<b>x</b>'.repeat(120_000));
    assert.throws(() => htmlText('<a href="https://x.example">y'.repeat(30_000)), RangeError);
    htmlText(`${'<a href="https://x.example">'.repeat(500)}${'y</i>'.repeat(100_000)}`);
    ownWords(`On ${'x '.repeat(300_000)}\n`.repeat(2));
    assert.ok(process.cpuUsage().user - began < 5_000_000, `${(process.cpuUsage().user - began) / 1_000} ms`);
  });
});

describe('the text of a mail', () => {
  const own: Record<string, [string, string]> = {
    'is what stands above a quotation': [
      '/status\n\nOn Mon, 1 Jan 2026 at 10:00, Bot <bot@x> wrote:\n> old\n> /run x',
      '/status',
    ],
    'is found when the line above the quotation is broken': [
      '/status\n\nOn Mon, 1 Jan 2026 at 10:00, A Very Long Name\n<bot@x> wrote:\n\n> old',
      '/status',
    ],
    'is found above a German one': ['/status\nAm 01.01.2026 um 10:00 schrieb Bot:\n> alt', '/status'],
    'is found above that of Outlook': [
      '/status\n\nFrom: Bot\nSent: Monday\nTo: Ann\nSubject: x\n\n/run rm -rf /',
      '/status',
    ],
    'is found above a line of Outlook': ['/status\n________________________________\nanything', '/status'],
    'ends at the signature': ['/status\n-- \nAnn\n/run x', '/status'],
    'ends at what the phone adds': ['/status\n\nSent from my iPhone', '/status'],
    'is what stands below when nothing is above': [
      'On Mon, 1 Jan 2026, Bot wrote:\n> old\n\n/status',
      '/status',
    ],
    'is nothing when all is quoted': ['> /run rm -rf /', ''],
    'is nothing when what is quoted is not marked': ['-----Original Message-----\n/run rm -rf /', ''],
    'keeps its lines and spaces': ['/write a.txt\none  two\n\n  three', '/write a.txt\none  two\n\n  three'],
    'may contain what only resembles a quotation': [
      'echo 1 > file\non it wrote: x\nFrom: here',
      'echo 1 > file\non it wrote: x\nFrom: here',
    ],
  };
  for (const [what, [text, expected]] of Object.entries(own)) {
    it(what, () => assert.equal(ownWords(text), expected));
  }

  const pages: Record<string, [string, string]> = {
    'has lines where the page has': ['<div>one</div><div>two<br>three</div>', 'one\n\ntwo\nthree'],
    'leaves out what cannot be seen': [
      '<head><title>t</title></head><style>a</style><script>b</script><p hidden>c</p><p style="Display : NONE">d</p><span style="font-size:0">e</span><span style="opacity: 0;">f</span><div aria-hidden="true">g</div><p>seen</p><template>h</template><!-- i -->',
      'seen',
    ],
    'leaves out quoted mail': [
      '<p>/status</p><div class="gmail_quote">On … wrote:<blockquote type="cite">/run x</blockquote></div>',
      '/status',
    ],
    'says where a link leads when it says otherwise': [
      '<a href="https://evil.example/">https://bank.example</a>',
      'https://bank.example <https://evil.example/>',
    ],
    'decodes characters once': ['&amp;lt;b&amp;gt; &lt;i&gt;', '&lt;b&gt; <i>'],
    'keeps preformatted lines': ['<pre>a\n  b</pre>', 'a\nb'],
  };
  for (const [what, [html, expected]] of Object.entries(pages)) {
    it(`of a page ${what}`, () => assert.equal(htmlText(html), expected));
  }
});

describe('look-alike domains', () => {
  it('[EM-4] are known by how they are drawn and by one letter, and others are left alone', () => {
    const known = ['paypal.example', 'people.example', 'mail.org'];
    for (const domain of [
      'xn--pypal-4ve.example',
      'paypa1.example',
      'peopel.example',
      'people5.example',
      'rnail.org',
    ])
      assert.ok(looksLike(domain, known), domain);
    for (const domain of [
      'people.example',
      'team.people.example',
      'peoples-choice.example',
      'people.other',
      'nail.org',
      'bücher.example',
    ])
      assert.equal(looksLike(domain, known), undefined, domain);
    assert.equal(imitated('ann@xn--pypal-4ve.example'), 'ann@paypal.example');
    assert.equal(imitated('ann@paypal.example'), undefined);
  });

  it('[EM-4] are found in links, with names before an “@”, bare addresses and characters that are not seen', () => {
    const find = (text: string) => linksIn(text, ['people.example']);
    assert.deepEqual(find('see https://docs.example/a?b=c). And www.docs.example!'), [
      { host: 'docs.example', warnings: [] },
      { host: 'www.docs.example', warnings: [] },
    ]);
    for (const text of [
      'https://people.example@evil.example',
      'http://127.0.0.1/',
      'https://pe\u043eple.example',
      'https://peop1e.example',
      'https://a.example/\u202ex',
    ])
      assert.equal(find(text)[0]?.warnings.length === 0, false, text);
    assert.deepEqual(find('no links, javascript:alert(1) or file.txt'), []);
  });
});

describe('a mail that is made', () => {
  const make = (part: Partial<Composition>) =>
    compose({
      us: US,
      to: ['ann@people.example'],
      subjectFilter: '[cowork]',
      text: 'hello',
      inReplyTo: undefined,
      thread: undefined,
      files: [],
      id: 'own@team.example',
      ...part,
    });
  const thread = (subject: string, references: string[] = []) => ({ id: 'q@x.example', subject, references });

  it('[EM-4] has a subject of one line, with the text that is asked for, whatever was asked', async () => {
    for (const [subject, expected] of [
      ['[cowork] a\r\nBcc: eve@evil.example', 'Re: [cowork] a Bcc: eve@evil.example'],
      ['AW: [COWORK] b\u2028c\u202e', 'AW: [COWORK] b c'],
      ['without', '[cowork] Re: without'],
      ['\r\n', '[cowork] CoWork OS'],
      [`[cowork] ${'x'.repeat(1_000)}`, `Re: [cowork] ${'x'.repeat(191)}`],
    ] as const)
      assert.equal((await make({ thread: thread(subject) })).mail.subject, expected);
  });

  it('[EM-4] names only messages that have the form of an id, the first and the newest', async () => {
    const many = Array.from({ length: 40 }, (_, index) => `m${index}@x.example`);
    const { mail } = await make({
      inReplyTo: 'q@x.example',
      thread: thread('s', [...many, 'a>\r\nBcc: b@c', 'd e@f']),
    });
    assert.equal(mail.inReplyTo, 'q@x.example');
    assert.equal(mail.references.length, 20);
    assert.equal(mail.references[0], 'm0@x.example');
    assert.deepEqual(mail.references.slice(-2), ['m39@x.example', 'q@x.example']);
    assert.equal((await make({ inReplyTo: 'a>\r\nBcc: b@c' })).mail.inReplyTo, undefined);
  });
});

describe('the two fetches of a mail', () => {
  it('[EM-4] must be of the same head', async () => {
    const { context } = watchedContext(emailDescriptor, {}, {});
    const settings = emailSettings.parse({});
    const asked: string[] = [];
    const lookups = {
      forMessage: () => async (name: string) => {
        asked.push(name);
        return [];
      },
      close: () => undefined,
    };
    const intake = new Intake(context, settings, US, lookups);
    const top = (from: string) =>
      Buffer.from(
        `From: ${from}\r\nTo: ${US}\r\nSubject: [cowork] x\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\n\r\n`,
      );
    const heading = await intake.heading(
      { uid: 1, bytes: 200, arrived: Date.UTC(2026, 0, 1), head: top('ann@people.example') },
      () => false,
    );
    assert.ok('from' in heading);
    const place = { uidValidity: '1', uid: 1 };
    const take = (from: string) =>
      intake.take(heading, Buffer.concat([top(from), Buffer.from('hello')]), place, () => false);
    assert.deepEqual(await take('bob@people.example'), { kind: 'skipped', why: 'ambiguous' });
    assert.deepEqual(asked, [], 'and nobody is asked about either');
    assert.deepEqual(await take('ann@people.example'), { kind: 'skipped', why: 'unproven' });
  });
});
