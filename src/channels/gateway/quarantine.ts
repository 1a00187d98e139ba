import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../engine/model/ports';

/** Where a file came from; kept beside it. */
export interface Provenance {
  readonly name: string;
  readonly mediaType: string;
  readonly channel: string;
  readonly account: string;
  readonly conversation: string;
  readonly sender: string;
  readonly platformId: string;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
}

/** Keeps what people send away from the workspace. */
export interface Quarantine {
  /** @returns the absolute path of the stored bytes. */
  store(bytes: Uint8Array, provenance: Provenance): Promise<string>;
}

/**
 * Quarantine in a folder, which must not be in a workspace. Each file lies alone in a folder with a name of
 * ours, readable by the owner only and not executable; its own name is only text in `provenance.json`.
 */
export class FolderQuarantine implements Quarantine {
  constructor(
    private readonly folder: string,
    private readonly clock: Clock,
  ) {}

  async store(bytes: Uint8Array, provenance: Provenance): Promise<string> {
    const own = path.join(this.folder, randomUUID());
    await mkdir(own, { recursive: true, mode: 0o700 });
    const file = path.join(own, 'content.bin');
    await writeFile(file, bytes, { flag: 'wx', mode: 0o600 });
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const about = JSON.stringify({ ...provenance, size: bytes.length, sha256 }, null, 2);
    await writeFile(path.join(own, 'provenance.json'), `${about}\n`, { flag: 'wx', mode: 0o600 });
    return file;
  }

  /** Deletes what is older than that, in milliseconds. @returns how many files. */
  async purge(olderThanMs: number): Promise<number> {
    const before = this.clock.now() - olderThanMs;
    let count = 0;
    for (const name of await readdir(this.folder).catch(() => [])) {
      const own = path.join(this.folder, name);
      const made = await stat(own).catch(() => undefined);
      if (!made?.isDirectory() || made.mtimeMs >= before) continue;
      await rm(own, { recursive: true, force: true });
      count++;
    }
    return count;
  }
}
