import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../../src/engine/model/ports';
import { PathGuard } from '../../../src/engine/tools/path-guard';
import { UndoStore } from '../../../src/engine/tools/undo-store';
import { writeFileWhole } from '../../../src/engine/tools/write-file';
import { TestEngine } from '../../helpers/engine';

describe('what a task changed in files', () => {
  let tested: TestEngine;
  beforeEach(async () => {
    tested = await TestEngine.start({ user: { mode: 'accept-edits' } });
    await tested.file('a.txt', 'one');
    await tested.pair();
  });
  afterEach(() => tested.remove());

  const path = (name: string) => join(tested.root, name);
  async function write(name: string, content: string): Promise<string> {
    const before = tested.engine.tasks.list().length;
    await tested.say(`/write ${name}\n${content}`);
    const task = await tested.until(() => {
      const [newest] = tested.engine.tasks.list();
      return tested.engine.tasks.list().length > before && newest?.state === 'done' && newest;
    });
    return task.id;
  }
  const restores = async () =>
    (await tested.records()).filter((record) => record.type.startsWith('restore.'));

  it('is listed, can be compared, goes back, and the way back is on the record', async () => {
    const taskId = await write('a.txt', 'two');
    const [change] = await tested.engine.tasks.changes(taskId);
    assert.ok(change);
    assert.deepEqual(
      [change.kind, change.name, change.restored, change.byRestore],
      ['overwritten', 'a.txt', false, false],
    );
    assert.equal(String(await tested.engine.tasks.before(taskId, change.id)), 'one');
    const undoneBy = await tested.engine.tasks.restore(taskId, change.id);
    assert.equal(readFileSync(path('a.txt'), 'utf8'), 'one');
    assert.deepEqual(
      (await restores()).map(({ type, actor, subject }) => [type, actor, subject]),
      [
        ['restore.started', 'desk', taskId],
        ['restore.finished', 'desk', taskId],
      ],
    );
    assert.ok(undoneBy);
    await tested.engine.tasks.restore(taskId, undoneBy);
    assert.equal(readFileSync(path('a.txt'), 'utf8'), 'two\n');
    const { records } = await tested.engine.audit.query({ taskId, types: ['restore.finished'] });
    assert.equal(records.length, 2);
  });

  it('is left alone when somebody has changed it since, and that is on the record too', async () => {
    const taskId = await write('new.txt', 'new');
    writeFileSync(path('new.txt'), 'mine');
    const [change] = await tested.engine.tasks.changes(taskId);
    await assert.rejects(tested.engine.tasks.restore(taskId, change!.id), /was changed since/);
    assert.equal(readFileSync(path('new.txt'), 'utf8'), 'mine');
    const last = (await restores()).at(-1);
    assert.ok(
      last?.type === 'restore.finished' && !last.data.ok && /was changed since/.test(last.data.error ?? ''),
    );
  });

  it('touches nothing when it cannot be recorded', async () => {
    const taskId = await write('new.txt', 'new');
    const [change] = await tested.engine.tasks.changes(taskId);
    await tested.store.close();
    await assert.rejects(tested.engine.tasks.restore(taskId, change!.id));
    assert.ok(existsSync(path('new.txt')));
  });

  it('restores one after another, whoever asks at the same time', async () => {
    const taskId = await write('a.txt', 'two');
    const undo = new UndoStore(join(tested.folder, 'storage'), systemClock);
    const guard = await PathGuard.create({ workspace: tested.root });
    const target = await guard.resolve('a.txt', tested.root);
    await writeFileWhole(guard, undo, taskId, target, Buffer.from('three'));
    const changes = await tested.engine.tasks.changes(taskId);
    assert.equal(changes.length, 2);
    // The older change stands under the newer one: it can go back only once that has.
    await Promise.all(changes.map(({ id }) => tested.engine.tasks.restore(taskId, id)));
    assert.equal(readFileSync(path('a.txt'), 'utf8'), 'one');
    await assert.rejects(tested.engine.tasks.restore(taskId, changes[0]!.id), /restored already/);
    await assert.rejects(tested.engine.tasks.restore(taskId, '../../x'), /not kept any more/);
  });
});
