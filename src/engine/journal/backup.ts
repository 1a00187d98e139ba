import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { dirname } from 'node:path';
import * as z from 'zod/mini';
import { coded } from './errors';
import { createWhole, type JournalFs, writeAll } from './fs';
import { type Head, headSchema } from './heads';

/** scrypt as OWASP advises for passphrases (2023): N = 2^17, r = 8, p = 1; about 128 MB and half a second. */
const SCRYPT = { N: 2 ** 17, r: 8, p: 1 } as const;
const CHUNK = 1024 * 1024;
const TAG = 16;

const headerSchema = z.strictObject({
  format: z.literal('cowork-backup'),
  version: z.literal(1),
  kdf: z.literal('scrypt'),
  // Bounded, so that a made-up file cannot ask for all the memory there is.
  N: z.int().check(z.minimum(2), z.maximum(2 ** 20)),
  r: z.int().check(z.minimum(1), z.maximum(32)),
  p: z.int().check(z.minimum(1), z.maximum(16)),
  salt: z.base64(),
});

const entrySchema = z.union([
  z.object({
    name: z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9.]{0,63}$/)),
    size: z.int().check(z.minimum(0)),
  }),
  z.object({ end: z.literal(true), head: z.optional(headSchema) }),
]);

/** A file to be kept, with the bytes of it that count. */
export interface BackupFile {
  readonly name: string;
  readonly size: number;
}

interface Progress {
  readonly onProgress?: (share: number) => void;
  readonly signal?: AbortSignal;
}

