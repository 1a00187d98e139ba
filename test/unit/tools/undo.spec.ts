import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { PathGuard } from '../../../src/engine/tools/path-guard';
import { createTools } from '../../../src/engine/tools/tools';
import { UndoStore } from '../../../src/engine/tools/undo-store';
import { makePlace, type Place, use } from './place';

describe('edit, move, delete, and their undo', () => {
  const tools = createTools();
  let place: Place;
  let undo: UndoStore;
  let guard: PathGuard;
  const file = (...parts: string[]) => join(place.workspace, ...parts);
  const call = (name: string, args: Record<string, unknown>) => use(tools.get(name)!, args, place.context);
  const restoreNewest = async () => {
    const [newest] = await undo.list('task-1');
    assert.ok(newest);
    return undo.restore('task-1', newest.id, guard);
  };

  beforeEach(async () => {
    place = makePlace();
    undo = new UndoStore(place.storage, place.context.clock);
    guard = await PathGuard.create({ workspace: place.workspace });
  });
  afterEach(() => place.remove());

  it('an overwritten file comes back byte for byte, with its mode and time', async () => {
    const bytes = randomBytes(100_000);
    writeFileSync(file('a.bin'), bytes);
    chmodSync(file('a.bin'), 0o751);
    utimesSync(file('a.bin'), 1_600_000_000.25, 1_500_000_000.125);
    assert.equal((await call('write', { path: 'a.bin', content: 'new' })).ok, true);
    await restoreNewest();
    assert.deepEqual(readFileSync(file('a.bin')), bytes);
    assert.equal(statSync(file('a.bin')).mode & 0o7777, 0o751);
    assert.ok(Math.abs(statSync(file('a.bin')).mtimeMs - 1_500_000_000_125) < 0.01);
  });

  it('a deleted folder comes back whole: files, modes, times, links, empty folders', async () => {
    mkdirSync(file('dir', 'empty'), { recursive: true });
    writeFileSync(file('dir', 'run.sh'), '#!/bin/sh\n', { mode: 0o755 });
    symlinkSync('../outside', file('dir', 'link'));
    utimesSync(file('dir', 'run.sh'), 1_500_000_000, 1_500_000_000);
    assert.equal((await call('delete', { path: 'dir' })).ok, true);
    assert.equal(existsSync(file('dir')), false);
    const { id } = await restoreNewest();
    assert.deepEqual(readdirSync(file('dir')).sort(), ['empty', 'link', 'run.sh']);
    assert.equal(readlinkSync(file('dir', 'link')), '../outside');
    assert.equal(statSync(file('dir', 'run.sh')).mode & 0o777, 0o755);
    assert.equal(statSync(file('dir', 'run.sh')).mtimeMs, 1_500_000_000_000);
    await assert.rejects(undo.restore('task-1', id, guard), /restored already/);
  });

  it('delete and move take the link, not what it points to', async () => {
    writeFileSync(join(place.outside, 'kept'), 'kept');
    symlinkSync(join(place.outside, 'kept'), file('link'));
    const facts = await tools.get('delete')!.facts({ path: 'link' }, place.context);
    assert.deepEqual([facts.paths[0]?.relative, facts.paths[0]?.inside], ['link', true]);
    assert.equal((await call('move', { from: 'link', to: 'moved' })).ok, true);
    assert.equal((await call('delete', { path: 'moved' })).ok, true);
    assert.equal(readFileSync(join(place.outside, 'kept'), 'utf8'), 'kept');
    await restoreNewest();
    assert.ok(lstatSync(file('moved')).isSymbolicLink());
  });

  it('[INI-4] delete and move do nothing outside, nor to the workspace itself', async () => {
    writeFileSync(join(place.outside, 'kept'), 'kept');
    writeFileSync(file('a'), 'a');
    symlinkSync(place.outside, file('door'));
    for (const path of ['door/kept', '../outside/kept', join(place.outside, 'kept'), place.workspace]) {
      assert.equal((await call('delete', { path })).ok, false, path);
      assert.equal((await call('move', { from: path, to: 'x' })).ok, false, path);
    }
    assert.equal((await call('move', { from: 'a', to: 'door/a' })).ok, false);
    for (const path of ['.', '..', '', './'])
      await assert.rejects(call('delete', { path }), /name a file|empty/);
    assert.deepEqual(readdirSync(place.outside), ['kept']);
    assert.deepEqual(readdirSync(place.workspace).sort(), ['a', 'door']);
  });

  it('a move goes back, and never over something that exists', async () => {
    writeFileSync(file('a'), 'a');
    writeFileSync(file('b'), 'b');
    assert.match((await call('move', { from: 'a', to: 'b' })).error ?? '', /exists already/);
    assert.equal((await call('move', { from: 'a', to: 'new/c' })).ok, true);
    writeFileSync(file('a'), 'other');
    await assert.rejects(restoreNewest(), /exists again/);
    await call('delete', { path: 'a' });
    const moved = (await undo.list('task-1')).find(({ kind }) => kind === 'moved')!;
    await undo.restore('task-1', moved.id, guard);
    assert.equal(readFileSync(file('a'), 'utf8'), 'a');
  });

  it('a created file goes away again, unless somebody has changed it since', async () => {
    await call('write', { path: 'new', content: 'new' });
    writeFileSync(file('new'), 'changed');
    await assert.rejects(restoreNewest(), /was changed since/);
    writeFileSync(file('new'), 'new');
    await restoreNewest();
    assert.equal(existsSync(file('new')), false);
  });

  /** Restores a snapshot, then what that has kept, and so on; gives what `look` sees after each. */
  async function backAndForth<T>(look: () => T): Promise<T[]> {
    const seen: T[] = [];
    let [{ id } = { id: '' }] = await undo.list('task-1');
    for (let turn = 0; turn < 3; turn++) {
      const restored = await undo.restore('task-1', id, guard);
      assert.equal(restored.restores === true, turn === 1, 'a restore and an undo of it take turns');
      id = restored.undoneBy ?? '';
      seen.push(look());
    }
    return seen;
  }
  const content = (name: string) => () =>
    existsSync(file(name)) ? readFileSync(file(name), 'utf8') : undefined;

  it('an undo of an overwritten file can be undone, and that again', async () => {
    writeFileSync(file('a'), 'one', { mode: 0o640 });
    await call('write', { path: 'a', content: 'two' });
    assert.deepEqual(await backAndForth(content('a')), ['one', 'two', 'one']);
    assert.equal(statSync(file('a')).mode & 0o777, 0o640);
    assert.deepEqual(readdirSync(place.workspace), ['a']);
  });

  it('an undo of a new file, a deleted one, a deleted folder and a move can be undone', async () => {
    await call('write', { path: 'new', content: 'new' });
    assert.deepEqual(await backAndForth(content('new')), [undefined, 'new', undefined]);
    writeFileSync(file('old'), 'old');
    await call('delete', { path: 'old' });
    assert.deepEqual(await backAndForth(content('old')), ['old', undefined, 'old']);
    mkdirSync(file('dir'));
    writeFileSync(file('dir', 'x'), 'x');
    await call('delete', { path: 'dir' });
    assert.deepEqual(await backAndForth(content('dir/x')), ['x', undefined, 'x']);
    await call('move', { from: 'old', to: 'other' });
    assert.deepEqual(await backAndForth(content('other')), [undefined, 'old', undefined]);
  });

  it('an undo is not undone over what somebody has written since', async () => {
    writeFileSync(file('a'), 'one');
    await call('write', { path: 'a', content: 'two' });
    const { undoneBy = '' } = await restoreNewest();
    writeFileSync(file('a'), 'mine');
    await assert.rejects(undo.restore('task-1', undoneBy, guard), /was changed since/);
    assert.equal(readFileSync(file('a'), 'utf8'), 'mine');
  });

  it('shows what a file was, up to a limit, and nothing for folders and what was restored', async () => {
    writeFileSync(file('a'), 'one and more');
    await call('write', { path: 'a', content: 'two' });
    const [snapshot] = await undo.list('task-1');
    assert.equal(String(await undo.content('task-1', snapshot!.id, 3)), 'one');
    await undo.restore('task-1', snapshot!.id, guard);
    assert.equal(await undo.content('task-1', snapshot!.id, 3), undefined);
    assert.equal(await undo.content('task-1', '../../x', 3), undefined);
    mkdirSync(file('dir'));
    await call('delete', { path: 'dir' });
    const [folder] = await undo.list('task-1');
    assert.equal(await undo.content('task-1', folder!.id, 3), undefined);
  });

  it('restores nothing through a link that came in between', async () => {
    mkdirSync(file('dir'));
    writeFileSync(file('dir', 'a'), 'a');
    await call('delete', { path: 'dir/a' });
    await call('delete', { path: 'dir' });
    symlinkSync(place.outside, file('dir'));
    const first = (await undo.list('task-1')).find(({ path }) => path.endsWith('/a'))!;
    await assert.rejects(undo.restore('task-1', first.id, guard), /changed while/);
    assert.deepEqual(readdirSync(place.outside), []);
  });

  it('keeps snapshots for the owner alone, and removes old ones', async () => {
    writeFileSync(file('a'), 'a');
    await call('delete', { path: 'a' });
    const [task] = readdirSync(join(place.storage, 'undo'));
    const [id] = readdirSync(join(place.storage, 'undo', task!));
    assert.equal(statSync(join(place.storage, 'undo', task!, id!)).mode & 0o777, 0o700);
    assert.equal(await undo.prune(60_000), 0);
    assert.equal(await undo.prune(-1000), 1);
    assert.deepEqual(await undo.list('task-1'), []);
    await assert.rejects(undo.restore('task-1', '../../x', guard), /does not exist/);
  });

  it('edits where the text is found once, all or nothing', async () => {
    writeFileSync(file('a.ts'), 'one\ntwo\nthree\n');
    const good = [
      { before: 'one', after: '1' },
      { before: 'two\nthree', after: '$& and more' },
    ];
    assert.equal((await call('edit', { path: 'a.ts', edits: good })).output, 'Made 2 edits in a.ts.');
    assert.equal(readFileSync(file('a.ts'), 'utf8'), '1\n$& and more\n');
    const missing = await call('edit', {
      path: 'a.ts',
      edits: [
        { before: '1', after: 'x' },
        { before: 'nowhere', after: 'y' },
      ],
    });
    assert.match(missing.error ?? '', /edit 2 is not in a\.ts; nothing was changed/);
    writeFileSync(file('twice'), 'a a');
    assert.match(
      (await call('edit', { path: 'twice', edits: [{ before: 'a', after: 'b' }] })).error ?? '',
      /more than once/,
    );
    assert.equal(readFileSync(file('a.ts'), 'utf8'), '1\n$& and more\n');
  });

  it('edits keep line ends and byte-order marks, and leave other encodings alone', async () => {
    writeFileSync(file('dos'), '\ufeffone\r\ntwo\r\n');
    assert.equal(
      (await call('edit', { path: 'dos', edits: [{ before: 'one\ntwo', after: '1\n2' }] })).ok,
      true,
    );
    assert.equal(readFileSync(file('dos'), 'utf8'), '\ufeff1\r\n2\r\n');
    writeFileSync(file('latin'), Buffer.from('é', 'latin1'));
    assert.match(
      (await call('edit', { path: 'latin', edits: [{ before: 'é', after: 'e' }] })).error ?? '',
      /windows-1252/,
    );
  });
});
