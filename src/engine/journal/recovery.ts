import { type JournalFs, readWhole, writeAll } from './fs';
import { type ChainEnd, EMPTY_CHAIN, parseRecord } from './line';
import type { Damage, Recovery } from './port';
import { listSegments, type RawLine, readLines, segmentName } from './segments';
import { ChainWalk } from './walk';

export interface Tail {
  readonly segments: readonly number[];
  readonly end: ChainEnd;
  /** Bytes of the newest segment that count. */
  readonly length: number;
  readonly recovered?: Recovery;
  readonly damage: readonly Damage[];
}

/**
 * Makes the end of a journal whole after a crash: a last line without its line feed, or lines that the disk lost
 * before they were flushed (it gives NUL bytes for those), were never acknowledged. They are moved to a file beside
 * the segment. Whole lines are never cut, whatever is wrong with them.
 *
 * `start` is where the chain begins when retention dropped the records before.
 */
export function mendTail(fs: JournalFs, directory: string, now: number, start: ChainEnd = EMPTY_CHAIN): Tail {
  const segments = listSegments(fs, directory);
  const damage: Damage[] = [];
  let recovered: Recovery | undefined;
  for (;;) {
    const newest = segments.at(-1);
    if (newest === undefined) return { segments, end: start, length: 0, damage, ...given(recovered) };
    const scan = scanSegment(fs, directory, newest, damage, start);
    if (scan.cutAt !== undefined) {
      recovered = setAside(fs, directory, newest, scan.cutAt, scan.end.seq, now);
    }
    if (scan.lines > 0) return { segments, end: scan.end, length: scan.length, damage, ...given(recovered) };
    // Nothing in it: a crash between its creation and its first record. The one before has the end.
    const before = segments.length > 1 ? segments[segments.length - 2] : undefined;
    if (before === undefined) {
      if (newest === start.seq + 1) return { segments, end: start, length: 0, damage, ...given(recovered) };
    } else {
      const previous = scanSegment(fs, directory, before, damage, start);
      if (previous.cutAt === undefined && previous.end.seq + 1 === newest) {
        return { segments, end: previous.end, length: 0, damage, ...given(recovered) };
      }
    }
    fs.remove(`${directory}/${segmentName(newest)}`);
    fs.syncDirectory(directory);
    segments.pop();
  }
}

function given(recovered: Recovery | undefined): { recovered?: Recovery } {
  return recovered ? { recovered } : {};
}

interface Scan {
  readonly end: ChainEnd;
  readonly lines: number;
  readonly length: number;
  readonly cutAt: number | undefined;
}

function scanSegment(
  fs: JournalFs,
  directory: string,
  firstSeq: number,
  damage: Damage[],
  start: ChainEnd,
): Scan {
  const name = segmentName(firstSeq);
  const first: { seq: number; hash: string | undefined; at: number } =
    firstSeq === start.seq + 1 ? start : { seq: firstSeq - 1, hash: undefined, at: 0 };
  const walk = new ChainWalk(first, (found) => damage.push(found));
  let lines = 0;
  let length = 0;
  for (const batch of readLines(fs, `${directory}/${name}`)) {
    for (const raw of batch) {
      if (isLost(raw)) return { end: finish(walk, start), lines, length, cutAt: raw.offset };
      lines += 1;
      walk.line(raw.bytes, name, lines);
      length = raw.offset + raw.bytes.length + 1;
    }
  }
  return { end: finish(walk, start), lines, length, cutAt: undefined };
}

function isLost(raw: RawLine): boolean {
  return !raw.whole || (raw.bytes.includes(0) && !parseRecord(raw.bytes.toString('utf8')));
}

/** An unreadable last record has no hash to follow: the next one then shows as unlinked for good. */
function finish(walk: ChainWalk, start: ChainEnd): ChainEnd {
  return { seq: walk.end.seq, at: walk.end.at, hash: walk.end.hash ?? start.hash };
}

/** Cuts a segment to `length`. The bytes are safe in their own file before they leave the segment. */
export function setAside(
  fs: JournalFs,
  directory: string,
  segment: number,
  length: number,
  lastSeq: number,
  now: number,
): Recovery {
  const name = segmentName(segment);
  const bytes = (readWhole(fs, `${directory}/${name}`) ?? Buffer.alloc(0)).subarray(length);
  const aside = freeName(fs, directory, `${name.slice(0, -'.jsonl'.length)}-${now}`);
  const fd = fs.open(`${directory}/${aside}`, 'create', 0o600);
  try {
    writeAll(fs, fd, bytes);
    fs.sync(fd);
  } finally {
    fs.close(fd);
  }
  fs.syncDirectory(directory);
  truncateFile(fs, `${directory}/${name}`, length);
  return { bytesCut: bytes.length, lastSeq, aside };
}

function freeName(fs: JournalFs, directory: string, stem: string): string {
  const taken = new Set(fs.list(directory));
  let name = `${stem}.torn`;
  for (let n = 2; taken.has(name); n += 1) name = `${stem}-${n}.torn`;
  return name;
}

/** Shortens a file and makes that durable. */
export function truncateFile(fs: JournalFs, path: string, length: number): void {
  const fd = fs.open(path, 'update');
  try {
    if (fs.size(fd) !== length) fs.truncate(fd, length);
    fs.sync(fd);
  } finally {
    fs.close(fd);
  }
}
