import assert from 'node:assert/strict';
import type { AdapterFactory, ChannelAdapter, ChannelDescriptor } from '../../../src/channels/contract';
import { Gateway } from '../../../src/channels/gateway/gateway';
import { createAdapter as createSlack } from '../../../src/channels/slack/adapter';
import { slackDescriptor } from '../../../src/channels/slack/descriptor';
import { createAdapter as createTelegram } from '../../../src/channels/telegram/adapter';
import { telegramDescriptor } from '../../../src/channels/telegram/descriptor';
import { identityKey } from '../../../src/engine/model/identity';
import type { Clock } from '../../../src/engine/model/ports';
import { MemoryJournal } from '../../helpers/memory-journal';
import { APP_TOKEN, BOT_TOKEN, SlackApi } from '../../peers/slack/slack-api';
import { BotApi, TOKEN } from '../../peers/telegram/bot-api';
import { collectingLogger, until, watchedContext } from './support';

/**
 * A second of the channel's waits is twenty milliseconds of ours. Long timers, which only end what hangs, keep their
 * time: on a busy machine they would end what is merely slow.
 */
const FASTER = 50;
const LONG_MS = 20_000;
const fastClock: Clock = {
  now: () => Date.now() * FASTER,
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs >= LONG_MS ? delayMs : delayMs / FASTER);
    return { dispose: () => clearTimeout(timer) };
  },
};

const MESSAGES = process.env.COWORK_FULL === '1' ? 2_000 : 60;
const PEOPLE = 40;
const BEHIND = 200;
const NO_LIMIT = { burst: 1_000_000, perSecond: 1_000_000 };

