import assert from 'node:assert/strict';
import { type ApprovalDraft, Approvals } from '../../../src/engine/approvals/approvals';
import { approvalsProjection } from '../../../src/engine/approvals/projection';
import { ManualClock, settle } from '../../helpers/manual-clock';
import { MemoryJournal } from '../../helpers/memory-journal';

const draft: ApprovalDraft = {
  taskId: 't1',
  who: { key: 'local:window:ann', displayName: 'Ann', role: 'member' },
  where: { channel: 'local', account: 'window', conversation: 'ann', context: 'dm' },
  message: '/run npm test',
  tool: 'run',
  action: 'npm test',
  cwd: '/work',
  envNames: ['PATH'],
  files: [],
  hosts: [],
  parts: [],
  marks: [],
  taint: [],
  decision: {
    effect: 'ask',
    layer: 'mode',
    ruleId: 'mode.ask',
    reasons: ['commands are asked about'],
    remedies: [],
    verdicts: [],
    obligations: [],
  },
  sandbox: { label: 'process', isolated: false },
  bindingHash: 'h1',
  scopes: [
    { scope: 'once', allows: 'this command, now' },
    { scope: 'task', pattern: 'npm test', allows: 'npm test in this task' },
  ],
};

function setUp() {
  const clock = new ManualClock();
  const journal = new MemoryJournal(clock);
  const state = journal.project(approvalsProjection);
  const approvals = new Approvals({ records: journal, clock, state, ttlMs: () => 300_000 });
  return { clock, journal, state, approvals };
}

describe('approvals', () => {
  it('[OPS-1a] shows a request only once it is on the record, and settles with the answer', async () => {
    const { journal, approvals } = setUp();
    const outcome = approvals.request(draft, new AbortController().signal);
    assert.equal(approvals.pending().length, 0);
    await settle();
    assert.equal(journal.ofType('approval.requested').length, 1);
    assert.equal(approvals.pending()[0]?.id, 'a1');
    await approvals.approve('a1', 'h1', { scope: 'once' });
    assert.deepEqual(await outcome, { outcome: 'approved', by: 'desk', choice: { scope: 'once' } });
    assert.equal(journal.ofType('approval.resolved')[0]?.data.outcome, 'approved');
    assert.equal(approvals.pending().length, 0);
  });

  it('expires after five minutes without an answer, and an answer then comes too late', async () => {
    const { clock, approvals } = setUp();
    const outcome = approvals.request(draft, new AbortController().signal);
    await settle();
    await clock.advanceAsync(299_999);
    assert.equal(approvals.pending().length, 1);
    await clock.advanceAsync(1);
    assert.deepEqual(await outcome, { outcome: 'expired' });
    await assert.rejects(approvals.approve('a1', 'h1', { scope: 'once' }), /no longer open/);
  });

  it('refuses an answer to a card that is not the one that was seen', async () => {
    const { approvals } = setUp();
    void approvals.request(draft, new AbortController().signal);
    await settle();
    await assert.rejects(approvals.approve('a1', 'another', { scope: 'once' }), /changed since it was shown/);
    assert.equal(approvals.pending().length, 1);
  });

  it('refuses a scope that was not on the card', async () => {
    const { approvals } = setUp();
    void approvals.request(draft, new AbortController().signal);
    await settle();
    await assert.rejects(approvals.approve('a1', 'h1', { scope: 'always' }), /not offered/);
    await assert.rejects(approvals.approve('a1', 'h1', { scope: 'task', pattern: 'npm *' }), /not offered/);
  });

  it('lets exactly one of two answers win', async () => {
    const { journal, approvals } = setUp();
    const outcome = approvals.request(draft, new AbortController().signal);
    await settle();
    const answers = await Promise.allSettled([
      approvals.deny('a1'),
      approvals.approve('a1', 'h1', { scope: 'once' }),
    ]);
    assert.deepEqual(
      answers.map((one) => one.status),
      ['fulfilled', 'rejected'],
    );
    assert.equal((await outcome).outcome, 'denied');
    assert.equal(journal.ofType('approval.resolved').length, 1);
  });

  it('[LAW-3] does not take an answer that cannot be recorded, and keeps the question open for another', async () => {
    const { clock, journal, approvals } = setUp();
    const outcome = approvals.request(draft, new AbortController().signal);
    await settle();
    journal.failWith(new Error('disk full'));
    await assert.rejects(approvals.approve('a1', 'h1', { scope: 'once' }), /disk full/);
    await assert.rejects(approvals.deny('a1'), /disk full/);
    assert.equal(approvals.pending().length, 1);
    journal.failWith(undefined);
    clock.advance(299_000);
    assert.equal(approvals.pending().length, 1);
    await approvals.approve('a1', 'h1', { scope: 'once' });
    assert.equal((await outcome).outcome, 'approved');
    assert.equal(journal.ofType('approval.resolved').length, 1);
  });

  it('lets a question expire that nobody could answer', async () => {
    const { clock, journal, approvals } = setUp();
    const outcome = approvals.request(draft, new AbortController().signal);
    await settle();
    journal.failWith(new Error('disk full'));
    await assert.rejects(approvals.approve('a1', 'h1', { scope: 'once' }), /disk full/);
    clock.advance(300_000);
    assert.equal((await outcome).outcome, 'withdrawn');
    assert.equal(approvals.pending().length, 0);
  });

  it('[INC-1] withdraws when the task is cancelled, before or after the card is shown', async () => {
    const { approvals } = setUp();
    const early = new AbortController();
    early.abort();
    assert.equal((await approvals.request(draft, early.signal)).outcome, 'withdrawn');
    const late = new AbortController();
    const outcome = approvals.request(draft, late.signal);
    await settle();
    late.abort();
    assert.equal((await outcome).outcome, 'withdrawn');
  });

  it('closes after a restart what nobody waits for any more, and goes on counting', async () => {
    const { clock, journal, approvals, state } = setUp();
    void approvals.request(draft, new AbortController().signal);
    await settle();
    journal.restart();
    const next = new Approvals({ records: journal, clock, state, ttlMs: () => 300_000 });
    await next.recover();
    assert.equal(Object.keys(state().pending).length, 0);
    void next.request(draft, new AbortController().signal);
    await settle();
    assert.equal(next.pending()[0]?.id, 'a2');
  });
});
