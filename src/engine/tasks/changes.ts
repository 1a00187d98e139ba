import { relative, sep } from 'node:path';
import { EngineError } from '../model/error';
import { OWNER_AT_DESK, type RecordSink } from '../model/record';
import type { TaskChangeView } from '../model/views';
import type { PathGuard } from '../tools/path-guard';
import type { Snapshot, UndoStore } from '../tools/undo-store';

/** Most of a file that is read to be compared. Bytes; more does not open in an editor with comfort. */
export const COMPARED_BYTES = 5 * 1024 * 1024;

export interface TaskChangesDeps {
  readonly records: RecordSink;
  readonly undo: UndoStore;
  readonly guard: () => Promise<PathGuard>;
  /** Absolute. */
  readonly workspace: string;
}

/** What the tools of a task changed in files, and the way back. */
export class TaskChanges {
  /** Restores go one after another: each looks at what the one before has left. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly deps: TaskChangesDeps) {}

  /** Newest first; also what restores have changed. */
  async list(taskId: string): Promise<readonly TaskChangeView[]> {
    return (await this.deps.undo.list(taskId)).map((snapshot) => this.view(snapshot));
  }

  /** The file as it was, at most `COMPARED_BYTES`; undefined when nothing is kept of it. */
  before(taskId: string, changeId: string): Promise<Uint8Array | undefined> {
    return this.deps.undo.content(taskId, changeId, COMPARED_BYTES);
  }

  /**
   * Takes one change back, on the record before and after. Resolves with the id of the change that undoes it.
   * @throws EngineError when it is not there, was restored, or the file was changed by somebody since.
   */
  restore(taskId: string, changeId: string): Promise<string | undefined> {
    const turn = this.last.then(() => this.restoreNow(taskId, changeId));
    this.last = turn.catch(() => {});
    return turn;
  }

  private async restoreNow(taskId: string, changeId: string): Promise<string | undefined> {
    const { records, undo } = this.deps;
    const found = await undo.find(taskId, changeId);
    if (!found) throw new EngineError('This change is not kept any more.');
    if (found.restored) throw new EngineError('This has been restored already.');
    const about = { actor: OWNER_AT_DESK, subject: taskId } as const;
    const { kind, path } = found;
    await records.append({ ...about, type: 'restore.started', data: { taskId, changeId, kind, path } });
    try {
      const { undoneBy } = await undo.restore(taskId, changeId, await this.deps.guard());
      const data = { taskId, changeId, path, ok: true, ...(undoneBy === undefined ? {} : { undoneBy }) };
      await records.append({ ...about, type: 'restore.finished', data });
      return undoneBy;
    } catch (error) {
      const text = error instanceof EngineError ? error.message : `${path} could not be restored.`;
      const data = { taskId, changeId, path, ok: false, error: text };
      await records.append({ ...about, type: 'restore.finished', data });
      throw error instanceof EngineError ? error : new EngineError(text);
    }
  }

  private view({ id, at, kind, path, movedTo, restored, restores }: Snapshot): TaskChangeView {
    return {
      id,
      at,
      kind,
      path,
      name: this.short(path),
      ...(movedTo === undefined ? {} : { movedTo, movedToName: this.short(movedTo) }),
      restored,
      byRestore: restores === true,
    };
  }

  /** From the workspace down, where it is inside. */
  private short(path: string): string {
    const way = relative(this.deps.workspace, path);
    return way === '' || way.startsWith('..') ? path : way.split(sep).join('/');
  }
}
