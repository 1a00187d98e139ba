import { createAdapter } from '../../../src/channels/discord/adapter';
import { discordDescriptor } from '../../../src/channels/discord/descriptor';
import type { Clock } from '../../../src/engine/model/ports';
import { snowflake } from '../../peers/discord/ids';
import { APPLICATION, BOT, DiscordPeer, GUILD, TOKEN } from '../../peers/discord/server';
import { adaptersOf, MemoryStore, until as untilNamed } from './support';

export const ALICE = snowflake('alice');
export const DM = snowflake('dm');
export const ROOM = snowflake('room');
export const OTHER_GUILD = snowflake('other guild');
export const OTHER_ROOM = snowflake('other room');
export const NAME = `<@${BOT.id}>`;
export const API = 'https://discord.com/api/v10';

/** What is waited for says itself. */
export const until = (condition: () => boolean, limitMs?: number) =>
  untilNamed(condition, String(condition), limitMs);

/** A peer for each test, and adapters that are disconnected after it. To be called in a `describe`. */
export function discordRig() {
  const adapters = adaptersOf(discordDescriptor, createAdapter);
  let peer: DiscordPeer;

  beforeEach(async () => {
    peer = new DiscordPeer();
    peer.speed = 10;
    peer.addChannel({ id: DM });
    peer.addChannel({ id: ROOM, guild: GUILD });
    peer.addChannel({ id: OTHER_ROOM, guild: OTHER_GUILD });
    await peer.start();
  });
  afterEach(async () => {
    await peer.stop();
  });

  function made(settings: Record<string, unknown> = {}, store = new MemoryStore(), clock?: Clock) {
    const all = { applicationId: APPLICATION, apiRoot: peer.apiRoot, ...settings };
    return adapters.make(all, { token: TOKEN }, clock, { store });
  }

  async function connected(settings: Record<string, unknown> = {}, store = new MemoryStore(), clock?: Clock) {
    const all = made(settings, store, clock);
    const account = await all.adapter.connect();
    return { ...all, account };
  }

  const texts = ({ received }: ReturnType<typeof made>) => received.map(({ text }) => text);
  const outgoing = (text: string, more = {}) => ({
    channel: 'discord',
    account: BOT.id,
    conversation: DM,
    text,
    format: 'text' as const,
    ...more,
  });

  return {
    get peer() {
      return peer;
    },
    made,
    connected,
    texts,
    outgoing,
  };
}
