import { createHash, randomBytes } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import {
  chmod,
  copyFile,
  cp,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import * as z from 'zod';
import { EngineError } from '../model/error';
import type { Clock } from '../model/ports';
import { type HeldFolder, isMissing } from './held-folder';
import type { PathGuard } from './path-guard';

const snapshotSchema = z.strictObject({
  id: z.string(),
  taskId: z.string(),
  /** Milliseconds since the epoch. */
  at: z.number(),
  kind: z.enum(['overwritten', 'deleted', 'created', 'moved']),
  /** Absolute: where it was, or for `created` where it is. */
  path: z.string(),
  /** For `moved`: where it went. */
  movedTo: z.string().optional(),
  /** SHA-256 of what the tool has put there: undo does not throw away what somebody has changed since. */
  leftSha256: z.string().optional(),
  restored: z.boolean(),
  /** Made by a restore: restoring it undoes that restore. */
  restores: z.literal(true).optional(),
  /** Once restored: the snapshot that undoes the restore. Absent when there was nothing to keep. */
  undoneBy: z.string().optional(),
});

/** What an action has changed, and enough to change it back. */
export type Snapshot = z.infer<typeof snapshotSchema>;

/** Whether a restore makes the snapshot, rather than a tool. */
type Made = Pick<Snapshot, 'restores'>;

const CONTENT = 'content';
let lastStamp = 0;
const ID = /^[0-9]{13}-[0-9a-f]{12}$/;

/**
 * Copies of what tools are about to overwrite or delete, in the engine's storage, owner-only, by task.
 * A snapshot keeps bytes, mode and times; of a folder, everything in it, links as links.
 */
export class UndoStore {
  private readonly folder: string;

  constructor(
    storageDir: string,
    private readonly clock: Clock,
  ) {
    this.folder = join(storageDir, 'undo');
  }

  /** Copies the file `name` of `from` before it is replaced. */
  async saveFile(taskId: string, from: HeldFolder, name: string, made: Made = {}): Promise<Snapshot> {
    const { snapshot, place } = await this.begin(taskId, 'overwritten', join(from.path, name), made);
    const source = from.at(name);
    const stats = await lstat(source);
    await copyFile(source, join(place, CONTENT), constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    await chmod(join(place, CONTENT), stats.mode & 0o7777);
    await utimes(join(place, CONTENT), stats.atimeMs / 1000, stats.mtimeMs / 1000);
    return this.keep(snapshot);
  }

  /** Moves a file, link or folder out of the workspace: the trash from which `restore` takes it back. */
  async moveToTrash(taskId: string, from: HeldFolder, name: string, made: Made = {}): Promise<Snapshot> {
    const { snapshot, place } = await this.begin(taskId, 'deleted', join(from.path, name), made);
    // The record first: what a crash leaves in the trash must be findable.
    await this.keep(snapshot);
    await moveAcross(from.at(name), join(place, CONTENT));
    return snapshot;
  }

  /** `sha256` is absent for a folder. */
  async noteCreated(
    taskId: string,
    path: string,
    sha256: string | undefined,
    made: Made = {},
  ): Promise<Snapshot> {
    const { snapshot } = await this.begin(taskId, 'created', path, made);
    return this.keep(sha256 === undefined ? snapshot : { ...snapshot, leftSha256: sha256 });
  }

  async noteMoved(taskId: string, path: string, movedTo: string, made: Made = {}): Promise<Snapshot> {
    const { snapshot } = await this.begin(taskId, 'moved', path, made);
    return this.keep({ ...snapshot, movedTo });
  }

  /** Says what has been left in the place of an overwritten file. */
  async noteLeft(snapshot: Snapshot, sha256: string): Promise<void> {
    await this.keep({ ...snapshot, leftSha256: sha256 });
  }

  /** Snapshots of a task, newest first. */
  async list(taskId: string): Promise<Snapshot[]> {
    const place = join(this.folder, taskFolder(taskId));
    const names = await readdir(place).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    });
    const found = await Promise.all(names.filter((name) => ID.test(name)).map((id) => this.read(taskId, id)));
    return found.filter((snapshot) => snapshot !== undefined).sort((a, b) => (a.id < b.id ? 1 : -1));
  }

  async find(taskId: string, id: string): Promise<Snapshot | undefined> {
    return ID.test(id) ? this.read(taskId, id) : undefined;
  }

  /**
   * The file that a snapshot holds, at most `limit` bytes of it. Undefined when it holds none: a folder, a link, a
   * file that was new, or one that was restored.
   */
  async content(taskId: string, id: string, limit: number): Promise<Buffer | undefined> {
    const snapshot = await this.find(taskId, id);
    if (!snapshot || snapshot.restored) return undefined;
    const path = join(this.placeOf(snapshot), CONTENT);
    const stats = await lstat(path).catch(() => undefined);
    if (!stats?.isFile()) return undefined;
    const file = await open(path, constants.O_RDONLY);
    try {
      const bytes = Buffer.alloc(Math.min(limit, stats.size));
      const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
      return bytes.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  /**
   * Puts back what a snapshot holds. What is in its place now is kept as a snapshot of its own, named in `undoneBy`
   * of what is returned, so that an undo can be undone.
   * @throws EngineError when there is no such snapshot, it was restored already, or somebody changed the file since.
   */
  async restore(taskId: string, id: string, guard: PathGuard): Promise<Snapshot> {
    const snapshot = await this.find(taskId, id);
    if (!snapshot) throw new EngineError('This undo step does not exist any more.');
    if (snapshot.restored) throw new EngineError('This has been restored already.');
    const made: Made = snapshot.restores ? {} : { restores: true };
    const counter =
      snapshot.kind === 'moved'
        ? await this.moveBack(snapshot, guard, made)
        : await this.putBack(snapshot, guard, made);
    return this.keep({ ...snapshot, restored: true, ...(counter ? { undoneBy: counter.id } : {}) });
  }

  /** Removes the snapshots that are older than `maxAgeMs`. Resolves with how many. */
  async prune(maxAgeMs: number): Promise<number> {
    const oldest = this.clock.now() - maxAgeMs;
    let removed = 0;
    const tasks = await readdir(this.folder).catch(() => []);
    for (const task of tasks) {
      for (const id of await readdir(join(this.folder, task))) {
        if (!ID.test(id) || Number(id.slice(0, 13)) >= oldest) continue;
        await rm(join(this.folder, task, id), { recursive: true, force: true });
        removed++;
      }
    }
    return removed;
  }

  private async putBack(snapshot: Snapshot, guard: PathGuard, made: Made): Promise<Snapshot | undefined> {
    const { taskId, path, kind, leftSha256 } = snapshot;
    const content = join(this.placeOf(snapshot), CONTENT);
    const folder = await guard.holdParent(path, kind !== 'created');
    const name = basename(path);
    try {
      const current = await lstat(folder.at(name)).catch((error: unknown) => {
        if (isMissing(error)) return undefined;
        throw error;
      });
      if (kind === 'deleted' && current) {
        throw new EngineError(`${path} exists again; move it away first, then restore.`);
      }
      if (kind === 'overwritten' && current && !current.isFile()) {
        throw new EngineError(`${path} is not a file any more; it is left as it is.`);
      }
      if (current?.isFile() && leftSha256 !== (await hashFile(folder.at(name)))) {
        throw new EngineError(`${path} was changed since; it is left as it is.`);
      }
      if (kind === 'created') return current && (await this.moveToTrash(taskId, folder, name, made));
      const stats = await lstat(content);
      const sha256 = stats.isFile() ? await hashFile(content) : undefined;
      if (current) {
        const kept = await this.saveFile(taskId, folder, name, made);
        await replaceFile(content, folder, name);
        return this.keep(sha256 === undefined ? kept : { ...kept, leftSha256: sha256 });
      }
      const kept = await this.noteCreated(taskId, path, sha256, made);
      await moveAcross(content, folder.at(name));
      return kept;
    } finally {
      await folder.close();
    }
  }

  private async moveBack(snapshot: Snapshot, guard: PathGuard, made: Made): Promise<Snapshot> {
    const { taskId, path, movedTo = '' } = snapshot;
    const from = await guard.holdParent(movedTo);
    try {
      const to = await guard.holdParent(path, true);
      try {
        const name = basename(path);
        const taken = await lstat(to.at(name)).catch(() => undefined);
        if (taken) throw new EngineError(`${path} exists again; move it away first, then restore.`);
        await lstat(from.at(basename(movedTo))).catch((error: unknown) => {
          if (isMissing(error)) throw new EngineError(`${movedTo} is not there any more.`);
          throw error;
        });
        const kept = await this.noteMoved(taskId, movedTo, path, made);
        await rename(from.at(basename(movedTo)), to.at(name));
        return kept;
      } finally {
        await to.close();
      }
    } finally {
      await from.close();
    }
  }

  private async begin(taskId: string, kind: Snapshot['kind'], path: string, made: Made) {
    const at = this.clock.now();
    // Ids are in the order of the actions, also within a millisecond.
    lastStamp = Math.max(Math.trunc(at), lastStamp + 1);
    const id = `${String(lastStamp).padStart(13, '0')}-${randomBytes(6).toString('hex')}`;
    const snapshot: Snapshot = { id, taskId, at, kind, path, restored: false, ...made };
    const place = this.placeOf(snapshot);
    await mkdir(place, { recursive: true, mode: 0o700 });
    return { snapshot, place };
  }

  private placeOf({ taskId, id }: Snapshot): string {
    return join(this.folder, taskFolder(taskId), id);
  }

  private async keep(snapshot: Snapshot): Promise<Snapshot> {
    const place = this.placeOf(snapshot);
    await writeFile(join(place, 'snapshot.new'), JSON.stringify(snapshot), { mode: 0o600 });
    await rename(join(place, 'snapshot.new'), join(place, 'snapshot.json'));
    return snapshot;
  }

  private async read(taskId: string, id: string): Promise<Snapshot | undefined> {
    try {
      const text = await readFile(join(this.folder, taskFolder(taskId), id, 'snapshot.json'), 'utf8');
      return snapshotSchema.parse(JSON.parse(text));
    } catch {
      // A snapshot whose record was never finished is none.
      return undefined;
    }
  }
}

/** SHA-256 of a file's bytes, in hex. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Task ids are the engine's own, but a folder's name is never made of text that was not looked at. */
function taskFolder(taskId: string): string {
  return /^[A-Za-z0-9_-]{1,64}$/.test(taskId)
    ? taskId
    : createHash('sha256').update(taskId).digest('hex').slice(0, 32);
}

/** Renames, or copies and removes when the two are on different disks; links stay links. */
async function moveAcross(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    await cp(from, to, {
      recursive: true,
      preserveTimestamps: true,
      verbatimSymlinks: true,
      errorOnExist: true,
      force: false,
    });
    await rm(from, { recursive: true, force: true });
  }
}

/** Puts a file in the place of another in one step, also from another disk. */
async function replaceFile(from: string, folder: HeldFolder, name: string): Promise<void> {
  const beside = folder.at(`.${randomBytes(6).toString('hex')}.cowork-tmp`);
  await moveAcross(from, beside);
  try {
    await rename(beside, folder.at(name));
  } catch (error) {
    await moveAcross(beside, from);
    throw error;
  }
}