async function deriveKey(
  passphrase: string,
  salt: Buffer,
  cost: { N: number; r: number; p: number },
): Promise<Buffer> {
  const maxmem = 256 * cost.N * cost.r;
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFKC'), salt, 32, { ...cost, maxmem }, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}

/** Never the same twice under one key: each backup has its own salt, and so its own key. */
function nonce(index: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeBigUInt64BE(BigInt(index), 4);
  return bytes;
}

/**
 * Writes files of a directory into one, encrypted with AES-256-GCM in chunks. Each chunk is bound to the header, to
 * its place and to being the last or not, so that none can be left out, moved or cut off. The file appears when it
 * is whole and durable. `cost` is that of scrypt; a cheaper one is for tests.
 */
export async function writeBackup(
  fs: JournalFs,
  directory: string,
  files: readonly BackupFile[],
  head: Head | undefined,
  target: string,
  passphrase: string,
  progress: Progress = {},
  cost: { N: number; r: number; p: number } = SCRYPT,
): Promise<void> {
  const salt = randomBytes(16);
  const header = Buffer.from(
    `${JSON.stringify({ format: 'cowork-backup', version: 1, kdf: 'scrypt', ...cost, salt: salt.toString('base64') })}\n`,
  );
  const key = await deriveKey(passphrase, salt, cost);
  await createWhole(fs, target, async (fd) => {
    writeAll(fs, fd, header);
    let index = 0;
    const seal = (plain: Buffer, last: boolean): void => {
      const cipher = createCipheriv('aes-256-gcm', key, nonce(index));
      cipher.setAAD(Buffer.concat([header, Buffer.from([last ? 1 : 0])]));
      const body = Buffer.concat([cipher.update(plain), cipher.final()]);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(body.length);
      writeAll(fs, fd, Buffer.concat([length, body, cipher.getAuthTag()]));
      index += 1;
    };
    let buffer: Buffer[] = [];
    let buffered = 0;
    let done = 0;
    const total = files.reduce((sum, file) => sum + file.size, 0);
    for (const part of plainText(fs, directory, files, head)) {
      buffer.push(part);
      buffered += part.length;
      done += part.length;
      if (buffered < CHUNK) continue;
      seal(Buffer.concat(buffer), false);
      buffer = [];
      buffered = 0;
      progress.onProgress?.(Math.min(done / Math.max(total, 1), 1));
      await new Promise((resolve) => setImmediate(resolve));
      progress.signal?.throwIfAborted();
    }
    seal(Buffer.concat(buffer), true);
  });
  fs.syncDirectory(dirname(target));
  progress.onProgress?.(1);
}

function* plainText(
  fs: JournalFs,
  directory: string,
  files: readonly BackupFile[],
  head: Head | undefined,
): Generator<Buffer> {
  for (const file of files) {
    yield Buffer.from(`${JSON.stringify(file)}\n`);
    const fd = fs.open(`${directory}/${file.name}`, 'read');
    try {
      let position = 0;
      while (position < file.size) {
        const chunk = Buffer.allocUnsafe(Math.min(CHUNK, file.size - position));
        const got = fs.read(fd, chunk, position);
        if (got === 0) throw coded('EIO', `${file.name} became shorter while it was copied.`);
        position += got;
        yield chunk.subarray(0, got);
      }
    } finally {
      fs.close(fd);
    }
  }
  yield Buffer.from(`${JSON.stringify({ end: true, ...(head ? { head } : {}) })}\n`);
}

/**
 * Unpacks a backup into a directory that must be empty or missing, and gives the head that was newest when it was
 * made. Nothing is left behind when it fails.
 * @throws Error with a sentence for a person: not a backup, wrong passphrase or damaged, cut off.
 */
export async function readBackup(
  fs: JournalFs,
  source: string,
  directory: string,
  passphrase: string,
  progress: Progress = {},
): Promise<Head | undefined> {
  const written: string[] = [];
  fs.makeDirectory(directory, 0o700);
  if (fs.list(directory).length > 0)
    throw new Error(`${directory} is not empty: choose an empty folder to restore into.`);
  const fd = fs.open(source, 'read');
  const unpack = new Unpacker(fs, directory, written);
  try {
    const total = fs.size(fd);
    const { header, cost, salt, length } = readHeader(fs, fd);
    const key = await deriveKey(passphrase, salt, cost);
    let position = length;
    let last = false;
    for (let index = 0; !last; index += 1) {
      progress.signal?.throwIfAborted();
      const size = readExactly(fs, fd, position, 4)?.readUInt32BE();
      if (size === undefined || size > 4 * CHUNK)
        throw new Error('The backup is cut off or damaged: use another copy.');
      const bytes = readExactly(fs, fd, position + 4, size + TAG);
      if (!bytes) throw new Error('The backup is cut off: use another copy.');
      position += 4 + size + TAG;
      last = position >= total;
      const decipher = createDecipheriv('aes-256-gcm', key, nonce(index));
      decipher.setAAD(Buffer.concat([header, Buffer.from([last ? 1 : 0])]));
      decipher.setAuthTag(bytes.subarray(size));
      let plain: Buffer;
      try {
        plain = Buffer.concat([decipher.update(bytes.subarray(0, size)), decipher.final()]);
      } catch {
        throw new Error('The passphrase is wrong, or the backup is damaged.');
      }
      unpack.take(plain);
      progress.onProgress?.(position / total);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return unpack.end();
  } catch (error) {
    unpack.abandon();
    for (const name of written) fs.remove(`${directory}/${name}`);
    throw error;
  } finally {
    fs.close(fd);
  }
}

function readHeader(
  fs: JournalFs,
  fd: number,
): { header: Buffer; cost: { N: number; r: number; p: number }; salt: Buffer; length: number } {
  const start = Buffer.alloc(1024);
  const got = fs.read(fd, start, 0);
  const length = start.subarray(0, got).indexOf(0x0a) + 1;
  try {
    const header = Buffer.from(start.subarray(0, length));
    const { N, r, p, salt } = headerSchema.parse(JSON.parse(header.toString('utf8')));
    return { header, cost: { N, r, p }, salt: Buffer.from(salt, 'base64'), length };
  } catch {
    throw new Error('This file is not a backup of this product.');
  }
}

function readExactly(fs: JournalFs, fd: number, position: number, length: number): Buffer | undefined {
  const bytes = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const got = fs.read(fd, bytes.subarray(done), position + done);
    if (got === 0) return undefined;
    done += got;
  }
  return bytes;
}

/** Takes the plain text in pieces of any size and writes the files in it. */
class Unpacker {
  private rest: Buffer = Buffer.alloc(0);
  private file: { fd: number; left: number } | undefined;
  private ended: { head?: Head | undefined } | undefined;

  constructor(
    private readonly fs: JournalFs,
    private readonly directory: string,
    private readonly written: string[],
  ) {}

  take(bytes: Buffer): void {
    this.rest = Buffer.concat([this.rest, bytes]);
    for (;;) {
      if (this.file) {
        const part = this.rest.subarray(0, this.file.left);
        writeAll(this.fs, this.file.fd, part);
        this.rest = this.rest.subarray(part.length);
        this.file.left -= part.length;
        if (this.file.left > 0) return;
        this.closeFile();
      }
      const lineEnd = this.rest.indexOf(0x0a);
      if (lineEnd < 0) return;
      this.entry(this.rest.subarray(0, lineEnd).toString('utf8'));
      this.rest = this.rest.subarray(lineEnd + 1);
    }
  }

  private entry(line: string): void {
    const entry = entrySchema.parse(JSON.parse(line));
    if ('end' in entry) {
      this.ended = { head: entry.head };
      return;
    }
    this.written.push(entry.name);
    this.file = { fd: this.fs.open(`${this.directory}/${entry.name}`, 'create', 0o600), left: entry.size };
  }

  private closeFile(): void {
    if (!this.file) return;
    this.fs.sync(this.file.fd);
    this.fs.close(this.file.fd);
    this.file = undefined;
  }

  end(): Head | undefined {
    if (!this.ended || this.file) throw new Error('The backup is cut off: use another copy.');
    this.fs.syncDirectory(this.directory);
    return this.ended.head;
  }

  abandon(): void {
    if (this.file) this.fs.close(this.file.fd);
    this.file = undefined;
  }
}
