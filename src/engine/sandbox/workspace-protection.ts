import { randomBytes } from 'node:crypto';
import { watch } from 'node:fs';
import { cp, lstat, mkdir, readdir, readFile, realpath, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type ProtectedItem, type ProtectedPredicate, WorkspaceScan } from './workspace-scan';

/** What must be kept from a command while it runs, and looked at when it has ended. */
export interface Watchman {
  /** Absolute paths to mount read-only over themselves. */
  readonly masks: readonly string[];
  /** Calls back once when a protected name comes into being at the workspace's root. */
  watch(onAppear: (name: string) => void): () => void;
  /** Moves protected names that the command has made out of the workspace; one sentence for each. */
  settle(): Promise<string[]>;
}

export interface ProtectionOptions {
  readonly isProtected: ProtectedPredicate;
  /** Where what is moved out of the workspace goes; the engine's own storage. */
  readonly storageDir: string;
}

/**
 * Keeps protected names in a workspace from being written by a command that may write everything else there.
 * Those that exist are mounted read-only. One that does not exist yet cannot be mounted over without making
 * it, so a new one at the root ends the command at once, and any other is moved away as soon as it has ended.
 */
export class WorkspaceProtection {
  private readonly scans = new Map<string, WorkspaceScan>();

  constructor(private readonly options: ProtectionOptions) {}

  /** @throws WorkspaceTooLarge when the workspace cannot be looked through. */
  async prepare(workspace: string): Promise<Watchman> {
    const scan = this.scans.get(workspace) ?? new WorkspaceScan(workspace, this.options.isProtected);
    this.scans.set(workspace, scan);
    const before = await scan.look();
    const masks = [...before.values()].map((item) => join(workspace, item.relative));
    return {
      masks,
      watch: (onAppear) => this.watchRoot(workspace, before, onAppear),
      settle: async () => {
        try {
          return await this.settle(workspace, before, await scan.look());
        } catch (error) {
          const why = (error as Error).message;
          return [
            `The workspace could not be looked through for protected files afterwards (${why}): look yourself.`,
          ];
        }
      },
    };
  }

  private watchRoot(
    workspace: string,
    before: ReadonlyMap<string, ProtectedItem>,
    onAppear: (name: string) => void,
  ): () => void {
    const watcher = watch(workspace, { persistent: false }, (_event, name) => {
      if (name === null || name === '.git' || before.has(name) || !this.options.isProtected([name])) return;
      void lstat(join(workspace, name)).then(
        () => onAppear(name),
        () => {},
      );
    });
    watcher.on('error', () => watcher.close());
    return () => watcher.close();
  }

  private async settle(
    workspace: string,
    before: ReadonlyMap<string, ProtectedItem>,
    after: ReadonlyMap<string, ProtectedItem>,
  ): Promise<string[]> {
    const notices: string[] = [];
    for (const item of after.values()) {
      const known = before.get(item.relative);
      if (known && (known.identity === item.identity || isSavedFromOutside(known, item))) continue;
      const path = join(workspace, item.relative);
      if (!known && (await isHarmlessGit(item, path))) continue;
      const kept = await this.quarantine(path);
      if (kept)
        notices.push(`${item.relative} is protected and was made by the command; it was moved to ${kept}.`);
    }
    return notices;
  }

  private async quarantine(path: string): Promise<string | undefined> {
    // Another command that still runs could have put a link in the way; what it leads to is not ours to move.
    if ((await realpath(dirname(path)).catch(() => '')) !== dirname(path)) return undefined;
    const folder = join(
      this.options.storageDir,
      'quarantine',
      `${Date.now()}-${randomBytes(4).toString('hex')}`,
    );
    const target = join(folder, path.split('/').at(-1) ?? 'file');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    try {
      await rename(path, target);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return undefined;
      if (code !== 'EXDEV') throw error;
      await cp(path, target, { recursive: true, verbatimSymlinks: true });
      await rm(path, { recursive: true, force: true });
    }
    return target;
  }
}

/**
 * A file under the same parent that is another one now: editors and git save by renaming over the old file,
 * which a command cannot do to a file that is mounted over.
 */
function isSavedFromOutside(known: ProtectedItem, now: ProtectedItem): boolean {
  return !known.folder && !now.folder && known.parentIdentity === now.parentIdentity;
}

/** What `git init` and `git clone` leave: a configuration that names nothing to run, and sample hooks. */
async function isHarmlessGit(item: ProtectedItem, path: string): Promise<boolean> {
  const parts = item.relative.split('/');
  if (parts.at(-2) !== '.git') return false;
  if (!(await lstat(dirname(path))).isDirectory()) return false;
  if (parts.at(-1) === 'hooks' && item.folder) {
    const entries = await readdir(path, { withFileTypes: true });
    return entries.every((entry) => entry.isFile() && entry.name.endsWith('.sample'));
  }
  const stats = await lstat(path);
  if (parts.at(-1) !== 'config' || !stats.isFile() || stats.size > MAX_CONFIG_BYTES) return false;
  return isHarmlessGitConfig(await readFile(path, 'utf8'));
}

/** A fresh repository's configuration has some hundred bytes. */
const MAX_CONFIG_BYTES = 64 * 1024;
const HARMLESS_SECTION = /^\[(?:core|user|remote "[\w./-]+"|branch "[\w./-]+")\]$/;
const HARMLESS_LINE =
  /^(?:repositoryformatversion|filemode|bare|logallrefupdates|ignorecase|precomposeunicode|symlinks|name|email|fetch|merge|remote|rebase) = [\w./:+*@ -]*$/;
const HARMLESS_URL = /^url = (?:https:\/\/|ssh:\/\/(?!-)|git@|\/)[\w./:@~+%-]+$/;

/** True when every line of a repository's configuration is one that only says what the repository is. */
export function isHarmlessGitConfig(text: string): boolean {
  return text
    .split('\n')
    .map((line) => line.trim())
    .every(
      (line) =>
        line === '' || HARMLESS_SECTION.test(line) || HARMLESS_LINE.test(line) || HARMLESS_URL.test(line),
    );
}
