import { EngineError } from '../model/error';

/** Linux's PATH_MAX and NAME_MAX, in bytes; the strictest of the platforms where they differ. */
export const MAX_PATH_BYTES = 4095;
export const MAX_NAME_BYTES = 255;

/** A path that no tool touches, with a sentence that says why. */
export class PathError extends EngineError {}

/** Names that are devices in every folder of Windows, with or without an extension. */
const WINDOWS_DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:[.:].*)?$/i;
/** Characters of control and of writing direction: a path with them is not what a person reads. Joiners, which
 * some scripts need, are let through; policy folds them away before it compares names. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const UNREADABLE = /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

/**
 * Refuses what cannot be an honest path, before the disk is looked at.
 * @throws PathError
 */
export function checkPathText(requested: string, platform: NodeJS.Platform): void {
  if (requested === '') throw new PathError('The path is empty.');
  if (requested.includes('\0')) throw new PathError('The path contains a NUL character.');
  if (UNREADABLE.test(requested)) {
    throw new PathError('The path contains control characters, so it is not what it looks like.');
  }
  if (/[\ud800-\udfff]/u.test(requested)) throw new PathError('The path is not valid text.');
  if (Buffer.byteLength(requested) > MAX_PATH_BYTES) throw new PathError('The path is too long.');
  const parts = requested.split(platform === 'win32' ? /[\\/]/ : '/');
  if (parts.some((part) => Buffer.byteLength(part) > MAX_NAME_BYTES)) {
    throw new PathError('A name in the path is too long.');
  }
  if (platform === 'win32') checkWindows(requested, parts);
}

function checkWindows(requested: string, parts: readonly string[]): void {
  if (/^[\\/]{2}[?.]/.test(requested)) throw new PathError('Device paths are not used here.');
  if (/^[\\/]{2}/.test(requested)) throw new PathError('Network paths are not used here.');
  if (/^[A-Za-z]:(?![\\/])/.test(requested)) {
    throw new PathError('A drive needs a slash after it: its current folder is not known here.');
  }
  for (const [at, part] of parts.entries()) {
    if (part === '.' || part === '..' || (at === 0 && /^[A-Za-z]:$/.test(part))) continue;
    if (WINDOWS_DEVICE.test(part)) throw new PathError(`${part} is the name of a device.`);
    if (part.includes(':')) throw new PathError('Alternate streams of files are not used here.');
    if (/[. ]$/.test(part)) throw new PathError('A name ends with a dot or a space, which Windows drops.');
  }
}
