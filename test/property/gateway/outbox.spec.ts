import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ChannelError, type ChannelErrorKind } from '../../../src/channels/contract';
import { Outbox } from '../../../src/channels/gateway/outbox';
import { messagesProjection } from '../../../src/engine/messages/projection';
import { silentLogger } from '../../../src/engine/model/ports';
import { who } from '../../helpers/access-house';
import { FakeAdapter, fakeDescriptor } from '../../helpers/fake-adapter';
import { ManualClock, settle } from '../../helpers/manual-clock';
import { MemoryJournal } from '../../helpers/memory-journal';

type Act =
  | { readonly kind: 'say'; readonly room: number }
  | { readonly kind: 'fail'; readonly how: ChannelErrorKind; readonly times: number }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'reconnect' | 'restart' | 'away' };

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('say' as const), room: fc.nat({ max: 2 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('fail' as const),
      how: fc.constantFrom<ChannelErrorKind>('temporary', 'rate-limited', 'refused', 'fatal'),
      times: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(100, 2_000, 60_000) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('reconnect' as const, 'restart' as const, 'away' as const),
    }),
  },
);

describe('the outbox, whatever happens', () => {
  it('sends every reply that was not refused, in order within a conversation, none before it is on record', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 40 }), async (acts) => {
        const clock = new ManualClock();
        const journal = new MemoryJournal(clock);
        const messages = journal.project(messagesProjection);
        const adapter = new FakeAdapter();
        let failing: { how: ChannelErrorKind; times: number } | undefined;
        const refused = new Set<string>();
        const plain = (text: string): string => text.replace(/^\(Sent again.*\)\n/, '');
        adapter.onSend = ({ text }) => {
          const queued = journal.ofType('reply.queued').some(({ data }) => data.text === plain(text));
          assert.ok(queued, `${text} was sent before it was on record`);
          if (!failing) return;
          const { how } = failing;
          if (--failing.times === 0) failing = undefined;
          if (how === 'refused') refused.add(plain(text));
          throw new ChannelError(how, 'no', how === 'rate-limited' ? 5_000 : undefined);
        };
        const make = (): Outbox => {
          const outbox = new Outbox({
            records: journal,
            clock,
            log: silentLogger,
            random: () => 0.5,
            mayReply: () => true,
          });
          outbox.resume(Object.values(messages().unsent));
          outbox.attach(fakeDescriptor, adapter.account, adapter);
          return outbox;
        };
        let outbox = make();
        const said: string[] = [];
        for (const one of acts) {
          if (one.kind === 'say') {
            const text = `${one.room}/${said.length}`;
            said.push(text);
            clock.advance(1);
            await outbox.say({
              channel: 'telegram',
              account: 'bot1',
              conversation: `room${one.room}`,
              to: who('1'),
              format: 'text',
              text,
            });
          } else if (one.kind === 'fail') failing = { how: one.how, times: one.times };
          else if (one.kind === 'wait') await clock.advanceAsync(one.ms);
          else if (one.kind === 'away') outbox.detach('telegram');
          else if (one.kind === 'reconnect') outbox.attach(fakeDescriptor, adapter.account, adapter);
          else {
            outbox.dispose();
            journal.restart();
            outbox = make();
          }
        }
        failing = undefined;
        outbox.attach(fakeDescriptor, adapter.account, adapter);
        await settle();
        for (let time = 0; time < 10; time++) await clock.advanceAsync(300_000);
        const first = [...new Set(adapter.texts.map(plain))];
        assert.deepEqual(
          first.filter((text) => !said.includes(text)),
          [],
        );
        const givenUp = new Set(
          journal.ofType('reply.failed').flatMap(({ data }) => (data.final ? [data.replyId] : [])),
        );
        for (const { data } of journal.ofType('reply.queued')) {
          if (givenUp.has(data.replyId)) assert.ok(refused.has(data.text), `${data.text} was given up`);
          else assert.ok(first.includes(data.text), `${data.text} was lost`);
        }
        for (const room of ['0', '1', '2']) {
          const order = first
            .filter((text) => text.startsWith(`${room}/`))
            .map((text) => Number(text.slice(2)));
          assert.deepEqual(
            order,
            order.toSorted((a, b) => a - b),
          );
        }
        assert.deepEqual(messages().unsent, {});
        outbox.dispose();
      }),
      { numRuns: process.env.COWORK_FULL === '1' ? 2_000 : 100 },
    );
  }).timeout(120_000);
});
