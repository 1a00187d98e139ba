import assert from 'node:assert/strict';
import { createAdapter } from '../../../src/channels/discord/adapter';
import { discordDescriptor } from '../../../src/channels/discord/descriptor';
import { ScaledClock } from '../../contract/clock';
import { idOfEarlier } from '../../peers/discord/history';
import { snowflake } from '../../peers/discord/ids';
import { APPLICATION, BOT, DiscordPeer, GUILD, TOKEN } from '../../peers/discord/server';
import { adaptersOf, MemoryStore, until as untilNamed } from './support';

const ALICE = snowflake('alice');
const DM = snowflake('dm');
const ROOM = snowflake('room');
const OTHER_ROOM = snowflake('a room where nobody spoke to the bot');
const NAME = `<@${BOT.id}>`;
const SPEED = 20;

const until = (condition: () => boolean) => untilNamed(condition, String(condition));

describe('discord, what was said while no session was there', () => {
  const adapters = adaptersOf(discordDescriptor, createAdapter);
  let peer: DiscordPeer;

  beforeEach(async () => {
    peer = new DiscordPeer();
    peer.speed = SPEED;
    peer.addChannel({ id: DM });
    peer.addChannel({ id: ROOM, guild: GUILD });
    peer.addChannel({ id: OTHER_ROOM, guild: GUILD });
    await peer.start();
  });
  afterEach(async () => {
    const { problems } = peer;
    await peer.stop();
    assert.deepEqual(problems, []);
  });

  async function connected(store = new MemoryStore(), settings: Record<string, unknown> = {}) {
    const all = { applicationId: APPLICATION, apiRoot: peer.apiRoot, allowedGuilds: [GUILD], ...settings };
    const made = adapters.make(all, { token: TOKEN }, new ScaledClock(SPEED), { store });
    await made.adapter.connect();
    return made;
  }

  type Connected = Awaited<ReturnType<typeof connected>>;
  const texts = ({ received }: Connected) =>
    received.filter(({ change, sender }) => !change && !sender.isSelf).map(({ text }) => text);

  const placesIn = async (store: MemoryStore) =>
    JSON.parse(Buffer.from((await store.load('places')) ?? []).toString());

  /** A bot that was spoken to in each of these, and then went away. */
  async function knownIn(places: readonly string[], store: MemoryStore): Promise<void> {
    const first = await connected(store);
    for (const place of places) {
      peer.say(ALICE, place, `${NAME} hello`);
      await until(() => first.received.some(({ conversation }) => conversation === place));
    }
    await first.adapter.disconnect();
    peer.gateway.forget();
    peer.gateway.rest();
  }

  it('is asked for behind the last thing on record, page by page, oldest first', async () => {
    const store = new MemoryStore();
    await knownIn([DM], store);
    const said = Array.from({ length: 250 }, (_, index) => `line ${index}`);
    for (const text of said) peer.say(ALICE, DM, text);
    const { id: notice } = peer.say(ALICE, DM, 'pinned a message', { type: 6 });
    const second = await connected(store);
    await until(() => second.received.length >= said.length);
    assert.deepEqual(texts(second), said);
    assert.equal(peer.histories, 3);
    assert.equal(peer.gateway.resumed, 0);
    await second.adapter.disconnect();
    assert.equal((await placesIn(store)).places[0]?.last, notice, 'also behind what is none of ours');
  });

  it('is asked for in rooms that are known and listed, with the server that they are in', async () => {
    const store = new MemoryStore();
    await knownIn([DM, ROOM], store);
    peer.say(ALICE, ROOM, `${NAME} in the room`);
    peer.say(ALICE, OTHER_ROOM, `${NAME} where nobody ever spoke to it`);
    const second = await connected(store);
    await until(() => second.received.length > 0);
    assert.deepEqual(
      second.received.map(({ text, context, conversation, addressed }) => [
        text,
        context,
        conversation,
        addressed,
      ]),
      [['in the room', 'group', ROOM, true]],
    );
    await second.adapter.disconnect();
    peer.gateway.forget();
    peer.gateway.rest();
    peer.say(ALICE, ROOM, `${NAME} no longer listed`);
    peer.say(ALICE, DM, 'direct');
    const asked = peer.histories;
    const third = await connected(store, { allowedGuilds: [] });
    await until(() => third.received.length > 0);
    assert.deepEqual(texts(third), ['direct']);
    assert.equal(peer.histories, asked + 1, 'the room was not even asked about');
  });

  it('is nothing of before the bot was first spoken to', async () => {
    peer.say(ALICE, DM, 'before it was ever there');
    const store = new MemoryStore();
    await knownIn([DM], store);
    peer.say(ALICE, DM, 'afterwards');
    const second = await connected(store);
    await until(() => texts(second).includes('afterwards'));
    assert.deepEqual(texts(second), ['afterwards']);
  });

  it('is nothing of more than a day ago', async () => {
    const store = new MemoryStore();
    await knownIn([DM], store);
    // As though it had last been spoken to three days ago.
    const places = await placesIn(store);
    places.places[0].last = idOfEarlier(3 * 86_400_000);
    await store.save('places', Buffer.from(JSON.stringify(places)));
    peer.say(ALICE, DM, 'two days ago', { id: idOfEarlier(2 * 86_400_000) });
    peer.say(ALICE, DM, 'an hour ago', { id: idOfEarlier(3_600_000) });
    const second = await connected(store);
    await until(() => texts(second).includes('an hour ago'));
    assert.ok(!texts(second).includes('two days ago'));
  });

  it('is nothing that was kept of another account', async () => {
    const store = new MemoryStore();
    await knownIn([DM], store);
    const places = await placesIn(store);
    await store.save('places', Buffer.from(JSON.stringify({ ...places, owner: '1' })));
    peer.say(ALICE, DM, 'while it was away');
    const second = await connected(store);
    peer.say(ALICE, DM, 'afterwards');
    await until(() => texts(second).includes('afterwards'));
    assert.deepEqual(texts(second), ['afterwards']);
    assert.equal(peer.histories, 0);
  });

  it('is not run when it was edited meanwhile, and not seen when it was removed', async () => {
    const store = new MemoryStore();
    await knownIn([DM], store);
    const { id } = peer.say(ALICE, DM, '/status');
    peer.change(id, { content: '/run rm -rf build', edited_timestamp: new Date().toISOString() });
    peer.remove(peer.say(ALICE, DM, 'removed').id);
    peer.say(ALICE, DM, 'end');
    const second = await connected(store);
    await until(() => texts(second).includes('end'));
    assert.deepEqual(
      second.received.map(({ text, change }) => [text, change]),
      [
        ['/run rm -rf build', 'edited'],
        ['end', undefined],
      ],
    );
  });

  it('is taken once when it comes over the connection as well', async () => {
    const store = new MemoryStore();
    await knownIn([DM], store);
    peer.say(ALICE, DM, 'while it was away');
    const second = await connected(store);
    // Behind the greeting and before the answer to what is asked for, or not: it comes in both ways or in one.
    peer.say(ALICE, DM, 'while it asks');
    peer.say(ALICE, DM, 'end');
    await until(() => texts(second).includes('end'));
    peer.say(ALICE, DM, 'afterwards');
    await until(() => texts(second).includes('afterwards'));
    assert.deepEqual(texts(second), ['while it was away', 'while it asks', 'end', 'afterwards']);
  });

  it('waits as the headers and Discord ask, and loses nothing by it', async () => {
    const store = new MemoryStore();
    await knownIn([DM], store);
    const said = Array.from({ length: 350 }, (_, index) => `line ${index}`);
    for (const text of said) peer.say(ALICE, DM, text);
    peer.bucket = 1;
    const second = await connected(store);
    await until(() => second.received.length >= said.length);
    assert.deepEqual(texts(second), said);
    assert.equal(peer.histories, 4);
  });

  it('is tried again when Discord fails, with what the channel waits for and until when', async () => {
    const store = new MemoryStore();
    await knownIn([DM], store);
    peer.say(ALICE, DM, 'while it was away');
    peer.failing = 2;
    const second = await connected(store);
    await until(() => texts(second).includes('while it was away'));
    assert.match(
      second.states.find(({ state }) => state === 'waiting')?.detail ?? '',
      /said meanwhile could not be taken over: Discord answered with error 503.*Next try at/,
    );
    await until(() => second.states.at(-1)?.state === 'online');
    assert.deepEqual(texts(second), ['while it was away']);
  });

  it('is delivered again when it could not be put on record', async () => {
    const store = new MemoryStore();
    await knownIn([DM], store);
    for (const text of ['one', 'two', 'three']) peer.say(ALICE, DM, text);
    const second = await connected(store);
    second.failReceives(2);
    await until(() => texts(second).includes('three'));
    assert.deepEqual(texts(second), ['one', 'two', 'three']);
  });

  it('is asked for after all when the line is cut before it was, although the new session can be taken up', async () => {
    const store = new MemoryStore();
    await knownIn([DM], store);
    peer.say(ALICE, DM, 'while it was away');
    peer.failing = 1_000_000;
    const second = await connected(store);
    await until(() => second.states.some(({ state }) => state === 'waiting'));
    // This comes with the session that is taken up, and may not hide what is older.
    peer.say(ALICE, DM, 'with the new session');
    peer.gateway.cut();
    await until(() => peer.gateway.resumed === 1);
    await second.adapter.disconnect();
    peer.failing = 0;
    const third = await connected(store);
    await until(() => texts(third).includes('with the new session'));
    assert.equal(peer.gateway.identified, 2, 'the session was taken up');
    assert.deepEqual(texts(third), ['while it was away', 'with the new session']);
  });

  it('is left out where the bot may not look any more, and that is said until it may', async () => {
    const store = new MemoryStore();
    await knownIn([ROOM, DM], store);
    peer.say(ALICE, ROOM, `${NAME} in the room`);
    peer.say(ALICE, DM, 'direct');
    peer.addChannel({ id: ROOM, guild: GUILD, denied: new Set(['view'] as const) });
    const second = await connected(store);
    await until(() => texts(second).includes('direct'));
    const health = () => discordDescriptor.health?.(second.facts()).join(' ') ?? '';
    await until(() => /could not be read: Discord did not take it \(403, 50001\)/.test(health()));
    assert.deepEqual(texts(second), ['direct']);
    assert.ok(!second.states.some(({ state }) => state === 'fatal'));
    await second.adapter.disconnect();
    peer.gateway.forget();
    peer.gateway.rest();
    peer.addChannel({ id: ROOM, guild: GUILD });
    const third = await connected(store);
    await until(() => texts(third).includes('in the room'));
    await until(() => third.facts().missedProblem === '');
  });

  it('stops being asked for when the token is refused, and when the channel is switched off', async () => {
    const store = new MemoryStore();
    await knownIn([DM], store);
    peer.say(ALICE, DM, 'while it was away');
    peer.failing = 1_000_000;
    const second = await connected(store);
    await until(() => second.states.some(({ state }) => state === 'waiting'));
    peer.trouble = 'revoked';
    await until(() => second.states.at(-1)?.state === 'fatal');
    const asked = peer.requests;
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(peer.requests, asked);
    await second.adapter.disconnect();
  });

  it('is cut off at two thousand messages of a conversation, and that is on record', async () => {
    const store = new MemoryStore();
    await knownIn([ROOM], store);
    for (let index = 0; index < 2_050; index += 1) peer.say(ALICE, ROOM, 'chatter');
    const second = await connected(store);
    await until(() => second.notes.length > 0);
    assert.deepEqual(
      second.notes.map(({ code, conversation }) => [code, conversation]),
      [['missed-too-much', ROOM]],
    );
    assert.equal(second.received.length, 2_000);
    assert.equal(peer.histories, 20);
    peer.say(ALICE, ROOM, `${NAME} afterwards`);
    await until(() => texts(second).includes('afterwards'));
  });
});
