import assert from 'node:assert/strict';
import { createAdapter } from '../../../src/channels/slack/adapter';
import { slackDescriptor } from '../../../src/channels/slack/descriptor';
import { APP_TOKEN, BOT_TOKEN, BOT_USER, SlackApi, TEAM } from '../../peers/slack/slack-api';
import { adaptersOf, type MemoryStore, outbound } from './support';

export const ACCOUNT = `${TEAM}/${BOT_USER}`;
export const out = (text: string, part: object = {}) =>
  outbound({ channel: 'slack', account: ACCOUNT, conversation: 'D0001', text, ...part });

/** A peer for each test, and adapters that are disconnected after it. To be called in a `describe`. */
export function slackRig() {
  const adapters = adaptersOf(slackDescriptor, createAdapter);
  let api: SlackApi;

  beforeEach(async () => {
    api = new SlackApi();
    await api.start();
  });

  afterEach(async () => {
    await api.stop();
    assert.deepEqual(api.problems, []);
  });

  function make(
    settings: Record<string, unknown> = {},
    secrets: Record<string, string | undefined> = {},
    store?: MemoryStore,
  ) {
    const all = { botToken: BOT_TOKEN, appToken: APP_TOKEN, ...secrets };
    return adapters.make({ apiRoot: api.root, ...settings }, all, undefined, store && { store });
  }

  async function connected(settings: Record<string, unknown> = {}, store?: MemoryStore) {
    const made = make(settings, {}, store);
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
