import assert from 'node:assert/strict';
import { shortened } from '../../../src/engine/agent/replies';
import { FakeEditor, withEditor } from './editor';

describe('links from the local chat', () => {
  const { taskMentions } = withEditor(new FakeEditor(), (load) => load('../../../src/host/task-links')) as {
    taskMentions(line: string): { startIndex: number; length: number; taskId: string }[];
  };

  it('lead from an output that was cut to the page that has it whole', () => {
    const cut = shortened('x'.repeat(10_000), 't12');
    const line = cut.split('\n').find((part) => part.includes('left out')) ?? '';
    const [link, ...others] = taskMentions(line);
    assert.equal(link?.taskId, 't12');
    assert.equal(
      line.slice(link?.startIndex, (link?.startIndex ?? 0) + (link?.length ?? 0)),
      'page of task t12',
    );
    assert.deepEqual(others, []);
    assert.deepEqual(taskMentions('page of task t1x, page of task x1'), []);
  });
});
