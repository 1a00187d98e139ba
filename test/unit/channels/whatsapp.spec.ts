import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { createAdapter } from '../../../src/channels/whatsapp/adapter';
import { whatsappDescriptor } from '../../../src/channels/whatsapp/descriptor';
import { formatText } from '../../../src/channels/whatsapp/format';
import { whatsappRules } from '../../../src/channels/whatsapp/rules';
import type { OutboundMessage } from '../../../src/engine/model/message';
import type { ChannelFacts } from '../../../src/engine/model/posture';
import { accessUnder } from '../../../src/session/access-config';
import { WhatsAppBench } from '../../contract/benches/whatsapp';
import {
  ACCESS_TOKEN,
  APP_SECRET,
  PHONE_ID,
  VERIFY_TOKEN,
  type WhatsAppServer,
} from '../../peers/whatsapp/server';
import { channelFacts, outbound, type Watched, watchedContext } from './support';

describe('whatsapp adapter', () => {
  let bench: WhatsAppBench;
  let server: WhatsAppServer;
  let open: { disconnect(): Promise<void> }[];

  beforeEach(async () => {
    open = [];
    bench = new WhatsAppBench();
    server = bench.peer;
    await bench.start(1);
  });
  afterEach(async () => {
    await Promise.all(open.map((adapter) => adapter.disconnect()));
    await bench.stop();
  });

  function make(settings: object = {}, secrets: Record<string, string | undefined> = {}) {
    const watched = watchedContext(
      whatsappDescriptor,
      { ...(whatsappDescriptor.settings.parse({ ...bench.settings(), ...settings }) as object) },
      { ...bench.secrets(), ...secrets },
    );
    const adapter = createAdapter(watched.context);
    open.push(adapter);
    return { ...watched, adapter };
  }
  async function connected() {
    const made = make();
    return { ...made, account: await made.adapter.connect() };
  }
  const out = (part: Partial<OutboundMessage> = {}) =>
    outbound({ channel: 'whatsapp', account: PHONE_ID, conversation: bench.people[0], ...part });
  const found = (id: string, part: Partial<ChannelFacts>) =>
    whatsappRules.find((rule) => rule.id === id)?.check(channelFacts(whatsappDescriptor, part));

  async function tell({ door }: Pick<Watched, 'door'>, message: Record<string, unknown>) {
    const letter = bench.sign(bench.call([message]));
    const opened = door();
    assert.ok(opened);
    return opened.handler({
      method: 'POST',
      query: new URLSearchParams(),
      headers: Object.fromEntries(letter.headers.map(([name, value]) => [name.toLowerCase(), value])),
      body: letter.body,
      receivedAt: Date.now(),
      firstTime: () => true,
    });
  }
  const said = (content: Record<string, unknown>) => bench.message(bench.people[0], content);

  it('[INI-2] asks Meta which number it is', async () => {
    const { account, states } = await connected();
    assert.deepEqual(account, {
      account: PHONE_ID,
      name: 'Work bot, +1 555-078-3881',
      handle: '15550783881',
      isBot: true,
    });
    assert.match(states.at(-1)?.detail ?? '', /^Connected as Work bot/);
    assert.equal(
      whatsappDescriptor.pairingLink?.(account, 'AB CD'),
      'https://wa.me/15550783881?text=AB%20CD',
    );
  });

  it('[WA-1] lets people in by pairing alone, whatever else is set', () => {
    const config = accessUnder({
      base: { channels: { whatsapp: { allowedModes: ['open', 'allowlist', 'pairing', 'disabled'] } } },
      ceiling: { openAccess: 'local' } as Parameters<typeof accessUnder>[0]['ceiling'],
      descriptors: [whatsappDescriptor],
      settings: () => ({}),
      acknowledged: () => true,
    });
    assert.deepEqual(config.channels?.whatsapp?.allowedModes, ['pairing', 'disabled']);
  });

  it('[WA-2] has no groups, and leaves alone what is said in one', async () => {
    const watched = await connected();
    assert.deepEqual(whatsappDescriptor.capabilities.contexts, ['dm']);
    const answer = await tell(watched, said({ type: 'text', text: { body: 'hello' }, group_id: 'g1' }));
    assert.equal(answer.reason, 'group');
    assert.deepEqual(watched.received, []);
    assert.match(watched.logged.join(), /message of a group was left alone/);
    assert.match(found('WA-2', { reported: watched.facts() })?.evidence ?? '', /Take the number out/);
    assert.equal(found('WA-2', { reported: {} }), undefined);
  });

  it('[WA-3] finds a test number of Meta in production, and in development not', async () => {
    server.mode = 'SANDBOX';
    const reported = (await connected()).facts();
    assert.equal(reported.testNumber, true);
    for (const profile of ['production', 'shared'] as const)
      assert.match(found('WA-3', { profile, reported })?.evidence ?? '', /test number/);
    assert.equal(found('WA-3', { profile: 'development', reported }), undefined);
    server.mode = 'LIVE';
    const live = (await connected()).facts();
    assert.equal(live.testNumber, false);
    assert.equal(found('WA-3', { profile: 'production', reported: live }), undefined);
    // What Meta does not say is not known.
    server.mode = undefined;
    const unknown = (await connected()).facts();
    assert.ok(!('testNumber' in unknown));
    assert.equal(found('WA-3', { profile: 'production', reported: unknown }), undefined);
  });

  it('[WA-3] finds when another version of the API answers than the one that is asked for', async () => {
    server.version = 'v26.0';
    const reported = (await connected()).facts();
    const settings = { apiVersion: 'v24.0' };
    assert.deepEqual(found('WA-3.version', { reported, settings })?.fix, {
      kind: 'setting',
      title: 'Ask for v26.0',
      key: 'channels.whatsapp.apiVersion',
      value: 'v26.0',
    });
    assert.equal(found('WA-3.version', { reported: { apiVersion: 'v24.0' }, settings }), undefined);
    assert.equal(found('WA-3.version', { reported: {}, settings }), undefined);
  });

  it('proves the app secret with each request, and says when it is not that of the app', async () => {
    await assert.rejects(make({}, { appSecret: 'e'.repeat(32) }).adapter.check?.() ?? Promise.resolve(), {
      kind: 'fatal',
      message: /app secret is not that of the app/,
    });
    await assert.rejects(make({}, { verifyToken: undefined }).adapter.connect(), /no verify token/);
  });

  it('[WA-3] takes nothing once its secrets are gone, though its door is still open', async () => {
    const watched = await connected();
    for (const name of ['appSecret', 'verifyToken']) await watched.context.renewSecret(name, '');
    assert.equal((await tell(watched, said({ type: 'text', text: { body: 'hello' } }))).reason, 'no secret');
    const answer = await watched.door()?.handler({
      method: 'GET',
      query: new URLSearchParams({ 'hub.mode': 'subscribe', 'hub.verify_token': '', 'hub.challenge': '1' }),
      headers: {},
      body: Buffer.alloc(0),
      receivedAt: Date.now(),
      firstTime: () => true,
    });
    assert.deepEqual(answer, { status: 403, reason: 'no verify token' });
    assert.deepEqual(watched.received, []);
  });

  it('keeps none of its secrets', async () => {
    const { adapter, logged } = await connected();
    const held = `${inspect(adapter, { depth: 12, showHidden: true })}${logged.join()}`;
    for (const secret of [ACCESS_TOKEN, APP_SECRET, VERIFY_TOKEN]) assert.ok(!held.includes(secret));
  });

  it('explains that the 24 hours are over, and what else Meta refuses', async () => {
    const { adapter } = await connected();
    server.silent.add(bench.people[0]);
    await assert.rejects(adapter.send(out()), { kind: 'refused', message: /more than 24 hours ago/ });
    server.silent.clear();
    for (const [status, code, kind] of [
      [400, 131056, 'rate-limited'],
      [400, 80007, 'rate-limited'],
      [429, 130429, 'rate-limited'],
      [400, 131016, 'temporary'],
      [500, 131000, 'temporary'],
      [400, 131026, 'refused'],
      [403, 200, 'fatal'],
      [400, 368, 'fatal'],
      [401, 190, 'fatal'],
    ] as const) {
      server.nextError = { status, code };
      await assert.rejects(adapter.send(out()), { kind }, String(code));
    }
  });

  it('waits for one person longer than for the number', async () => {
    const { adapter } = await connected();
    server.nextError = { status: 400, code: 131056 };
    await assert.rejects(adapter.send(out()), { retryAfterMs: 6_000 });
    server.nextError = { status: 429, code: 130429 };
    await assert.rejects(adapter.send(out()), { retryAfterMs: 5_000 });
  });

  it('puts at most three buttons of at most 20 characters under a text that is short enough', async () => {
    const { adapter } = await connected();
    const button = (label: string) => ({ label, command: `/do ${label}`, style: 'plain' as const });
    const labels = ['one', 'two with a label that is far too long', 'three', 'four'];
    const text = Array.from({ length: 30 }, (_, index) => `${index} *word* `.repeat(4)).join('\n');
    await adapter.send(out({ text, buttons: labels.map(button) }));
    assert.ok(server.sent.length > 1);
    assert.deepEqual(
      server.sent.at(-1)?.buttons.map(({ title }) => title),
      ['one', 'two with a label tha', 'three'],
    );
    assert.ok(server.sent.slice(0, -1).every(({ buttons }) => buttons.length === 0));
    assert.deepEqual(server.problems, []);
    const tooLong = { ...button('x'), command: 'x'.repeat(257) };
    await adapter.send(out({ text: 'typed instead', buttons: [tooLong] }));
    assert.deepEqual(server.sent.at(-1)?.buttons, []);
  });

  it('shows that it works under the last message, which it marks as read', async () => {
    const watched = await connected();
    await watched.adapter.typing?.(bench.people[0]);
    assert.deepEqual(server.read, []);
    const message = said({ type: 'text', text: { body: 'hello' } });
    await tell(watched, message);
    await watched.adapter.typing?.(bench.people[0]);
    assert.deepEqual(server.read, [message.id]);
  });

  it('fetches files from Meta’s own host and no other', async () => {
    const { adapter } = await connected();
    const id = server.newMediaId();
    server.media.set(id, { bytes: Buffer.from('12345'), url: 'https://evil.example/12345' });
    const attachment = { name: 'a.txt', mediaType: 'text/plain', size: -1, platformId: id };
    await assert.rejects(adapter.download?.(attachment, 100) ?? Promise.resolve(), /no address of its own/);
    server.media.set(id, { bytes: Buffer.from('12345') });
    assert.equal(Buffer.from((await adapter.download?.(attachment, 5)) ?? []).toString(), '12345');
    await assert.rejects(adapter.download?.(attachment, 4) ?? Promise.resolve(), /larger than 4 bytes/);
  });

  it('sends the kinds of files that WhatsApp takes, and says so of others', async () => {
    const { adapter } = await connected();
    const file = (name: string, mediaType: string) => ({
      name,
      mediaType,
      size: 3,
      read: async () => Buffer.from('abc'),
    });
    await adapter.send(out({ files: [file('a.md', 'text/markdown'), file('b.png', 'image/png')] }));
    assert.deepEqual(
      server.sent.flatMap((sent) => (sent.file ? [sent.file.name] : [])),
      ['a.md', 'b.png'],
    );
    await assert.rejects(adapter.send(out({ files: [file('a.zip', 'application/zip')] })), {
      kind: 'refused',
      message: /takes no files of the kind “application\/zip”/,
    });
    const large = { ...file('b.png', 'image/png'), size: 5_000_001 };
    await assert.rejects(adapter.send(out({ files: [large] })), /larger than the 5 MB/);
  });

  it('reads what stands under a picture, and names files that have no name', async () => {
    const watched = await connected();
    await tell(
      watched,
      said({ type: 'image', image: { id: '77', mime_type: 'image/jpeg', caption: 'look' } }),
    );
    assert.deepEqual(
      watched.received.map(({ text, attachments }) => [text, attachments.map(({ name }) => name)]),
      [['look', ['image-77.jpeg']]],
    );
  });

  it('never sends more than the platform takes, however many marks must not act', async () => {
    const worst = ['*', '_', '~', '`', '>', '`\n', '> x\n'].map((mark) =>
      mark.repeat(Math.floor(whatsappDescriptor.capabilities.maxLength / mark.length)),
    );
    for (const text of worst)
      for (const format of ['text', 'markdown'] as const) {
        assert.ok(formatText(text, format).length <= 4_096, text.slice(0, 5));
        const fenced = `\`\`\`\n${text.slice(0, 1_990)}\n\`\`\``;
        assert.ok(formatText(fenced, 'markdown').length <= 4_096, text.slice(0, 5));
      }
  });

  it('tells its secrets from each other, and asks for the id of the number', () => {
    const [token, secret, verify] = whatsappDescriptor.secrets;
    assert.equal(token?.validate?.(ACCESS_TOKEN), undefined);
    assert.equal(secret?.validate?.(APP_SECRET), undefined);
    assert.equal(verify?.validate?.(VERIFY_TOKEN), undefined);
    assert.ok(
      token?.validate?.(APP_SECRET) && secret?.validate?.(ACCESS_TOKEN) && verify?.validate?.('short'),
    );
    assert.match(whatsappDescriptor.missing?.({ phoneNumberId: '' }) ?? '', /phoneNumberId/);
    assert.deepEqual(whatsappDescriptor.hosts?.({}), ['graph.facebook.com', 'lookaside.fbsbx.com']);
  });
});
