import assert from 'node:assert/strict';
import { indexedDB } from 'fake-indexeddb';
import { matrixDescriptor } from '../../../src/channels/matrix/descriptor';
import { matrixRules } from '../../../src/channels/matrix/rules';
import { inThisThread } from '../../helpers/crypto-threads';
import { ANN, DM, EncryptedHouse, ROOM, text } from '../../helpers/encrypted-house';
import type { Homeserver } from '../../peers/matrix/homeserver';
import type { Person } from '../../peers/matrix/person';
import type { HsEvent, Json } from '../../peers/matrix/world';
import { channelFacts, MemoryStore, outbound, until, type Watched } from './support';

describe('matrix encryption', function () {
  this.timeout(30_000);
  let house: EncryptedHouse;
  let server: Homeserver;

  beforeEach(async () => {
    house = await EncryptedHouse.open();
    server = house.server;
  });
  afterEach(() => house.close());

  const connected = (settings: Json = {}, store = new MemoryStore()) => house.connected({ settings, store });
  const login = (user: string, device: string): Promise<Person> => house.login(user, device);
  const latest = (room: string): HsEvent => house.latest(room);

  it('[MX-2] reads and writes in encrypted rooms, and nothing of it is in the clear', async () => {
    const { received, adapter } = await connected();
    const ann = await login(ANN, 'ANNPHONE');
    const question = await ann.say(DM, text('what is it?'));
    await until(() => received.length > 0, 'the question');
    assert.equal(received[0]?.text, 'what is it?');
    assert.equal(received[0]?.sender.id, ANN);
    assert.equal(received[0]?.platformId, question.event_id);
    await adapter.send(
      outbound({
        channel: 'matrix',
        conversation: DM,
        text: 'a secret answer',
        inReplyTo: question.event_id,
      }),
    );
    const answer = latest(DM);
    assert.equal(answer.type, 'm.room.encrypted');
    assert.deepEqual(answer.content['m.relates_to'], { 'm.in_reply_to': { event_id: question.event_id } });
    assert.ok(!JSON.stringify(answer).includes('secret'));
    const opened = await ann.read(answer);
    assert.equal(opened?.content.body, 'a secret answer');
  });

  it('[MX-2] goes on after a restart with two devices of a person, with old keys and new ones', async () => {
    const store = new MemoryStore();
    const first = await connected({}, store);
    const phone = await login(ANN, 'ANNPHONE');
    const laptop = await login(ANN, 'ANNLAPTOP');
    await phone.say(ROOM, text('Work Bot: from the phone'));
    await laptop.say(ROOM, text('Work Bot: from the laptop'));
    await until(() => first.received.length === 2, 'both');
    await first.adapter.send(outbound({ channel: 'matrix', conversation: ROOM, text: 'before' }));
    const before = latest(ROOM);
    await first.adapter.disconnect();
    const queries = server.keys.claimed.length;
    await phone.say(ROOM, text('Work Bot: while it was away'));
    const second = await connected({}, store);
    await laptop.say(ROOM, text('Work Bot: afterwards'));
    await until(() => second.received.length === 2, 'both after the restart');
    assert.deepEqual(
      [...first.received, ...second.received].map((message) => message.text),
      ['from the phone', 'from the laptop', 'while it was away', 'afterwards'],
    );
    await second.adapter.send(outbound({ channel: 'matrix', conversation: ROOM, text: 'after' }));
    const after = latest(ROOM);
    assert.equal(before.content.session_id, after.content.session_id, 'the same ratchet goes on');
    assert.notEqual(before.content.ciphertext, after.content.ciphertext);
    for (const person of [phone, laptop]) {
      assert.equal((await person.read(before))?.content.body, 'before');
      assert.equal((await person.read(after))?.content.body, 'after');
    }
    assert.equal(server.keys.claimed.length, queries, 'no session had to be made anew');
    assert.equal(new Set(server.keys.claimed).size, server.keys.claimed.length, 'no key is used twice');
  });

  it('[MX-2] never uses a step of the ratchet twice, whenever it dies', async () => {
    const store = new MemoryStore();
    const ann = await login(ANN, 'ANNPHONE');
    for (let run = 0; run < 6; run += 1) {
      const copy = new MemoryStore();
      const { adapter } = await connected({}, store);
      for (let line = 0; line <= run; line += 1) {
        await adapter.send(
          outbound({ channel: 'matrix', conversation: ROOM, text: `run ${run} line ${line}` }),
        );
        // As it is on the disk at the moment when the homeserver has the message.
        for (const [name, bytes] of store.blobs) await copy.save(name, bytes);
      }
      await adapter.disconnect();
      await store.clear();
      for (const [name, bytes] of copy.blobs) await store.save(name, bytes);
    }
    const steps = (await house.said(ROOM, ann)).map(({ step }) => step);
    assert.equal(steps.length, 21);
    assert.equal(new Set(steps).size, steps.length, `steps: ${steps.join(', ')}`);
  });

  it('[MX-2] sends nothing whose keys could not be kept', async () => {
    const store = new MemoryStore();
    const { adapter } = await connected({}, store);
    await adapter.send(outbound({ channel: 'matrix', conversation: ROOM, text: 'kept' }));
    const { entries } = server.world.room(ROOM);
    const count = entries.length;
    const save = store.save.bind(store);
    store.save = async (name, bytes) => {
      if (name.startsWith('keys')) throw new Error('the disk is full');
      await save(name, bytes);
    };
    const said = outbound({ channel: 'matrix', conversation: ROOM, text: 'not kept' });
    await assert.rejects(adapter.send(said));
    assert.equal(entries.length, count);
    store.save = save;
    await adapter.send(said);
    assert.equal(entries.length, count + 1);
  });

  it('[MX-2] shows a device that is not verified, with its key, until that is listed', async () => {
    const store = new MemoryStore();
    const { received, notes, facts, adapter } = await connected({}, store);
    const ann = await login(ANN, 'ANNPHONE');
    await ann.say(DM, text('one'));
    await ann.say(DM, text('two'));
    await until(() => received.length === 2, 'both');
    const device = `${ANN} ANNPHONE ${ann.key}`;
    assert.deepEqual(facts().unverifiedDevices, [device]);
    assert.deepEqual(
      notes.map(({ code, sender }) => [code, sender]),
      [['unverified-device', ANN]],
    );
    assert.ok(notes[0]?.text.includes(ann.key));
    const rule = matrixRules.find(({ id }) => id === 'MX-2.devices');
    const found = rule?.check(channelFacts(matrixDescriptor, { reported: facts() }));
    assert.ok(found?.evidence.includes(device));
    assert.ok(matrixDescriptor.health?.(facts()).some((line) => line.includes(ann.key)));
    await adapter.disconnect();
    const second = await connected({ verifiedDevices: [device] }, store);
    await ann.say(DM, text('three'));
    const intruder = await login(ANN, 'ANNOTHER');
    await intruder.say(DM, text('four'));
    await until(() => second.received.length === 2, 'both');
    assert.deepEqual(second.facts().unverifiedDevices, [`${ANN} ANNOTHER ${intruder.key}`]);
  });

  it('hears a message whose key comes later, and once', async () => {
    const { received, notes }: Watched = await connected();
    const ann = await login(ANN, 'ANNPHONE');
    const late = await ann.sayBeforeKey(DM, text('the key is late'));
    await until(() => notes.some(({ code }) => code === 'undecryptable'), 'the note');
    assert.equal(received.length, 0);
    await late.sendKey();
    await until(() => received.length > 0, 'the message');
    await ann.say(DM, text('next'));
    await until(() => received.some((message) => message.text === 'next'), 'the next');
    assert.deepEqual(
      received.map((message) => message.text),
      ['the key is late', 'next'],
    );
  });

  it('hears it also when it could not be recorded at first', async () => {
    const { received, failReceives } = await connected();
    const ann = await login(ANN, 'ANNPHONE');
    const late = await ann.sayBeforeKey(DM, text('the key is late'));
    await until(() => server.requests > 8, 'the event');
    failReceives(1);
    await late.sendKey();
    await until(() => received.length > 0, 'the message');
    assert.deepEqual(
      received.map((message) => message.text),
      ['the key is late'],
    );
  });

  it('[MX-2] does not hear what somebody puts into another’s name or room, or delivers again, also after a restart', async () => {
    const store = new MemoryStore();
    const { received, notes, adapter } = await connected({}, store);
    const ann = await login(ANN, 'ANNPHONE');
    const bob = await login('@bob:example.test', 'BOBPHONE');
    server.world.member(ROOM, bob.user, 'join');
    await until(() => server.world.room(ROOM).membership(bob.user) === 'join', 'bob');
    const genuine = await ann.say(ROOM, text('Work Bot: genuine'));
    await until(() => received.length === 1, 'the genuine one');
    server.world.put(ROOM, bob.user, 'm.room.encrypted', genuine.content);
    server.world.put(DM, ANN, 'm.room.encrypted', genuine.content);
    server.world.put(ROOM, ANN, 'm.room.encrypted', genuine.content);
    const padded = { ...genuine.content, ciphertext: `${String(genuine.content.ciphertext)}=` };
    server.world.put(ROOM, ANN, 'm.room.encrypted', padded);
    await ann.say(ROOM, text('Work Bot: end'));
    await until(() => received.some((message) => message.text === 'end'), 'the end');
    await adapter.disconnect();
    const again = await connected({}, store);
    server.world.put(ROOM, ANN, 'm.room.encrypted', genuine.content);
    await ann.say(ROOM, text('Work Bot: the very end'));
    await until(() => again.received.length > 0, 'the very end');
    assert.deepEqual(
      [...received, ...again.received].map((message) => [message.sender.id, message.text]),
      [
        [ANN, 'genuine'],
        [ANN, 'end'],
        [ANN, 'the very end'],
      ],
    );
    const codes = [...notes, ...again.notes].map(({ code }) => code);
    assert.ok(codes.includes('forged-message'), codes.join());
    assert.ok(codes.filter((code) => code === 'replayed-message').length >= 2, codes.join());
  });

  it('sends files encrypted, and reads them', async () => {
    const { received, adapter } = await connected();
    const ann = await login(ANN, 'ANNPHONE');
    const bytes = Uint8Array.from({ length: 5_000 }, (_, index) => (index * 13) % 256);
    await adapter.send(
      outbound({
        channel: 'matrix',
        conversation: DM,
        files: [
          {
            name: 'secret.bin',
            mediaType: 'application/x-secret',
            size: bytes.length,
            read: async () => bytes,
          },
        ],
      }),
    );
    const opened = await ann.read(latest(DM));
    const file = opened?.content.file as { url: string } | undefined;
    assert.ok(file);
    const stored = server.media.get(file.url);
    assert.equal(stored?.type, 'application/octet-stream');
    assert.ok(stored && !Buffer.from(stored.bytes).equals(Buffer.from(bytes)));
    await ann.say(DM, { ...opened?.content, body: 'with a file', filename: 'back.bin' });
    await until(() => received.length > 0, 'the file');
    const attachment = received[0]?.attachments[0];
    assert.ok(attachment);
    assert.ok(!JSON.stringify(received).includes('A256CTR'), 'the key of the file is in no record');
    const got = await adapter.download?.(attachment, 10_000);
    assert.deepEqual(got && new Uint8Array(got), bytes);
    stored.bytes[10] = (stored.bytes[10] ?? 0) ^ 1;
    await assert.rejects(adapter.download?.(attachment, 10_000) ?? Promise.resolve(), /changed on its way/);
  });

  it('says to log in again when the keys of the login are lost', async () => {
    const store = new MemoryStore();
    const { adapter } = await connected({}, store);
    await adapter.disconnect();
    await assert.rejects(connected({}, new MemoryStore()), /Log the bot in again/);
  });

  it('leaves no database of its keys behind in memory', async () => {
    const { adapter } = await house.connected({ start: inThisThread });
    assert.ok((await indexedDBNames()).some((name) => name.startsWith('cowork-')));
    await adapter.disconnect();
    const left = await indexedDBNames();
    assert.deepEqual(
      left.filter((name) => name.startsWith('cowork-')),
      [],
    );
  });
});

async function indexedDBNames(): Promise<string[]> {
  const all: readonly { name?: string }[] = await indexedDB.databases();
  return all.flatMap(({ name }) => name ?? []);
}
