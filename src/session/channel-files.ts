import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
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
