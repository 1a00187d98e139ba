import assert from 'node:assert/strict';
import type { EngineApi } from '../../../src/engine/api';
import { Emitter } from '../../../src/engine/model/emitter';
import type { PostureReport } from '../../../src/engine/model/posture';
import type { EngineWatch } from '../../../src/views/engine-watch';
import { FakeEditor, withEditor } from './editor';
import { finding, posture } from './views';

const editor = new FakeEditor();
const { ChecklistTree } = withEditor(
  editor,
  (require) =>
    require('../../../src/views/trees/checklist-tree') as typeof import('../../../src/views/trees/checklist-tree'),
);

interface Drawn {
  readonly parts: readonly unknown[];
  readonly description?: string;
  readonly contextValue?: string;
}

function treeOf(report: PostureReport) {
  const engine = { posture: { report: () => report } } as EngineApi;
  const changes = new Emitter<ReadonlySet<'posture'>>();
  const tree = new ChecklistTree({ engine, onChange: changes.event } as EngineWatch);
  const item = (node: Parameters<typeof tree.getTreeItem>[0]) => tree.getTreeItem(node) as Drawn;
  const label = (node: Parameters<typeof tree.getTreeItem>[0]) => String(item(node).parts[0]);
  const under = (wanted: string) => {
    const node = tree.getChildren().find((one) => label(one) === wanted);
    assert.ok(node, wanted);
    return tree.getChildren(node);
  };
  return { tree, changes, item, label, under, roots: () => tree.getChildren().map(label) };
}

const accepted = { reason: 'Only me.', at: 1, until: Date.UTC(2027, 0, 1), severity: 'medium' as const };

describe('the tree of the Checklist', () => {
  it('shows the score, the findings from the worst, the lists, accepted risks apart, and what was changed', () => {
    const report = posture({
      findings: [...posture().findings, finding({ id: 'POL-2:b', evidence: 'Another.', accepted })],
    });
    const { roots, under, label, item } = treeOf(report);
    assert.deepEqual(roots(), [
      'Score 74 of 100',
      'High',
      'Medium',
      'Before first use',
      'Before adding external channels',
      'Regular maintenance',
      'Accepted risks',
      'Changed here',
    ]);
    assert.deepEqual(under('Accepted risks').map(label), ['Another.']);
    assert.deepEqual(
      ['High', 'Medium', 'Accepted risks', 'Before first use', 'Regular maintenance', 'Changed here'].map(
        (group) => under(group).map((node) => item(node).contextValue),
      ),
      [
        ['finding.place'],
        ['finding.own'],
        ['acceptedRisk'],
        ['item.once'],
        ['item.task.due'],
        ['appliedFix'],
      ],
    );
  });

  it('shows what the filter lets through, and the lists all the same', () => {
    const { tree, roots } = treeOf(posture());
    tree.setFilter({ severities: ['medium'] });
    assert.ok(
      !roots().includes('High') && roots().includes('Medium') && roots().includes('Regular maintenance'),
    );
    tree.setFilter({ text: 'ini-2' });
    assert.ok(roots().includes('High') && !roots().includes('Medium'));
    tree.setFilter({});
    assert.ok(roots().includes('High') && roots().includes('Medium'));
  });

  it('counts in its badge what is high or critical and not accepted', () => {
    const one = (findings: PostureReport['findings']) => {
      const { tree, changes } = treeOf(posture({ findings }));
      changes.fire(new Set(['posture']));
      return tree.view.badge?.value;
    };
    assert.equal(one([finding({ severity: 'critical' }), finding({ severity: 'high' }), finding()]), 2);
    assert.equal(one([finding({ severity: 'high', accepted })]), undefined);
    assert.equal(one([]), undefined);
  });

  it('shows text from outside as text of one line', () => {
    const report = posture({ findings: [finding({ evidence: 'a\n\u202Eb' })] });
    const { under, label } = treeOf(report);
    const [row] = under('Medium').map(label);
    assert.ok(row !== undefined && !/[\n\u202e]/.test(row), row);
  });
});
