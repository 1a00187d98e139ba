import assert from 'node:assert/strict';
import type { ChannelError } from '../../../src/channels/contract';
import { BOT_USER } from '../../peers/slack/slack-api';
import { out, slackRig } from './slack-rig';
import { until } from './support';

describe('slack adapter, what it sends', () => {
  const rig = slackRig();
  const { connected } = rig;

  describe('sending', () => {
    it('answers in the thread of the question, and in a direct message beside it', async () => {
      const { adapter, received } = await connected();
      rig.api.dm('U0042', 'plain');
      rig.api.dm('U0042', 'threaded', { thread_ts: '1600000000.000100' });
      rig.api.mention('U0042', `<@${BOT_USER}> plain`);
      rig.api.mention('U0042', `<@${BOT_USER}> threaded`, { thread_ts: '1600000000.000200' });
      await until(() => received.length === 4, 'the questions');
      for (const { conversation, platformId } of received) {
        await adapter.send(out('answer', { conversation, inReplyTo: platformId }));
      }
      assert.deepEqual(
        rig.api.sent.map(({ thread_ts }) => thread_ts),
        [undefined, '1600000000.000100', received[2]?.platformId, '1600000000.000200'],
      );
    });

    it('sends markup as text and code as code', async () => {
      const { adapter } = await connected();
      const source = 'see <!channel> *x* `npm <i>test` ` &amp;\n```sh\necho "<https://a|b>"\n```\nend';
      await adapter.send(out(source, { format: 'markdown' }));
      await adapter.send(out(source));
      const [formatted, plain] = rig.api.sent;
      assert.deepEqual(formatted?.blocks, [
        {
          type: 'rich_text',
          elements: [
            {
              type: 'rich_text_section',
              elements: [
                { type: 'text', text: 'see <!channel> *x* ' },
                { type: 'text', text: 'npm <i>test', style: { code: true } },
                { type: 'text', text: ' ` &amp;' },
              ],
            },
            { type: 'rich_text_preformatted', elements: [{ type: 'text', text: 'echo "<https://a|b>"' }] },
            { type: 'rich_text_section', elements: [{ type: 'text', text: 'end' }] },
          ],
        },
      ]);
      assert.deepEqual(plain?.blocks, [
        {
          type: 'rich_text',
          elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text: source }] }],
        },
      ]);
      assert.equal(plain?.text, source.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;'));
      await adapter.send(out('```\n```', { format: 'markdown' }));
      await adapter.send(out(' '));
    });

    it('cuts long texts, goes on after a rate limit, and repeats nothing', async () => {
      const { adapter } = await connected();
      const text = Array.from({ length: 1_000 }, (_, index) => `line ${index}`).join('\n');
      rig.api.plan('chat.postMessage', 'pass', { status: 429, headers: { 'retry-after': '7' } });
      await assert.rejects(adapter.send(out(text)), (error: ChannelError) => {
        assert.deepEqual([error.kind, error.retryAfterMs], ['rate-limited', 7_000]);
        return true;
      });
      const { platformIds } = await adapter.send(out(text));
      assert.deepEqual(
        platformIds,
        rig.api.sent.map(({ ts }) => ts),
      );
      assert.equal(rig.api.sent.map((sent) => sent.text).join('\n'), text);
    });

    it('edits its own message, and sends anew when it is gone', async () => {
      const { adapter } = await connected();
      const { platformIds } = await adapter.send(out('working'));
      await adapter.send(out('done', { edits: platformIds[0] }));
      assert.deepEqual(
        rig.api.sent.map(({ text }) => text),
        ['done'],
      );
      await adapter.send(out('news', { edits: '1600000000.000100' }));
      assert.deepEqual(
        rig.api.sent.map(({ text }) => text),
        ['done', 'news'],
      );
    });

    it('tells what will never be taken from what may be tried again', async () => {
      const { adapter } = await connected();
      const attempt = (part: object = {}) =>
        adapter.send(out('hi', part)).then(
          () => 'sent',
          (error: ChannelError) => error.kind,
        );
      assert.equal(await attempt({ conversation: 'C9999' }), 'refused');
      rig.api.fail('chat.postMessage', 'missing_scope', { needed: 'chat:write' });
      assert.equal(await attempt(), 'fatal');
      rig.api.fail('chat.postMessage', 'internal_error');
      assert.equal(await attempt(), 'temporary');
      rig.api.plan('chat.postMessage', { status: 503, body: {} }, 'drop');
      assert.equal(await attempt(), 'temporary');
      assert.equal(await attempt(), 'temporary');
      rig.api.botToken = 'xoxb-another';
      assert.equal(await attempt(), 'fatal');
    });
  });
});
