import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readlink, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { PathError } from './path-names';

/** Linux, every architecture that VS Code runs on: a handle to a place, without the right to read it. */
const O_PATH = 0o10000000;

const MOVED = 'The path was changed while it was being opened; nothing was done.';

/**
 * A folder that stays the same folder whatever happens to its path. Names in it are used through `at`, which on
 * Linux goes through the open handle (`/proc/self/fd/N/name`, the same as `openat`).
 */
export class HeldFolder {
  private constructor(
    /** Where it was when it was opened. */
    readonly path: string,
    private readonly handle: FileHandle | undefined,
  ) {}

  /**
   * Opens `root` and then each part from the folder before it, never following a link.
   * @throws PathError when a part is a link or not a folder, or when what was opened is elsewhere.
   */
  static async open(
    root: string,
    parts: readonly string[],
    create: boolean,
    platform: NodeJS.Platform = process.platform,
  ): Promise<HeldFolder> {
    const path = join(root, ...parts);
    if (platform !== 'linux') return HeldFolder.openByName(path, create);
    let handle = await open(root, constants.O_DIRECTORY | constants.O_NOFOLLOW | O_PATH);
    try {
      for (const part of parts) {
        const next = await HeldFolder.step(handle, part, create);
        await handle.close();
        handle = next;
      }
      if ((await readlink(`/proc/self/fd/${handle.fd}`)) !== path) throw new PathError(MOVED);
      return new HeldFolder(path, handle);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** A path to `name` in this very folder. `name` is one part. */
  at(name: string): string {
    if (name === '' || name === '.' || name === '..' || name.includes('/')) throw new PathError(MOVED);
    return join(this.self, name);
  }

  /** A path to this very folder. */
  get self(): string {
    return this.handle ? `/proc/self/fd/${this.handle.fd}` : this.path;
  }

  /** Opens a regular file in it for reading, without waiting on pipes and without touching devices. */
  async openFile(name: string): Promise<FileHandle> {
    const before = await lstat(this.at(name));
    if (before.isSymbolicLink()) throw new PathError(MOVED);
    if (before.isDirectory()) throw new PathError('This is a folder, not a file.');
    if (!before.isFile()) throw new PathError('This is not a file but a pipe, a socket or a device.');
    const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
    const handle = await open(this.at(name), flags);
    try {
      const now = await handle.stat();
      if (!now.isFile()) throw new PathError(MOVED);
      await this.verify();
      return handle;
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** @throws PathError when the folder is no longer where it was opened. */
  async verify(): Promise<void> {
    const now = this.handle ? await readlink(this.self) : await realpath(this.path);
    if (now !== this.path) throw new PathError(MOVED);
  }

  async close(): Promise<void> {
    await this.handle?.close();
  }

  private static async step(from: FileHandle, part: string, create: boolean): Promise<FileHandle> {
    const path = `/proc/self/fd/${from.fd}/${part}`;
    const flags = constants.O_DIRECTORY | constants.O_NOFOLLOW | O_PATH;
    try {
      return await open(path, flags);
    } catch (error) {
      if (!isMissing(error) || !create) throw asMoved(error);
    }
    await mkdir(path).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    });
    return open(path, flags).catch((error: unknown) => {
      throw asMoved(error);
    });
  }

  private static async openByName(path: string, create: boolean): Promise<HeldFolder> {
    if (create) await mkdir(path, { recursive: true });
    if ((await realpath(path)) !== path) throw new PathError(MOVED);
    return new HeldFolder(path, undefined);
  }
}

/** True for the error of a file that is not there. */
export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

/** A link where a folder had been: `ELOOP`, or `ENOTDIR` because links are not followed. */
function asMoved(error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ELOOP' || code === 'ENOTDIR' ? new PathError(MOVED) : error;
}
