import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Folders of what was made or fetched, not written. */
const PASSED_OVER = new Set([
  '.git',
  'node_modules',
  'bower_components',
  'dist',
  'out',
  'build',
  'target',
  'vendor',
  'coverage',
  '.venv',
  'venv',
  '__pycache__',
  '.next',
  '.cache',
  '.vscode-test',
]);

const FILES_MOST = 5000;
const DEPTH_MOST = 12;
/** Larger files are data; what is looked at in one go takes a few milliseconds. Bytes. */
const BYTES_MOST = 256 * 1024;

export interface WalkedFile {
  /** Relative to the folder, with slashes. */
  readonly file: string;
  /** Another one once the file has changed. */
  readonly stamp: string;
  /** Undefined for what is not text, is too large, or cannot be read. */
  read(): Promise<string | undefined>;
}

export interface Walk {
  readonly files: AsyncIterable<WalkedFile>;
  /** True once all of the folder was seen. To be asked afterwards. */
  whole(): boolean;
}

/** The files of a folder, links not followed. */
export function walk(root: string): Walk {
  let seen = 0;
  let whole = true;
  async function* folder(at: string, depth: number): AsyncGenerator<WalkedFile> {
    if (depth > DEPTH_MOST) {
      whole = false;
      return;
    }
    const entries = await readdir(join(root, at), { withFileTypes: true }).catch(() => []);
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      const file = at === '' ? entry.name : `${at}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!PASSED_OVER.has(entry.name)) yield* folder(file, depth + 1);
      } else if (entry.isFile()) {
        seen += 1;
        if (seen > FILES_MOST) {
          whole = false;
          return;
        }
        const path = join(root, file);
        const found = await stat(path).catch(() => undefined);
        if (!found || found.size > BYTES_MOST || found.size === 0) continue;
        yield { file, stamp: `${found.mtimeMs} ${found.size} ${found.ino}`, read: () => textOf(path) };
      }
    }
  }
  return { files: folder('', 0), whole: () => whole };
}

async function textOf(path: string): Promise<string | undefined> {
  const bytes = await readFile(path).catch(() => undefined);
  if (bytes === undefined || bytes.length > BYTES_MOST || bytes.subarray(0, 1024).includes(0))
    return undefined;
  return bytes.toString('utf8');
}

/**
 * Whether git keeps a file, by the list of paths in its index. Where there is no repository, or the index has the
 * form that shortens paths, everything counts as kept.
 */
export async function trackedIn(root: string): Promise<(file: string) => boolean> {
  const index = await readFile(join(root, '.git/index')).catch(() => undefined);
  // "DIRC" and the version in four bytes; from 4 on paths are compressed.
  if (index === undefined || index.length < 12 || index.readUInt32BE(4) > 3) return () => true;
  return (file) => index.includes(Buffer.from(`${file}\0`));
}
