import assert from 'node:assert/strict';
import { createAdapter } from '../../../src/channels/bluebubbles/adapter';
import { bluebubblesDescriptor } from '../../../src/channels/bluebubbles/descriptor';
import { normalHandle } from '../../../src/channels/bluebubbles/inbound';
import { PASSWORD_BITS, passwordBits } from '../../../src/channels/bluebubbles/password';
import { isLocalHost } from '../../../src/channels/bluebubbles/place';
import { bluebubblesRules } from '../../../src/channels/bluebubbles/rules';
import type { ChannelFacts } from '../../../src/engine/model/posture';
import { BlueBubblesBench, dm } from '../../contract/benches/bluebubbles';
import { ACCOUNT, type BlueBubblesServer, PASSWORD } from '../../peers/bluebubbles/server';
import { channelFacts, MemoryStore, until, watchedContext } from './support';

describe('bluebubbles adapter', () => {
  let bench: BlueBubblesBench;
  let server: BlueBubblesServer;
  let open: { disconnect(): Promise<void> }[];

  beforeEach(async () => {
    open = [];
    bench = new BlueBubblesBench();
    server = bench.peer;
    await bench.start(1);
  });
  afterEach(async () => {
    await Promise.all(open.map((adapter) => adapter.disconnect()));
    await bench.stop();
  });

  function make(settings: object = {}, password = PASSWORD, store = new MemoryStore()) {
    const watched = watchedContext(
      bluebubblesDescriptor,
      { ...bench.settings(), ...settings },
      { password },
      undefined,
      { store },
    );
    const adapter = createAdapter(watched.context);
    open.push(adapter);
    return { ...watched, adapter };
  }
  const found = (id: string, part: Partial<ChannelFacts>) =>
    bluebubblesRules.find((rule) => rule.id === id)?.check(channelFacts(bluebubblesDescriptor, part));

  it('[INI-2] says whose account it is, of which the platform knows no bot', async () => {
    const { adapter } = make();
    assert.deepEqual(await adapter.connect(), { account: ACCOUNT, name: ACCOUNT, isBot: null });
    server.info = { ...server.info, detected_imessage: null, detected_icloud: '' };
    await assert.rejects(make().adapter.connect(), { kind: 'fatal', message: /No Apple account/ });
  });

  it('[BB-1] refuses a password that can be guessed before it sends it anywhere, and finds it', async () => {
    for (const weak of [
      'correct',
      '12345678901234567890',
      'aaaaaaaaaaaaaaaaaaaaaaaa',
      'Passw0rd!',
      'abcabcabcabcabc',
    ])
      assert.ok(passwordBits(weak) < PASSWORD_BITS, weak);
    for (const strong of [PASSWORD, 'uGq7Zx2mRv9TbK4w', 'kzmqvtbxhwpjrnyd'])
      assert.ok(passwordBits(strong) >= PASSWORD_BITS, strong);
    const weak = make({}, 'Passw0rd!');
    const before = server.requests;
    await assert.rejects(weak.adapter.connect(), { kind: 'fatal', message: /can be guessed/ });
    await assert.rejects(weak.adapter.check?.() ?? Promise.resolve(), /can be guessed/);
    assert.equal(server.requests, before);
    const reported = weak.facts();
    assert.equal(found('BB-1', { profile: 'production', reported })?.severity, 'critical');
    assert.equal(found('BB-1', { reported })?.severity, undefined);
    assert.ok(found('BB-1', { reported }));
    assert.equal(found('BB-1', { reported: { passwordBits: PASSWORD_BITS } }), undefined);
    const [field] = bluebubblesDescriptor.secrets;
    assert.match(field?.validate?.('Passw0rd!') ?? '', /can be guessed/);
    assert.equal(field?.validate?.(PASSWORD), undefined);
  });

  it('[BB-2] uses a server at a public address only when that is set, and finds it then', async () => {
    for (const host of [
      '127.0.0.1',
      '10.1.2.3',
      '172.31.0.1',
      '192.168.1.2',
      '100.64.0.1',
      '[::1]',
      '[fd00::1]',
      'mac.local',
      'localhost',
    ])
      assert.ok(isLocalHost(host), host);
    for (const host of [
      '8.8.8.8',
      '172.32.0.1',
      '192.169.0.1',
      '[2001:db8::1]',
      'x.ngrok.io',
      '192.168.1.2.nip.io',
      'mac',
      'local.example',
    ])
      assert.ok(!isLocalHost(host), host);
    const serverUrl = 'https://abc.ngrok.io';
    const missing = (more: object) => bluebubblesDescriptor.missing?.({ serverUrl, ...more });
    assert.match(missing({}) ?? '', /public address.*allowPublicServer/);
    assert.equal(missing({ allowPublicServer: true }), undefined);
    assert.deepEqual(bluebubblesDescriptor.hosts?.({ serverUrl }), []);
    await assert.rejects(make({ serverUrl }).adapter.connect(), { kind: 'fatal', message: /public address/ });
    assert.match(
      found('BB-2', { settings: { serverUrl, allowPublicServer: true } })?.evidence ?? '',
      /abc\.ngrok\.io/,
    );
    assert.equal(found('BB-2', { settings: { serverUrl: 'https://mac.local:1234' } }), undefined);
  });

  it('[BB-4] reads the version of the server, and finds an old one', async () => {
    server.info = { ...server.info, server_version: '1.9.2' };
    const { adapter, facts } = make();
    await adapter.connect();
    assert.match(found('BB-4', { reported: facts() })?.evidence ?? '', /version 1\.9\.2/);
    for (const [serverVersion, updateAvailable, old] of [
      ['1.9.9', false, false],
      ['1.10.0', false, false],
      ['1.9.9', true, true],
      ['0.9.99', false, true],
    ] as const)
      assert.equal(
        found('BB-4', { reported: { serverVersion, updateAvailable } }) !== undefined,
        old,
        serverVersion,
      );
    assert.equal(found('BB-4', { reported: {} }), undefined);
  });

  it('[BB-3] writes each number and address one way, and takes what is neither for nobody', () => {
    for (const [address, handle] of [
      ['+1 (650) 555-1234', '+16505551234'],
      ['Bob@Example.ORG', 'bob@example.org'],
      ['6505551234', ''],
      ['12345', ''],
      ['', ''],
      [' ', ''],
      ['a b@c', ''],
      ['urn:biz:1234', ''],
    ] as const)
      assert.equal(normalHandle(address), handle, address);
  });

  it('asks for what was said while it was away, and never for what was said before it first came', async () => {
    const [ann] = bench.people;
    server.say(dm(ann), ann, { text: 'long before' });
    await new Promise((resolve) => setTimeout(resolve, 20));
    const store = new MemoryStore();
    const first = make({}, PASSWORD, store);
    await first.adapter.connect();
    await first.adapter.disconnect();
    server.say(dm(ann), ann, { text: 'while away' });
    server.say(dm(ann), ann, { text: 'changed', dateEdited: server.now() });
    server.say(dm(ann), ann, { text: 'withdrawn', dateRetracted: server.now() });
    const second = make({}, PASSWORD, store);
    await second.adapter.connect();
    await until(() => second.received.length === 3, 'what was missed');
    assert.deepEqual(
      second.received.map(({ text, change }) => [text, change]),
      [
        ['while away', undefined],
        ['changed', 'edited'],
        ['withdrawn', 'deleted'],
      ],
    );
    assert.deepEqual(server.problems, []);
  });

  it('hears in a group what begins with the call sign', async () => {
    const { adapter, received, door } = make();
    await adapter.connect();
    const [ann] = bench.people;
    for (const text of ['@AGENT: /status', '@agents look', 'ask @agent'])
      server.say(bench.conversation('group'), ann, { text });
    for (const { guid } of server.messages) {
      const letter = bench.call({ guid });
      await door()?.handler({
        method: 'POST',
        query: new URLSearchParams(),
        headers: {},
        body: letter.body,
        receivedAt: 0,
        firstTime: () => true,
      });
    }
    assert.deepEqual(
      received.map(({ text, addressed }) => [text, addressed]),
      [
        ['/status', true],
        ['@agents look', false],
        ['ask @agent', false],
      ],
    );
  });
});
