import assert from 'node:assert/strict';
import type { Memento } from 'vscode';
import { grouped, TreeChoices, type UserGroup } from '../../../src/views/trees/choices';

/** A memory of the workspace, as a reload leaves it. */
function memory(): Memento {
  const kept = new Map<string, unknown>();
  return {
    keys: () => [...kept.keys()],
    get: (key: string, otherwise?: unknown) => kept.get(key) ?? otherwise,
    update: async (key: string, value: unknown) => void kept.set(key, value),
  } as Memento;
}

describe('what a person sees of a tree', () => {
  const open = (kept: Memento) => new TreeChoices<UserGroup>(kept, 'users', ['channel', 'role', 'none']);

  it('is there again after a reload, and told at once', async () => {
    const kept = memory();
    const choices = open(kept);
    let told = 0;
    choices.onChange(() => {
      told += 1;
    });
    assert.deepEqual([choices.filter, choices.group], ['', 'channel']);
    await choices.setFilter('  Ada ');
    await choices.setGroup('role');
    assert.equal(told, 2);
    const again = open(kept);
    assert.deepEqual([again.filter, again.group], ['Ada', 'role']);
  });

  it('is the first way to group when what was kept is none', async () => {
    const kept = memory();
    await kept.update('users.group', 'colour');
    assert.equal(open(kept).group, 'channel');
  });

  it('fits in whatever case, in any of the texts, and everything when nothing is looked for', async () => {
    const choices = open(memory());
    assert.ok(choices.fits('Grace'));
    await choices.setFilter('ada');
    assert.ok(choices.fits('84', 'Ada Lovelace'));
    assert.ok(!choices.fits('84', 'Grace'));
  });

  it('is grouped by a name, in the order in which names come', () => {
    const groups = grouped(['b1', 'a1', 'b2'], (item) => item.charAt(0));
    assert.deepEqual(
      [...groups],
      [
        ['b', ['b1', 'b2']],
        ['a', ['a1']],
      ],
    );
  });
});
