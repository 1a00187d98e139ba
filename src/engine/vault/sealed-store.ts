import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobStore, SecretStore } from '../model/ports';
import { KEY_BYTES, NONCE_BYTES, seal, TAG_BYTES, unseal } from './seal';

const NAME = /^[a-z][a-z0-9-]{0,60}$/;

/**
 * A folder of sealed files for one owner. The key lies in the vault and was made at random, so that the files are of
 * no use without it; each file is bound to its owner and name.
 */
export class SealedStore implements BlobStore {
  private key: Promise<Buffer> | undefined;
  private writing: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly folder: string,
    /** For instance `channel/matrix`; the key is kept as `<owner>/store-key`. */
    private readonly owner: string,
    private readonly secrets: SecretStore,
    /** Told of a file that cannot be opened any more; its owner then starts afresh. */
    private readonly onDamage: (name: string) => void,
  ) {}

  async load(name: string): Promise<Uint8Array | undefined> {
    const path = this.path(name);
    const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (!bytes) return undefined;
    const key = await this.openKey();
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const tag = bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES);
    try {
      return unseal(key, this.bound(name), { nonce, tag, data: bytes.subarray(NONCE_BYTES + TAG_BYTES) });
    } catch {
      this.onDamage(name);
      return undefined;
    }
  }

  /** One at a time, into a new file that replaces the old one, so that a crash leaves one of the two whole. */
  save(name: string, bytes: Uint8Array): Promise<void> {
    const path = this.path(name);
    const plain = Buffer.from(bytes);
    const next = this.writing.then(async () => {
      const { nonce, tag, data } = seal(await this.openKey(), this.bound(name), plain);
      await mkdir(this.folder, { recursive: true, mode: 0o700 });
      const handle = await open(`${path}.new`, 'w', 0o600);
      try {
        await handle.writeFile(Buffer.concat([nonce, tag, data]));
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(`${path}.new`, path);
    });
    this.writing = next.catch(() => {});
    return next;
  }

  clear(): Promise<void> {
    const next = this.writing.then(async () => {
      this.key = undefined;
      await rm(this.folder, { recursive: true, force: true });
      await this.secrets.delete(this.keyName());
    });
    this.writing = next.catch(() => {});
    return next;
  }

  private path(name: string): string {
    if (!NAME.test(name)) throw new RangeError(`not a name of a stored thing: ${name}`);
    return join(this.folder, `${name}.sealed`);
  }

  private bound(name: string): string {
    return `${this.owner}/${name}`;
  }

  private keyName(): string {
    return `${this.owner}/store-key`;
  }

  private openKey(): Promise<Buffer> {
    this.key ??= this.readKey().catch((error: unknown) => {
      this.key = undefined;
      throw error;
    });
    return this.key;
  }

  private async readKey(): Promise<Buffer> {
    const stored = Buffer.from((await this.secrets.get(this.keyName())) ?? '', 'base64');
    if (stored.length === KEY_BYTES) return stored;
    const made = randomBytes(KEY_BYTES);
    await this.secrets.set(this.keyName(), made.toString('base64'));
    return made;
  }
}
