import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { createAdapter } from '../../../src/channels/line/adapter';
import { lineDescriptor } from '../../../src/channels/line/descriptor';
import { lineRules } from '../../../src/channels/line/rules';
import type { WebhookAnswer } from '../../../src/channels/webhook-contract';
import { GROUP, LineBench } from '../../contract/benches/line';
import type { Letter } from '../../contract/letter';
import { ManualClock } from '../../helpers/manual-clock';
import { ACCESS_TOKEN, BOT, CHANNEL_SECRET, type LineEvent, type LineServer } from '../../peers/line/server';
import { channelFacts, outbound, type Watched, watchedContext } from './support';

const BASE = { channel: 'line', account: BOT.userId } as const;

describe('line adapter', () => {
  let bench: LineBench;
  let server: LineServer;
  let open: { disconnect(): Promise<void> }[];
  let clock: ManualClock;

  beforeEach(async () => {
    open = [];
    bench = new LineBench();
    server = bench.peer;
    clock = new ManualClock(Date.now());
    await bench.start(1);
  });
  afterEach(async () => {
    await Promise.all(open.map((adapter) => adapter.disconnect()));
    await bench.stop();
  });

  function make(settings: object = {}, secrets: Record<string, string | undefined> = {}) {
    const watched = watchedContext(
      lineDescriptor,
      { ...bench.settings(), ...settings },
      { accessToken: ACCESS_TOKEN, channelSecret: CHANNEL_SECRET, ...secrets },
      clock,
    );
    const adapter = createAdapter(watched.context);
    open.push(adapter);
    return { ...watched, adapter };
  }
  async function connected(settings: object = {}) {
    const made = make(settings);
    return { ...made, account: await made.adapter.connect() };
  }
  const find = (id: string, reported: object) =>
    lineRules
      .find((rule) => rule.id === id)
      ?.check(channelFacts(lineDescriptor, { reported: { ...reported } }));

  /** As the webhook server hands it over. */
  async function call(
    { door }: Pick<Watched, 'door'>,
    letter: Letter,
    receivedAt = Date.now(),
  ): Promise<WebhookAnswer> {
    const opened = door();
    assert.ok(opened);
    return opened.handler({
      method: 'POST',
      query: new URLSearchParams(),
      headers: Object.fromEntries(letter.headers.map(([name, value]) => [name.toLowerCase(), value])),
      body: letter.body,
      receivedAt,
      firstTime: () => true,
    });
  }
  const said = (text: string, more: object = {}, context: 'dm' | 'group' = 'dm') =>
    bench.event(context, bench.people[0], {
      type: 'message',
      message: { id: server.newId(), type: 'text', text, ...more },
    });
  const tell = (watched: Watched, event: LineEvent) =>
    call(watched, bench.sign({ destination: BOT.userId, events: [event] }));

  it('[INI-2] asks LINE which account it is', async () => {
    const { account, states } = await connected();
    assert.deepEqual(account, { account: BOT.userId, name: 'Work bot', handle: '@216ru123', isBot: true });
    assert.deepEqual(states, [{ state: 'online', detail: 'Connected as Work bot.' }]);
    assert.equal(
      lineDescriptor.pairingLink?.(account, 'AB CD'),
      'https://line.me/R/oaMessage/%40216ru123/?AB%20CD',
    );
  });

  it('[LN-1] keeps neither token nor secret, and takes them from nowhere but the vault', async () => {
    const { adapter, logged } = await connected();
    const held = inspect(adapter, { depth: 12, showHidden: true });
    for (const secret of [ACCESS_TOKEN, CHANNEL_SECRET]) {
      assert.ok(!held.includes(secret), 'a field holds it');
      assert.ok(!logged.join().includes(secret));
    }
    const settings = Object.keys(lineDescriptor.settings.parse({}) as object);
    assert.deepEqual(settings, ['allowedGroups', 'apiRoot']);
    await assert.rejects(make({}, { channelSecret: undefined }).adapter.connect(), /no channel secret/);
    await assert.rejects(make({}, { accessToken: undefined }).adapter.connect(), /no channel access token/);
  });

  it('[LN-1] tells token and secret from each other, and repeats neither', () => {
    const [token, secret] = lineDescriptor.secrets;
    assert.equal(token?.validate?.(ACCESS_TOKEN), undefined);
    assert.equal(secret?.validate?.(CHANNEL_SECRET), undefined);
    assert.ok(token?.validate?.(CHANNEL_SECRET));
    assert.ok(secret?.validate?.(ACCESS_TOKEN));
  });

  it('[LN-1] asks for the secret of now at each call', async () => {
    const secrets: Record<string, string | undefined> = { channelSecret: CHANNEL_SECRET };
    const watched = make({}, secrets);
    await watched.adapter.connect();
    assert.equal((await call(watched, await bench.genuine('before'))).status, 200);
    await watched.context.renewSecret('channelSecret', 'e'.repeat(32));
    assert.deepEqual(
      [(await call(watched, await bench.genuine('after'))).status, watched.received.length],
      [401, 1],
    );
    await watched.context.renewSecret('channelSecret', '');
    assert.equal((await call(watched, bench.sign({}, '\0'))).reason, 'no secret');
  });

  it('[LN-2] takes what is not older than a day nor ahead of now', async () => {
    const watched = await connected();
    const event = said('hello');
    const letter = bench.sign({ destination: BOT.userId, events: [event] });
    const day = 24 * 3_600_000;
    for (const [offset, reason] of [
      [day + 1, 'timestamp'],
      [-300_001, 'timestamp'],
      [day, 'accepted'],
      [-300_000, 'accepted'],
    ] as const) {
      assert.equal((await call(watched, letter, event.timestamp + offset)).reason, reason);
    }
  });

  it('[LN-2] enters its address at LINE, and says when LINE does not call it', async () => {
    const first = await connected();
    assert.equal(server.endpoint.endpoint, 'https://public.example/hook');
    assert.equal(first.facts().webhookElsewhere, false);
    server.endpoint = { endpoint: 'https://public.example/hook', active: false };
    const second = await connected();
    assert.match(second.states.at(-1)?.detail ?? '', /Switch “Use webhook” on/);
    assert.match(find('LN-2', { webhookElsewhere: true })?.evidence ?? '', /Another address/);
    assert.equal(find('LN-2', { webhookElsewhere: false }), undefined);
    assert.equal(find('LN-2', {}), undefined);
  });

  it('[LN-4] shows what is left of the month’s messages, and finds when little is', async () => {
    server.usage = 4_600;
    const { facts } = await connected();
    assert.deepEqual(lineDescriptor.health?.(facts()), ['4600 of the 5000 messages of this month are used.']);
    assert.match(find('LN-4', facts())?.evidence ?? '', /4600 of 5000/);
    assert.equal(find('LN-4', { quotaUsed: 4_499, quotaLimit: 5_000 }), undefined);
    assert.equal(find('LN-4', { quotaUsed: 4_600, quotaLimit: null }), undefined);
    server.quota = { type: 'none' };
    assert.match(lineDescriptor.health?.((await connected()).facts())[0] ?? '', /no limit/);
  });

  it('answers with the reply token first, and pushes when it is used or too old', async () => {
    const watched = await connected();
    const [ann] = bench.people;
    const ask = async () => {
      const event = said('question');
      await tell(watched, { ...event, replyToken: server.newToken(ann) } as LineEvent);
      return watched.received.at(-1)?.platformId ?? '';
    };
    const out = (inReplyTo: string, text: string) =>
      watched.adapter.send(outbound({ ...BASE, conversation: ann, text, inReplyTo }));
    const first = await ask();
    await out(first, 'one');
    await out(first, 'two');
    const second = await ask();
    clock.advance(51_000);
    await out(second, 'three');
    assert.deepEqual(
      server.sent.map(({ by, text }) => [by, text]),
      [
        ['reply', 'one'],
        ['push', 'two'],
        ['push', 'three'],
      ],
    );
    assert.deepEqual(server.problems, []);
  });

  it('pushes when LINE does not take the reply token, and never uses that of a redelivery', async () => {
    const watched = await connected();
    const [ann] = bench.people;
    await tell(watched, { ...said('question'), replyToken: 'unknown-token' } as LineEvent);
    const event = { ...said('again'), replyToken: server.newToken(ann) } as LineEvent;
    await tell(watched, { ...event, deliveryContext: { isRedelivery: true } } as LineEvent);
    for (const { platformId } of watched.received) {
      await watched.adapter.send(outbound({ ...BASE, conversation: ann, inReplyTo: platformId }));
    }
    assert.deepEqual(
      server.sent.map(({ by }) => by),
      ['push', 'push'],
    );
  });

  it('sends up to five parts in one call', async () => {
    const { adapter } = await connected();
    const [ann] = bench.people;
    const before = server.requests;
    const text = Array.from({ length: 7 }, () => 'x'.repeat(4_999)).join('\n');
    const { platformIds } = await adapter.send(outbound({ ...BASE, conversation: ann, text }));
    assert.equal(platformIds.length, 7);
    assert.equal(server.sent.length, 7);
    assert.equal(server.requests - before, 2);
  });

  it('uses one retry key until LINE has taken the message, and another for the same text later', async () => {
    const { adapter } = await connected();
    const message = outbound({ ...BASE, conversation: bench.people[0], text: 'once' });
    server.loseAnswer = true;
    await assert.rejects(adapter.send(message));
    const { platformIds } = await adapter.send(message);
    assert.equal(server.sent.length, 1);
    assert.deepEqual(platformIds, [server.sent[0]?.id]);
    await adapter.send(message);
    assert.equal(server.sent.length, 2);
    assert.deepEqual(server.problems, []);
  });

  it('says that the month’s messages are used up, which no waiting helps against', async () => {
    server.quota = { type: 'limited', value: 0 };
    const { adapter } = await connected();
    await assert.rejects(adapter.send(outbound({ ...BASE, conversation: bench.people[0] })), {
      kind: 'refused',
      message: /messages of this month are used up/,
    });
  });

  it('shows that it works in direct messages only, which LINE has alone', async () => {
    const { adapter } = await connected();
    await adapter.typing?.(bench.people[0]);
    await adapter.typing?.(GROUP);
    assert.deepEqual(server.loaded, [bench.people[0]]);
  });

  it('hears who quotes it in a group, and leaves alone who mentions others', async () => {
    const watched = await connected();
    const { platformIds } = await watched.adapter.send(
      outbound({ ...BASE, conversation: GROUP, text: 'news' }),
    );
    await tell(watched, said('about that', { quotedMessageId: platformIds[0] }, 'group'));
    const mention = (isSelf: boolean | undefined, index: number) => ({
      mention: {
        mentionees: [{ index, length: 4, type: 'user', ...(isSelf === undefined ? {} : { isSelf }) }],
      },
    });
    await tell(watched, said('@ann look', mention(false, 0), 'group'));
    await tell(watched, said('@all look', mention(undefined, 0), 'group'));
    await tell(watched, said('/status @bot', mention(true, 8), 'group'));
    await tell(watched, said('ask @bot please', mention(true, 4), 'group'));
    assert.deepEqual(
      watched.received.map(({ text, addressed }) => [text, addressed]),
      [
        ['about that', true],
        ['@ann look', false],
        ['@all look', false],
        ['/status', true],
        ['ask @bot please', true],
      ],
    );
  });

  it('names people who keep their id to themselves by nobody’s id', async () => {
    const watched = await connected();
    const event = said('hello', {}, 'group');
    await tell(watched, { ...event, source: { type: 'group', groupId: GROUP } } as LineEvent);
    assert.equal(watched.received[0]?.sender.id, '');
  });

  it('fetches files that lie at LINE, up to the limit, and no others', async () => {
    const watched = await connected();
    const id = server.newId();
    server.files.set(id, Buffer.from('12345'));
    const file = { id, type: 'file', text: undefined, fileName: 'a.txt', fileSize: 5 };
    await tell(watched, said('', file));
    const outside = { contentProvider: { type: 'external', originalContentUrl: 'https://evil.example/x' } };
    await tell(watched, said('', { type: 'image', text: undefined, ...outside }));
    assert.equal(watched.received.length, 1);
    const [attachment] = watched.received[0]?.attachments ?? [];
    assert.ok(attachment);
    assert.deepEqual({ name: attachment.name, size: attachment.size }, { name: 'a.txt', size: 5 });
    assert.equal(Buffer.from((await watched.adapter.download?.(attachment, 5)) ?? []).toString(), '12345');
    await assert.rejects(
      watched.adapter.download?.(attachment, 4) ?? Promise.resolve(),
      /larger than 4 bytes/,
    );
  });

  it('hands out what is set to hosts of LINE alone', () => {
    assert.deepEqual(lineDescriptor.hosts?.({}), ['api.line.me', 'api-data.line.me']);
    assert.ok(!lineDescriptor.settings.safeParse({ allowedGroups: ['U'.padEnd(33, 'a')] }).success);
    assert.ok(lineDescriptor.settings.safeParse({ allowedGroups: [GROUP] }).success);
  });
});
