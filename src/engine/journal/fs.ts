import * as fs from 'node:fs';

/**
 * The few calls on a disk that the journal makes, one to one. Synchronous: the journal lives in a worker thread of
 * its own, and a synchronous fdatasync costs half of one that goes through the thread pool.
 * Every call may throw a system error with its `code`.
 */
export interface JournalFs {
  /** Creates the directory and its parents; leaves an existing one alone. */
  makeDirectory(path: string, mode: number): void;
  /** Names in the directory, sorted; none when it does not exist. */
  list(directory: string): string[];
  /** `append` creates; `create` fails when it exists; `update` needs it to exist. */
  open(path: string, how: 'read' | 'append' | 'create' | 'update', mode?: number): number;
  /** Bytes written, which may be fewer than given. */
  write(fd: number, bytes: Uint8Array): number;
  /** Bytes read, 0 at the end. */
  read(fd: number, into: Uint8Array, position: number): number;
  size(fd: number): number;
  truncate(fd: number, length: number): void;
  /** fdatasync. */
  sync(fd: number): void;
  /** Makes creations, renames and deletions in the directory durable, where the system can. */
  syncDirectory(path: string): void;
  close(fd: number): void;
  rename(from: string, to: string): void;
  /** Fails with EEXIST when `to` exists. */
  link(from: string, to: string): void;
  /** No error when it does not exist. */
  remove(path: string): void;
  /** Sets the modification time to now. */
  touch(path: string): void;
  /** Milliseconds since the epoch; undefined when it does not exist. */
  modified(path: string): number | undefined;
}

const FLAGS = { read: 'r', append: 'a', create: 'ax', update: 'r+' } as const;

/** The disk itself. */
export const nodeFs: JournalFs = {
  makeDirectory(path, mode) {
    fs.mkdirSync(path, { recursive: true, mode });
    // An existing directory keeps its mode otherwise.
    if (process.platform !== 'win32') fs.chmodSync(path, mode);
  },
  list(directory) {
    try {
      return fs.readdirSync(directory).sort();
    } catch (error) {
      if (isCode(error, 'ENOENT')) return [];
      throw error;
    }
  },
  open: (path, how, mode = 0o600) => fs.openSync(path, FLAGS[how], mode),
  write: (fd, bytes) => fs.writeSync(fd, bytes, 0, bytes.byteLength),
  read: (fd, into, position) => fs.readSync(fd, into, 0, into.byteLength, position),
  size: (fd) => fs.fstatSync(fd).size,
  truncate: (fd, length) => fs.ftruncateSync(fd, length),
  sync: (fd) => fs.fdatasyncSync(fd),
  syncDirectory(path) {
    // Windows has no handle of a directory to flush; NTFS journals its own metadata.
    if (process.platform === 'win32') return;
    const fd = fs.openSync(path, 'r');
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  },
  close: (fd) => fs.closeSync(fd),
  rename: (from, to) => fs.renameSync(from, to),
  link: (from, to) => fs.linkSync(from, to),
  remove: (path) => fs.rmSync(path, { force: true }),
  touch(path) {
    const now = new Date();
    fs.utimesSync(path, now, now);
  },
  modified: (path) => fs.statSync(path, { throwIfNoEntry: false })?.mtimeMs,
};

function isCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}

/** Writes all of `bytes`; a disk may take them in parts. */
export function writeAll(fs: JournalFs, fd: number, bytes: Uint8Array): void {
  let rest = bytes;
  while (rest.byteLength > 0) rest = rest.subarray(fs.write(fd, rest));
}

/**
 * Makes a file that appears at `target` when it is whole and durable, for its owner alone: `write` is given the
 * descriptor of one beside it. Nothing is left when it throws.
 */
export async function createWhole<T>(
  fs: JournalFs,
  target: string,
  write: (fd: number) => Promise<T>,
): Promise<T> {
  const aside = `${target}.new`;
  fs.remove(aside);
  const fd = fs.open(aside, 'create', 0o600);
  let result: T;
  try {
    result = await write(fd);
    fs.sync(fd);
  } catch (error) {
    fs.close(fd);
    fs.remove(aside);
    throw error;
  }
  fs.close(fd);
  fs.rename(aside, target);
  return result;
}

/** The whole file, or undefined when it does not exist. Meant for small ones. */
export function readWhole(fs: JournalFs, path: string): Buffer | undefined {
  let fd: number;
  try {
    fd = fs.open(path, 'read');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
  try {
    const bytes = Buffer.allocUnsafe(fs.size(fd));
    let length = 0;
    while (length < bytes.length) {
      const got = fs.read(fd, bytes.subarray(length), length);
      if (got === 0) break;
      length += got;
    }
    return bytes.subarray(0, length);
  } finally {
    fs.close(fd);
  }
}

/**
 * Replaces a file so that a crash leaves the old one or the new one, never a mixture: written aside, flushed,
 * renamed, directory flushed.
 */
export function replaceFile(fs: JournalFs, directory: string, name: string, ...parts: Uint8Array[]): void {
  const aside = `${directory}/${name}.new`;
  fs.remove(aside);
  const fd = fs.open(aside, 'create', 0o600);
  try {
    for (const part of parts) writeAll(fs, fd, part);
    fs.sync(fd);
  } finally {
    fs.close(fd);
  }
  fs.rename(aside, `${directory}/${name}`);
  fs.syncDirectory(directory);
}
