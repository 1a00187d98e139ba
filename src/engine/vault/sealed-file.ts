import { randomBytes, scrypt } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod';
import { EngineError } from '../model/error';
import type { SecretBackend } from './backend';
import { KEY_BYTES, seal, unseal } from './seal';

/**
 * scrypt cost: OWASP's password storage cheat sheet asks for N = 2^17, r = 8, p = 1. `maxmem` must be above
 * 128 · N · r bytes for Node to allow it.
 */
const SCRYPT = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 1024 * 1024 } as const;

const sealedSchema = z.object({ nonce: z.string(), tag: z.string(), data: z.string() });
const fileSchema = z.object({
  format: z.literal('cowork-vault-1'),
  salt: z.string(),
  check: sealedSchema,
  secrets: z.record(z.string(), sealedSchema),
});
type SealedText = z.infer<typeof sealedSchema>;
type VaultFile = z.infer<typeof fileSchema>;

const CHECK_NAME = 'cowork/check';

/**
 * A file of secrets under AES-256-GCM. The key is derived from a passphrase and is never stored; each secret is
 * bound by its name (additional data), so that entries cannot be exchanged for each other.
 */
export class SealedFileBackend implements SecretBackend {
  readonly level = 'file';
  private unlocked: Promise<{ key: Buffer; file: VaultFile }> | undefined;
  private writing: Promise<unknown> = Promise.resolve();

  /** `askPassphrase` is called once; `isNew` says whether a passphrase is chosen or repeated. */
  constructor(
    private readonly path: string,
    private readonly askPassphrase: (isNew: boolean) => Promise<string | undefined>,
  ) {}

  async get(name: string): Promise<string | undefined> {
    const { key, file } = await this.unlock();
    await this.readAgain(file);
    const sealed = Object.hasOwn(file.secrets, name) ? file.secrets[name] : undefined;
    return sealed && unsealText(key, name, sealed);
  }

  async set(name: string, value: string): Promise<void> {
    const { key, file } = await this.unlock();
    await this.save(file, () => {
      file.secrets[name] = sealText(key, name, value);
    });
  }

  async delete(name: string): Promise<void> {
    const { file } = await this.unlock();
    await this.save(file, () => {
      delete file.secrets[name];
    });
  }

  private unlock(): Promise<{ key: Buffer; file: VaultFile }> {
    this.unlocked ??= this.open().catch((error: unknown) => {
      this.unlocked = undefined; // A wrong passphrase may be corrected.
      throw error;
    });
    return this.unlocked;
  }

  private async open(): Promise<{ key: Buffer; file: VaultFile }> {
    const text = await this.text();
    const passphrase = await this.askPassphrase(text === undefined);
    if (!passphrase) throw new EngineError('Without the passphrase the stored credentials stay locked.');
    if (text === undefined) {
      const salt = randomBytes(16);
      const key = await deriveKey(passphrase, salt);
      const check = sealText(key, CHECK_NAME, CHECK_NAME);
      return { key, file: { format: 'cowork-vault-1', salt: salt.toString('base64'), check, secrets: {} } };
    }
    const file = parseFile(text, this.path);
    const key = await deriveKey(passphrase, Buffer.from(file.salt, 'base64'));
    try {
      unsealText(key, CHECK_NAME, file.check);
    } catch {
      throw new EngineError('That is not the passphrase with which the credentials were stored. Try again.');
    }
    return { key, file };
  }

  /** Takes over what another window stored meanwhile. */
  private async readAgain(file: VaultFile): Promise<void> {
    const text = await this.text();
    if (text === undefined) return;
    const now = parseFile(text, this.path);
    if (now.salt !== file.salt)
      throw new EngineError(
        `The credentials file ${this.path} was made anew by another window. Reload this window to go on with it.`,
      );
    file.secrets = now.secrets;
  }

  private text(): Promise<string | undefined> {
    return readFile(this.path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
  }

  /** One write at a time, into a new file that replaces the old one, so that a crash leaves one of the two whole. */
  private save(file: VaultFile, change: () => void): Promise<void> {
    const next = this.writing.then(async () => {
      await this.readAgain(file);
      change();
      await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
      const temporary = `${this.path}.new`;
      const handle = await open(temporary, 'w', 0o600);
      try {
        await handle.writeFile(JSON.stringify(file));
        await handle.sync();
      } finally {
        await handle.close();
      }
      await chmod(temporary, 0o600);
      await rename(temporary, this.path);
    });
    this.writing = next.catch(() => {});
    return next;
  }
}

function parseFile(text: string, path: string): VaultFile {
  try {
    return fileSchema.parse(JSON.parse(text));
  } catch {
    throw new EngineError(
      `The credentials file ${path} is damaged. Restore it from a backup, or delete it and enter the credentials again.`,
    );
  }
}

function deriveKey(passphrase: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFC'), salt, KEY_BYTES, SCRYPT, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}

function sealText(key: Buffer, name: string, value: string): SealedText {
  const { nonce, tag, data } = seal(key, name, Buffer.from(value, 'utf8'));
  return { nonce: nonce.toString('base64'), tag: tag.toString('base64'), data: data.toString('base64') };
}

function unsealText(key: Buffer, name: string, { nonce, tag, data }: SealedText): string {
  const bytes = (text: string) => Buffer.from(text, 'base64');
  return unseal(key, name, { nonce: bytes(nonce), tag: bytes(tag), data: bytes(data) }).toString('utf8');
}
