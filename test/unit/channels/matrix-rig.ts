import assert from 'node:assert/strict';
import { createAdapter } from '../../../src/channels/matrix/adapter';
import { matrixDescriptor } from '../../../src/channels/matrix/descriptor';
import { matrixRules } from '../../../src/channels/matrix/rules';
import type { ChannelFacts } from '../../../src/engine/model/posture';
import { BOT, Homeserver } from '../../peers/matrix/homeserver';
import type { Json } from '../../peers/matrix/world';
import { adaptersOf, channelFacts, MemoryStore } from './support';

export const ANN = '@ann:example.test';
export const EVE = '@eve:evil.test';
export const DM = '!dm:example.test';
export const ROOM = '!room:example.test';
export const TOKEN = 'syt_d29yay1ib3Q_abcdefghijklmnop_123456';

/** A peer for each test, and adapters that are disconnected after it. To be called in a `describe`. */
export function matrixRig() {
  const adapters = adaptersOf(matrixDescriptor, createAdapter);
  let server: Homeserver;

  beforeEach(async () => {
    server = new Homeserver();
    server.speed = 10;
    server.sessions.login(BOT, 'BOTDEVICE', TOKEN);
    server.world.names.set(BOT, 'Work Bot');
    await server.start();
  });
  afterEach(async () => {
    await server.stop();
    assert.deepEqual(server.problems, []);
  });

  function directRoom(): void {
    server.world.create(DM, ANN);
    server.world.member(DM, BOT, 'invite', ANN, { is_direct: true });
    server.world.member(DM, BOT, 'join');
    server.world.setData(BOT, 'm.direct', { [ANN]: [DM] });
  }

  function groupRoom(id = ROOM): void {
    server.world.create(id, ANN);
    server.world.member(id, BOT, 'invite', ANN);
    server.world.member(id, BOT, 'join');
  }

  async function connected(
    settings: Json = {},
    store = new MemoryStore(),
    secrets: Record<string, string> = { accessToken: TOKEN },
  ) {
    const all = { homeserver: server.url, encryption: false, ...settings };
    const made = adapters.make(all, secrets, undefined, { store });
    const account = await made.adapter.connect();
    return { ...made, account, secrets };
  }

  function say(room: string, body: string, from = ANN, more: Json = {}): string {
    const content = { msgtype: 'm.text', body, 'm.mentions': { user_ids: [BOT] }, ...more };
    return server.world.put(room, from, 'm.room.message', content).event_id;
  }

  const found = (id: string, part: Partial<ChannelFacts>) =>
    matrixRules.find((rule) => rule.id === id)?.check(channelFacts(matrixDescriptor, part));

  return {
    get server() {
      return server;
    },
    /** The adapters so far; one that is added is disconnected after the test. */
    get open() {
      return adapters.open;
    },
    directRoom,
    groupRoom,
    connected,
    say,
    found,
  };
}
