import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { Emitter } from '../../../src/engine/model/emitter';
import type { EngineWatch } from '../../../src/views/engine-watch';
import { FakeEditor, withEditor } from './editor';

const { EngineTree } = withEditor(
  new FakeEditor(),
  (require) => require('../../../src/views/trees/tree') as typeof import('../../../src/views/trees/tree'),
);

interface Row {
  readonly id: string;
  readonly text: string;
  readonly under?: readonly Row[];
}

/** A tree over rows that are made anew each time, as the trees of the product are over what the engine says. */
function treeOver(first: readonly Row[]) {
  let rows = first;
  const changes = new Emitter<ReadonlySet<'users'>>();
  const watch = { onChange: changes.event } as unknown as EngineWatch;
  class Rows extends EngineTree<Row> {
    constructor() {
      super('cowork.users', watch, ['users']);
    }
    getTreeItem({ id, text }: Row) {
      return { id, label: text };
    }
    protected childrenOf(node?: Row): Row[] {
      const found = node === undefined ? rows : rows.find(({ id }) => id === node.id)?.under;
      return (found ?? []).map((row) => ({ ...row }));
    }
  }
  const tree = new Rows();
  Object.assign(tree.view, { visible: true });
  const drawn: (readonly string[] | 'all')[] = [];
  tree.onDidChangeTreeData((nodes) => {
    drawn.push(nodes === undefined ? 'all' : nodes.map(({ id }) => id));
  });
  const change = async (next: readonly Row[]) => {
    rows = next;
    changes.fire(new Set(['users'] as const));
    await pause(80);
  };
  return { tree, drawn, change };
}

describe('the rows of a tree', () => {
  const ada = { id: 'ada', text: 'Ada' };
  const bob = { id: 'bob', text: 'Bob' };

  it('stay the same objects, so that an action knows whose it is while they change', async () => {
    const { tree, drawn, change } = treeOver([ada, bob]);
    await change([ada, bob]);
    const [first] = tree.getChildren();
    await change([{ id: 'ada', text: 'Ada, seen just now' }, bob]);
    assert.deepEqual(drawn, ['all', ['ada']]);
    assert.equal(tree.getChildren()[0], first);
    assert.equal(first?.text, 'Ada, seen just now');
  });

  it('are left alone when they show what they did, and drawn anew when others come or go', async () => {
    const { drawn, change } = treeOver([ada]);
    await change([ada]);
    await change([ada]);
    assert.deepEqual(drawn, ['all']);
    await change([ada, bob]);
    await change([bob, ada]);
    await change([{ ...ada, under: [bob] }]);
    assert.deepEqual(drawn, ['all', 'all', 'all', 'all']);
  });
});
