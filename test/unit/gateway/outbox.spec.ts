import assert from 'node:assert/strict';
import { ChannelError } from '../../../src/channels/contract';
import { Outbox, type Reply } from '../../../src/channels/gateway/outbox';
import { messagesProjection } from '../../../src/engine/messages/projection';
import type { IdentityKey } from '../../../src/engine/model/identity';
import { silentLogger } from '../../../src/engine/model/ports';
import { who } from '../../helpers/access-house';
import { FakeAdapter, fakeDescriptor } from '../../helpers/fake-adapter';
import { ManualClock, settle } from '../../helpers/manual-clock';
import { MemoryJournal } from '../../helpers/memory-journal';

class Rig {
  readonly clock = new ManualClock();
  readonly journal: MemoryJournal;
  readonly messages;
  readonly gone = new Set<IdentityKey>();
  readonly adapter = new FakeAdapter();
  readonly files = new Map<string, Uint8Array>();
  outbox: Outbox;

  constructor(delay?: () => Promise<void>) {
    this.journal = new MemoryJournal(this.clock, delay);
    this.messages = this.journal.project(messagesProjection);
    this.outbox = this.make();
  }

  make(): Outbox {
    const outbox = new Outbox({
      records: this.journal,
      clock: this.clock,
      log: silentLogger,
      random: () => 0.5,
      mayReply: (to) => !this.gone.has(to),
      readFile: async ({ id }) => this.files.get(id) ?? Promise.reject(new Error('It is gone.')),
    });
    outbox.resume(Object.values(this.messages().unsent));
    return outbox;
  }

  attach(fileBytes = 0): void {
    const capabilities = { ...fakeDescriptor.capabilities, fileBytes };
    this.outbox.attach({ ...fakeDescriptor, capabilities }, this.adapter.account, this.adapter);
  }

  restart(): void {
    this.outbox.dispose();
    this.journal.restart();
    this.outbox = this.make();
  }

  say(text: string, more: Partial<Reply> = {}): Promise<void> {
    return this.outbox.say({
      channel: 'telegram',
      account: 'bot1',
      conversation: 'dm-1',
      to: who('1'),
      format: 'text',
      text,
      ...more,
    });
  }

  failures(): [string, boolean][] {
    return this.journal.ofType('reply.failed').map(({ data }) => [data.error, data.final]);
  }
}

