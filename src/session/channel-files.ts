import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, realpath, rm, writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { ChannelError } from '../channels/contract';
import { isWithin } from '../engine/sandbox/environment';

/**
 * The bytes of a file that lies in one of these folders, links followed before that is decided. Folders are relative
 * to `home`.
 * @throws ChannelError `refused` for every other file, and for what is larger than `limitBytes`
 */
export async function readChannelFile(
  home: string,
  folders: readonly string[],
  path: string,
  limitBytes: number,
): Promise<Uint8Array> {
  const refused = (why: string) => new ChannelError('refused', `The file was not read: ${why}.`);
  const real = await realpath(path.replace(/^~(?=\/)/, home)).catch(() => undefined);
  if (real === undefined || !isAbsolute(real)) throw refused('it is not there');
  const allowed = await Promise.all(
    folders.map((folder) => realpath(join(home, folder)).catch(() => undefined)),
  );
  if (!allowed.some((folder) => folder !== undefined && isWithin(folder, real)))
    throw refused('it lies outside of where the platform keeps its files');
  const file = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    () => undefined,
  );
  if (!file) throw refused('it cannot be opened');
  try {
    const found = await file.stat();
    if (!found.isFile()) throw refused('it is no file');
    if (found.size > limitBytes) throw refused(`it is larger than ${limitBytes} bytes`);
    const bytes = Buffer.alloc(found.size);
    const { bytesRead } = await file.read(bytes, 0, found.size, 0);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Files for programs of channels, in a folder of their own that must not be in a workspace. */
export class OutgoingFiles {
  /** What an earlier run left behind when it was ended. */
  private cleared: Promise<void> | undefined;

  constructor(private readonly folder: string) {}

  /** As `AdapterContext.withFile`. */
  async with<T>(name: string, bytes: Uint8Array, use: (path: string) => Promise<T>): Promise<T> {
    this.cleared ??= rm(this.folder, { recursive: true, force: true });
    await this.cleared;
    const own = join(this.folder, randomUUID());
    try {
      await mkdir(own, { recursive: true, mode: 0o700 });
      const path = join(own, fileName(name));
      await writeFile(path, bytes, { flag: 'wx', mode: 0o600 });
      return await use(path);
    } finally {
      await rm(own, { recursive: true, force: true });
    }
  }
}

/** Bytes of a name; file systems take 255. */
const NAME_CAP = 200;

/** The name as that of a file: nothing in it leads elsewhere, hides it, or cannot be in one. */
function fileName(name: string): string {
  const plain = name.replace(/[\p{Cc}\p{Cf}/\\:]/gu, '_').replace(/^[.\s]+|[.\s]+$/g, '');
  const cut = plain.lastIndexOf('.');
  const ending = cut > 0 && plain.length - cut <= 20 ? plain.slice(cut) : '';
  let start = plain.slice(0, plain.length - ending.length);
  while (Buffer.byteLength(start + ending) > NAME_CAP) start = [...start].slice(0, -1).join('');
  return start + ending || 'file';
}
