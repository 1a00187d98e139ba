import assert from 'node:assert/strict';
import type { TaskChangeView } from '../../../src/engine/api';
import { changedFiles } from '../../../src/views/present/task-changes';

let at = 0;
function change(
  kind: TaskChangeView['kind'],
  name: string,
  more: Partial<TaskChangeView> = {},
): TaskChangeView {
  at += 1;
  return {
    id: String(at).padStart(4, '0'),
    at,
    kind,
    path: `/w/${name}`,
    name,
    restored: false,
    byRestore: false,
    ...more,
  };
}
/** As the engine lists them. */
const files = (...oldestFirst: TaskChangeView[]) => changedFiles([...oldestFirst].reverse());

describe('the files that a task changed', () => {
  it('are one a file, whatever was done to it, with what it is in all', () => {
    const found = files(
      change('created', 'new'),
      change('overwritten', 'new'),
      change('overwritten', 'old'),
      change('created', 'brief'),
      change('deleted', 'brief'),
      change('deleted', 'gone'),
    );
    assert.deepEqual(
      found.map(({ view }) => [view.name, view.kind, view.state]),
      [
        ['gone', 'deleted', 'changed'],
        ['brief', 'deleted', 'changed'],
        ['old', 'modified', 'changed'],
        ['new', 'created', 'changed'],
      ],
    );
  });

  it('are taken back the newest change first', () => {
    const [file] = files(change('overwritten', 'a'), change('overwritten', 'a'), change('overwritten', 'a'));
    const ids = file?.standing.map(({ id }) => id) ?? [];
    assert.deepEqual(ids, [...ids].sort().reverse());
    assert.equal(ids.length, 3);
  });

  it('once restored offer the way back, and after that the restore again', () => {
    const first = change('overwritten', 'a', { restored: true });
    const counter = change('overwritten', 'a', { byRestore: true });
    const [restored] = files(first, counter);
    assert.deepEqual(
      [restored?.view.state, restored?.view.canUndo, restored?.view.canCompare, restored?.undoable],
      ['restored', true, false, [counter]],
    );
    const again = change('overwritten', 'a');
    const [undone] = files(first, { ...counter, restored: true }, again);
    assert.deepEqual(
      [undone?.view.state, undone?.view.canUndo, undone?.standing],
      ['changed', false, [again]],
    );
  });

  it('know a moved file and its way back as one', () => {
    const ends = { movedTo: '/w/b', movedToName: 'b' };
    const moved = change('moved', 'a', { ...ends, restored: true });
    const back = change('moved', 'b', { movedTo: '/w/a', movedToName: 'a', byRestore: true });
    const found = files(moved, back);
    assert.equal(found.length, 1);
    assert.deepEqual(
      [found[0]?.view.name, found[0]?.view.movedTo, found[0]?.view.state, found[0]?.view.canCompare],
      ['a', 'b', 'restored', false],
    );
  });

  it('leave out what was taken back with nothing left to undo', () => {
    assert.deepEqual(files(change('created', 'a', { restored: true })), []);
  });
});
