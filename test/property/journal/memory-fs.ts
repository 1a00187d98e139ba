import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type JournalFs, nodeFs } from '../../../src/engine/journal';

/** The files of one directory by name, to spoil and to read back. */
export type Files = Map<string, Buffer>;

export function filesIn(directory: string, keep: (name: string) => boolean): Files {
  return new Map(
    readdirSync(directory)
      .filter(keep)
      .sort()
      .map((name) => [name, readFileSync(join(directory, name))]),
  );
}

/** A disk in memory on which a directory can be read: thousands of spoiled copies a second. */
export function memoryFs(files: Files): JournalFs {
  const open: Buffer[] = [];
  const find = (path: string) => files.get(path.slice(path.lastIndexOf('/') + 1));
  return {
    ...nodeFs,
    list: () => [...files.keys()].sort(),
    open(path) {
      const bytes = find(path);
      if (!bytes) throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' });
      return open.push(bytes) - 1;
    },
    read: (fd, into, position) => open[fd]?.copy(into, 0, position, position + into.byteLength) ?? 0,
    size: (fd) => open[fd]?.length ?? 0,
    close() {},
  };
}
