import assert from 'node:assert/strict';
import { Board } from '../../../src/engine/posture/board';
import { evaluate } from '../../../src/engine/posture/evaluate';
import { FAMILIES } from '../../../src/engine/posture/facts';
import { goodFacts } from './facts';

describe('the board of the Checklist', () => {
  it('evaluates a family only when its facts are others than before', () => {
    const board = new Board(evaluate);
    for (const family of FAMILIES) assert.ok(board.update(family, goodFacts()[family]), family);
    for (const family of FAMILIES) assert.ok(!board.update(family, goodFacts()[family]), family);
    assert.ok(board.update('machine', { ...goodFacts().machine, environment: ['LD_PRELOAD'] }));
    for (const family of FAMILIES)
      assert.equal(board.evaluations.get(family), family === 'machine' ? 2 : 1, family);
    assert.deepEqual(
      board.findings().map(({ id }) => id),
      ['BOX-3:LD_PRELOAD'],
    );
  });

  it('knows what is unknown from what is fine', () => {
    const board = new Board(evaluate);
    assert.deepEqual(board.unknown(), FAMILIES);
    board.update('machine', { ...goodFacts().machine, environment: ['LD_PRELOAD'] });
    board.update('machine', undefined);
    assert.deepEqual([board.findings(), board.unknown().includes('machine')], [[], true]);
    assert.ok(board.update('machine', goodFacts().machine), 'looked at again once it is known again');
  });
});
