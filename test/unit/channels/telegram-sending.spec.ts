import assert from 'node:assert/strict';
import { ChannelError } from '../../../src/channels/contract';
import { dmOut, telegramRig } from './telegram-rig';

describe('telegram adapter, what it sends', () => {
  const rig = telegramRig();
  const { connected } = rig;

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
        rig.api.sent.map(({ message_id }) => String(message_id)),
      );
      assert.deepEqual(
        rig.api.sent.map(({ reply_parameters }) => reply_parameters?.message_id),
        [17, undefined],
      );
      assert.equal(rig.api.sent[0]?.reply_markup, undefined);
      assert.deepEqual(rig.api.sent[1]?.reply_markup?.inline_keyboard, [
        [{ text: 'Approve', callback_data: '/approve A1' }],
      ]);
      assert.equal(rig.api.sent.map(({ text }) => text.trim()).join(' '), 'word '.repeat(1_500).trim());
    });

    it('sends markup as text and code as code', async () => {
      const { adapter } = await connected();
      const source = 'see <b>&amp; *x* _y_ [a](b) `npm <i>test`\n```sh\necho "</pre><a href=x>"\n```\nend';
      await adapter.send(dmOut(source, { format: 'markdown' }));
      await adapter.send(dmOut(source));
      const [formatted, plain] = rig.api.sent;
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
      assert.ok(rig.api.sent.length > 1);
      const code = rig.api.sent.flatMap(({ text, entities }) =>
        entities!.map(({ offset, length }) => text.slice(offset, offset + length)),
      );
      assert.equal(code.length, rig.api.sent.length);
      assert.equal(code.join('\n'), lines.join('\n'));
    });

    it('does not send an empty message', async () => {
      const { adapter } = await connected();
      await adapter.send(dmOut(''));
      await adapter.send(dmOut('```\n```', { format: 'markdown' }));
      assert.deepEqual(
        rig.api.sent.map(({ text }) => text),
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
        rig.api.sent.map(({ text }) => text),
        ['done'],
      );
      await adapter.send(dmOut('news', { edits: '999' }));
      assert.deepEqual(
        rig.api.sent.map(({ text }) => text),
        ['done', 'news'],
      );
    });

    it('honours the wait that Telegram asks for and does not repeat parts that were sent', async () => {
      const { adapter } = await connected();
      const message = dmOut('x'.repeat(9_000));
      rig.api.plan('sendMessage', 'pass');
      rig.api.flood('sendMessage', 7);
      await assert.rejects(adapter.send(message), (error: ChannelError) => {
        assert.equal(error.kind, 'rate-limited');
        assert.equal(error.retryAfterMs, 7_000);
        return true;
      });
      assert.equal(rig.api.sent.length, 1);
      await adapter.send({ ...message });
      assert.equal(rig.api.sent.length, 3);
      assert.equal(rig.api.sent.map(({ text }) => text).join(''), message.text);
    });

    it('tells what will never be taken from what may be tried again', async () => {
      const { adapter } = await connected();
      const kindOf = (error: unknown) => (error instanceof ChannelError ? error.kind : String(error));
      const attempt = (part: object = {}) => adapter.send(dmOut('hi', part)).then(() => 'sent', kindOf);
      assert.equal(await attempt({ conversation: '404' }), 'refused');
      rig.api.plan('sendMessage', { code: 403, description: 'Forbidden: bot was blocked by the user' });
      assert.equal(await attempt(), 'refused');
      rig.api.plan('sendMessage', { code: 500, description: 'Internal Server Error' });
      assert.equal(await attempt(), 'temporary');
      rig.api.plan('sendMessage', 'garbage');
      assert.equal(await attempt(), 'temporary');
      rig.api.plan('sendMessage', 'drop');
      assert.equal(await attempt(), 'temporary');
      rig.api.token = 'revoked';
      assert.equal(await attempt(), 'fatal');
    });
  });
});
