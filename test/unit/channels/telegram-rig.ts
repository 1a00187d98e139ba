import { createAdapter } from '../../../src/channels/telegram/adapter';
import { telegramDescriptor } from '../../../src/channels/telegram/descriptor';
import type { ManualClock } from '../../helpers/manual-clock';
import { BOT, BotApi, TOKEN } from '../../peers/telegram/bot-api';
import { adaptersOf, outbound } from './support';

export const GROUP = -1001234567890;
export const dmOut = (text: string, part: object = {}) =>
  outbound({ channel: 'telegram', account: String(BOT.id), conversation: '42', text, ...part });

/** A peer for each test, and adapters that are disconnected after it. To be called in a `describe`. */
export function telegramRig() {
  const adapters = adaptersOf(telegramDescriptor, createAdapter);
  let api: BotApi;

  beforeEach(async () => {
    api = new BotApi();
    api.chats.add('42');
    await api.start();
  });

  afterEach(async () => {
    await api.stop();
  });

  function make(
    settings: Record<string, unknown> = {},
    token: string | undefined = TOKEN,
    clock?: ManualClock,
  ) {
    return adapters.make({ apiRoot: api.root, ...settings }, { botToken: token }, clock);
  }

  async function connected(settings: Record<string, unknown> = {}) {
    const made = make(settings);
    const account = await made.adapter.connect();
    return { ...made, account };
  }

  return {
    get api() {
      return api;
    },
    make,
    connected,
  };
}
