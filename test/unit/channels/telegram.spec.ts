import assert from 'node:assert/strict';
import type { ChannelError } from '../../../src/channels/contract';
import { telegramDescriptor } from '../../../src/channels/telegram/descriptor';
import { ManualClock, settle } from '../../helpers/manual-clock';
import { BOT, TOKEN } from '../../peers/telegram/bot-api';
import { until, type Watched } from './support';
import { dmOut, GROUP, telegramRig } from './telegram-rig';

describe('telegram adapter', () => {
  const rig = telegramRig();
  const { make, connected } = rig;

  it('[INI-2] asks Telegram who it is and says whether that is a bot', async () => {
    const { account } = await connected();
    assert.deepEqual(account, {
      account: '110201543',
      name: 'Work Bot',
      handle: 'our_work_bot',
      isBot: true,
    });
    rig.api.me = { ...BOT, is_bot: false };
    const person = await make().adapter.check?.();
    assert.equal(person?.isBot, false);
  });

  it('[TG-2] reports the privacy mode of the bot', async () => {
    const first = await connected();
    assert.match(first.states.at(-1)?.detail ?? '', /privacy mode is on/);
    await first.adapter.disconnect();
    rig.api.me = { ...BOT, can_read_all_group_messages: true };
    const second = await connected();
    assert.match(second.states.at(-1)?.detail ?? '', /privacy mode is off.*\/setprivacy/);
    assert.deepEqual(telegramDescriptor.health?.(first.facts()), []);
    assert.match(telegramDescriptor.health?.(second.facts())[0] ?? '', /Privacy mode is off/);
  });

  it('takes a message in a private chat: the sender is the id, never the name', async () => {
    const { received } = await connected();
    rig.api.dm(42, '/run npm test');
    await until(() => received.length === 1, 'the message');
    const { receivedAt, ...message } = received[0]!;
    assert.ok(receivedAt > 0);
    assert.deepEqual(message, {
      channel: 'telegram',
      account: '110201543',
      conversation: '42',
      context: 'dm',
      sender: { id: '42', displayName: 'User 42', isBot: false, isSelf: false },
      text: '/run npm test',
      attachments: [],
      platformId: '1',
      addressed: true,
    });
  });

  it('confirms an update only when it is on the record, and takes each once', async () => {
    const { received, failReceives, states, adapter } = await connected();
    failReceives(2);
    rig.api.dm(42, 'one');
    rig.api.dm(42, 'two');
    await until(() => states.some(({ state }) => state === 'waiting'), 'the wait');
    assert.equal(rig.api.unconfirmed, 2);
    await until(() => received.length === 2, 'both messages');
    assert.deepEqual(
      received.map(({ text }) => text),
      ['one', 'two'],
    );
    await adapter.disconnect();
    assert.equal(rig.api.unconfirmed, 0, 'what was taken is confirmed when the channel is switched off');
  });

  it('[TG-2] in a group, is addressed by mention, reply or a command with its name, and by nothing else', async () => {
    const { received } = await connected();
    const cases: [string, object, string, boolean][] = [
      ['just talking', {}, 'just talking', false],
      ['/run ls', {}, '/run ls', false],
      ['/run@other_bot ls', {}, '/run@other_bot ls', false],
      ['/run@OUR_work_bot ls', {}, '/run ls', true],
      ['@our_work_bot ABC123', {}, 'ABC123', true],
      ['ABC123 @our_work_bot', {}, 'ABC123', true],
      ['so @our_work_bot thinks', {}, 'so @our_work_bot thinks', true],
      ['hi @our_work_bot2', {}, 'hi @our_work_bot2', false],
      ['yes', { reply_to_message: { message_id: 9, from: BOT, chat: { id: GROUP } } }, 'yes', true],
      ['no', { reply_to_message: { message_id: 9, from: { id: 5 }, chat: { id: GROUP } } }, 'no', false],
      ['topic', { reply_to_message: { message_id: 9, from: BOT, forum_topic_created: {} } }, 'topic', false],
    ];
    for (const [text, extra] of cases) rig.api.group(GROUP, 42, text, extra as Record<string, unknown>);
    await until(() => received.length === cases.length, 'all messages');
    assert.deepEqual(
      received.map(({ text, addressed, context }) => [text, addressed, context]),
      cases.map(([, , text, addressed]) => [text, addressed, 'group']),
    );
  });

  it('[TG-2] listens only to the listed groups once any is listed', async () => {
    const { received } = await connected({ allowedGroups: [GROUP, '-77'] });
    rig.api.group(-5, 42, '@our_work_bot from elsewhere');
    rig.api.group(-77, 42, '@our_work_bot hello');
    rig.api.dm(42, 'done');
    await until(() => received.some(({ text }) => text === 'done'), 'the last message');
    assert.deepEqual(
      received.map(({ text }) => text),
      ['hello', 'done'],
    );
  });

  it('[ACC-6] tells of bots, of itself and of those who write in the name of a chat that they are no people', async () => {
    const { received } = await connected();
    rig.api.group(GROUP, 7, 'bot', { from: { id: 7, is_bot: true, first_name: 'Other' } });
    rig.api.group(GROUP, BOT.id, 'self', { from: BOT });
    rig.api.group(GROUP, 777000, 'linked', {
      from: { id: 777000, is_bot: false, first_name: 'Telegram' },
      sender_chat: { id: -100, type: 'channel', title: 'News' },
    });
    await until(() => received.length === 3, 'all messages');
    assert.ok(received.every(({ sender }) => sender.isBot));
    assert.deepEqual(
      received.map(({ sender }) => sender.isSelf),
      [false, true, false],
    );
  });

  it('marks an edited message as such and passes over channel posts and what has no text or file', async () => {
    const { received } = await connected();
    const first = rig.api.dm(42, 'ls');
    rig.api.push('edited_message', { ...first, text: '/run rm -rf x', edit_date: 1 });
    rig.api.push('channel_post', { message_id: 3, chat: { id: -9, type: 'channel' }, text: '/run ls' });
    rig.api.dm(42, '', { text: undefined, sticker: { file_id: 's' } });
    rig.api.dm(42, '', { text: undefined, new_chat_title: 'x' });
    rig.api.dm(42, 'end');
    await until(() => received.at(-1)?.text === 'end', 'the last message');
    assert.deepEqual(
      received.map(({ text, change, platformId }) => [text, change, platformId]),
      [
        ['ls', undefined, '1'],
        ['/run rm -rf x', 'edited', '1'],
        ['end', undefined, '4'],
      ],
    );
  });

  it('reads the code of a deep link, and only in a private chat', async () => {
    const { received } = await connected();
    rig.api.dm(42, '/start ABC234');
    rig.api.dm(42, '/start ABC234 and more');
    rig.api.group(GROUP, 42, '/start ABC234');
    await until(() => received.length === 3, 'the messages');
    assert.deepEqual(
      received.map(({ text }) => text),
      ['ABC234', '/start ABC234 and more', '/start ABC234'],
    );
  });

  it('passes on what a file is, and fetches it within the limit', async () => {
    const { received, adapter } = await connected();
    rig.api.files.set('documents/doc1', Buffer.alloc(5_000, 7));
    rig.api.dm(42, '', {
      text: undefined,
      caption: 'see this',
      document: { file_id: 'doc1', file_name: '../../etc/passwd', mime_type: 'text/plain', file_size: 10 },
    });
    await until(() => received.length === 1, 'the message');
    assert.equal(received[0]?.text, 'see this');
    const attachment = received[0]!.attachments[0]!;
    assert.deepEqual(attachment, {
      name: '../../etc/passwd',
      mediaType: 'text/plain',
      size: 10,
      platformId: 'doc1',
    });
    assert.equal((await adapter.download!(attachment, 5_000)).length, 5_000);
    // The size that was announced is not believed.
    await assert.rejects(adapter.download!(attachment, 4_999), /larger than 4999 bytes/);
  });

  it('turns a pressed button into its command, said by the one who pressed it', async () => {
    const { adapter, received } = await connected();
    await adapter.send(
      dmOut('?', { buttons: [{ label: 'Approve', command: '/approve A1', style: 'primary' }] }),
    );
    const chat = { id: GROUP, type: 'supergroup', title: 'Team' };
    const id = rig.api.press(99, rig.api.sent[0]!, '/approve A1', chat);
    await until(() => rig.api.answered.length === 1, 'the answer to the press');
    assert.deepEqual(rig.api.answered, [id]);
    const { text, sender, conversation, context, addressed, platformId } = received[0]!;
    assert.deepEqual(
      { text, sender: sender.id, conversation, context, addressed, platformId },
      {
        text: '/approve A1',
        sender: '99',
        conversation: String(GROUP),
        context: 'group',
        addressed: true,
        platformId: `press-${id}`,
      },
    );
  });

  describe('when things go wrong', () => {
    it('comes back by itself when the server was away, and loses nothing', async () => {
      const { received, states } = await connected();
      rig.api.dm(42, 'before');
      await until(() => received.length === 1, 'the first message');
      await rig.api.stop();
      await until(() => states.at(-1)?.state === 'waiting', 'the wait');
      assert.match(states.at(-1)?.detail ?? '', /cannot be reached.*Next try at \d\d:\d\d:\d\d\./);
      rig.api.dm(42, 'meanwhile');
      await rig.api.start();
      await until(() => received.length === 2, 'the second message');
      assert.equal(received[1]?.text, 'meanwhile');
      await until(() => states.at(-1)?.state === 'online', 'the recovery');
    });

    it('waits longer after each failure, and does not hammer', async () => {
      const clock = new ManualClock();
      const { adapter, states } = make({}, TOKEN, clock);
      await adapter.connect();
      await rig.api.stop();
      for (let tries = 1; tries <= 12; tries += 1) {
        await until(() => states.filter(({ state }) => state === 'waiting').length === tries, `try ${tries}`);
        const delay = Math.min(300_000, 1_000 * 2 ** (tries - 1)) / 2;
        await clock.advanceAsync(delay - 1);
        assert.equal(clock.pendingTimers, 1, `still waits ${delay} ms after ${tries} failures`);
        clock.advance(1);
        assert.equal(clock.pendingTimers, 0);
      }
    });

    it('stops at once on a wrong or revoked token, and does not ask again', async () => {
      const wrong = make({}, '110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDwrong');
      await assert.rejects(wrong.adapter.connect(), (error: ChannelError) => {
        assert.equal(error.kind, 'fatal');
        assert.match(error.message, /wrong or was revoked.*@BotFather/);
        return true;
      });
      const { states } = await connected();
      rig.api.token = 'revoked';
      rig.api.push('message', {});
      await until(() => states.at(-1)?.state === 'fatal', 'the end');
      const calls = rig.api.calls.length;
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(rig.api.calls.length, calls);
    });

    it('says so when another program polls the same bot, or a webhook is set', async () => {
      const first = await connected();
      await until(() => rig.api.calls.some(({ method }) => method === 'getUpdates'), 'the first poll');
      const second = await connected();
      await until(() => first.states.at(-1)?.state === 'fatal', 'the conflict');
      assert.match(first.states.at(-1)?.detail ?? '', /Another program is receiving this bot’s messages/);
      await second.adapter.disconnect();
      rig.api.webhook = true;
      const third = await connected();
      await until(() => third.states.at(-1)?.state === 'fatal', 'the webhook');
      assert.match(third.states.at(-1)?.detail ?? '', /webhook/);
    });

    it('lets the token out in no error, state or log', async () => {
      const seen: string[] = [];
      const note = ({ states, logged }: Watched, error?: unknown) => {
        seen.push(JSON.stringify(states), ...logged);
        for (let at: unknown = error; at instanceof Error; at = at.cause) {
          seen.push(
            at.message,
            at.stack ?? '',
            JSON.stringify(at),
            JSON.stringify(Object.getOwnPropertyNames(at)),
          );
        }
      };
      for (const answer of [
        'garbage',
        'drop',
        { code: 400, description: `Bad Request: bot${TOKEN}` },
      ] as const) {
        rig.api.plan('getMe', answer);
        const made = make();
        await made.adapter.connect().catch((error: unknown) => note(made, error));
      }
      const away = make();
      await rig.api.stop();
      await away.adapter.connect().catch((error: unknown) => note(away, error));
      const odd = make({}, `${TOKEN}/../x`);
      await odd.adapter.connect().catch((error: unknown) => note(odd, error));
      const elsewhere = make({ apiRoot: 'http://127.0.0.1:1' });
      await elsewhere.adapter.connect().catch((error: unknown) => note(elsewhere, error));
      assert.ok(seen.length > 20);
      assert.deepEqual(
        seen.filter((text) => text.includes('AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw')),
        [],
      );
    });

    it('stops in the middle of a long poll without waiting for it', async () => {
      const { adapter } = await connected();
      await until(() => rig.api.calls.some(({ method }) => method === 'getUpdates'), 'the poll');
      await adapter.disconnect();
      await adapter.disconnect();
      const calls = rig.api.calls.length;
      rig.api.dm(42, 'too late');
      await settle();
      assert.equal(rig.api.calls.length, calls);
    });
  });
});
