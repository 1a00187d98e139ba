import type { KeyObject } from 'node:crypto';
import type { Head, JournalFs } from '../journal';
import { nodeFs } from '../journal';
import type { BackupFile } from '../journal/backup';
import { writeBackup } from '../journal/backup';
import { CHECKPOINT_FILE, readCheckpoint } from '../journal/checkpoint';
import { HEADS_FILE, parseHead, verifyHead } from '../journal/heads';
import { makeReceipt, type Receipt } from '../journal/receipt';
import { isJournal, scanDirectory } from '../journal/scan';
import { SegmentTree } from '../journal/segment-tree';
import { listSegments, readLines, segmentName } from '../journal/segments';
import type { AnyRecord } from '../model/record';
import { type ExportShape, exportRecords } from './export';
import { RecordFilter } from './filter';
import { PUBLIC_KEY_FILE } from './maintenance';
import type { ExportFilter, ExportResult } from './requests';
import { keyInDirectory } from './restore';
import type { Progress } from './types';

/** Everything here reads a journal's directory, or a copy of one, without taking its lease and without changing it. */

/** @throws Error with a sentence for a person when the directory holds no journal. */
export function mustBeJournal(directory: string, fs: JournalFs = nodeFs): void {
  if (!isJournal(directory, fs)) throw new Error(`There is no record in ${directory}.`);
}

/** The newest `count` records that the filter takes, oldest first. */
export async function lastRecords(
  directory: string,
  filter: ExportFilter,
  count: number,
): Promise<AnyRecord[]> {
  const wanted = new RecordFilter(filter);
  const found: AnyRecord[] = [];
  for await (const batch of scanDirectory(directory)) {
    for (const record of batch) if (wanted.take(record)) found.push(record);
    // Twice what is asked for, so that old ones are dropped now and then and not with each record.
    if (found.length > 2 * count) found.splice(0, found.length - count);
  }
  return count === 0 ? [] : found.slice(-count);
}

/** As `exportRecords`, from a directory. */
export function exportDirectory(
  directory: string,
  shape: ExportShape,
  write: (text: string) => void | Promise<void>,
  progress: Progress = {},
): Promise<ExportResult> {
  const lastSegment = listSegments(nodeFs, directory).at(-1) ?? 1;
  return exportRecords({ batches: scanDirectory(directory), lastSeq: lastSegment }, shape, write, progress);
}

/** The newest head in the directory that speaks of at least `seq` records and is signed with this key. */
function headFor(directory: string, seq: number, key: KeyObject): Head | undefined {
  let found: Head | undefined;
  if (!nodeFs.list(directory).includes(HEADS_FILE)) return undefined;
  for (const batch of readLines(nodeFs, `${directory}/${HEADS_FILE}`)) {
    for (const { bytes, whole } of batch) {
      const head = whole ? parseHead(bytes.toString('utf8')) : undefined;
      if (head && head.seq >= seq && verifyHead(key, head)) found = head;
    }
  }
  return found;
}

/**
 * A receipt made from a directory, with a head that was signed before.
 * @throws Error with a sentence for a person: no such record, no key, no head for it yet.
 */
export async function receiptFrom(directory: string, seq: number, known?: KeyObject): Promise<Receipt> {
  const key = known ?? keyInDirectory(directory);
  if (!key)
    throw new Error(
      'There is no public key in the directory: its heads were never signed. Give one with --key.',
    );
  let record: AnyRecord | undefined;
  for await (const batch of scanDirectory(directory, seq)) {
    record = batch[0];
    break;
  }
  if (record?.seq !== seq) throw new Error(`There is no record ${seq}.`);
  const head = headFor(directory, seq, key);
  if (!head)
    throw new Error(
      `No signed head speaks of record ${seq} yet. Close the window that writes it, then try again.`,
    );
  const checkpoint = readCheckpoint(nodeFs, directory);
  const tree = new SegmentTree({
    fs: nodeFs,
    directory,
    ...(checkpoint ? { roots: checkpoint.roots, segmentRecords: checkpoint.segmentRecords } : {}),
  });
  return makeReceipt(tree, record, head, key.export({ format: 'der', type: 'spki' }).toString('base64'));
}

/** Backs up a directory that no window is writing, with the newest head that its own key signed. */
export async function backupDirectory(
  directory: string,
  target: string,
  passphrase: string,
  progress: Progress = {},
): Promise<void> {
  const names = new Set(nodeFs.list(directory));
  const files: BackupFile[] = [
    ...[PUBLIC_KEY_FILE, CHECKPOINT_FILE, HEADS_FILE].filter((name) => names.has(name)),
    ...listSegments(nodeFs, directory).map(segmentName),
  ].map((name) => ({ name, size: wholeLines(`${directory}/${name}`) }));
  const key = keyInDirectory(directory);
  const head = key ? headFor(directory, 1, key) : undefined;
  await writeBackup(nodeFs, directory, files, head, target, passphrase, progress);
}

/** Bytes up to the last line feed, or all of a file that has none: what is being written just now is left out. */
function wholeLines(path: string): number {
  const fd = nodeFs.open(path, 'read');
  try {
    const size = nodeFs.size(fd);
    const chunk = Buffer.alloc(64 * 1024);
    for (let end = size; end > 0; end -= chunk.length) {
      const start = Math.max(end - chunk.length, 0);
      const got = nodeFs.read(fd, chunk.subarray(0, end - start), start);
      const at = chunk.subarray(0, got).lastIndexOf(0x0a);
      if (at >= 0) return start + at + 1;
    }
    return size;
  } finally {
    nodeFs.close(fd);
  }
}
