import assert from 'node:assert/strict';
import type { Emulator } from 'emulate';
import { createAdapter } from '../../../src/channels/slack/adapter';
import { slackDescriptor } from '../../../src/channels/slack/descriptor';
import { freePort } from '../../helpers/ports';
import { outbound, watchedContext } from './support';

const TOKEN = 'xoxb-emulated-0001-workbot';
const BOT = { bot_id: 'BWORKBOT', bot_user_id: 'UWORKBOT' };
const SCOPES = [
  'app_mentions:read',
  'chat:write',
  'im:history',
  'files:read',
  'files:write',
  'channels:history',
];

/** Slack's Web API as somebody else has written it: https://github.com/vercel-labs/emulate, pinned. */
describe('slack adapter against an emulator that is not ours', () => {
  let slack: Emulator;
  let root: string;

  beforeEach(async () => {
    const { createEmulator } = await import('emulate');
    const port = await freePort();
    root = `http://127.0.0.1:${port}`;
    slack = await createEmulator({
      service: 'slack',
      port,
      baseUrl: root,
      seed: {
        slack: {
          team: { name: 'Acme', domain: 'acme' },
          channels: [{ name: 'general' }],
          oauth_apps: [
            {
              client_id: '1.2',
              client_secret: 'not-used',
              app_id: 'A000000001',
              name: 'Workbot',
              redirect_uris: [],
              scopes: SCOPES,
              bot_name: 'workbot',
              ...BOT,
            },
          ],
          tokens: [{ token: TOKEN, user_id: BOT.bot_user_id, scopes: SCOPES, app_id: 'A000000001', ...BOT }],
        },
      },
    });
  });
  afterEach(() => slack.close());

  const make = (token = TOKEN) =>
    createAdapter(
      watchedContext(
        slackDescriptor,
        { apiRoot: `${root}/api`, mode: 'http' },
        { botToken: token, signingSecret: 'a'.repeat(32) },
      ).context,
    );

  async function ask(method: string, values: Record<string, string>): Promise<Record<string, unknown>> {
    const response = await fetch(`${root}/api/${method}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}` },
      body: new URLSearchParams(values),
    });
    return (await response.json()) as Record<string, unknown>;
  }

  async function general(): Promise<string> {
    const { channels } = await ask('conversations.list', {});
    const found = (channels as { id: string; name: string }[]).find(({ name }) => name === 'general');
    assert.ok(found);
    return found.id;
  }

  it('[INI-2] is told who it is, and refuses the token of a person', async () => {
    const account = await make().check?.();
    assert.equal(account?.isBot, true);
    assert.match(account?.account ?? '', /^T\w+\/UWORKBOT$/);
    await assert.rejects(
      async () => make('xoxb-which-is-the-admins').check?.(),
      /belongs to a person, not to a bot/,
    );
  });

  it('says something, changes it, and answers in a thread', async () => {
    const conversation = await general();
    const adapter = make();
    const [ts = ''] = (
      await adapter.send(outbound({ channel: 'slack', conversation, text: 'one <b> & two' }))
    ).platformIds;
    await adapter.send(outbound({ channel: 'slack', conversation, text: 'changed', edits: ts }));
    await adapter.send(outbound({ channel: 'slack', conversation, text: 'answer', inReplyTo: ts }));
    const { messages } = await ask('conversations.replies', { channel: conversation, ts });
    assert.deepEqual(
      (messages as { text: string; thread_ts?: string }[]).map(({ text, thread_ts }) => [
        text,
        thread_ts ?? ts,
      ]),
      [
        ['changed', ts],
        ['answer', ts],
      ],
    );
  });

  it('sends a file in three steps', async () => {
    const conversation = await general();
    const bytes = Buffer.from('name;sum\n');
    const file = { name: 'a.csv', mediaType: 'text/csv', size: bytes.length, read: async () => bytes };
    await make().send(outbound({ channel: 'slack', conversation, text: 'here', files: [file] }));
    const { files } = await ask('files.list', { channel: conversation });
    assert.deepEqual(
      (files as { name: string; size: number }[]).map(({ name, size }) => [name, size]),
      [['a.csv', bytes.length]],
    );
  });
});
