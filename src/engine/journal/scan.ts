import type { AnyRecord } from '../model/record';
import { type JournalFs, nodeFs } from './fs';
import { parseRecord } from './line';
import { listSegments, readLines, segmentName } from './segments';

/**
 * The records of a journal's directory from `fromSeq` on, in batches, without taking the lease: for copies, and for
 * looking at a journal that another process writes. Lines that are not records are left out; verifying tells of them.
 */
export async function* scanDirectory(
  directory: string,
  fromSeq = 1,
  fs: JournalFs = nodeFs,
): AsyncGenerator<readonly AnyRecord[]> {
  const segments = listSegments(fs, directory);
  for (const [index, segment] of segments.entries()) {
    const next = segments[index + 1];
    if (next !== undefined && next <= fromSeq) continue;
    for (const batch of readLines(fs, `${directory}/${segmentName(segment)}`)) {
      const records = batch
        .map(({ bytes, whole }) => (whole ? parseRecord(bytes.toString('utf8')) : undefined))
        .filter((record) => record !== undefined && record.seq >= fromSeq);
      if (records.length > 0) yield records as AnyRecord[];
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** True when the directory holds a journal, even an empty one that was opened once. */
export function isJournal(directory: string, fs: JournalFs = nodeFs): boolean {
  return fs.list(directory).some((name) => /^(\d{8,15}\.jsonl|lease\.\d+|checkpoint\.json)$/.test(name));
}
