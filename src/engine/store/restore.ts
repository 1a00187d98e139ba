import { nodeFs, readPublicKey, type VerifyReport, verifyDirectory } from '../journal';
import { readBackup } from '../journal/backup';
import { type JournalFs, readWhole } from '../journal/fs';
import { PUBLIC_KEY_FILE } from './maintenance';
import type { Progress } from './types';

/** The public key that lies in a journal's directory, if one does. Whoever can write there can replace it. */
export function keyInDirectory(directory: string, fs: JournalFs = nodeFs) {
  const text = readWhole(fs, `${directory}/${PUBLIC_KEY_FILE}`)?.toString('utf8');
  return text === undefined ? undefined : readPublicKey(text);
}

/**
 * Unpacks a backup into an empty or missing directory and checks every record of it against the head that was signed
 * when it was made.
 * @throws Error with a sentence for a person: wrong passphrase, damaged, cut off, not empty.
 */
export async function restoreBackup(
  source: string,
  directory: string,
  passphrase: string,
  { onProgress, signal }: Progress = {},
  fs: JournalFs = nodeFs,
): Promise<VerifyReport> {
  const given = signal ? { signal } : {};
  const head = await readBackup(fs, source, directory, passphrase, {
    ...given,
    onProgress: (share) => onProgress?.(share / 2),
  });
  const publicKey = keyInDirectory(directory, fs);
  return verifyDirectory(directory, {
    fs,
    ...given,
    ...(publicKey ? { publicKey } : {}),
    ...(head ? { rememberedHead: head } : {}),
    onProgress: (_, share) => onProgress?.(0.5 + share / 2),
  });
}
