import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { EngineApi, TasksApi } from '../../engine/api';
import type { ChangedFile } from '../present/task-changes';
import { t } from '../protocol/l10n';
import { flat } from '../protocol/marks';

const SCHEME = 'cowork-undo';
const NOTHING = 'nothing';
/** As other tools look for it: text has none. In bytes. */
const LOOKED_AT = 8000;

/** Serves files as they were before a task changed them, for the diff editor. Read-only, and kept nowhere else. */
export function registerUndoContent(engine: () => EngineApi | undefined): vscode.Disposable {
  return vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
    async provideTextDocumentContent({ path, query }) {
      if (query === NOTHING) return '';
      const [taskId = '', changeId = ''] = query.split('/');
      const bytes = await engine()?.tasks.before(taskId, changeId);
      if (bytes === undefined) return t('Nothing is kept of {0} any more.', basename(path));
      if (bytes.subarray(0, LOOKED_AT).includes(0)) {
        return t('{0} is not text; {1} bytes are kept of it.', basename(path), bytes.length);
      }
      return new TextDecoder().decode(bytes);
    },
  });
}

function before(taskId: string, file: ChangedFile): vscode.Uri {
  const oldest = file.standing.at(-1);
  const query = oldest === undefined || oldest.kind === 'created' ? NOTHING : `${taskId}/${oldest.id}`;
  return vscode.Uri.from({ scheme: SCHEME, path: file.path, query });
}

/** Opens the diff editor with what a file was before the task, and what it is now. */
export async function compare(taskId: string, file: ChangedFile): Promise<void> {
  const now =
    file.view.kind === 'deleted'
      ? vscode.Uri.from({ scheme: SCHEME, path: file.path, query: NOTHING })
      : vscode.Uri.file(file.path);
  const title = t('{0} (before the task ↔ now)', flat(file.view.name));
  await vscode.commands.executeCommand('vscode.diff', before(taskId, file), now, title, { preview: true });
}

async function agreed(question: string, detail: string, action: string): Promise<boolean> {
  return (await vscode.window.showWarningMessage(question, { modal: true, detail }, action)) === action;
}

/** Takes back what a task did to these files, after the person has agreed. False when they did not. */
export async function restore(
  tasks: TasksApi,
  taskId: string,
  files: readonly ChangedFile[],
): Promise<boolean> {
  const [only] = files;
  if (only === undefined) return false;
  const question =
    files.length === 1
      ? t('Restore {0}?', flat(only.view.name))
      : t('Restore {0} files to what they were before the task?', files.length);
  const detail = t('What is there now is kept, so that you can undo this.');
  if (!(await agreed(question, detail, t('Restore')))) return false;
  await takeBack(
    tasks,
    taskId,
    files.flatMap(({ standing }) => standing),
  );
  return true;
}

/** Undoes a restore: the files are again what the task had left. */
export async function undoRestore(tasks: TasksApi, taskId: string, file: ChangedFile): Promise<boolean> {
  const question = t('Undo the restore of {0}?', flat(file.view.name));
  const detail = t('The file becomes again what the task had left. This can be undone too.');
  if (!(await agreed(question, detail, t('Undo Restore')))) return false;
  await takeBack(tasks, taskId, file.undoable);
  return true;
}

/** The newest first, over all files: a later change may stand on an earlier one of another file. */
async function takeBack(
  tasks: TasksApi,
  taskId: string,
  changes: readonly { readonly id: string }[],
): Promise<void> {
  for (const { id } of [...changes].sort((a, b) => (a.id < b.id ? 1 : -1))) await tasks.restore(taskId, id);
}
