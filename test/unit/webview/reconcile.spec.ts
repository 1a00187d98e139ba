import assert from 'node:assert/strict';
import fc from 'fast-check';
import { cardKey, reconcile } from '../../../webview-ui/approvals/reconcile';

const open = (key: string, held = false) => ({ key, closed: false, held });

describe('what changes on the page of approvals', () => {
  it('adds new cards at the end and takes answered ones away', () => {
    assert.deepEqual(reconcile([open('a'), open('b')], ['b', 'c']), { close: [], remove: ['a'], add: ['c'] });
  });

  it('leaves a held card where it is, without its buttons', () => {
    assert.deepEqual(reconcile([open('a', true), open('b', true)], ['b']), {
      close: ['a'],
      remove: [],
      add: [],
    });
    assert.deepEqual(reconcile([{ key: 'a', closed: true, held: true }], []), {
      close: [],
      remove: [],
      add: [],
    });
    assert.deepEqual(reconcile([{ key: 'a', closed: true, held: false }], []), {
      close: [],
      remove: ['a'],
      add: [],
    });
  });

  it('makes a new card of a request whose binding hash has changed', () => {
    const before = cardKey({ id: '1', bindingHash: 'x' });
    const after = cardKey({ id: '1', bindingHash: 'y' });
    assert.deepEqual(reconcile([open(before, true)], [after]), { close: [before], remove: [], add: [after] });
  });

  it('never moves what is held, and shows all that is wanted once nothing is', () => {
    const keys = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'));
    fc.assert(
      fc.property(keys, keys, fc.boolean(), (shown, wanted, held) => {
        const changes = reconcile(
          shown.map((key) => open(key, held)),
          wanted,
        );
        if (held) assert.deepEqual(changes.remove, []);
        const left = shown.filter((key) => !changes.remove.includes(key));
        assert.deepEqual(
          [...left, ...changes.add].filter((key) => !changes.close.includes(key)).sort(),
          [...wanted].sort(),
        );
      }),
    );
  });
});