/** Numbers in [0, 1) that a seed repeats (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('a platform in trouble', () => {
  const seed = Number(process.env.COWORK_SEED ?? Date.now() % 1_000_000);

  /** A gateway whose engine answers each message, and whose journal fails now and then. */
  function engine(random: () => number) {
    const delivered = new Map<string, number>();
    const journal = new MemoryJournal(fastClock);
    const gateway: Gateway = new Gateway({
      deliver: async (message) => {
        if (random() < 0.02) throw new Error('the journal cannot be written');
        delivered.set(message.text, (delivered.get(message.text) ?? 0) + 1);
        const { channel, account, conversation, sender, platformId } = message;
        await gateway.say({
          channel,
          account,
          conversation,
          to: identityKey({ channel, account, sender: sender.id }),
          text: `re ${message.text}`,
          format: 'text',
          inReplyTo: platformId,
        });
      },
      records: journal,
      clock: fastClock,
      log: collectingLogger([]),
      random,
      access: { isKnown: () => true, mentionRequired: () => true, mayReply: () => true },
      limits: { knownIdentity: NO_LIMIT, knownChannel: NO_LIMIT },
    });
    return { gateway, delivered };
  }

  async function connect(
    factory: AdapterFactory,
    descriptor: ChannelDescriptor,
    settings: Record<string, unknown>,
    secrets: Record<string, string>,
    gateway: Gateway,
    random: () => number,
  ): Promise<ChannelAdapter> {
    const { context } = watchedContext(descriptor, settings, secrets, fastClock);
    const adapter = factory({
      ...context,
      receive: (message) => gateway.receive(message),
      state: (state, detail) => assert.notEqual(state, 'fatal', detail),
      random,
    });
    const account = await adapter.connect();
    gateway.attach(descriptor, account, adapter);
    return adapter;
  }

  /** Each message reached the engine once; each reply is there, and twice only when its answer was lost. */
  function check(delivered: ReadonlyMap<string, number>, replies: readonly string[], lost: number): void {
    const expected = Array.from({ length: MESSAGES }, (_, index) => `message ${index}`);
    assert.deepEqual([...delivered.keys()].sort(), [...expected].sort(), `seed ${seed}`);
    assert.deepEqual(
      [...delivered].filter(([, count]) => count !== 1),
      [],
      `seed ${seed}`,
    );
    assert.deepEqual(
      [...new Set(replies)].sort(),
      expected.map((text) => `re ${text}`).sort(),
      `seed ${seed}`,
    );
    assert.ok(
      replies.length - MESSAGES <= lost,
      `${replies.length - MESSAGES} repeated, ${lost} lost; seed ${seed}`,
    );
  }

  it(`gets every message and every answer through Telegram once (${MESSAGES} messages, seed ${seed})`, async function () {
    this.timeout(600_000);
    const random = numbers(seed);
    const api = new BotApi();
    await api.start();
    const { gateway, delivered } = engine(random);
    const adapter = await connect(
      createTelegram,
      telegramDescriptor,
      { apiRoot: api.root },
      { botToken: TOKEN },
      gateway,
      random,
    );
    let lost = 0;
    try {
      for (let index = 0; index < MESSAGES; index += 1) {
        const message = api.dm(1 + Math.floor(random() * PEOPLE), `message ${index}`);
        if (random() < 0.1) api.push('message', message);
        if (random() < 0.1) api.push('edited_message', { ...message, text: `message ${index} changed` });
        const trouble = random();
        if (trouble < 0.05) api.plan('getUpdates', 'drop');
        else if (trouble < 0.1) api.plan('getUpdates', 'garbage');
        else if (trouble < 0.13) api.plan('getUpdates', { code: 500, description: 'Internal Server Error' });
        else if (trouble < 0.16) api.flood('getUpdates', 2);
        else if (trouble < 0.18) api.plan('getUpdates', 'lost');
        const sending = random();
        if (sending < 0.05) api.plan('sendMessage', 'drop');
        else if (sending < 0.1) api.flood('sendMessage', 2);
        else if (sending < 0.13) api.plan('sendMessage', 'garbage');
        else if (sending < 0.15) {
          api.plan('sendMessage', 'lost');
          lost += 1;
        }
        // Each trouble is over some time; without this the waits grow to minutes, as they should.
        api.plan('getUpdates', 'pass');
        api.plan('sendMessage', 'pass');
        if (random() < 0.01) {
          await api.stop();
          await new Promise((resolve) => setTimeout(resolve, 5));
          await api.start();
        }
        if (random() < 0.2) await new Promise((resolve) => setTimeout(resolve, 1));
      }
      await until(() => delivered.size === MESSAGES && gateway.waiting.outbound === 0, 'all of it', 500_000);
      check(
        delivered,
        api.sent.map(({ text }) => text),
        lost,
      );
      assert.ok(api.calls.length < MESSAGES * 8, `${api.calls.length} calls`);
    } finally {
      await adapter.disconnect();
      await gateway.close();
      await api.stop();
    }
  });

  it(`gets every message and every answer through Slack once (${MESSAGES} messages, seed ${seed})`, async function () {
    this.timeout(600_000);
    const random = numbers(seed + 1);
    const api = new SlackApi();
    api.ackWithinMs = 3_000 / FASTER;
    await api.start();
    const { gateway, delivered } = engine(random);
    const adapter = await connect(
      createSlack,
      slackDescriptor,
      { apiRoot: api.root },
      { botToken: BOT_TOKEN, appToken: APP_TOKEN },
      gateway,
      random,
    );
    let lost = 0;
    try {
      for (let index = 0; index < MESSAGES; index += 1) {
        // The gateway keeps a bounded number for each conversation and says so to who is faster.
        await until(() => index - delivered.size < BEHIND, 'the engine to follow', 300_000);
        const person = 1 + Math.floor(random() * PEOPLE);
        api.channels.add(`D${person}`);
        const event = api.dm(`U${person}`, `message ${index}`, { channel: `D${person}` });
        if (random() < 0.1) api.event(event);
        const sending = random();
        if (sending < 0.05) api.plan('chat.postMessage', 'drop');
        else if (sending < 0.1)
          api.plan('chat.postMessage', { status: 429, headers: { 'retry-after': '2' } });
        else if (sending < 0.13) api.plan('chat.postMessage', { status: 503, body: {} });
        else if (sending < 0.16) api.fail('chat.postMessage', 'internal_error');
        else if (sending < 0.18) {
          api.plan('chat.postMessage', 'lost');
          lost += 1;
        }
        api.plan('chat.postMessage', 'pass');
        const line = random();
        if (line < 0.01) api.sockets[0]?.cut();
        else if (line < 0.02) api.refresh();
        else if (line < 0.03) api.plan('apps.connections.open', 'drop');
        else if (line < 0.04) api.sockets[0]?.send('{"type":"nonsense"');
        else if (line < 0.05) api.sockets[0]?.send('{"type":"new_kind","envelope_id":"x","payload":{}}');
        if (random() < 0.2) await new Promise((resolve) => setTimeout(resolve, 1));
      }
      await until(() => delivered.size === MESSAGES && gateway.waiting.outbound === 0, 'all of it', 500_000);
      check(
        delivered,
        api.sent.map(({ text }) => text),
        lost,
      );
      assert.ok(api.calls.length < MESSAGES * 4, `${api.calls.length} calls`);
    } finally {
      await adapter.disconnect();
      await gateway.close();
      await api.stop();
    }
  });
});
