import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { Gateway } from '../../../src/channels/gateway/gateway';
import { LocalHub } from '../../../src/channels/local/hub';
import { OsLease } from '../../../src/channels/manager/lease';
import { ChannelManager } from '../../../src/channels/manager/manager';
import { ChannelRegistry } from '../../../src/channels/registry';
import { createAdapter as createTelegram } from '../../../src/channels/telegram/adapter';
import { identityKey } from '../../../src/engine/model/identity';
import type { InboundMessage } from '../../../src/engine/model/message';
import { systemClock } from '../../../src/engine/model/ports';
import { Masking } from '../../../src/engine/vault/masking';
import { MemoryJournal } from '../../helpers/memory-journal';
import { MemorySecrets } from '../../helpers/memory-secrets';
import { BotApi, TOKEN } from '../../peers/telegram/bot-api';
import { TestGate } from '../egress/gate';
import { collectingLogger, noServices, until } from './support';

/** Manager, gateway and adapters as they are put together, with an engine that answers. */
describe('channels together', () => {
  let api: BotApi;
  let manager: ChannelManager;
  let window: (name: string) => ChannelManager;
  let gateway: Gateway;
  let journal: MemoryJournal;
  let secrets: MemorySecrets;
  let hub: LocalHub;
  let delivered: InboundMessage[];
  let loaded: string[];

  beforeEach(async () => {
    api = new BotApi();
    await api.start();
    journal = new MemoryJournal(systemClock);
    secrets = new MemorySecrets();
    hub = new LocalHub();
    delivered = [];
    loaded = [];
    const log = collectingLogger([]);
    gateway = new Gateway({
      deliver: async (message) => {
        delivered.push(message);
        const { channel, account, conversation, platformId, sender } = message;
        await gateway.say({
          channel,
          account,
          conversation,
          to: identityKey({ channel, account, sender: sender.id }),
          text: `You said: ${message.text}`,
          format: 'text',
          inReplyTo: platformId,
        });
      },
      records: journal,
      clock: systemClock,
      log,
      random: () => 0,
      access: { isKnown: () => true, mentionRequired: () => true, mayReply: () => true },
    });
    const registry = new ChannelRegistry(
      async (id) => {
        loaded.push(id);
        assert.equal(id, 'telegram');
        return { createAdapter: createTelegram };
      },
      new Map([['local', hub.createAdapter]]),
    );
    // Each window has its own manager; the lease is the system's.
    window = (name) =>
      new ChannelManager({
        registry,
        gateway,
        secrets,
        records: journal,
        lease: new OsLease(`the window “${name}”`, tmpdir()),
        clock: systemClock,
        log,
        masking: new Masking(),
        egress: new TestGate().egress,
        services: noServices(),
        random: () => 0,
        settings: (channel) => (channel === 'telegram' ? { apiRoot: api.root } : {}),
        hold: () => undefined,
      });
    manager = window('first');
  });

  afterEach(async () => {
    await manager.close();
    await gateway.close();
    await api.stop();
  });

  it('answers over Telegram where it was asked, and stays silent in a group that did not mean it', async () => {
    const account = await manager.credentials.store('telegram', { botToken: TOKEN });
    assert.equal(account?.name, 'Work Bot');
    await manager.enable('telegram');
    api.dm(42, '/status');
    api.group(-77, 43, 'nothing for you');
    api.group(-77, 43, '/status@our_work_bot');
    await until(() => api.sent.length === 2, 'both answers');
    assert.deepEqual(
      api.sent
        .map(({ chat_id, text, reply_parameters }) => [chat_id, text, reply_parameters?.message_id])
        .sort(),
      [
        ['-77', 'You said: /status', 3],
        ['42', 'You said: /status', 1],
      ],
    );
    assert.ok(!JSON.stringify(journal.records).includes(TOKEN.slice(10)));
  });

  it('takes an update that Telegram delivers twice only once', async () => {
    await manager.credentials.store('telegram', { botToken: TOKEN });
    await manager.enable('telegram');
    const message = api.dm(42, 'once');
    api.push('message', message);
    api.dm(42, 'end');
    await until(() => delivered.some(({ text }) => text === 'end'), 'the last message');
    assert.deepEqual(
      delivered.map(({ text }) => text),
      ['once', 'end'],
    );
  });

  it('sends a long answer whole and once when Telegram makes it wait in the middle', async () => {
    await manager.credentials.store('telegram', { botToken: TOKEN });
    await manager.enable('telegram');
    api.plan('sendMessage', 'pass');
    api.flood('sendMessage', 1);
    const text = Array.from({ length: 1_500 }, (_, index) => `line${index}`).join('\n');
    api.dm(42, text);
    await until(() => journal.ofType('reply.sent').length === 1, 'the whole answer');
    assert.equal(api.sent.map((sent) => sent.text).join('\n'), `You said: ${text}`);
    assert.equal(journal.ofType('reply.sent')[0]?.data.platformIds.length, api.sent.length);
  });

  it('says in the Channels view when the token was revoked, and goes on with a new one', async () => {
    await manager.credentials.store('telegram', { botToken: TOKEN });
    await manager.enable('telegram');
    const telegram = () => manager.list().find(({ id }) => id === 'telegram')!;
    assert.equal(telegram().state, 'online');
    api.token = TOKEN.replace('AAH', 'BBB');
    api.dm(42, 'wakes the poll');
    await until(() => telegram().state === 'fatal', 'the refusal');
    assert.match(telegram().detail, /wrong or was revoked/);
    await assert.rejects(manager.credentials.store('telegram', { botToken: TOKEN }), /wrong or was revoked/);
    await manager.credentials.store('telegram', { botToken: api.token });
    assert.equal(telegram().state, 'online');
    await until(() => delivered.length === 1, 'the message that waited');
  });

  it('lets one window use a bot, tells the other who has it, and hands it over', async () => {
    await manager.credentials.store('telegram', { botToken: TOKEN });
    await manager.enable('telegram');
    const second = window('second');
    try {
      await second.enable('telegram');
      const waiting = second.list().find(({ id }) => id === 'telegram');
      assert.equal(waiting?.state, 'waiting');
      assert.match(waiting?.detail ?? '', /in use by the window “first”\. Only one window/);
      api.dm(42, 'hello');
      await until(() => api.sent.length === 1, 'the answer of the first');
      await manager.disable('telegram', 'test');
      await second.reconnect('telegram');
      assert.equal(second.list().find(({ id }) => id === 'telegram')?.state, 'online');
      api.dm(42, 'hello again');
      await until(() => api.sent.length === 2, 'the answer of the second');
    } finally {
      await second.close();
    }
  });

  it('talks on the local channel without loading any other', async () => {
    await manager.enable('local');
    const got: string[] = [];
    const peer = hub.attach({ name: 'terminal', onMessage: ({ text }) => void got.push(text) });
    await peer.say('/status');
    await until(() => got.length === 1, 'the answer');
    assert.deepEqual(got, ['You said: /status']);
    assert.deepEqual(loaded, []);
    await manager.disable('local', 'test');
    await assert.rejects(peer.say('x'), /is off/);
  });
});
