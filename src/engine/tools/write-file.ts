import { createHash, randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { link, lstat, open, rename, unlink } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { EngineError } from '../model/error';
import { isMissing } from './held-folder';
import type { PathGuard, ResolvedPath } from './path-guard';
import type { UndoStore } from './undo-store';

export interface WriteOutcome {
  readonly created: boolean;
  readonly sha256: string;
}

/**
 * Puts `content` in the place of a file: all of it or nothing. The content goes to a new file beside it, is
 * made durable, and takes the name in one step; other hard links of the old file keep the old content.
 * What was there is kept for undo first, and its mode stays.
 * @throws EngineError when it is not a file, is write-protected, or has changed since `expected` was seen.
 */
export async function writeFileWhole(
  guard: PathGuard,
  undo: UndoStore,
  taskId: string,
  target: ResolvedPath,
  content: Buffer,
  expected?: Stats,
): Promise<WriteOutcome> {
  const sha256 = createHash('sha256').update(content).digest('hex');
  const folder = await guard.holdParent(target.path, true);
  const name = basename(target.path);
  const temporary = `.${randomBytes(6).toString('hex')}.cowork-tmp`;
  try {
    const before = await statsOrNothing(folder.at(name));
    if (before) checkWritable(before);
    if (expected && !sameState(expected, before)) throw changed();
    const mode = before ? before.mode & 0o7777 : 0o666;
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
    const file = await open(folder.at(temporary), flags, mode);
    try {
      await file.writeFile(content);
      if (before) await file.chmod(mode);
      await file.sync();
    } finally {
      await file.close();
    }
    const snapshot = before
      ? await undo.saveFile(taskId, folder, name)
      : await undo.noteCreated(taskId, target.path, sha256);
    await folder.verify();
    if (!sameState(before, await statsOrNothing(folder.at(name)))) throw changed();
    if (before) await rename(folder.at(temporary), folder.at(name));
    else await takeFreeName(folder.at(temporary), folder.at(name));
    if (before) await undo.noteLeft(snapshot, sha256);
    await syncFolder(folder.self);
    return { created: !before, sha256 };
  } catch (error) {
    await unlink(folder.at(temporary)).catch(() => {});
    throw error;
  } finally {
    await folder.close();
  }

  function changed(): EngineError {
    return new EngineError(
      `${name} in ${dirname(target.path)} was changed by someone else meanwhile; nothing was written.`,
    );
  }
}

/** Gives a file a name that nobody has: `rename` would replace what came into being a moment ago. */
async function takeFreeName(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw error;
    // A file system without hard links.
    await rename(from, to);
    return;
  }
  await unlink(from);
}

async function statsOrNothing(path: string): Promise<Stats | undefined> {
  return lstat(path).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
}

function checkWritable(stats: Stats): void {
  if (stats.isSymbolicLink()) throw new EngineError('The path was swapped for a link; nothing was written.');
  if (stats.isDirectory()) throw new EngineError('This is a folder, not a file.');
  if (!stats.isFile()) throw new EngineError('This is not a file but a pipe, a socket or a device.');
  if ((stats.mode & 0o222) === 0) throw new EngineError('The file is write-protected.');
}

function sameState(a: Stats | undefined, b: Stats | undefined): boolean {
  if (!a || !b) return a === b;
  return a.ino === b.ino && a.dev === b.dev && a.size === b.size && a.mtimeMs === b.mtimeMs;
}

/** Makes the new name durable; not every platform lets a folder be opened. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY).catch(() => undefined);
  await folder?.sync().catch(() => {});
  await folder?.close();
}
