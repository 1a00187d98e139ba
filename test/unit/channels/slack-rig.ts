import assert from 'node:assert/strict';
import { createAdapter } from '../../../src/channels/slack/adapter';
import { slackDescriptor } from '../../../src/channels/slack/descriptor';
import { APP_TOKEN, BOT_TOKEN, BOT_USER, SlackApi, TEAM } from '../../peers/slack/slack-api';
import { outbound, watchedContext } from './support';

export const ACCOUNT = `${TEAM}/${BOT_USER}`;
export const out = (text: string, part: object = {}) =>
  outbound({ channel: 'slack', account: ACCOUNT, conversation: 'D0001', text, ...part });

/** A peer for each test, and adapters that are disconnected after it. To be called in a `describe`. */
export function slackRig() {
  let api: SlackApi;
  let open: { disconnect(): Promise<void> }[] = [];

  beforeEach(async () => {
    api = new SlackApi();
    await api.start();
    open = [];
  });

  afterEach(async () => {
    await Promise.all(open.map((adapter) => adapter.disconnect()));
    await api.stop();
    assert.deepEqual(api.problems, []);
  });

  function make(settings: Record<string, unknown> = {}, secrets: Record<string, string | undefined> = {}) {
    const watched = watchedContext(
      slackDescriptor,
      { apiRoot: api.root, ...settings },
      { botToken: BOT_TOKEN, appToken: APP_TOKEN, ...secrets },
    );
    const adapter = createAdapter(watched.context);
    open.push(adapter);
    return { adapter, ...watched };
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
