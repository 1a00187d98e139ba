import assert from 'node:assert/strict';
import { editTool } from '../../../src/engine/tools/edit';
import { writeTool } from '../../../src/engine/tools/write';
import { proposedFile, proposedSides } from '../../../src/views/present/proposal';

const files = [{ path: '/w/a.ts', access: 'write' as const }];

describe('a change that is asked for', () => {
  it('is laid beside the file: the whole new content of a write', () => {
    const action = writeTool.summary({ path: 'a.ts', content: 'new\nlines\n' });
    assert.deepEqual(proposedSides({ tool: 'write', action }, 'old\n'), {
      before: 'old\n',
      after: 'new\nlines\n',
    });
    assert.equal(proposedFile({ tool: 'write', files }), '/w/a.ts');
  });

  it('is the file with each edit made in turn', () => {
    const edits = [
      { before: 'one\ntwo', after: 'uno\n- dos' },
      { before: 'four', after: '' },
    ];
    const action = editTool.summary({ path: 'a.ts', edits });
    const { before, after } = proposedSides({ tool: 'edit', action }, 'zero\none\ntwo\nthree\nfour\n');
    assert.equal(before, 'zero\none\ntwo\nthree\nfour\n');
    assert.equal(after, 'zero\nuno\n- dos\nthree\n\n');
  });

  it('shows the parts alone when they do not fit the file any more, or fit it twice', () => {
    const action = editTool.summary({ path: 'a.ts', edits: [{ before: 'x', after: 'y' }] });
    for (const current of ['nothing', 'x and x'])
      assert.deepEqual(proposedSides({ tool: 'edit', action }, current), { before: 'x', after: 'y' });
  });

  it('is none for what writes no file, or more than one', () => {
    assert.equal(proposedFile({ tool: 'run', files }), undefined);
    assert.equal(proposedFile({ tool: 'edit', files: [] }), undefined);
    assert.equal(
      proposedFile({ tool: 'edit', files: [...files, { path: '/w/b', access: 'write' }] }),
      undefined,
    );
  });
});
