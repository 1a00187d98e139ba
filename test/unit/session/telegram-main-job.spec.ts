import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import TelegramServer from 'telegram-test-api';
import type { ChatContext } from '../../../src/engine/model/identity';
import { freePort } from '../../helpers/ports';
import { TestSession } from '../../helpers/session';

const TOKEN = '666000:test-token-of-nobody_in-particular0';

/** The whole product but the editor, with Telegram played by a Bot API server that is not ours. */
describe('the main job through Telegram', () => {
  let server: TelegramServer;
  let tested: TestSession;

  beforeEach(async () => {
    const port = await freePort();
    server = new TelegramServer({ port, host: '127.0.0.1' });
    await server.start();
    tested = await TestSession.start({ channels: { telegram: { apiRoot: `http://127.0.0.1:${port}` } } });
    await writeFile(
      join(tested.workspace, 'package.json'),
      JSON.stringify({ scripts: { test: 'node -e "console.log(6*7)"' } }),
    );
    const { channels } = tested.session;
    await channels.credentials.store('telegram', { botToken: TOKEN });
    await channels.enable('telegram');
    await tested.until(() => channels.list().find(({ id }) => id === 'telegram')?.state === 'online');
  });
  afterEach(async () => {
    await tested.remove();
    await server.stop();
  });

  const places: {
    context: ChatContext;
    chat: { userId: number; chatId: number; type?: 'group' };
    run: string;
  }[] = [
    { context: 'dm', chat: { userId: 7, chatId: 7 }, run: '/run npm test' },
    { context: 'group', chat: { userId: 7, chatId: -100, type: 'group' }, run: '/run@TestNameBot npm test' },
  ];
  for (const { context, chat, run } of places) {
    it(`[TG-1] [INI-1] pairs, asks, approves, runs and answers in a ${context}`, async () => {
      const client = server.getClient(TOKEN, { ...chat, timeout: 15_000 });
      const said: string[] = [];
      const say = (text: string) => client.sendMessage(client.makeMessage(text));
      const answers = async (pattern: RegExp): Promise<string> => {
        for (;;) {
          for (const { message } of (await client.getUpdates()).result) said.push(message.text);
          const found = said.find((text) => pattern.test(text));
          if (found !== undefined) return found;
        }
      };
      // A person is let in on their own; a group needs a code of its own, and so does each who speaks in it.
      const contexts: ChatContext[] = context === 'dm' ? ['dm'] : ['group'];
      const codes: string[] = [];
      for (const one of contexts) {
        const { code } = await tested.engine.pairing.issue({ channel: 'telegram', context: one });
        codes.push(code);
        await (context === 'group'
          ? client.sendCommand(client.makeCommand(`/pair@TestNameBot ${code}`))
          : say(code));
        await answers(/connected now|paired now/);
      }
      await client.sendCommand(client.makeCommand(run));
      const approval = await tested.approval();
      assert.equal(approval.action, 'npm test');
      assert.equal(approval.where.context, context);
      await tested.engine.approvals.approve(approval.id, approval.bindingHash);
      assert.match(await answers(/exit code 0/), /\b42\b/);
      assert.ok(
        codes.every((code) => said.every((text) => !text.includes(code))),
        'the bot never says the code',
      );
      const page = await tested.engine.audit.query({ taskId: 't1' });
      const types = page.records.map((record) => record.type);
      for (const step of [
        'decision.made',
        'approval.requested',
        'action.started',
        'action.finished',
        'reply.queued',
      ])
        assert.ok(types.includes(step as (typeof types)[number]), `${step} in ${types}`);
      assert.equal((await tested.engine.audit.verify()).intact, true);
    });
  }

  it('[FAQ-2] leaves neither the token nor a code in any file of the storage', async () => {
    const { code } = await tested.engine.pairing.issue({ channel: 'telegram', context: 'dm' });
    const client = server.getClient(TOKEN, { userId: 7, chatId: 7, timeout: 15_000 });
    await client.sendMessage(client.makeMessage(code));
    await tested.until(() => tested.engine.users.list().length === 1);
    await tested.close();
    for (const entry of await readdir(join(tested.folder, 'storage'), {
      recursive: true,
      withFileTypes: true,
    })) {
      if (!entry.isFile()) continue;
      const bytes = await readFile(join(entry.parentPath, entry.name), 'latin1');
      assert.ok(!bytes.includes(TOKEN), `${entry.name} has the token`);
      assert.ok(!bytes.includes(code), `${entry.name} has the code`);
    }
  });
});
