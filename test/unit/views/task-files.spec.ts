import assert from 'node:assert/strict';
import type { TaskChangeView, TasksApi } from '../../../src/engine/api';
import { type ChangedFile, changedFiles } from '../../../src/views/present/task-changes';
import { FakeEditor, withEditor } from './editor';

interface Files {
  compare(taskId: string, file: ChangedFile): Promise<void>;
  restore(tasks: TasksApi, taskId: string, files: readonly ChangedFile[]): Promise<boolean>;
  undoRestore(tasks: TasksApi, taskId: string, file: ChangedFile): Promise<boolean>;
  registerUndoContent(engine: () => { tasks: TasksApi } | undefined): unknown;
}

type Uri = { readonly path: string; readonly query: string };

function setUp() {
  const editor = new FakeEditor();
  const served: { provideTextDocumentContent?(uri: Uri): Promise<string> } = {};
  Object.assign(editor.api.Uri as object, {
    from: (parts: Uri) => parts,
    file: (path: string) => ({ path }),
  });
  Object.assign(editor.api.workspace as object, {
    registerTextDocumentContentProvider: (_scheme: string, provider: typeof served) =>
      Object.assign(served, provider),
  });
  const files = withEditor(editor, (load) => {
    delete load.cache[load.resolve('../../../src/views/panels/task-files')];
    return load('../../../src/views/panels/task-files') as Files;
  });
  const restored: string[] = [];
  const tasks = {
    restore: async (_task: string, id: string) => void restored.push(id),
    before: async (_task: string, id: string) =>
      id === 'none'
        ? undefined
        : id === 'bytes'
          ? new Uint8Array([0, 1, 2])
          : new TextEncoder().encode(`was ${id}`),
  } as TasksApi;
  return { editor, files, restored, tasks, served };
}

function change(id: string, name: string, more: Partial<TaskChangeView> = {}): TaskChangeView {
  return {
    id,
    at: 1,
    kind: 'overwritten',
    path: `/w/${name}`,
    name,
    restored: false,
    byRestore: false,
    ...more,
  };
}

describe('the files of a task in the editor', () => {
  const [two, one] = [change('3', 'a'), change('1', 'a')];
  const other = change('2', 'b');

  it('are restored only after the person has agreed, the newest change of all first', async () => {
    const { editor, files, restored, tasks } = setUp();
    const changed = changedFiles([two, other, one]);
    assert.equal(await files.restore(tasks, 't1', changed), false);
    assert.deepEqual(restored, []);
    assert.match(editor.shown[0]?.text ?? '', /^Restore 2 files/);
    editor.answers = 'first';
    assert.equal(await files.restore(tasks, 't1', changed), true);
    assert.deepEqual(restored, ['3', '2', '1']);
    assert.equal(await files.restore(tasks, 't1', []), false);
  });

  it('become again what the task had left when the restore is undone, which is asked about too', async () => {
    const { editor, files, restored, tasks } = setUp();
    const [file] = changedFiles([
      change('5', 'a', { byRestore: true }),
      change('4', 'a', { restored: true }),
    ]);
    assert.ok(file);
    assert.equal(await files.undoRestore(tasks, 't1', file), false);
    editor.answers = 'first';
    assert.equal(await files.undoRestore(tasks, 't1', file), true);
    assert.deepEqual(restored, ['5']);
  });

  it('open in the diff editor: what was before the first change, beside what is there now', async () => {
    const { editor, files } = setUp();
    const [changed] = changedFiles([two, one]);
    const [deleted] = changedFiles([change('7', 'gone', { kind: 'deleted' })]);
    const [made] = changedFiles([change('8', 'new', { kind: 'created' })]);
    assert.ok(changed && deleted && made);
    for (const file of [changed, deleted, made]) await files.compare('t1', file);
    const seen = editor.executed.map(([command, before, now]) => [
      command,
      (before as Uri).query,
      (now as Uri).query ?? (now as Uri).path,
    ]);
    assert.deepEqual(seen, [
      ['vscode.diff', 't1/1', '/w/a'],
      ['vscode.diff', 't1/7', 'nothing'],
      ['vscode.diff', 'nothing', '/w/new'],
    ]);
  });

  it('are served as text, and in words where they are none or not kept', async () => {
    const { files, tasks, served } = setUp();
    files.registerUndoContent(() => ({ tasks }));
    const read = (query: string) => served.provideTextDocumentContent?.({ path: '/w/a.png', query });
    assert.equal(await read('t1/9'), 'was 9');
    assert.equal(await read('nothing'), '');
    assert.match((await read('t1/bytes')) ?? '', /a\.png is not text; 3 bytes/);
    assert.match((await read('t1/none')) ?? '', /Nothing is kept of a\.png/);
  });
});
