import assert from 'node:assert/strict';
import TelegramServer from 'telegram-test-api';
import { createAdapter } from '../../../src/channels/telegram/adapter';
import { telegramDescriptor } from '../../../src/channels/telegram/descriptor';
import { freePort } from '../../helpers/ports';
import { outbound, until, watchedContext } from './support';

const TOKEN = '666:test-token-of-nobody_in-particular0';

/** The same adapter against a server that is not ours. */
describe('telegram adapter against telegram-test-api', () => {
  let server: TelegramServer;
  let port: number;

  beforeEach(async () => {
    port = await freePort();
    server = new TelegramServer({ port, host: '127.0.0.1' });
    await server.start();
  });
  afterEach(() => server.stop());

  for (const place of [
    { context: 'dm', options: { userId: 7, chatId: 7 }, text: '/run npm test' },
    {
      context: 'group',
      options: { userId: 7, chatId: -100, type: 'group' as const },
      text: '/run@TestNameBot npm test',
    },
  ] as const) {
    it(`asks and answers in a ${place.context}`, async () => {
      const { context, received, states } = watchedContext(
        telegramDescriptor,
        { apiRoot: `http://127.0.0.1:${port}/` },
        { botToken: TOKEN },
      );
      const adapter = createAdapter(context);
      try {
        const account = await adapter.connect();
        assert.deepEqual(account, {
          account: '666',
          name: 'Test First name',
          handle: 'TestNameBot',
          isBot: null,
        });
        const client = server.getClient(TOKEN, { ...place.options, timeout: 5_000 });
        await client.sendCommand(client.makeCommand(place.text));
        await until(() => received.length === 1, 'the command');
        const [message] = received;
        assert.equal(message?.text, '/run npm test');
        assert.equal(message?.context, place.context);
        assert.equal(message?.addressed, true);
        assert.equal(message?.sender.id, '7');

        const long = Array.from({ length: 900 }, (_, index) => `ok ${index}`).join('\n');
        await adapter.send(
          outbound({
            channel: 'telegram',
            conversation: message?.conversation ?? '',
            text: long,
            ...(message ? { inReplyTo: message.platformId } : {}),
          }),
        );
        const answers = (await client.getUpdates()).result.map(({ message: { text } }) => text);
        assert.ok(answers.length > 1);
        assert.equal(answers.join('\n'), long);

        await client.sendCallback(client.makeCallbackQuery('/approve A1'));
        await until(() => received.length === 2, 'the press');
        assert.equal(received[1]?.text, '/approve A1');
        assert.deepEqual(
          states.map(({ state }) => state),
          ['online'],
        );
      } finally {
        await adapter.disconnect();
      }
    });
  }

  it('goes on when the server dies and returns', async () => {
    const { context, received, states } = watchedContext(
      telegramDescriptor,
      { apiRoot: `http://127.0.0.1:${port}` },
      { botToken: TOKEN },
    );
    const adapter = createAdapter(context);
    try {
      await adapter.connect();
      await server.stop();
      await until(() => states.at(-1)?.state === 'waiting', 'the wait');
      server = new TelegramServer({ port, host: '127.0.0.1' });
      await server.start();
      const client = server.getClient(TOKEN, { userId: 7, chatId: 7 });
      await client.sendMessage(client.makeMessage('still there?'));
      await until(() => received.length === 1, 'the message');
      assert.equal(states.at(-1)?.state, 'online');
    } finally {
      await adapter.disconnect();
    }
  });
});
