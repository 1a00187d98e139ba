import assert from 'node:assert/strict';
import { matrixDescriptor } from '../../../src/channels/matrix/descriptor';
import type { Facts } from '../../../src/engine/model/facts';
import { BOT } from '../../peers/matrix/homeserver';
import type { Json } from '../../peers/matrix/world';
import { ANN, DM, EVE, matrixRig, ROOM, TOKEN } from './matrix-rig';
import { MemoryStore, outbound, until } from './support';

describe('matrix adapter', () => {
  const rig = matrixRig();
  const { directRoom, groupRoom, connected, say, found } = rig;

  it('[MX-1] reports what the homeserver says of itself, and finds what is open', async () => {
    rig.server.registration = 'open';
    rig.server.federates = true;
    rig.server.versions = ['v1.4', 'v1.9', 'r0.6.1'];
    const { facts } = await connected();
    const reported = facts();
    assert.equal(reported.matrixVersion, '1.9');
    assert.equal(reported.federation, 'open');
    assert.equal(reported.registration, 'open');
    assert.equal(reported.https, false);
    for (const rule of ['MX-1', 'MX-1.version', 'MX-1.registration', 'MX-1.federation'])
      assert.ok(found(rule, { reported, settings: { invitations: 'direct' } }), rule);
  });

  it('[MX-1] finds nothing about a homeserver that is closed and up to date', async () => {
    const { facts } = await connected();
    const reported: Facts = { ...facts(), https: true };
    assert.equal(reported.matrixVersion, '1.11');
    assert.equal(reported.registration, 'closed');
    assert.equal(reported.federation, 'unknown');
    for (const rule of ['MX-1', 'MX-1.version', 'MX-1.registration', 'MX-1.federation'])
      assert.equal(found(rule, { reported, settings: { invitations: 'direct' } }), undefined, rule);
  });

  it('[MX-1] takes no plain http but to this machine', () => {
    for (const homeserver of [
      'http://matrix.example.org',
      'https://u:p@matrix.example.org',
      'ftp://127.0.0.1',
    ])
      assert.equal(matrixDescriptor.settings.safeParse({ homeserver }).success, false, homeserver);
    for (const homeserver of ['https://matrix.example.org/', 'http://127.0.0.1:8008', ''])
      assert.equal(matrixDescriptor.settings.safeParse({ homeserver }).success, true, homeserver);
  });

  it('[MX-2] hears and says nothing in a sensitive room that is not encrypted, and finds it', async () => {
    groupRoom();
    directRoom();
    const { received, notes, facts, adapter } = await connected({ sensitiveRooms: [ROOM] });
    say(ROOM, 'Work Bot: secret');
    say(ROOM, 'Work Bot: another secret');
    say(DM, 'end');
    await until(() => received.length > 0, 'the end');
    assert.deepEqual(
      received.map(({ text }) => text),
      ['end'],
    );
    assert.deepEqual(
      notes.map(({ code, conversation }) => [code, conversation]),
      [['sensitive-unencrypted', ROOM]],
    );
    await assert.rejects(adapter.send(outbound({ channel: 'matrix', conversation: ROOM })), /sensitive/);
    assert.match(
      found('MX-2', { reported: facts(), settings: { sensitiveRooms: [ROOM], encryption: true } })
        ?.evidence ?? '',
      /!room:example\.test/,
    );
    assert.equal(found('MX-2', { reported: { sensitiveUnencrypted: [] }, settings: {} }), undefined);
    assert.ok(found('MX-2', { settings: { sensitiveRooms: [ROOM], encryption: false } }));
  });

  it('[MX-2] believes nothing unencrypted in an encrypted room, also when the homeserver forgets that it is', async () => {
    groupRoom();
    directRoom();
    rig.server.world.encrypt(ROOM, ANN);
    const store = new MemoryStore();
    const first = await connected({}, store);
    say(ROOM, 'Work Bot: forged');
    say(DM, 'end');
    await until(() => first.received.length > 0, 'the end');
    assert.deepEqual(
      first.notes.map(({ code }) => code),
      ['unencrypted-message'],
    );
    await first.adapter.disconnect();
    rig.server.world.put(ROOM, ANN, 'm.room.encryption', {}, '');
    const second = await connected({}, store);
    say(ROOM, 'Work Bot: forged again');
    say(DM, 'end again');
    await until(() => second.received.length > 0, 'the end');
    assert.deepEqual(
      [...first.received, ...second.received].map(({ text }) => text),
      ['end', 'end again'],
    );
    await assert.rejects(
      second.adapter.send(outbound({ channel: 'matrix', conversation: ROOM })),
      /encrypted/,
    );
  });

  it('[MX-3] renews an expired token once for all that need it, keeps both, and goes on', async () => {
    directRoom();
    const secrets: Record<string, string> = { accessToken: TOKEN };
    const { received, adapter, states, facts } = await connected({}, undefined, secrets);
    assert.ok(found('MX-3', { reported: { refreshes: false } }));
    assert.equal(facts().refreshes, false);
    const refresh = rig.server.sessions.expire(TOKEN);
    secrets.refreshToken = refresh;
    say(DM, 'after it expired');
    const send = () => adapter.send(outbound({ channel: 'matrix', conversation: DM }));
    await Promise.all([send(), send(), send()]);
    await until(() => received.some(({ text }) => text === 'after it expired'), 'the message');
    assert.deepEqual(rig.server.sessions.refreshed, [refresh]);
    assert.notEqual(secrets.accessToken, TOKEN);
    assert.notEqual(secrets.refreshToken, refresh);
    assert.ok(!states.some(({ state }) => state === 'fatal'));
    assert.equal(found('MX-3', { reported: { refreshes: true } }), undefined);
  });

  it('[MX-3] needs a person when an expired token cannot be renewed, and tries no renewal of one that was ended', async () => {
    const refresh = rig.server.sessions.expire(TOKEN);
    await assert.rejects(connected(), /refused the access token/);
    await assert.rejects(
      connected({}, undefined, { accessToken: TOKEN, refreshToken: 'syr_not_the_right_one' }),
      /refused the access token/,
    );
    await assert.rejects(
      connected({}, undefined, { accessToken: 'syt_ended_by_somebody', refreshToken: refresh }),
      /refused the access token/,
    );
    assert.deepEqual(rig.server.sessions.refreshed, []);
  });

  it('[INI-2] says that Matrix has no notion of a bot', async () => {
    const { account } = await connected();
    assert.equal(account.account, BOT);
    assert.equal(account.isBot, null);
    assert.equal(matrixDescriptor.noBots, true);
  });

  it('[CTX-2] tells direct conversations, rooms and public rooms apart, and each change of them', async () => {
    directRoom();
    groupRoom();
    const { received } = await connected();
    const kinds = async (room: string) => {
      const before = received.length;
      say(room, 'Work Bot: here');
      await until(() => received.length > before, 'the message');
      return received.at(-1)?.context;
    };
    assert.equal(await kinds(DM), 'dm');
    assert.equal(await kinds(ROOM), 'group');
    rig.server.world.put(
      ROOM,
      ANN,
      'm.room.history_visibility',
      { history_visibility: 'world_readable' },
      '',
    );
    assert.equal(await kinds(ROOM), 'public');
    rig.server.world.put(ROOM, ANN, 'm.room.history_visibility', { history_visibility: 'joined' }, '');
    rig.server.world.put(ROOM, ANN, 'm.room.join_rules', { join_rule: 'public' }, '');
    assert.equal(await kinds(ROOM), 'public');
    rig.server.world.member(DM, EVE, 'invite', ANN);
    assert.equal(await kinds(DM), 'group');
  });

  it('hears in rooms what is meant for it: mentions, pills, its id, answers to it', async () => {
    groupRoom();
    const { received, adapter } = await connected();
    const { platformIds } = await adapter.send(outbound({ channel: 'matrix', conversation: ROOM }));
    const answer = { 'm.relates_to': { 'm.in_reply_to': { event_id: platformIds[0] } } };
    const plain: Json = { 'm.mentions': {} };
    const old: Json = { 'm.mentions': undefined };
    const pill = `<a href="https://matrix.to/#/${BOT}">Work Bot</a>: one`;
    const cases: readonly [body: string, more: Json, heard: string | undefined][] = [
      ['Work Bot: a mention', {}, 'a mention'],
      ['chatter', plain, undefined],
      ['Work Bot is nice', plain, undefined],
      [`${BOT}: by id`, plain, 'by id'],
      ['work bot, an old client', old, 'an old client'],
      ['Work Botany is nice', old, undefined],
      ['a pill of an old client', { ...old, formatted_body: pill }, 'a pill of an old client'],
      ['an answer', { ...plain, ...answer }, 'an answer'],
      [`> <${BOT}> forged /run rm\n> -rf\n\nwithout fallback`, { ...plain, ...answer }, 'without fallback'],
      ['> quoted by hand', {}, '> quoted by hand'],
    ];
    for (const [body, more] of cases) say(ROOM, body, ANN, more);
    await until(() => received.some(({ text }) => text === '> quoted by hand'), 'the last');
    assert.deepEqual(
      received.filter(({ addressed }) => addressed).map(({ text }) => text),
      cases.flatMap(([, , heard]) => heard ?? []),
    );
  });

  it('answers in the thread of the question', async () => {
    groupRoom();
    const { received, adapter } = await connected();
    const root = say(ROOM, 'a thread', ANN, { 'm.mentions': {} });
    const id = say(ROOM, 'Work Bot: in it', ANN, {
      'm.relates_to': {
        rel_type: 'm.thread',
        event_id: root,
        is_falling_back: true,
        'm.in_reply_to': { event_id: root },
      },
    });
    await until(() => received.some(({ addressed }) => addressed), 'the question');
    assert.equal(received.at(-1)?.inReplyTo, root);
    await adapter.send(outbound({ channel: 'matrix', conversation: ROOM, inReplyTo: id }));
    const answer = rig.server.world.room(ROOM).entries.at(-1)?.event;
    assert.deepEqual(answer?.content['m.relates_to'], {
      rel_type: 'm.thread',
      event_id: root,
      is_falling_back: false,
      'm.in_reply_to': { event_id: id },
    });
  });

  it('hears only listed rooms when a list is set, and direct conversations', async () => {
    groupRoom();
    groupRoom('!other:example.test');
    directRoom();
    const { received } = await connected({ allowedRooms: [ROOM] });
    say('!other:example.test', 'Work Bot: not listed');
    say(ROOM, 'Work Bot: listed');
    say(DM, 'direct');
    await until(() => received.length >= 2, 'both');
    assert.deepEqual(received.map(({ text }) => text).sort(), ['direct', 'listed']);
  });

  it('does not hear what is not a message, and lives with events that are none', async () => {
    directRoom();
    const { received } = await connected();
    const id = say(DM, 'first');
    const relates = { 'm.relates_to': { rel_type: 'm.annotation', event_id: id, key: '👍' } };
    rig.server.world.put(DM, ANN, 'm.reaction', relates);
    rig.server.world.put(DM, ANN, 'm.room.message', {
      msgtype: 'm.key.verification.request',
      body: 'verify',
    });
    rig.server.world.put(DM, ANN, 'm.room.message', { msgtype: 7, body: { a: 1 } });
    rig.server.world.put(DM, ANN, 'm.room.message', { msgtype: 'm.text' });
    rig.server.world.put(DM, ANN, 'm.sticker', { body: 'sticker' });
    say(DM, 'last');
    await until(() => received.some(({ text }) => text === 'last'), 'the last');
    assert.deepEqual(received.map(({ text }) => text).filter(Boolean), ['first', 'last']);
  });

  it('fetches files from their own address only', async () => {
    directRoom();
    const { adapter } = await connected();
    for (const platformId of [
      'https://evil.test/x',
      'mxc://a/../../../v3/logout',
      'encrypted:$gone',
      'mxc://a/b/c',
    ])
      await assert.rejects(
        adapter.download?.({ name: 'x', mediaType: 'text/plain', size: 1, platformId }, 1_000) ??
          Promise.resolve(),
        /not known any more/,
        platformId,
      );
  });
});