describe('the outbox', () => {
  it('records a reply before it sends it, and that it was sent', async () => {
    const rig = new Rig();
    rig.attach();
    let onRecord = false;
    rig.adapter.onSend = () => {
      onRecord = rig.journal.ofType('reply.queued').length === 1;
    };
    await rig.say('done', { taskId: 't1' });
    await settle();
    assert.ok(onRecord);
    assert.deepEqual(rig.adapter.texts, ['done']);
    assert.deepEqual(rig.journal.ofType('reply.sent')[0]?.data.platformIds, ['p1']);
    assert.equal(rig.outbox.pending, 0);
  });

  it('sends nothing that could not be recorded', async () => {
    const rig = new Rig();
    rig.attach();
    rig.journal.failWith(new Error('disk full'));
    await assert.rejects(rig.say('a'), /disk full/);
    rig.journal.failWith(undefined);
    await rig.say('b');
    await settle();
    assert.deepEqual(rig.adapter.texts, ['b']);
  });

  it('keeps the order of a conversation through failures, and one conversation from holding up another', async () => {
    const rig = new Rig();
    rig.attach();
    let failing = 3;
    rig.adapter.onSend = ({ conversation }) => {
      if (conversation === 'dm-1' && failing-- > 0)
        throw new ChannelError('temporary', 'The server is away.');
    };
    await Promise.all(['a', 'b', 'c'].map((text) => rig.say(text)));
    await rig.say('x', { conversation: 'dm-2', to: who('2') });
    await settle();
    assert.deepEqual(rig.adapter.texts, ['x']);
    for (let second = 0; second < 20; second++) await rig.clock.advanceAsync(1000);
    assert.deepEqual(rig.adapter.texts, ['x', 'a', 'b', 'c']);
    assert.deepEqual(rig.failures(), [['The server is away.', false]], 'said once, not at every try');
  });

  it('waits as long as the platform asks, for every conversation of the account', async () => {
    const rig = new Rig();
    rig.attach();
    let calls = 0;
    rig.adapter.onSend = () => {
      if (calls++ === 0) throw new ChannelError('rate-limited', 'Too many messages.', 30_000);
    };
    await rig.say('a');
    await settle();
    await rig.say('x', { conversation: 'dm-2', to: who('2') });
    await rig.clock.advanceAsync(29_000);
    assert.equal(calls, 1);
    await rig.clock.advanceAsync(1_000);
    assert.deepEqual(rig.adapter.texts.toSorted(), ['a', 'x']);
  });

  it('gives up what the platform refuses and goes on with the next', async () => {
    const rig = new Rig();
    rig.attach();
    rig.adapter.onSend = ({ text }) => {
      if (text === 'a') throw new ChannelError('refused', 'The chat is closed.');
    };
    await rig.say('a');
    await rig.say('b');
    await settle();
    assert.deepEqual(rig.adapter.texts, ['b']);
    assert.deepEqual(rig.failures(), [['The chat is closed.', true]]);
  });

  it('keeps replies while a channel is broken or away, and sends them when it is back', async () => {
    const rig = new Rig();
    await rig.say('a');
    await rig.clock.advanceAsync(60_000);
    assert.equal(rig.outbox.pending, 1);
    rig.adapter.onSend = () => {
      throw new ChannelError('fatal', 'The token was refused.');
    };
    rig.attach();
    await settle();
    await rig.clock.advanceAsync(600_000);
    assert.equal(rig.outbox.pending, 1);
    rig.adapter.onSend = () => {};
    rig.attach();
    await settle();
    assert.deepEqual(rig.adapter.texts, ['a']);
    await rig.say('other bot', { account: 'bot2' });
    await settle();
    assert.deepEqual(rig.adapter.texts, ['a'], 'a reply for another account is not for this one');
  });

  it('sends again what a crash left unsent, says so, and nothing that was sent', async () => {
    const rig = new Rig();
    rig.attach();
    await rig.say('sent');
    await settle();
    rig.outbox.detach('telegram');
    await rig.say('left one');
    await rig.say('left two');
    rig.restart();
    rig.attach();
    await settle();
    assert.equal(rig.adapter.texts.length, 3);
    assert.match(rig.adapter.texts[1] ?? '', /^\(Sent again after a restart.*\)\nleft one$/);
    assert.match(rig.adapter.texts[2] ?? '', /left two$/);
    assert.deepEqual(rig.messages().unsent, {});
    rig.restart();
    rig.attach();
    await settle();
    assert.equal(rig.adapter.texts.length, 3);
  });

  it('[INC-1] stops replies to whoever has lost access: waiting ones, new ones, and after a restart', async () => {
    const rig = new Rig();
    await rig.say('a');
    await rig.say('b', { conversation: 'room', to: who('2') });
    await rig.say('c', { conversation: 'room' });
    rig.gone.add(who('1'));
    await rig.outbox.stop(new Set([who('1')]));
    await rig.say('d');
    rig.attach();
    await settle();
    assert.deepEqual(rig.adapter.texts, ['b']);
    assert.equal(rig.failures().length, 2);

    rig.outbox.detach('telegram');
    await rig.say('e', { conversation: 'room', to: who('2') });
    rig.gone.add(who('2'));
    rig.restart();
    rig.attach();
    await settle();
    assert.deepEqual(rig.adapter.texts, ['b']);
    assert.equal(rig.messages().unsent.e, undefined);
    assert.deepEqual(rig.messages().unsent, {});
  });

  it('[INC-1] stops a reply that was still being recorded when access ended', async () => {
    const rig = new Rig(() => new Promise((resolve) => setImmediate(resolve)));
    rig.attach();
    const saying = rig.say('secret');
    rig.gone.add(who('1'));
    await rig.outbox.stop(new Set([who('1')]));
    await saying;
    await settle();
    assert.deepEqual(rig.adapter.texts, []);
    assert.deepEqual(rig.messages().unsent, {});
  });

  it('gives up a reply after a day', async () => {
    const rig = new Rig();
    await rig.say('late');
    rig.clock.advance(25 * 3_600_000);
    rig.attach();
    await settle();
    assert.deepEqual(rig.adapter.texts, []);
    assert.match(rig.failures()[0]?.[0] ?? '', /for a day/);
  });

  it('takes a send that never ends for lost', async () => {
    const rig = new Rig();
    rig.attach();
    rig.adapter.onSend = () => new Promise(() => {});
    await rig.say('a');
    await settle();
    rig.adapter.onSend = () => {};
    await rig.clock.advanceAsync(120_000);
    await rig.clock.advanceAsync(2_000);
    assert.deepEqual(rig.adapter.texts, ['a']);
  });

  it('keeps a one-time code off the record, and bounds what waits', async () => {
    const rig = new Rig();
    rig.attach();
    await rig.say('approve with 7K2M', { recordAs: 'approve with ····' });
    await settle();
    assert.deepEqual(rig.adapter.texts, ['approve with 7K2M']);
    assert.ok(!JSON.stringify(rig.journal.records).includes('7K2M'));
    rig.outbox.detach('telegram');
    for (let at = 0; at < 150; at++) await rig.say(`${at}`);
    assert.equal(rig.outbox.pending, 100);
    assert.equal(rig.failures().length, 50);
  });

  const file = (size: number, bytes = new Uint8Array(size)) => ({
    name: 'report.pdf',
    mediaType: 'application/pdf',
    size,
    id: 'f1',
    sha256: 'a'.repeat(64),
    read: async () => bytes,
  });

  it('sends files that the platform takes, and names those that it does not', async () => {
    const rig = new Rig();
    rig.attach(100);
    await rig.say('here', { files: [file(100)] });
    await rig.say('and here', { files: [file(101)] });
    await settle();
    assert.deepEqual(
      rig.adapter.sent.map(({ text, files }) => [text, files?.length ?? 0]),
      [
        ['here', 1],
        ['and here\n(Not sent: “report.pdf”. Fake takes 100 bytes at most.)', 0],
      ],
    );
    const none = new Rig();
    none.attach();
    await none.say('here', { files: [file(1)] });
    await settle();
    assert.match(none.adapter.sent[0]?.text ?? '', /Fake takes no files/);
  });

  it('sends after a restart the bytes that were kept, and gives up a file that is gone', async () => {
    const rig = new Rig();
    await rig.say('with a file', { files: [file(3)] });
    rig.restart();
    rig.files.set('f1', Uint8Array.of(1, 2, 3));
    const read: Uint8Array[] = [];
    rig.adapter.onSend = async ({ files = [] }) => {
      for (const one of files) read.push(await one.read());
    };
    rig.attach(100);
    await settle();
    assert.deepEqual(read, [Uint8Array.of(1, 2, 3)]);
    assert.equal(rig.journal.ofType('reply.sent').length, 1);
    await rig.say('another', {
      files: [{ ...file(3), read: () => Promise.reject(new Error('It is gone.')) }],
    });
    await settle();
    assert.deepEqual(rig.failures(), [['“report.pdf” was not sent: It is gone.', true]]);
  });

  it('leaves out buttons and edits where the platform has none', async () => {
    const rig = new Rig();
    rig.attach();
    await rig.say('card', {
      edits: 'p0',
      buttons: [{ label: 'Approve', command: '/approve a1', style: 'primary' }],
    });
    await settle();
    assert.equal(rig.adapter.sent[0]?.buttons, undefined);
    assert.equal(rig.adapter.sent[0]?.edits, undefined);
  });
});
