import assert from 'node:assert/strict';
import { Gateway } from '../../../src/channels/gateway/gateway';
import type { OutboundMessage } from '../../../src/engine/model/message';
import { FakeAdapter, fakeDescriptor } from '../../helpers/fake-adapter';
import { ManualClock, settle } from '../../helpers/manual-clock';
import { MemoryJournal } from '../../helpers/memory-journal';
import { collectingLogger } from '../channels/support';

const WORK = {
  channel: 'telegram',
  account: 'bot1',
  conversation: 'c',
  to: 'telegram:bot1:ann',
  taskId: 't1',
};

class TypingAdapter extends FakeAdapter {
  readonly typed: string[] = [];
  override async send(message: OutboundMessage) {
    const sent = await super.send(message);
    return message.edits === undefined ? sent : { platformIds: [message.edits] };
  }
  async typing(conversation: string): Promise<void> {
    this.typed.push(conversation);
  }
}

function house(can: { typing?: boolean; edit?: boolean }) {
  const clock = new ManualClock();
  const journal = new MemoryJournal(clock);
  const adapter = new TypingAdapter();
  const known = { access: true };
  const gateway = new Gateway({
    deliver: async () => {},
    records: journal,
    clock,
    log: collectingLogger([]),
    random: () => 0,
    access: { isKnown: () => true, mentionRequired: () => true, mayReply: () => known.access },
  });
  const capabilities = { ...fakeDescriptor.capabilities, ...can };
  gateway.attach({ ...fakeDescriptor, capabilities }, adapter.account, adapter);
  return { clock, journal, adapter, gateway, known };
}

const texts = (sent: readonly OutboundMessage[]) =>
  sent.map(({ text, edits }) => (edits ? `${edits}: ${text}` : text));

describe('the sign of work', () => {
  it('is typing, again before it fades, until the work ends', async () => {
    const { clock, adapter, gateway } = house({ typing: true, edit: true });
    const sign = gateway.working(WORK);
    await clock.advanceAsync(9_000);
    assert.deepEqual(adapter.typed, ['c', 'c', 'c']);
    sign.dispose();
    await clock.advanceAsync(60_000);
    assert.equal(adapter.typed.length, 3);
    assert.deepEqual(adapter.sent, [], 'nothing is said by it');
    assert.equal(clock.pendingTimers, 0);
  });

  it('is one message that is changed, where there is no typing, and none for what is soon done', async () => {
    const { clock, adapter, gateway } = house({ edit: true });
    const quick = gateway.working(WORK);
    await clock.advanceAsync(10_000);
    quick.dispose();
    assert.deepEqual(adapter.sent, []);
    const sign = gateway.working(WORK);
    await clock.advanceAsync(46_000);
    sign.dispose();
    await settle();
    assert.deepEqual(texts(adapter.sent), [
      't1 is still at work (15 s).',
      'p1: t1 is still at work (45 s).',
      'p1: t1 was at work for 46 s.',
    ]);
    await clock.advanceAsync(600_000);
    assert.equal(adapter.sent.length, 3);
  });

  it('is nothing where the platform has neither', async () => {
    const { clock, adapter, gateway } = house({});
    gateway.working(WORK);
    await clock.advanceAsync(600_000);
    assert.deepEqual([adapter.typed, adapter.sent], [[], []]);
  });

  it('[INC-1] is not shown to who has lost access', async () => {
    const typing = house({ typing: true });
    typing.gateway.working(WORK);
    typing.known.access = false;
    await typing.clock.advanceAsync(20_000);
    assert.equal(typing.adapter.typed.length, 1);
    const telling = house({ edit: true });
    telling.known.access = false;
    telling.gateway.working(WORK);
    await telling.clock.advanceAsync(60_000);
    assert.deepEqual(telling.adapter.sent, []);
  });

  it('ends with the gateway', async () => {
    const { clock, gateway } = house({ typing: true });
    gateway.working(WORK);
    await gateway.close();
    assert.equal(clock.pendingTimers, 0);
  });
});
