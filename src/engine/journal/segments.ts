import { coded } from './errors';
import type { JournalFs } from './fs';

/** Records a segment holds. A power of two, so that each full segment is one subtree of the Merkle tree. */
export const SEGMENT_RECORDS = 8192;

const LINE_FEED = 0x0a;
const CHUNK = 1024 * 1024;

/** `NNNNNNNN.jsonl`, where N is the sequence number of the first record, in at least eight digits. */
export function segmentName(firstSeq: number): string {
  return `${String(firstSeq).padStart(8, '0')}.jsonl`;
}

/** The first sequence numbers of the segments in a directory, ascending. */
export function listSegments(fs: JournalFs, directory: string): number[] {
  return fs
    .list(directory)
    .map((name) => /^(\d{8,15})\.jsonl$/.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
}

/** A line as it stands in a file, without its line feed. `whole` is false for a last line that has none. */
export interface RawLine {
  readonly bytes: Buffer;
  readonly offset: number;
  readonly whole: boolean;
}

/**
 * The lines of a file from a byte offset on, as far as it goes when reading starts, in batches of about a megabyte.
 */
export function* readLines(
  fs: JournalFs,
  path: string,
  from = 0,
  until = Number.POSITIVE_INFINITY,
): Generator<RawLine[]> {
  const fd = fs.open(path, 'read');
  try {
    const end = Math.min(fs.size(fd), until);
    let position = from;
    let rest: Buffer = Buffer.alloc(0);
    for (;;) {
      const room = Math.min(CHUNK, end - position);
      const chunk = Buffer.allocUnsafe(Math.max(room, 0));
      const got = room > 0 ? fs.read(fd, chunk, position) : 0;
      if (got === 0) break;
      const start = position - rest.length;
      const bytes =
        rest.length === 0 ? chunk.subarray(0, got) : Buffer.concat([rest, chunk.subarray(0, got)]);
      position += got;
      const lines: RawLine[] = [];
      let at = 0;
      for (let feed = bytes.indexOf(LINE_FEED, at); feed >= 0; feed = bytes.indexOf(LINE_FEED, at)) {
        lines.push({ bytes: bytes.subarray(at, feed), offset: start + at, whole: true });
        at = feed + 1;
      }
      rest = Buffer.from(bytes.subarray(at));
      if (lines.length > 0) yield lines;
    }
    if (rest.length > 0) yield [{ bytes: rest, offset: position - rest.length, whole: false }];
  } finally {
    fs.close(fd);
  }
}

/** `length` bytes at `offset` of a file. @throws an error with code EIO when they are not there. */
export function readAt(fs: JournalFs, path: string, offset: number, length: number): Buffer {
  const fd = fs.open(path, 'read');
  try {
    const bytes = Buffer.allocUnsafe(length);
    let done = 0;
    while (done < length) {
      const got = fs.read(fd, bytes.subarray(done), offset + done);
      if (got === 0) throw coded('EIO', `${path} ends before byte ${offset + length}`);
      done += got;
    }
    return bytes;
  } finally {
    fs.close(fd);
  }
}
