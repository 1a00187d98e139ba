import assert from 'node:assert/strict';
import type { ApprovalView } from '../../../src/engine/api';
import { toCard } from '../../../src/views/present/approval-card';
import { touchLines } from '../../../src/views/present/touches';
import { approvalsFromPage, approvalsToPage, cardSchema } from '../../../src/views/protocol/approvals';
import { approval } from './views';

const view = (changes: Partial<ApprovalView> = {}): ApprovalView => ({ ...approval(), ...changes });

describe('an approval card', () => {
  it('[OPS-1a] holds the complete action, folder, environment, files, hosts and marks, cut nowhere', () => {
    const action = `echo ${'x'.repeat(200_000)}\u202e`;
    const full = view({
      action,
      envNames: ['PATH', 'HOME'],
      files: [{ path: '/w/a', access: 'delete' }],
      hosts: ['example.net'],
      marks: [{ offset: action.length - 1, name: 'RIGHT-TO-LEFT OVERRIDE' }],
    });
    const card = toCard(full);
    assert.equal(card.action, action);
    assert.deepEqual(
      [card.cwd, card.envNames, card.files, card.hosts, card.marks],
      [full.cwd, full.envNames, full.files, full.hosts, full.marks],
    );
    assert.doesNotThrow(() => cardSchema.parse(card));
  });

  it('[OPS-1b] says who asked, where, by which message, and what untrusted content was read', () => {
    const card = toCard(view({ taint: ['README.md'], message: '/run npm test' }));
    assert.deepEqual(card.who, { key: 'telegram:7:84', sender: '84', displayName: 'Ada', role: 'member' });
    assert.deepEqual([card.where.channel, card.where.context], ['telegram', 'dm']);
    assert.deepEqual([card.message, card.taint], ['/run npm test', ['README.md']]);
  });

  it('takes the risk of its riskiest part, and asks twice about a high one', () => {
    const part = { text: 'x', summary: 'x' };
    const parts = [
      { ...part, risk: 'low' as const },
      { ...part, risk: 'high' as const },
      { ...part, risk: 'none' as const },
    ];
    const card = toCard(view({ parts }));
    assert.equal(card.risk, 'high');
    assert.equal(card.cautions.length, 1);
    assert.deepEqual(toCard(view({ parts: [] })).cautions, []);
  });

  it('asks twice when there are marks, taint, or more than fits on a screen', () => {
    assert.equal(toCard(view({ action: 'a\u200bb' })).cautions.length, 1);
    assert.equal(toCard(view({ taint: ['x'] })).cautions.length, 1);
    assert.equal(toCard(view({ action: 'x'.repeat(5000) })).cautions.length, 1);
    assert.deepEqual(toCard(view()).cautions, []);
  });

  it('is what the page understands, and the page says only what the extension understands', () => {
    const state = {
      type: 'state',
      engine: { kind: 'ready', detail: '' },
      now: 1,
      cards: [toCard(view())],
      setup: { users: 1, channelsOnline: 1 },
    };
    assert.ok(approvalsToPage.safeParse(state).success);
    assert.ok(!approvalsToPage.safeParse({ ...state, cards: [{ id: 'x' }] }).success);
    const approve = { type: 'approve', requestId: 1, id: 'a', bindingHash: 'b', scope: 'once' };
    assert.ok(approvalsFromPage.safeParse(approve).success);
    for (const bad of [
      { ...approve, scope: 'forever' },
      { ...approve, bindingHash: undefined },
      { type: 'command', name: 'workbench.action.terminal.sendSequence' },
      { type: 'deny', requestId: 1, id: 'a', consequence: 'format-disk' },
      { type: 'eval', text: '1' },
      null,
      'ready',
    ]) {
      assert.ok(!approvalsFromPage.safeParse(bad).success, JSON.stringify(bad));
    }
  });

  it('says in plain words what it would touch, and when there may be more', () => {
    const none = { files: 0, bytes: 0, examples: [] };
    const blast = {
      deleted: { files: 12, bytes: 3_565_158, examples: ['/w/a', '/w/b', '/w/c', '/w/d', '/w/e', '/w/f'] },
      overwritten: { files: 1, bytes: 10, examples: ['/w/out'] },
      commitsLost: 2,
      uncommitted: ['x.ts'],
      stashesLost: 1,
      hosts: ['example.net'],
      unknown: ['runs a script'],
      complete: false,
    };
    assert.deepEqual(touchLines(blast), [
      '12 files would be deleted (3.4 MB): /w/a, /w/b, /w/c, /w/d, /w/e and 7 more',
      '2 commits would be lost.',
      '1 stash would be lost.',
      'Changes that are in no commit would be lost: x.ts',
      '1 file would be written over (10 B): /w/out',
      'Hosts that would be contacted: example.net',
      'What this reaches is only known when it runs: runs a script',
    ]);
    const card = toCard(view({ blast }));
    assert.equal(card.touches?.complete, false);
    assert.doesNotThrow(() => cardSchema.parse(card));
    assert.equal(toCard(view()).touches, undefined);
    const empty = { ...blast, deleted: none, overwritten: none, commitsLost: 0, stashesLost: 0 };
    assert.deepEqual(touchLines({ ...empty, uncommitted: [], hosts: [], unknown: [] }), []);
  });

  it('holds what each layer said and what would alter it, for whoever asks why', () => {
    const base = approval().decision;
    const verdict = { layer: 'mode' as const, effect: 'ask' as const, ruleId: 'mode.ask', reason: 'Asks.' };
    const card = toCard(
      view({
        decision: { ...base, verdicts: [verdict] },
        alter: { now: 'Approve it.', standing: 'In your settings, add "npm test".' },
      }),
    );
    assert.deepEqual(card.why.layers, [verdict]);
    assert.deepEqual(card.why.alter, ['Approve it.', 'In your settings, add "npm test".']);
    assert.doesNotThrow(() => cardSchema.parse(card));
  });
});
