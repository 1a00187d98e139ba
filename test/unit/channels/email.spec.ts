import assert from 'node:assert/strict';
import { createAdapter } from '../../../src/channels/email/adapter';
import { emailDescriptor } from '../../../src/channels/email/descriptor';
import type { Clock } from '../../../src/engine/model/ports';
import { skip } from '../../harness/report';
import { hasDovecot } from '../../peers/email/dovecot';
import { BOT, MailWorld } from '../../peers/email/world';
import { type MemoryStore, outbound, until, watchedContext } from './support';

const ANN = 'ann@people.example';

describe('email adapter', function () {
  this.timeout(30_000);
  let world: MailWorld;
  let open: { disconnect(): Promise<void> }[] = [];

  before(async function () {
    if (!hasDovecot()) skip(this, 'dovecot-imapd is not installed');
    world = new MailWorld();
    await world.start();
  });
  after(() => world?.stop());
  afterEach(async () => {
    await Promise.all(open.map((adapter) => adapter.disconnect()));
    open = [];
    world.imapWire.heal();
    world.smtpWire.heal();
    world.smtp.taken.length = 0;
    assert.deepEqual(world.smtp.violations, []);
  });

  async function connect(
    more: Record<string, unknown> = {},
    parts: { store?: MemoryStore; clock?: Clock; secrets?: Record<string, string | undefined> } = {},
  ) {
    const watched = watchedContext(
      emailDescriptor,
      { ...world.settings(), ...more },
      parts.secrets ?? world.secrets(),
      parts.clock,
      parts.store ? { store: parts.store } : {},
    );
    const adapter = createAdapter(watched.context);
    open.push(adapter);
    const account = await adapter.connect();
    return { ...watched, adapter, account };
  }

  it('reads a signed mail and answers it in its thread', async () => {
    const { adapter, account, received } = await connect();
    assert.deepEqual(account, { account: BOT, name: BOT, handle: BOT, isBot: null });
    const id = await world.deliver({
      from: `Ann <${ANN}>`,
      subject: '[cowork] tests',
      text: '/run npm test',
    });
    await until(() => received.length === 1, 'the mail');
    const [message] = received;
    assert.equal(message?.text, '/run npm test');
    assert.equal(message?.context, 'dm');
    assert.equal(message?.sender.id, ANN);
    assert.equal(message?.platformId, id);
    await adapter.send(outbound({ channel: 'email', conversation: ANN, text: 'ok', inReplyTo: id }));
    const [reply] = world.smtp.taken;
    assert.equal(reply?.parsed.inReplyTo, `<${id}>`);
    assert.equal(reply?.parsed.subject, 'Re: [cowork] tests');
  });
});
