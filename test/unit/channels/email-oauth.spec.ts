import assert from 'node:assert/strict';
import { ChannelError } from '../../../src/channels/contract';
import { createAdapter } from '../../../src/channels/email/adapter';
import { emailDescriptor } from '../../../src/channels/email/descriptor';
import { skip } from '../../harness/report';
import { ManualClock } from '../../helpers/manual-clock';
import { CERTIFICATE } from '../../peers/email/certificate';
import { Dovecot, hasDovecot } from '../../peers/email/dovecot';
import { SubmissionServer } from '../../peers/email/submission';
import { TokenServer } from '../../peers/email/tokens';
import { BOT } from '../../peers/email/world';
import { ANN } from './email-support';
import { outbound, until, watchedContext } from './support';

describe('email with OAuth2', function () {
  this.timeout(30_000);
  const tokens = new TokenServer(BOT);
  const imap = new Dovecot(BOT, 'no password is used here', tokens);
  const smtp = new SubmissionServer(BOT, 'no password is used here');
  const reply = outbound({ channel: 'email', account: BOT, conversation: ANN, text: 'hello' });
  let open: { disconnect(): Promise<void> }[] = [];

  before(async function () {
    if (!hasDovecot()) skip(this, 'dovecot-imapd is not installed');
    await tokens.start();
    await Promise.all([imap.start(), smtp.start()]);
  });
  after(() => Promise.all([imap.stop(), smtp.stop(), tokens.stop()]));
  afterEach(async () => {
    await Promise.all(open.map((adapter) => adapter.disconnect()));
    open = [];
    tokens.trouble = 0;
    smtp.taken.length = 0;
    assert.deepEqual([...tokens.violations, ...smtp.violations], []);
  });

  function make(secrets: Record<string, string> = { refreshToken: tokens.refreshToken }) {
    const clock = new ManualClock(Date.now());
    const settings = {
      address: BOT,
      imapHost: '127.0.0.1',
      imapPort: imap.ports.imaps,
      smtpHost: '127.0.0.1',
      smtpPort: smtp.port,
      certificate: CERTIFICATE,
      auth: 'oauth2',
      oauthClientId: tokens.clientId,
      oauthTokenUrl: `${tokens.url}/token`,
    };
    const watched = watchedContext(emailDescriptor, settings, secrets, clock);
    const adapter = createAdapter(watched.context);
    open.push(adapter);
    return { ...watched, adapter, secrets, clock };
  }

  const kind = (expected: string) => (error: unknown) =>
    error instanceof ChannelError && error.kind === expected && !error.message.includes('refresh-');

  it('[EM-1] logs in to both servers with a token, and keeps the refresh token that it was given for the next time', async () => {
    const first = tokens.refreshToken;
    const { adapter, secrets, store, logged } = make();
    const renewals = tokens.renewals;
    await adapter.connect();
    smtp.accessToken = tokens.accessToken;
    await adapter.send(reply);
    await adapter.send({ ...reply, text: 'again' });
    assert.equal(smtp.taken.length, 2);
    assert.equal(tokens.renewals, renewals + 1, 'one token for all of them');
    assert.notEqual(secrets.refreshToken, first);
    assert.equal(secrets.refreshToken, tokens.refreshToken);
    const kept = [...store.blobs]
      .map(([name, bytes]) => `${name}: ${Buffer.from(bytes).toString()}`)
      .join('\n');
    assert.ok(!kept.includes('refresh-'), 'what opens the mailbox for ever is in the secret store alone');
    assert.deepEqual(logged, []);
  });

  it('renews a token that has ended, and one that a server refuses before its time', async () => {
    const { adapter, clock } = make();
    await adapter.connect();
    smtp.accessToken = tokens.accessToken;
    await adapter.send(reply);
    const renewals = tokens.renewals;
    clock.advance(3_600_000);
    const sending = adapter.send({ ...reply, text: 'later' });
    await until(() => tokens.renewals === renewals + 1, 'the renewal');
    smtp.accessToken = tokens.accessToken;
    await sending.catch(() => adapter.send({ ...reply, text: 'later' }));
    assert.ok(smtp.taken.some(({ parsed }) => parsed.text?.trim() === 'later'));

    const before = tokens.renewals;
    smtp.accessToken = 'revoked by the provider';
    await assert.rejects(adapter.send({ ...reply, text: 'refused' }), kind('fatal'));
    assert.equal(tokens.renewals, before + 1, 'tried once with a new one, and no further');
  });

  it('needs a person when the refresh token is no good, and time when the provider has trouble', async () => {
    await assert.rejects(
      make({ refreshToken: 'refresh-of-yesterday-0000' }).adapter.connect(),
      kind('fatal'),
    );
    await assert.rejects(make({}).adapter.connect(), kind('fatal'));
    tokens.trouble = 503;
    await assert.rejects(make().adapter.connect(), kind('temporary'));
  });
});
