import { isDeepStrictEqual } from 'node:util';
import { createWhole, type JournalFs, writeAll } from '../journal/fs';
import { masked } from '../model/masked';
import type { Masker } from '../model/ports';
import type { AnyRecord } from '../model/record';
import { columnsOf } from './columns';
import { type Described, RecordFilter } from './filter';
import { encoder } from './formats';
import type { ExportFilter, ExportFormat, ExportResult } from './requests';
import type { Progress } from './types';

/** Characters that are gathered before they are handed on. */
const CHUNK = 256 * 1024;

/** Where records come from, oldest first, and about how many there are. */
export interface RecordSource {
  readonly batches: AsyncIterable<readonly AnyRecord[]>;
  readonly lastSeq: number;
}

/** Which records, written how. */
export interface ExportShape {
  readonly format: ExportFormat;
  readonly filter: ExportFilter;
  /** The record was masked when it was written; this one knows what became a secret since. */
  readonly masker?: Masker;
}

/**
 * Turns records into text of a format, piece by piece: only one batch is in memory at a time.
 * Rejects with the signal's reason when it is stopped.
 */
export async function exportRecords(
  source: RecordSource,
  { format, filter, masker }: ExportShape,
  write: (text: string) => void | Promise<void>,
  { onProgress, signal }: Progress = {},
): Promise<ExportResult> {
  const wanted = new RecordFilter(filter);
  let version = '';
  const encode = encoder(format, () => version);
  let text = encode.head();
  let records = 0;
  let changed = 0;
  for await (const batch of source.batches) {
    signal?.throwIfAborted();
    for (const record of batch) {
      if (record.type === 'engine.started') version = record.data.version;
      const item = wanted.take(record);
      if (!item) continue;
      const shown = masker ? maskedItem(item, masker) : item;
      if (shown !== item) changed += 1;
      text += encode.line(shown);
      records += 1;
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
  return { records, masked: changed };
}

/** The same item when there was nothing to mask. */
function maskedItem(item: Described, masker: Masker): Described {
  const data = masked(item.record.data, masker);
  if (isDeepStrictEqual(data, item.record.data)) return item;
  const record = { ...item.record, data } as AnyRecord;
  return { record, columns: { ...item.columns, text: columnsOf(record).text } };
}

/** As `exportRecords`, into a file that appears when it is whole. */
export async function exportToFile(
  fs: JournalFs,
  source: RecordSource,
  shape: ExportShape,
  target: string,
  progress: Progress = {},
): Promise<ExportResult> {
  return createWhole(fs, target, (fd) =>
    exportRecords(source, shape, async (text) => writeAll(fs, fd, Buffer.from(text)), progress),
  );
}
