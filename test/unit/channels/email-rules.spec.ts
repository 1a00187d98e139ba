import assert from 'node:assert/strict';
import { emailDescriptor, emailSettings } from '../../../src/channels/email/descriptor';
import { asTyped, isAppPassword } from '../../../src/channels/email/providers';
import { emailRules } from '../../../src/channels/email/rules';
import type { Facts } from '../../../src/engine/model/facts';
import type { Found } from '../../../src/engine/model/posture';

function check(id: string, settings: Record<string, unknown>, reported: Facts = {}): Found | undefined {
  const rule = emailRules.find((one) => one.id === id);
  assert.ok(rule, id);
  return rule.check({
    channel: 'email',
    name: 'Email',
    profile: 'development',
    enabled: true,
    state: 'online',
    settings: emailSettings.parse(settings),
    modes: {},
    reported,
    secrets: [],
    users: 0,
    conversations: [],
  });
}

describe('the Checklist of email', () => {
  it('[EM-1] finds a main password at the providers that have better, and nothing where that is not known', () => {
    const gmail = { imapHost: 'imap.gmail.com' };
    const found = check('EM-1', gmail, { appPassword: false });
    assert.match(found?.evidence ?? '', /app password of Gmail\. Make an app password/);
    assert.match(
      check('EM-1', { imapHost: 'outlook.office365.com' }, { appPassword: false })?.evidence ?? '',
      /Use OAuth2/,
    );
    assert.equal(check('EM-1', gmail, { appPassword: true }), undefined);
    assert.equal(check('EM-1', { ...gmail, auth: 'oauth2' }, { appPassword: false }), undefined);
    assert.equal(check('EM-1', { imapHost: 'imap.own.example' }, { appPassword: false }), undefined);
    assert.equal(check('EM-1', gmail), undefined);
  });

  it('[EM-1] knows the app passwords of providers by their form', () => {
    for (const [host, password, expected] of [
      ['imap.gmail.com', 'abcd efgh ijkl mnop', true],
      ['imap.gmail.com', 'abcdefghijklmnop', true],
      ['imap.gmail.com', 'Tr0ub4dor&3xyz', false],
      ['imap.mail.me.com', 'abcd-efgh-ijkl-mnop', true],
      ['imap.mail.me.com', 'my main password', false],
      ['outlook.office365.com', 'abcdefghijklmnop', false],
      ['imap.gmail.com.evil.example', 'main password', undefined],
      ['imap.own.example', 'main password', undefined],
    ] as const)
      assert.equal(isAppPassword(host, password), expected, `${host} ${password}`);
    assert.equal(asTyped('imap.gmail.com', 'abcd efgh ijkl mnop'), 'abcdefghijklmnop');
    assert.equal(asTyped('imap.own.example', 'a b c d e f'), 'a b c d e f');
  });

  it('[EM-2] is a channel without a notion of bots, so a dedicated account is acknowledged', () => {
    assert.equal(emailDescriptor.noBots, true);
  });

  it('[EM-3] asks for a text in the subject, has one by default, and finds none or too short a one', () => {
    assert.equal(emailSettings.parse({}).subjectFilter, '[cowork]');
    assert.equal(check('EM-3', {}), undefined);
    assert.match(check('EM-3', { subjectFilter: ' ' })?.evidence ?? '', /No text/);
    const found = check('EM-3', { subjectFilter: 're' });
    assert.match(found?.evidence ?? '', /2 characters/);
    assert.deepEqual(found?.fix?.kind === 'setting' && [found.fix.key, found.fix.value], [
      'channels.email.subjectFilter',
      '[cowork]',
    ]);
  });

  it('[EM-4] advises TLS from the first byte, and has no way to go without', () => {
    assert.equal(check('EM-4', {}), undefined);
    assert.match(
      check('EM-4', { imapSecurity: 'starttls', smtpSecurity: 'starttls' })?.evidence ?? '',
      /IMAP and SMTP use/,
    );
    assert.ok(!emailSettings.safeParse({ imapSecurity: 'none' }).success);
    assert.ok(!emailSettings.safeParse({ smtpSecurity: false }).success);
  });

  it('[EM-4] finds deceptive links in replies and senders that imitate', () => {
    assert.equal(check('EM-4.links', {}, { suspiciousLinks: [] }), undefined);
    assert.match(
      check('EM-4.links', {}, { suspiciousLinks: ['evil.example'] })?.evidence ?? '',
      /evil\.example/,
    );
    assert.equal(check('EM-4.lookalike', {}), undefined);
    assert.match(check('EM-4.lookalike', {}, { lookAlikes: ['a@peop1e.example'] })?.evidence ?? '', /peop1e/);
  });

  it('[FAQ-1] names the servers that are set, and the token address with OAuth2, as its only hosts', () => {
    const hosts = (settings: Record<string, unknown>) => emailDescriptor.hosts?.(settings);
    assert.deepEqual(hosts({}), []);
    assert.deepEqual(hosts({ imapHost: 'imap.gmail.com', smtpHost: 'smtp.gmail.com', smtpPort: 587 }), [
      'imap.gmail.com:993',
      'smtp.gmail.com:587',
    ]);
    assert.deepEqual(hosts({ imapHost: 'imap.gmail.com', auth: 'oauth2' }), [
      'imap.gmail.com:993',
      'oauth2.googleapis.com',
    ]);
    assert.deepEqual(hosts({ imapHost: 'bad host' }), []);
  });

  it('refuses settings that could not be meant', () => {
    for (const settings of [
      { address: 'nobody' },
      { imapHost: 'https://imap.example' },
      { imapPort: 0 },
      { folder: '' },
      { oauthTokenUrl: 'http://own.example/token' },
      { oauthTokenUrl: 'https://a:b@own.example/token' },
      { certificate: 'not one' },
      { dnsServers: ['dns.example'] },
    ])
      assert.ok(!emailSettings.safeParse(settings).success, JSON.stringify(settings));
  });

  it('says how much was passed over', () => {
    assert.deepEqual(emailDescriptor.health?.({ unproven: 2, automatic: 0, waiting: 1 }), [
      '2 passed over: the sender could not be proved',
      '1 waiting for DNS, to check the sender',
    ]);
    assert.deepEqual(emailDescriptor.health?.({}), []);
  });
});
