import { type Dirent, lstatSync, readdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';

/** Law 9: at most this many milliseconds of reading between two turns of the event loop. */
const SLICE_MS = 6;
/** A workspace with more folders cannot be watched over in reasonable time. */
export const MAX_FOLDERS = 200_000;
/**
 * A folder that was changed this recently may change again without a new time stamp: the kernel's clock for
 * files ticks 100 to 1000 times a second.
 */
const RACY_MS = 30;

/** Says whether a path of the workspace, given as its parts, must not be written by a command. */
export type ProtectedPredicate = (parts: readonly string[]) => boolean;

/** Something protected that exists: what it is, to see later whether it is still the same. */
export interface ProtectedItem {
  /** From the workspace root down, `/` between the parts. */
  readonly relative: string;
  readonly identity: string;
  readonly parentIdentity: string;
  readonly folder: boolean;
}

interface FolderEntry {
  readonly identity: string;
  readonly changedAt: number;
  readonly readAt: number;
  readonly folders: readonly string[];
  readonly items: readonly ProtectedItem[];
}

export class WorkspaceTooLarge extends Error {}

/**
 * Knows where in a workspace the protected names are, at every depth. The first look reads every folder; later
 * ones read again only the folders whose time of change (`ctime`, which no program can set) has moved.
 */
export class WorkspaceScan {
  private folders = new Map<string, FolderEntry>();
  private last: Promise<ReadonlyMap<string, ProtectedItem>> = Promise.resolve(new Map());

  constructor(
    private readonly root: string,
    private readonly isProtected: ProtectedPredicate,
  ) {}

  /** Everything protected that exists now, by relative path. @throws WorkspaceTooLarge */
  look(): Promise<ReadonlyMap<string, ProtectedItem>> {
    this.last = this.last.then(
      () => this.walk(),
      () => this.walk(),
    );
    return this.last;
  }

  private async walk(): Promise<ReadonlyMap<string, ProtectedItem>> {
    const found = new Map<string, ProtectedItem>();
    const fresh = new Map<string, FolderEntry>();
    const pending = [''];
    let sliceEnd = performance.now() + SLICE_MS;
    for (let relative = pending.pop(); relative !== undefined; relative = pending.pop()) {
      const entry = this.visit(relative);
      if (!entry) continue;
      fresh.set(relative, entry);
      if (fresh.size > MAX_FOLDERS) throw new WorkspaceTooLarge(`more than ${MAX_FOLDERS} folders`);
      for (const item of entry.items) found.set(item.relative, item);
      for (const name of entry.folders) pending.push(relative === '' ? name : `${relative}/${name}`);
      if (performance.now() > sliceEnd) {
        await breathe();
        sliceEnd = performance.now() + SLICE_MS;
      }
    }
    this.folders = fresh;
    return found;
  }

  private visit(relative: string): FolderEntry | undefined {
    const path = join(this.root, relative);
    const now = Date.now();
    let stats: Stats;
    let entries: Dirent[];
    try {
      stats = lstatSync(path);
      const known = this.folders.get(relative);
      if (known && known.identity === identityOf(stats) && known.changedAt === stats.ctimeMs) {
        if (stats.ctimeMs < known.readAt - RACY_MS) return known;
      }
      entries = readdirSync(path, { withFileTypes: true });
    } catch {
      // Gone meanwhile, or closed to us and so to the command as well.
      return undefined;
    }
    const identity = identityOf(stats);
    const parts = relative === '' ? [] : relative.split('/');
    const folders: string[] = [];
    const items: ProtectedItem[] = [];
    for (const entry of entries) {
      const folder = entry.isDirectory();
      if (this.covers(parts, entry.name, folder)) {
        const item = this.describe(relative, entry.name, identity);
        if (item) items.push(item);
      } else if (folder && !(entry.name === 'objects' && parts.at(-1) === '.git')) folders.push(entry.name);
    }
    return { identity, changedAt: stats.ctimeMs, readAt: now, folders, items };
  }

  private covers(parents: readonly string[], name: string, folder: boolean): boolean {
    // A repository's folder is entered: objects and references may change, configuration and hooks may not.
    if (name === '.git' && folder) return false;
    // Packages bring along settings that nobody opens as a workspace; repositories among them still count.
    if (parents.includes('node_modules') && !parents.includes('.git') && name !== '.git') return false;
    return this.isProtected([...parents, name]);
  }

  private describe(relative: string, name: string, parentIdentity: string): ProtectedItem | undefined {
    const path = relative === '' ? name : `${relative}/${name}`;
    try {
      const stats = lstatSync(join(this.root, path));
      return { relative: path, identity: identityOf(stats), parentIdentity, folder: stats.isDirectory() };
    } catch {
      return undefined;
    }
  }
}

function identityOf(stats: Stats): string {
  return `${stats.dev}:${stats.ino}`;
}
