import assert from 'node:assert/strict';
import { adapterWith } from '../../src/channels/matrix/adapter';
import { type Port, type StartThread, startThread } from '../../src/channels/matrix/crypto/thread';
import { matrixDescriptor } from '../../src/channels/matrix/descriptor';
import type { Clock } from '../../src/engine/model/ports';
import { BOT, Homeserver } from '../peers/matrix/homeserver';
import { Person } from '../peers/matrix/person';
import { bundledThread } from '../peers/matrix/thread';
import type { HsEvent, Json } from '../peers/matrix/world';
import { MemoryStore, type Watched, watchedContext } from '../unit/channels/support';

export const ANN = '@ann:example.test';
export const DM = '!dm:example.test';
export const ROOM = '!room:example.test';
export const TOKEN = 'syt_d29yay1ib3Q_abcdefghijklmnop_123456';

export const text = (body: string, more: Json = {}): Json => ({
  msgtype: 'm.text',
  body,
  'm.mentions': { user_ids: [BOT] },
  ...more,
});

/** What a test may have otherwise than usual. */
export interface Otherwise {
  readonly settings?: Json;
  readonly store?: MemoryStore;
  readonly clock?: Clock;
  readonly start?: StartThread;
}

/** A homeserver with encrypted rooms, people in them, and the channel as often as it is wanted. */
export class EncryptedHouse {
  readonly server = new Homeserver();
  /** Every thread that was started for `connected`, unless the test starts its own. */
  readonly threads: Port[] = [];
  private readonly open: { disconnect(): Promise<void> }[] = [];
  private readonly people: Person[] = [];

  private constructor(private readonly thread: string) {}

  static async open(): Promise<EncryptedHouse> {
    const house = new EncryptedHouse(await bundledThread());
    const { server } = house;
    server.speed = 10;
    server.sessions.login(BOT, 'BOTDEVICE', TOKEN);
    server.world.names.set(BOT, 'Work Bot');
    for (const id of [DM, ROOM]) {
      server.world.create(id, ANN, { encrypted: true });
      server.world.member(id, BOT, 'invite', ANN, { is_direct: id === DM });
      server.world.member(id, BOT, 'join');
    }
    server.world.setData(BOT, 'm.direct', { [ANN]: [DM] });
    await server.start();
    return house;
  }

  async close(): Promise<void> {
    await Promise.all(this.open.map((adapter) => adapter.disconnect()));
    for (const person of this.people) person.close();
    await this.server.stop();
    assert.deepEqual(this.server.problems, []);
  }

  /** Starts the thread that is shipped. */
  readonly start: StartThread = () => {
    const port = startThread(this.thread);
    this.threads.push(port);
    return port;
  };

  adapter({ settings, store = new MemoryStore(), clock, start = this.start }: Otherwise = {}) {
    const all = { homeserver: this.server.url, ...settings };
    const watched: Watched = watchedContext(matrixDescriptor, all, { accessToken: TOKEN }, clock, { store });
    const adapter = adapterWith(start)(watched.context);
    this.open.push(adapter);
    return { ...watched, adapter };
  }

  async connected(otherwise: Otherwise = {}) {
    const made = this.adapter(otherwise);
    await made.adapter.connect();
    return made;
  }

  async login(user: string, device: string): Promise<Person> {
    const person = await Person.login(this.server, user, device);
    this.people.push(person);
    return person;
  }

  latest(room: string): HsEvent {
    const event = this.server.world.room(room).entries.at(-1)?.event;
    assert.ok(event);
    return event;
  }

  /** The steps of the ratchets at which we said something, and what was said. */
  async said(room: string, reader: Person): Promise<{ step: string; text: unknown }[]> {
    const found: { step: string; text: unknown }[] = [];
    for (const { event } of this.server.world.room(room).entries) {
      if (event.sender !== BOT || event.type !== 'm.room.encrypted') continue;
      const opened = await reader.read(event);
      assert.ok(opened, 'everything can be read');
      const { session_id: session, ciphertext } = event.content;
      found.push({ step: `${session} ${stepOf(String(ciphertext))}`, text: opened.content.body });
    }
    return found;
  }
}

/** The step of the ratchet, which is in the clear: a varint in the field 1 of the message. */
function stepOf(ciphertext: string): number {
  const bytes = Buffer.from(ciphertext, 'base64');
  let value = 0;
  for (let at = 2, shift = 0; at < bytes.length; at += 1, shift += 7) {
    const byte = bytes[at] ?? 0;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return value;
}
