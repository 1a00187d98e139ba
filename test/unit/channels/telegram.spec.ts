import assert from 'node:assert/strict';
import { ChannelError } from '../../../src/channels/contract';
import { createAdapter } from '../../../src/channels/telegram/adapter';
import { telegramDescriptor } from '../../../src/channels/telegram/descriptor';
import { ManualClock, settle } from '../../helpers/manual-clock';
import { BOT, BotApi, TOKEN } from '../../peers/telegram/bot-api';
import { outbound, until, type Watched, watchedContext } from './support';

const GROUP = -1001234567890;
const dmOut = (text: string, part: object = {}) =>
  outbound({ channel: 'telegram', account: String(BOT.id), conversation: '42', text, ...part });

describe('telegram adapter', () => {
  let api: BotApi;
  let open: { disconnect(): Promise<void> }[] = [];

  beforeEach(async () => {
    api = new BotApi();
    api.chats.add('42');
    await api.start();
    open = [];
  });

  afterEach(async () => {
    await Promise.all(open.map((adapter) => adapter.disconnect()));
    await api.stop();
  });

  function make(
    settings: Record<string, unknown> = {},
    token: string | undefined = TOKEN,
    clock?: ManualClock,
  ) {
    const watched = watchedContext(
      telegramDescriptor,
      { apiRoot: api.root, ...settings },
      { botToken: token },
      clock,
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

  it('[INI-2] asks Telegram who it is and says whether that is a bot', async () => {
    const { account } = await connected();
    assert.deepEqual(account, {
      account: '110201543',
      name: 'Work Bot',
      handle: 'our_work_bot',
      isBot: true,
    });
    api.me = { ...BOT, is_bot: false };
    const person = await make().adapter.check?.();
    assert.equal(person?.isBot, false);
  });

  it('[TG-2] reports the privacy mode of the bot', async () => {
    const first = await connected();
    assert.match(first.states.at(-1)?.detail ?? '', /privacy mode is on/);
    await first.adapter.disconnect();
    api.me = { ...BOT, can_read_all_group_messages: true };
    const second = await connected();
    assert.match(second.states.at(-1)?.detail ?? '', /privacy mode is off.*\/setprivacy/);
    assert.deepEqual(telegramDescriptor.health?.(first.facts()), []);
    assert.match(telegramDescriptor.health?.(second.facts())[0] ?? '', /Privacy mode is off/);
  });

  it('takes a message in a private chat: the sender is the id, never the name', async () => {
    const { received } = await connected();
    api.dm(42, '/run npm test');
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
    api.dm(42, 'one');
    api.dm(42, 'two');
    await until(() => states.some(({ state }) => state === 'waiting'), 'the wait');
    assert.equal(api.unconfirmed, 2);
    await until(() => received.length === 2, 'both messages');
    assert.deepEqual(
      received.map(({ text }) => text),
      ['one', 'two'],
    );
    await adapter.disconnect();
    assert.equal(api.unconfirmed, 0, 'what was taken is confirmed when the channel is switched off');
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
    for (const [text, extra] of cases) api.group(GROUP, 42, text, extra as Record<string, unknown>);
    await until(() => received.length === cases.length, 'all messages');
    assert.deepEqual(
      received.map(({ text, addressed, context }) => [text, addressed, context]),
      cases.map(([, , text, addressed]) => [text, addressed, 'group']),
    );
  });

  it('[TG-2] listens only to the listed groups once any is listed', async () => {
    const { received } = await connected({ allowedGroups: [GROUP, '-77'] });
    api.group(-5, 42, '@our_work_bot from elsewhere');
    api.group(-77, 42, '@our_work_bot hello');
    api.dm(42, 'done');
    await until(() => received.some(({ text }) => text === 'done'), 'the last message');
    assert.deepEqual(
      received.map(({ text }) => text),
      ['hello', 'done'],
    );
  });

  it('[ACC-6] tells of bots, of itself and of those who write in the name of a chat that they are no people', async () => {
    const { received } = await connected();
    api.group(GROUP, 7, 'bot', { from: { id: 7, is_bot: true, first_name: 'Other' } });
    api.group(GROUP, BOT.id, 'self', { from: BOT });
    api.group(GROUP, 777000, 'linked', {
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
    const first = api.dm(42, 'ls');
    api.push('edited_message', { ...first, text: '/run rm -rf x', edit_date: 1 });
    api.push('channel_post', { message_id: 3, chat: { id: -9, type: 'channel' }, text: '/run ls' });
    api.dm(42, '', { text: undefined, sticker: { file_id: 's' } });
    api.dm(42, '', { text: undefined, new_chat_title: 'x' });
    api.dm(42, 'end');
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
    api.dm(42, '/start ABC234');
    api.dm(42, '/start ABC234 and more');
    api.group(GROUP, 42, '/start ABC234');
    await until(() => received.length === 3, 'the messages');
    assert.deepEqual(
      received.map(({ text }) => text),
      ['ABC234', '/start ABC234 and more', '/start ABC234'],
    );
  });

  it('passes on what a file is, and fetches it within the limit', async () => {
    const { received, adapter } = await connected();
    api.files.set('documents/doc1', Buffer.alloc(5_000, 7));
    api.dm(42, '', {
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

  describe('sending', () => {
    it('answers in the thread of the question, with buttons under the last part only', async () => {
      const { adapter } = await connected();
      const buttons = [
        { label: 'Approve', command: '/approve A1', style: 'primary' as const },
        { label: 'Too long', command: `/approve ${'x'.repeat(60)}`, style: 'plain' as const },
      ];
      const { platformIds } = await adapter.send(dmOut('word '.repeat(1_500), { inReplyTo: '17', buttons }));
      assert.equal(platformIds.length, 2);
      assert.deepEqual(
        platformIds,
        api.sent.map(({ message_id }) => String(message_id)),
      );
      assert.deepEqual(
        api.sent.map(({ reply_parameters }) => reply_parameters?.message_id),
        [17, undefined],
      );
      assert.equal(api.sent[0]?.reply_markup, undefined);
      assert.deepEqual(api.sent[1]?.reply_markup?.inline_keyboard, [
        [{ text: 'Approve', callback_data: '/approve A1' }],
      ]);
      assert.equal(api.sent.map(({ text }) => text.trim()).join(' '), 'word '.repeat(1_500).trim());
    });

    it('sends markup as text and code as code', async () => {
      const { adapter } = await connected();
      const source = 'see <b>&amp; *x* _y_ [a](b) `npm <i>test`\n```sh\necho "</pre><a href=x>"\n```\nend';
      await adapter.send(dmOut(source, { format: 'markdown' }));
      await adapter.send(dmOut(source));
      const [formatted, plain] = api.sent;
      const text = formatted!.text;
      assert.equal(text, 'see <b>&amp; *x* _y_ [a](b) npm <i>test\necho "</pre><a href=x>"\nend');
      assert.deepEqual(
        formatted!.entities!.map(({ type, offset, length, language }) => [
          type,
          text.slice(offset, offset + length),
          language,
        ]),
        [
          ['code', 'npm <i>test', undefined],
          ['pre', 'echo "</pre><a href=x>"', 'sh'],
        ],
      );
      assert.equal(plain?.text, source);
      assert.deepEqual(plain?.entities, []);
    });

    it('keeps long code whole as code in every part', async () => {
      const { adapter } = await connected();
      const lines = Array.from({ length: 600 }, (_, index) => `line ${index} 😀 of the output`);
      await adapter.send(dmOut(`out:\n\`\`\`\n${lines.join('\n')}\n\`\`\``, { format: 'markdown' }));
      assert.ok(api.sent.length > 1);
      const code = api.sent.flatMap(({ text, entities }) =>
        entities!.map(({ offset, length }) => text.slice(offset, offset + length)),
      );
      assert.equal(code.length, api.sent.length);
      assert.equal(code.join('\n'), lines.join('\n'));
    });

    it('does not send an empty message', async () => {
      const { adapter } = await connected();
      await adapter.send(dmOut(''));
      await adapter.send(dmOut('```\n```', { format: 'markdown' }));
      assert.deepEqual(
        api.sent.map(({ text }) => text),
        ['(empty)', '(empty)'],
      );
    });

    it('edits its own message, says nothing when it is the same, and sends anew when it is gone', async () => {
      const { adapter } = await connected();
      const { platformIds } = await adapter.send(dmOut('working'));
      const id = platformIds[0]!;
      assert.deepEqual(await adapter.send(dmOut('done', { edits: id })), { platformIds: [id] });
      assert.deepEqual(await adapter.send(dmOut('done', { edits: id })), { platformIds: [id] });
      assert.deepEqual(
        api.sent.map(({ text }) => text),
        ['done'],
      );
      await adapter.send(dmOut('news', { edits: '999' }));
      assert.deepEqual(
        api.sent.map(({ text }) => text),
        ['done', 'news'],
      );
    });

    it('honours the wait that Telegram asks for and does not repeat parts that were sent', async () => {
      const { adapter } = await connected();
      const message = dmOut('x'.repeat(9_000));
      api.plan('sendMessage', 'pass');
      api.flood('sendMessage', 7);
      await assert.rejects(adapter.send(message), (error: ChannelError) => {
        assert.equal(error.kind, 'rate-limited');
        assert.equal(error.retryAfterMs, 7_000);
        return true;
      });
      assert.equal(api.sent.length, 1);
      await adapter.send({ ...message });
      assert.equal(api.sent.length, 3);
      assert.equal(api.sent.map(({ text }) => text).join(''), message.text);
    });

    it('tells what will never be taken from what may be tried again', async () => {
      const { adapter } = await connected();
      const kindOf = (error: unknown) => (error instanceof ChannelError ? error.kind : String(error));
      const attempt = (part: object = {}) => adapter.send(dmOut('hi', part)).then(() => 'sent', kindOf);
      assert.equal(await attempt({ conversation: '404' }), 'refused');
      api.plan('sendMessage', { code: 403, description: 'Forbidden: bot was blocked by the user' });
      assert.equal(await attempt(), 'refused');
      api.plan('sendMessage', { code: 500, description: 'Internal Server Error' });
      assert.equal(await attempt(), 'temporary');
      api.plan('sendMessage', 'garbage');
      assert.equal(await attempt(), 'temporary');
      api.plan('sendMessage', 'drop');
      assert.equal(await attempt(), 'temporary');
      api.token = 'revoked';
      assert.equal(await attempt(), 'fatal');
    });
  });

  it('turns a pressed button into its command, said by the one who pressed it', async () => {
    const { adapter, received } = await connected();
    await adapter.send(
      dmOut('?', { buttons: [{ label: 'Approve', command: '/approve A1', style: 'primary' }] }),
    );
    const chat = { id: GROUP, type: 'supergroup', title: 'Team' };
    const id = api.press(99, api.sent[0]!, '/approve A1', chat);
    await until(() => api.answered.length === 1, 'the answer to the press');
    assert.deepEqual(api.answered, [id]);
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
      api.dm(42, 'before');
      await until(() => received.length === 1, 'the first message');
      await api.stop();
      await until(() => states.at(-1)?.state === 'waiting', 'the wait');
      assert.match(states.at(-1)?.detail ?? '', /cannot be reached.*Next try at \d\d:\d\d:\d\d\./);
      api.dm(42, 'meanwhile');
      await api.start();
      await until(() => received.length === 2, 'the second message');
      assert.equal(received[1]?.text, 'meanwhile');
      await until(() => states.at(-1)?.state === 'online', 'the recovery');
    });

    it('waits longer after each failure, and does not hammer', async () => {
      const clock = new ManualClock();
      const { adapter, states } = make({}, TOKEN, clock);
      await adapter.connect();
      await api.stop();
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
      api.token = 'revoked';
      api.push('message', {});
      await until(() => states.at(-1)?.state === 'fatal', 'the end');
      const calls = api.calls.length;
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(api.calls.length, calls);
    });

    it('says so when another program polls the same bot, or a webhook is set', async () => {
      const first = await connected();
      await until(() => api.calls.some(({ method }) => method === 'getUpdates'), 'the first poll');
      const second = await connected();
      await until(() => first.states.at(-1)?.state === 'fatal', 'the conflict');
      assert.match(first.states.at(-1)?.detail ?? '', /Another program is receiving this bot’s messages/);
      await second.adapter.disconnect();
      api.webhook = true;
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
        api.plan('getMe', answer);
        const made = make();
        await made.adapter.connect().catch((error: unknown) => note(made, error));
      }
      const away = make();
      await api.stop();
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
      await until(() => api.calls.some(({ method }) => method === 'getUpdates'), 'the poll');
      await adapter.disconnect();
      await adapter.disconnect();
      const calls = api.calls.length;
      api.dm(42, 'too late');
      await settle();
      assert.equal(api.calls.length, calls);
    });
  });
});
