import { type JournalFs, writeAll } from '../journal/fs';
import type { AnyRecord } from '../model/record';
import { RecordFilter } from './filter';
import { encoder } from './formats';
import type { ExportFilter, ExportFormat } from './requests';
import type { Progress } from './types';

/** Characters that are gathered before they are handed on. */
const CHUNK = 256 * 1024;

/** Where records come from, oldest first, and about how many there are. */
export interface RecordSource {
  readonly batches: AsyncIterable<readonly AnyRecord[]>;
  readonly lastSeq: number;
}

/**
 * Turns records into text of a format, piece by piece: only one batch is in memory at a time.
 * Gives the number of records. Rejects with the signal's reason when it is stopped.
 */
export async function exportRecords(
  source: RecordSource,
  format: ExportFormat,
  filter: ExportFilter,
  write: (text: string) => void | Promise<void>,
  { onProgress, signal }: Progress = {},
): Promise<number> {
  const wanted = new RecordFilter(filter);
  let version = '';
  const encode = encoder(format, () => version);
  let text = encode.head();
  let count = 0;
  for await (const batch of source.batches) {
    signal?.throwIfAborted();
    for (const record of batch) {
      if (record.type === 'engine.started') version = record.data.version;
      const item = wanted.take(record);
      if (!item) continue;
      text += encode.line(item);
      count += 1;
      if (text.length < CHUNK) continue;
      await write(text);
      text = '';
    }
    onProgress?.(Math.min((batch.at(-1)?.seq ?? 0) / Math.max(source.lastSeq, 1), 1));
    // Appends and cancellation get their turn.
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (text !== '') await write(text);
  onProgress?.(1);
  return count;
}

/** As `exportRecords`, into a file that appears when it is whole. */
export async function exportToFile(
  fs: JournalFs,
  source: RecordSource,
  format: ExportFormat,
  filter: ExportFilter,
  target: string,
  progress: Progress = {},
): Promise<number> {
  const aside = `${target}.new`;
  fs.remove(aside);
  const fd = fs.open(aside, 'create', 0o600);
  let count: number;
  try {
    count = await exportRecords(
      source,
      format,
      filter,
      (text) => writeAll(fs, fd, Buffer.from(text)),
      progress,
    );
    fs.sync(fd);
  } catch (error) {
    fs.close(fd);
    fs.remove(aside);
    throw error;
  }
  fs.close(fd);
  fs.rename(aside, target);
  return count;
}
