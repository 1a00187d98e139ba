import type { Stats } from 'node:fs';
import { type FileHandle, lstat, readlink, realpath } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { HeldFolder, isMissing } from './held-folder';
import { checkPathText, PathError } from './path-names';
import type { ToolPath } from './tool';

/** As many links as Linux follows in one path. */
const MAX_LINKS = 40;

/** Where a requested path really leads, at the moment it was looked at. */
export interface ResolvedPath {
  readonly requested: string;
  /** Absolute, without links; the last parts may not exist yet. */
  readonly path: string;
  readonly inside: boolean;
  /** From the root down, `/` between the parts; `''` for the root itself. Undefined outside. */
  readonly relative?: string;
  /** What is there now; undefined when nothing is. */
  readonly stats?: Stats;
}

export interface PathGuardOptions {
  /** Absolute root of the workspace. */
  readonly workspace: string;
  /** Further absolute folders in which tools may work. */
  readonly allowed?: readonly string[];
  readonly platform?: NodeJS.Platform;
  readonly home?: string;
}

/**
 * Resolves paths against the workspace and opens them without a moment between check and use: on Linux every
 * folder on the way is opened from the one before it, links not followed, and what was opened is asked for its
 * name. Elsewhere the real path is compared before and after opening, which leaves a gap of microseconds to
 * a process that already runs as the same user.
 */
export class PathGuard {
  private readonly platform: NodeJS.Platform;
  private readonly home: string;

  private constructor(
    private readonly root: string,
    private readonly roots: readonly string[],
    options: PathGuardOptions,
  ) {
    this.platform = options.platform ?? process.platform;
    this.home = options.home ?? homedir();
  }

  /** @throws PathError when the workspace is not a folder. */
  static async create(options: PathGuardOptions): Promise<PathGuard> {
    const root = await realpath(options.workspace).catch(() => {
      throw new PathError(`The workspace folder ${options.workspace} cannot be opened.`);
    });
    const allowed = await Promise.all((options.allowed ?? []).map((path) => realpath(path).catch(() => '')));
    return new PathGuard(root, [root, ...allowed.filter((path) => path !== '')], options);
  }

  /**
   * Follows every link of the path. A place outside is an answer, not an error: policy decides about it.
   * @throws PathError when no file system should be asked about such a text, or links lead in a circle.
   */
  async resolve(requested: string, cwd: string): Promise<ResolvedPath> {
    checkPathText(requested, this.platform);
    const expanded =
      requested === '~' || requested.startsWith('~/') ? join(this.home, requested.slice(1)) : requested;
    const absolute = isAbsolute(expanded) ? expanded : joinRaw(await this.realFolder(cwd), expanded);
    const { path, stats } = await followLinks(absolute);
    const inside = isBelow(this.root, path);
    return {
      requested,
      path,
      inside,
      ...(inside ? { relative: relative(this.root, path).split(sep).join('/') } : {}),
      ...(stats ? { stats } : {}),
    };
  }

  /** The fact that policy decides on. */
  async fact(requested: string, cwd: string, access: ToolPath['access']): Promise<ToolPath> {
    const resolved = await this.resolve(requested, cwd);
    return {
      path: resolved.path,
      access,
      inside: resolved.inside,
      ...(resolved.relative === undefined ? {} : { relative: resolved.relative }),
      requested,
    };
  }

  /**
   * Opens the folder that holds `path`, creating missing ones when `create`, and keeps hold of it.
   * `path` must be a result of `resolve`; a link that has come in between makes this fail.
   * @throws PathError when it is outside of all roots or has been moved meanwhile.
   */
  async holdParent(path: string, create = false): Promise<HeldFolder> {
    if (this.roots.includes(path)) throw new PathError('The workspace folder itself cannot be changed.');
    return this.holdFolder(dirname(path), create);
  }

  /** Like `holdParent`, for the folder `path` itself. */
  async holdFolder(path: string, create = false): Promise<HeldFolder> {
    const root = this.rootOf(path);
    const parts = relative(root, path)
      .split(sep)
      .filter((part) => part !== '');
    return HeldFolder.open(root, parts, create, this.platform);
  }

  /**
   * Opens a regular file for reading. Pipes, devices and sockets are refused without being opened.
   * @throws PathError, or the system's error.
   */
  async openFile(path: string): Promise<FileHandle> {
    const folder = await this.holdParent(path);
    try {
      return await folder.openFile(basename(path));
    } finally {
      await folder.close();
    }
  }

  private rootOf(path: string): string {
    const root = this.roots.find((candidate) => isBelow(candidate, path));
    if (root === undefined) throw new PathError(`${path} is outside the workspace.`);
    return root;
  }

  private async realFolder(cwd: string): Promise<string> {
    return realpath(cwd).catch(() => {
      throw new PathError(`The folder ${cwd} does not exist.`);
    });
  }
}

/** True when `path` is `root` or below it; both absolute and without links. */
export function isBelow(root: string, path: string): boolean {
  const way = relative(root, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

/** Joins without applying `..`: after a link, `..` is not where the text says. */
function joinRaw(folder: string, path: string): string {
  return folder.endsWith(sep) ? folder + path : folder + sep + path;
}

/** What the kernel does with a path, part by part; parts after the first missing one are taken as they are. */
async function followLinks(absolute: string): Promise<{ path: string; stats?: Stats }> {
  const start = resolve(absolute).slice(0, resolve(absolute).indexOf(sep) + 1);
  const pending = absolute
    .slice(start.length)
    .split(sep === '\\' ? /[\\/]/ : '/')
    .reverse();
  let current = start;
  let stats: Stats | undefined = await lstat(start);
  let links = 0;
  while (pending.length > 0) {
    const part = pending.pop();
    if (part === undefined || part === '' || part === '.') continue;
    if (part === '..') {
      current = dirname(current);
      stats = stats && (await lstat(current));
      continue;
    }
    if (!stats) {
      current = join(current, part);
      continue;
    }
    if (!stats.isDirectory()) throw new PathError(`${current} is not a folder.`);
    const next = join(current, part);
    stats = await lstat(next).catch((error: unknown) => {
      if (isMissing(error)) return undefined;
      throw error;
    });
    if (!stats?.isSymbolicLink()) {
      current = next;
      continue;
    }
    if (++links > MAX_LINKS) throw new PathError('The links of this path lead in a circle.');
    const target = await readlink(next);
    const targetParts = target.split(sep === '\\' ? /[\\/]/ : '/').reverse();
    pending.push(...targetParts);
    if (isAbsolute(target)) current = resolve(target).slice(0, resolve(target).indexOf(sep) + 1);
    stats = await lstat(current);
  }
  return stats ? { path: await trueCase(current), stats } : { path: current };
}

/** The name as the disk has it, where the file system takes several spellings for one. */
async function trueCase(path: string): Promise<string> {
  return process.platform === 'linux' ? path : realpath(path);
}
