import assert from 'node:assert/strict';
import { createAdapter } from '../../../src/channels/matrix/adapter';
import { matrixDescriptor } from '../../../src/channels/matrix/descriptor';
import { BOT } from '../../peers/matrix/homeserver';
import { ANN, DM, EVE, matrixRig, ROOM, TOKEN } from './matrix-rig';
import { MemoryStore, until, watchedContext } from './support';

describe('matrix adapter, rooms and their history', () => {
  const rig = matrixRig();
  const { directRoom, groupRoom, connected, say, found } = rig;

  it('[MX-4] never replays what was said before it came, in old rooms and new ones', async () => {
    directRoom();
    groupRoom();
    for (let index = 0; index < 5; index += 1) {
      say(DM, `/run old ${index}`);
      say(ROOM, `Work Bot: /run old ${index}`);
    }
    const store = new MemoryStore();
    const { received, known } = await connected({}, store);
    known.add(`${BOT}/${ANN}`);
    const NEW = '!new:example.test';
    rig.server.world.create(NEW, ANN);
    say(NEW, 'Work Bot: /run before it was invited');
    rig.server.world.member(NEW, BOT, 'invite', ANN);
    await until(() => rig.server.world.room(NEW).membership(BOT) === 'join', 'the bot to come');
    say(NEW, 'Work Bot: now');
    say(DM, 'end');
    await until(() => received.length >= 2, 'what is new');
    assert.deepEqual(received.map(({ text }) => text).sort(), ['end', 'now']);
  });

  it('[MX-4] never replays the history of a new room when its answer has to be taken twice', async () => {
    directRoom();
    const watched = await connected();
    watched.known.add(`${BOT}/${ANN}`);
    const NEW = '!new:example.test';
    rig.server.world.create(NEW, ANN);
    say(NEW, 'Work Bot: /run before it was invited');
    rig.server.world.member(NEW, BOT, 'invite', ANN);
    await until(() => rig.server.world.room(NEW).membership(BOT) === 'join', 'the bot to come');
    watched.failReceives(1);
    say(NEW, 'Work Bot: now');
    await until(() => watched.received.length > 0, 'what is new');
    assert.deepEqual(
      watched.received.map(({ text }) => text),
      ['now'],
    );
  });

  it('[MX-4] fills the hole that a long absence leaves, and passes over what is older than a day', async () => {
    directRoom();
    const store = new MemoryStore();
    const first = await connected({}, store);
    await first.adapter.disconnect();
    const day = 24 * 3_600_000;
    rig.server.world.put(
      DM,
      ANN,
      'm.room.message',
      { msgtype: 'm.text', body: 'stale' },
      undefined,
      Date.now() - day - 60_000,
    );
    for (let index = 0; index < 230; index += 1) say(DM, `message ${index}`);
    const { received } = await connected({}, store);
    await until(() => received.length >= 230, 'all of them');
    assert.deepEqual(
      received.map(({ text }) => text),
      Array.from({ length: 230 }, (_, index) => `message ${index}`),
    );
  });

  it('[MX-4] notes who comes into a room that is let in, and shuts it for strangers', async () => {
    groupRoom();
    const { known, notes } = await connected();
    known.add(`${BOT}/${ROOM}`);
    known.add(`${BOT}/@bob:example.test`);
    rig.server.world.member(ROOM, '@bob:example.test', 'invite', ANN);
    rig.server.world.member(ROOM, '@bob:example.test', 'join');
    rig.server.world.member(ROOM, EVE, 'invite', ANN);
    rig.server.world.member(ROOM, EVE, 'join');
    await until(() => !known.has(`${BOT}/${ROOM}`), 'the room to be shut');
    rig.server.world.member(ROOM, EVE, 'join', EVE, { displayname: 'Ann' });
    rig.server.world.member(ROOM, '@mallory:evil.test', 'join');
    say(ROOM, 'Work Bot: hello');
    await until(() => notes.length > 0, 'the note');
    assert.deepEqual(
      notes.map(({ code, sender, conversation }) => [code, sender, conversation]),
      [['unknown-member-joined', EVE, ROOM]],
    );
  });

  it('[MX-4] notes it and leaves the room open when that is what is set, and finds the setting', async () => {
    groupRoom();
    directRoom();
    const { known, notes, received } = await connected({ closeOnUnknownMember: false });
    known.add(`${BOT}/${ROOM}`);
    rig.server.world.member(ROOM, EVE, 'join');
    say(DM, 'end');
    await until(() => received.length > 0, 'the end');
    assert.deepEqual(
      notes.map(({ code, sender }) => [code, sender]),
      [['unknown-member-joined', EVE]],
    );
    assert.ok(known.has(`${BOT}/${ROOM}`));
    const settings = { closeOnUnknownMember: false };
    assert.ok(found('MX-4', { settings, conversations: [ROOM] }));
    assert.equal(
      found('MX-4', { settings: { closeOnUnknownMember: true }, conversations: [ROOM] }),
      undefined,
    );
    assert.equal(found('MX-4', { settings, conversations: [] }), undefined);
  });

  it('[MX-4] notices a stranger who came in while it was away, in the part of the timeline that was cut', async () => {
    groupRoom();
    directRoom();
    const store = new MemoryStore();
    const first = await connected({}, store);
    await first.adapter.disconnect();
    rig.server.world.member(ROOM, EVE, 'join');
    for (let index = 0; index < 120; index += 1) say(ROOM, `chatter ${index}`);
    const again = watchedContext(
      matrixDescriptor,
      { homeserver: rig.server.url, encryption: false },
      { accessToken: TOKEN },
      undefined,
      { store },
    );
    again.known.add(`${BOT}/${ROOM}`);
    const adapter = createAdapter(again.context);
    rig.open.push(adapter);
    await adapter.connect();
    await until(() => !again.known.has(`${BOT}/${ROOM}`), 'the room to be shut');
  });

  it('[MX-4] takes a direct invitation of a stranger, so that they can pair, and leaves what only calls itself so', async () => {
    const { notes, received } = await connected();
    const direct = '!stranger:evil.test';
    rig.server.world.create(direct, EVE);
    rig.server.world.member(direct, BOT, 'invite', EVE, { is_direct: true });
    await until(() => rig.server.world.room(direct).membership(BOT) === 'join', 'the bot to come');
    say(direct, 'CODE42', EVE);
    await until(() => received.length > 0, 'the code');
    assert.equal(received[0]?.context, 'dm');
    assert.deepEqual(rig.server.world.dataOf(BOT, 'm.direct'), { [EVE]: [direct] });
    const trap = '!trap:evil.test';
    rig.server.world.create(trap, EVE);
    rig.server.world.member(trap, '@mallory:evil.test', 'join');
    rig.server.world.member(trap, BOT, 'invite', EVE, { is_direct: true });
    await until(() => notes.some(({ code }) => code === 'room-left'), 'the bot to leave');
    assert.equal(rig.server.world.room(trap).membership(BOT), 'leave');
  });

  it('[MX-4] leaves other invitations of strangers alone, and all of them when that is set', async () => {
    directRoom();
    const { notes } = await connected();
    rig.server.world.create(ROOM, EVE);
    rig.server.world.member(ROOM, BOT, 'invite', EVE);
    await until(() => notes.length > 0, 'the note');
    assert.deepEqual(
      notes.map(({ code, sender }) => [code, sender]),
      [['invitation-left', EVE]],
    );
    assert.equal(rig.server.world.room(ROOM).membership(BOT), 'invite');
    await rig.open[0]?.disconnect();
    const strict = await connected({ invitations: 'people' });
    const direct = '!stranger:evil.test';
    rig.server.world.create(direct, EVE);
    rig.server.world.member(direct, BOT, 'invite', EVE, { is_direct: true });
    await until(() => strict.notes.some(({ conversation }) => conversation === direct), 'the note');
    assert.equal(rig.server.world.room(direct).membership(BOT), 'invite');
  });
});
