import type { TaskChangeView } from '../../engine/api';
import type { TaskFile } from '../protocol/task';

/** One file or folder that a task changed, with what leads back and, once it was restored, forth again. */
export interface ChangedFile {
  readonly view: TaskFile;
  /** Absolute. */
  readonly path: string;
  /** Changes of the task that stand, newest first: the order in which they are taken back. */
  readonly standing: readonly TaskChangeView[];
  /** What restores have changed and was not undone, newest first. */
  readonly undoable: readonly TaskChangeView[];
}

/**
 * The changes of a task by file, the file that was changed last first. A file that was written twice is one file:
 * what counts for a person is what it was before and what it is now. `changes` are newest first.
 */
export function changedFiles(changes: readonly TaskChangeView[]): readonly ChangedFile[] {
  const groups = new Map<string, TaskChangeView[]>();
  for (const change of changes) {
    // A move and its undo are named the other way round and are the same file.
    const ends = change.kind === 'moved' ? [change.path, change.movedTo ?? ''].sort() : [change.path];
    const key = ends.join('\u0000');
    groups.set(key, [...(groups.get(key) ?? []), change]);
  }
  return [...groups].flatMap(([key, all]) => {
    const standing = all.filter(({ restored, byRestore }) => !restored && !byRestore);
    const undoable = all.filter(({ restored, byRestore }) => !restored && byRestore);
    const [newest] = all;
    // A change that was taken back while there was nothing to keep leads nowhere any more.
    if (newest === undefined || (standing.length === 0 && undoable.length === 0)) return [];
    const first = all.findLast(({ byRestore }) => !byRestore) ?? newest;
    const view: TaskFile = {
      id: key,
      name: first.name,
      ...(first.movedToName === undefined ? {} : { movedTo: first.movedToName }),
      kind: kindOf(standing.length > 0 ? standing : all),
      state: standing.length > 0 ? 'changed' : 'restored',
      canUndo: undoable.length > 0,
      canCompare: standing.length > 0 && first.kind !== 'moved',
    };
    return [{ view, path: first.path, standing, undoable }];
  });
}

/** What became of the file in all. */
function kindOf(changes: readonly TaskChangeView[]): TaskFile['kind'] {
  const last = changes[0]?.kind;
  const first = changes.at(-1)?.kind;
  if (last === 'moved' || last === 'deleted') return last;
  return first === 'created' ? 'created' : 'modified';
}
