import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TelegramBench } from '../../contract/benches/telegram';
import { TestSession } from '../../helpers/session';
import { until } from '../channels/support';

/** What the owner can look up of how the bot is used. */
describe('the use of the bot of Telegram', () => {
  it('[TG-3] is counted in the audit by command and person', async () => {
    const bench = new TelegramBench();
    await bench.start(10);
    const tested = await TestSession.start({ channels: { telegram: bench.settings() } });
    try {
      await writeFile(join(tested.workspace, 'a.txt'), 'hello');
      await tested.session.channels.credentials.store('telegram', bench.secrets());
      await tested.session.channels.enable('telegram');
      await tested.until(
        () => tested.session.channels.list().find(({ id }) => id === 'telegram')?.state === 'online',
      );
      const [ann, bob] = bench.people;
      for (const from of [ann, bob]) {
        const { code } = await tested.engine.pairing.issue({ channel: 'telegram', context: 'dm' });
        await bench.say({ text: code, context: 'dm', from });
        await tested.until(() => tested.engine.users.list().some(({ sender }) => sender === from));
      }
      const asked: readonly (readonly [string, string])[] = [
        [ann, '/read a.txt'],
        [ann, '/read a.txt'],
        [ann, '/list'],
        [bob, '/list'],
        [bob, '/status'],
        [bob, '/status'],
        [bob, '/status'],
      ];
      for (const [from, text] of asked) await bench.say({ text, context: 'dm', from });
      const answers = () => bench.peer.sent.filter(({ text }) => /^\/(read|list)|^Ready/.test(text)).length;
      await until(() => answers() === asked.length, 'every answer', 20_000);

      const { audit } = tested.engine;
      const counts = async (filter: Parameters<typeof audit.aggregates>[0]) => {
        const { byUser } = await audit.aggregates({ channel: 'telegram', ...filter });
        return Object.fromEntries(byUser.map(({ user, count }) => [user.split(':').at(-1), count]));
      };
      assert.deepEqual(await counts({ types: ['decision.made'], tool: 'read' }), { [ann]: 2 });
      assert.deepEqual(await counts({ types: ['decision.made'], tool: 'list' }), { [ann]: 1, [bob]: 1 });
      assert.deepEqual(await counts({ types: ['message.received'], text: 'status' }), { [bob]: 3 });
      assert.deepEqual(await counts({ types: ['message.received'] }), { [ann]: 3, [bob]: 4 });
    } finally {
      await tested.remove();
      await bench.stop();
    }
  });
});
