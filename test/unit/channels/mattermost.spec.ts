import assert from 'node:assert/strict';
import { createAdapter } from '../../../src/channels/mattermost/adapter';
import { mattermostDescriptor } from '../../../src/channels/mattermost/descriptor';
import { mattermostRules } from '../../../src/channels/mattermost/rules';
import type { ChannelFacts } from '../../../src/engine/model/posture';
import { BOT, MattermostServer, mmId, TEAM, TOKEN } from '../../peers/mattermost/server';
import { channelFacts, MemoryStore, until, watchedContext } from './support';

const ALICE = mmId('alice');
const DM = mmId('dm');
const ROOM = mmId('room');
const OTHER = mmId('other');
const OTHER_TEAM = mmId('otherteam');

describe('mattermost adapter', () => {
  let server: MattermostServer;
  let open: { disconnect(): Promise<void> }[];

  beforeEach(async () => {
    open = [];
    server = new MattermostServer();
    server.addChannel({ id: DM, type: 'D', team_id: '' });
    server.addChannel({ id: ROOM, type: 'O', team_id: TEAM });
    server.addChannel({ id: OTHER, type: 'P', team_id: OTHER_TEAM });
    await server.start();
  });
  afterEach(async () => {
    await Promise.all(open.map((adapter) => adapter.disconnect()));
    await server.stop();
  });

  async function connected(settings: Record<string, unknown> = {}, store = new MemoryStore()) {
    const watched = watchedContext(
      mattermostDescriptor,
      { serverUrl: server.url, ...settings },
      { token: TOKEN },
      undefined,
      { store },
    );
    const adapter = createAdapter(watched.context);
    open.push(adapter);
    const account = await adapter.connect();
    return { ...watched, adapter, account };
  }

  const found = (id: string, part: Partial<ChannelFacts>) =>
    mattermostRules.find((rule) => rule.id === id)?.check(channelFacts(mattermostDescriptor, part));

  it('[MM-1] reads the roles of the token’s account, and finds an administrator’s', async () => {
    server.user = { ...BOT, roles: 'system_user system_admin' };
    const watched = await connected();
    assert.deepEqual(watched.facts().roles, ['system_user', 'system_admin']);
    assert.match(found('MM-1', { reported: watched.facts() })?.evidence ?? '', /system_admin/);
    assert.equal(found('MM-1', { reported: { roles: ['system_user'] } }), undefined);
  });

  it('[INI-2] takes an account that is not a bot’s for a person’s', async () => {
    server.user = { id: BOT.id, username: 'somebody', roles: 'system_user' };
    assert.equal((await connected()).account.isBot, false);
  });

  it('[MM-2] hears the listed teams and channels and direct messages, and nothing else', async () => {
    const { received } = await connected({ allowedTeams: [TEAM] });
    server.say(ALICE, OTHER, `@${BOT.username} other team`);
    server.say(ALICE, ROOM, `@${BOT.username} listed team`);
    server.say(ALICE, DM, 'direct');
    await until(() => received.some(({ text }) => text === 'direct'), 'the last message');
    assert.deepEqual(
      received.map(({ text, context }) => [text, context]),
      [
        ['listed team', 'group'],
        ['direct', 'dm'],
      ],
    );
    const single = await connected({ allowedChannels: [OTHER] });
    server.say(ALICE, ROOM, `@${BOT.username} not listed`);
    server.say(ALICE, OTHER, `@${BOT.username} one channel`);
    await until(() => single.received.length > 0, 'the message of the channel');
    assert.deepEqual(
      single.received.map(({ text }) => text),
      ['one channel'],
    );
    assert.ok(found('MM-2', { settings: { allowedTeams: [TEAM] } }));
    assert.equal(found('MM-2', { settings: { allowedTeams: [] } }), undefined);
    assert.equal(
      found('MM-2', { settings: { allowedTeams: [TEAM] }, modes: { group: 'disabled' } }),
      undefined,
    );
  });

  it('[MM-4] asks for what was missed when the numbers of events have a hole, and reports it', async () => {
    const { received, facts: reported } = await connected({ allowedTeams: [TEAM] });
    server.say(ALICE, DM, 'one');
    await until(() => received.length > 0, 'the first');
    assert.equal(reported().gaps, 0);
    server.losing(() => {
      server.say(ALICE, DM, 'lost on the way');
      server.say(ALICE, ROOM, 'lost in the room');
    });
    server.say(ALICE, DM, 'two');
    await until(() => received.some(({ text }) => text === 'two'), 'the one after the hole');
    assert.deepEqual(
      received.map(({ text }) => text),
      ['one', 'lost on the way', 'lost in the room', 'two'],
    );
    await until(() => reported().gaps === 1, 'the report');
    assert.equal(reported().serverVersion, '10.5.1.abc.def');
    assert.match(mattermostDescriptor.health?.(reported()).join(' ') ?? '', /1 gaps in the connection/);
  });

  it('[MM-4] asks for what was said while it was away, and never for what was said before it first came', async () => {
    server.say(ALICE, DM, 'long before');
    const store = new MemoryStore();
    const first = await connected({}, store);
    server.say(ALICE, DM, 'while there');
    await until(() => first.received.length === 1, 'the first');
    await first.adapter.disconnect();
    server.forget();
    server.say(ALICE, DM, 'while away');
    const second = await connected({}, store);
    await until(() => second.received.some(({ text }) => text === 'while away'), 'what was missed');
    assert.ok(![...first.received, ...second.received].some(({ text }) => text === 'long before'));
  });

  it('waits when the headers say that no call is left, and says how few there are', async () => {
    const { adapter, facts: reported } = await connected();
    const health = () => mattermostDescriptor.health?.(reported()).join(' ') ?? '';
    const message = { channel: 'mattermost', account: BOT.id, conversation: DM, format: 'text' } as const;
    await adapter.send({ ...message, text: 'without a limit' });
    assert.ok(!/calls are left/.test(health()));
    server.callsLeft = 2;
    await adapter.send({ ...message, text: 'one' });
    assert.match(health(), /1 calls are left/);
    await adapter.send({ ...message, text: 'two' });
    assert.match(health(), /0 calls are left/);
    await assert.rejects(adapter.send({ ...message, text: 'three' }), { kind: 'rate-limited' });
    server.callsLeft = undefined;
    await new Promise((resolve) => setTimeout(resolve, 1_050));
    await adapter.send({ ...message, text: 'three' });
    assert.deepEqual(server.problems, []);
  });

  it('[MM-3] hears a webhook that calls itself by a person’s name as a program', async () => {
    const { received } = await connected();
    server.say(ALICE, DM, 'forged', { props: { from_webhook: 'true', override_username: 'alice' } });
    await until(() => received.length === 1, 'the forged message');
    assert.equal(received[0]?.sender.isBot, true);
  });

  it('answers in the thread that the question is in, and knows a thread that it began', async () => {
    const { adapter, received } = await connected({ allowedTeams: [TEAM] });
    const root = server.say(ALICE, ROOM, 'a thread of people');
    const question = server.say(ALICE, ROOM, `@${BOT.username} in it`, { root_id: root.id });
    await until(() => received.some(({ text }) => text === 'in it'), 'the question');
    const base = { channel: 'mattermost', account: BOT.id, conversation: ROOM, format: 'text' } as const;
    const { platformIds } = await adapter.send({ ...base, text: 'answer', inReplyTo: question.id });
    assert.equal(server.posts.get(platformIds[0] ?? '')?.root_id, root.id);
    const own = await adapter.send({ ...base, text: 'news' });
    server.say(ALICE, ROOM, 'meant for you', { root_id: own.platformIds[0] ?? '' });
    await until(() => received.some(({ text }) => text === 'meant for you'), 'the answer to us');
    assert.equal(received.find(({ text }) => text === 'meant for you')?.addressed, true);
    assert.equal(received.find(({ text }) => text === 'a thread of people')?.addressed, false);
  });

  it('waits for the address of the server, and takes none that would send the token in the clear', () => {
    assert.match(mattermostDescriptor.missing?.({}) ?? '', /cowork\.channels\.mattermost\.serverUrl/);
    assert.equal(mattermostDescriptor.missing?.({ serverUrl: 'https://mm.example' }), undefined);
    for (const serverUrl of ['http://mm.example', 'https://user:pw@mm.example', 'ftp://mm.example', 'mm'])
      assert.ok(!mattermostDescriptor.settings.safeParse({ serverUrl }).success, serverUrl);
  });
});
