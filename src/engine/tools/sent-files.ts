import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../model/error';
import type { OutboundFile } from '../model/message';
import type { Clock } from '../model/ports';

const ID = /^[0-9a-f-]{36}$/;

/**
 * The bytes of files that are to be sent, as they were when that was approved (law 7): outside the workspace, for the
 * owner only, so that a reply that waits for days, or for the next start, sends what was approved.
 */
export class SentFiles {
  private readonly folder: string;

  constructor(
    storageDir: string,
    private readonly clock: Clock,
  ) {
    this.folder = join(storageDir, 'sent-files');
  }

  async keep(name: string, mediaType: string, bytes: Uint8Array): Promise<OutboundFile> {
    const id = randomUUID();
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    await writeFile(join(this.folder, id), bytes, { flag: 'wx', mode: 0o600 });
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return { name, mediaType, size: bytes.length, id, sha256, read: () => this.read(id, sha256) };
  }

  /** @throws EngineError when the bytes are gone or are not those that were approved. */
  async read(id: string, sha256: string): Promise<Uint8Array> {
    const bytes = ID.test(id) ? await readFile(join(this.folder, id)).catch(() => undefined) : undefined;
    if (!bytes || createHash('sha256').update(bytes).digest('hex') !== sha256)
      throw new EngineError(
        'The file that was to be sent is not there as it was approved; ask for it again.',
      );
    return bytes;
  }

  /** Deletes what is older than that, in milliseconds. */
  async prune(olderThanMs: number): Promise<void> {
    const before = this.clock.now() - olderThanMs;
    for (const name of await readdir(this.folder).catch(() => [])) {
      const path = join(this.folder, name);
      const made = await stat(path).catch(() => undefined);
      if (made && made.mtimeMs < before) await rm(path, { force: true });
    }
  }
}
