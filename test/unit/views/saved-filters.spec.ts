import assert from 'node:assert/strict';
import type { Memento } from 'vscode';
import { SavedFilters } from '../../../src/views/saved-filters';

function memento(stored?: unknown): Memento {
  const values = new Map<string, unknown>([['cowork.audit.filters', stored]]);
  return {
    keys: () => [...values.keys()],
    get: (key: string, otherwise?: unknown) => values.get(key) ?? otherwise,
    update: async (key: string, value: unknown) => void values.set(key, value),
  } as Memento;
}

describe('saved filters', () => {
  it('are kept, renamed and forgotten by name', async () => {
    const storage = memento();
    const saved = new SavedFilters(storage);
    await saved.save(' Denied ', 'effect:deny');
    await saved.save('Mine', 'user:me');
    await saved.rename('Denied', 'No');
    assert.deepEqual(new SavedFilters(storage).list(), [
      { name: 'No', filter: 'effect:deny' },
      { name: 'Mine', filter: 'user:me' },
    ]);
    await saved.remove('No');
    assert.deepEqual(
      saved.list().map(({ name }) => name),
      ['Mine'],
    );
  });

  it('have a name each, of its own and not too long', async () => {
    const saved = new SavedFilters(memento());
    await saved.save('Mine', 'x');
    assert.equal(saved.fault('  '), 'empty');
    assert.equal(saved.fault('Mine'), 'taken');
    assert.equal(saved.fault('Mine', 'Mine'), undefined);
    assert.equal(saved.fault('n'.repeat(61)), 'long');
    await saved.save('Mine', 'y');
    assert.deepEqual(saved.list(), [{ name: 'Mine', filter: 'y' }]);
  });

  it('are few enough to find, and nothing else that is stored gets in', async () => {
    const saved = new SavedFilters(memento());
    for (let index = 0; index < 60; index += 1) await saved.save(`n${index}`, 'x');
    assert.equal(saved.list().length, 50);
    assert.equal(saved.list().at(-1)?.name, 'n59');
    const odd = [{ name: 1, filter: 'x' }, null, { name: 'a' }, { name: 'ok', filter: 'x' }];
    assert.deepEqual(new SavedFilters(memento(odd)).list(), [{ name: 'ok', filter: 'x' }]);
    assert.deepEqual(new SavedFilters(memento('x')).list(), []);
  });
});
