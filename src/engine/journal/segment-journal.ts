import type { Clock } from '../model/ports';
import type { AnyRecord } from '../model/record';
import { coded, errorCode, JournalFailedError } from './errors';
import { type JournalFs, nodeFs, writeAll } from './fs';
import { Lease } from './lease';
import { type ChainEnd, type Draft, EMPTY_CHAIN, parseRecord, type Seal, sealLine } from './line';
import {
  type Damage,
  type JournalOpening,
  type JournalPort,
  type Location,
  PartialAppendError,
  type Stored,
  type StoredRecord,
} from './port';
import { mendTail, setAside, truncateFile } from './recovery';
import { listSegments, readAt, readLines, SEGMENT_RECORDS, segmentName } from './segments';
import { ChainWalk, type WalkEnd } from './walk';

export interface SegmentJournalOptions {
  readonly directory: string;
  /** Shown to whoever finds the journal taken: the name of the workspace. */
  readonly label: string;
  readonly clock: Pick<Clock, 'now'>;
  readonly fs?: JournalFs;
  /** See `LeaseOptions.token`. */
  readonly leaseToken?: string;
  /** Where the chain starts when retention dropped older records; called with the directory mended. */
  readonly start?: () => ChainEnd;
  /** Records a segment, a power of two. Smaller ones are for tests. */
  readonly segmentRecords?: number;
}

/** A disk with less room than this is still full. */
const PROBE_BYTES = 64 * 1024;

/** The journal as segments of JSON lines in a directory that only its owner can read. */
export class SegmentJournal implements JournalPort {
  private readonly fs: JournalFs;
  private readonly directory: string;
  private readonly capacity: number;
  private lease: Lease | undefined;
  private end: ChainEnd = EMPTY_CHAIN;
  private segments: number[] = [];
  /** Acknowledged bytes of the newest segment. */
  private length = 0;
  private fd: number | undefined;
  private failure: JournalFailedError | undefined;

  constructor(private readonly options: SegmentJournalOptions) {
    this.fs = options.fs ?? nodeFs;
    this.directory = options.directory;
    this.capacity = options.segmentRecords ?? SEGMENT_RECORDS;
  }

  async open(): Promise<JournalOpening> {
    const { fs, directory, options } = this;
    let lease: Lease | undefined;
    try {
      fs.makeDirectory(directory, 0o700);
      const token = options.leaseToken;
      lease = Lease.acquire({
        fs,
        directory,
        label: options.label,
        ...(token === undefined ? {} : { token }),
      });
      const start = options.start?.();
      // What a crash in the middle of dropping left behind.
      if (start) this.removeThrough(start.seq);
      const tail = mendTail(fs, directory, options.clock.now(), start);
      this.lease = lease;
      this.end = tail.end;
      this.segments = [...tail.segments];
      this.length = tail.length;
      return {
        end: tail.end,
        firstSeq: this.segments[0] ?? tail.end.seq + 1,
        damage: tail.damage,
        ...(tail.recovered ? { recovered: tail.recovered } : {}),
      };
    } catch (error) {
      lease?.release();
      throw /^E[A-Z]+$/.test(errorCode(error)) ? JournalFailedError.of(error) : error;
    }
  }

  async appendBatch(drafts: readonly Draft[]): Promise<readonly Stored[]> {
    if (this.failure) throw this.failure;
    if (!this.lease?.stillHeld()) throw this.fail(coded('ELEASE', 'the lease is gone'));
    const stored: Stored[] = [];
    let next = 0;
    while (next < drafts.length) {
      try {
        const count = this.commit(drafts, next, stored);
        next += count;
      } catch (error) {
        const failure = this.fail(error);
        throw stored.length > 0 ? new PartialAppendError(stored, failure) : failure;
      }
    }
    return stored;
  }

  /** Writes and flushes as many drafts as the newest segment takes, or starts a new one. */
  private commit(drafts: readonly Draft[], from: number, stored: Stored[]): number {
    this.rotateWhenFull();
    const segment = this.segments.at(-1) ?? this.startSegment(this.end.seq + 1);
    const room = this.capacity - (this.end.seq % this.capacity);
    const now = this.options.clock.now();
    const batch: Stored[] = [];
    const lines: string[] = [];
    let end = this.end;
    let offset = this.length;
    for (const item of drafts.slice(from, from + room)) {
      const { line, seal } = sealLine(item, end, now);
      const length = Buffer.byteLength(line);
      batch.push({ seal, segment, offset, length });
      lines.push(line);
      offset += length + 1;
      end = seal;
    }
    this.fd ??= this.fs.open(`${this.directory}/${segmentName(segment)}`, 'append');
    if (this.fs.size(this.fd) !== this.length) throw coded('EFOREIGN', 'the file is not as it was left');
    writeAll(this.fs, this.fd, Buffer.from(`${lines.join('\n')}\n`));
    this.fs.sync(this.fd);
    this.end = chainEnd(end);
    this.length = offset;
    stored.push(...batch);
    return batch.length;
  }

  private rotateWhenFull(): void {
    const newest = this.segments.at(-1);
    const next = this.end.seq + 1;
    if (newest === undefined || newest === next || this.end.seq % this.capacity !== 0) return;
    this.startSegment(next);
  }

  private startSegment(firstSeq: number): number {
    const path = `${this.directory}/${segmentName(firstSeq)}`;
    this.closeFile();
    const fd = this.fs.open(path, 'create');
    try {
      this.fs.sync(fd);
      this.fs.syncDirectory(this.directory);
    } catch (error) {
      this.fs.close(fd);
      throw error;
    }
    this.fd = fd;
    this.segments.push(firstSeq);
    this.length = 0;
    return firstSeq;
  }

  private fail(error: unknown): JournalFailedError {
    this.failure = JournalFailedError.of(error);
    return this.failure;
  }

  async recover(): Promise<boolean> {
    if (!this.failure) return true;
    if (!this.lease?.stillHeld()) return false;
    try {
      this.closeFile();
      this.dropUnacknowledged();
      const tail = mendTail(this.fs, this.directory, this.options.clock.now(), this.options.start?.());
      if (tail.end.seq !== this.end.seq || tail.end.hash !== this.end.hash) return false;
      this.probe();
      this.segments = [...tail.segments];
      this.length = tail.length;
      this.failure = undefined;
      return true;
    } catch {
      return false;
    }
  }

  /** Tries the disk with a file of its own, so that a fault that lasts is not taken for one that went. */
  private probe(): void {
    const path = `${this.directory}/probe`;
    this.fs.remove(path);
    const fd = this.fs.open(path, 'create');
    try {
      writeAll(this.fs, fd, Buffer.alloc(PROBE_BYTES));
      this.fs.sync(fd);
    } finally {
      this.fs.close(fd);
      this.fs.remove(path);
    }
    this.fs.syncDirectory(this.directory);
  }

  /** Bytes of a batch that failed, and a segment that was begun for it. */
  private dropUnacknowledged(): void {
    const newest = this.segments.at(-1);
    for (const segment of listSegments(this.fs, this.directory)) {
      if (newest === undefined || segment > newest) {
        this.fs.remove(`${this.directory}/${segmentName(segment)}`);
        this.fs.syncDirectory(this.directory);
      }
    }
    if (newest === undefined) return;
    const { fs, directory, length } = this;
    // What another program wrote is evidence.
    if (this.failure?.code === 'EFOREIGN')
      setAside(fs, directory, newest, length, this.end.seq, this.options.clock.now());
    truncateFile(fs, `${directory}/${segmentName(newest)}`, length);
  }

  async *read(
    fromSeq: number,
    onDamage: (damage: Damage) => void = () => {},
  ): AsyncGenerator<readonly StoredRecord[]> {
    const last = this.end.seq;
    const acknowledged = this.length;
    const newest = this.segments.at(-1);
    let walk: ChainWalk | undefined;
    for (const [index, segment] of [...this.segments].entries()) {
      const next = this.segments[index + 1];
      if (next !== undefined && next <= fromSeq) continue;
      // Dropped by retention since reading started.
      if (!this.segments.includes(segment)) continue;
      const name = segmentName(segment);
      walk ??= new ChainWalk(this.startOf(segment), onDamage);
      let line = 0;
      const until = segment === newest ? acknowledged : undefined;
      for (const batch of readLines(this.fs, `${this.directory}/${name}`, 0, until)) {
        const records: StoredRecord[] = [];
        for (const { bytes, offset } of batch) {
          line += 1;
          if (walk.end.seq >= last) break;
          const record = walk.line(bytes, name, line);
          if (record && record.seq >= fromSeq)
            records.push({ record, segment, offset, length: bytes.length });
        }
        if (records.length > 0) yield records;
      }
    }
  }

  private startOf(segment: number): WalkEnd {
    const start = this.options.start?.() ?? EMPTY_CHAIN;
    return segment === start.seq + 1 ? start : { seq: segment - 1, hash: undefined, at: 0 };
  }

  async fetch(at: Location): Promise<AnyRecord> {
    const name = segmentName(at.segment);
    const record = parseRecord(
      readAt(this.fs, `${this.directory}/${name}`, at.offset, at.length).toString('utf8'),
    );
    if (record?.seq !== at.seq)
      throw coded('EDAMAGED', `Record ${at.seq} is not where it was written (${name}).`);
    return record;
  }

  head(): ChainEnd {
    return this.end;
  }

  async drop(seq: number): Promise<void> {
    this.removeThrough(seq);
    this.segments = this.segments.filter((first) => first > seq);
  }

  private removeThrough(seq: number): void {
    const gone = listSegments(this.fs, this.directory).filter((first) => first <= seq);
    for (const first of gone) this.fs.remove(`${this.directory}/${segmentName(first)}`);
    if (gone.length > 0) this.fs.syncDirectory(this.directory);
  }

  async close(): Promise<void> {
    this.closeFile();
    this.lease?.release();
    this.lease = undefined;
  }

  private closeFile(): void {
    const fd = this.fd;
    this.fd = undefined;
    if (fd !== undefined) this.fs.close(fd);
  }
}

function chainEnd(end: ChainEnd | Seal): ChainEnd {
  return { seq: end.seq, at: end.at, hash: end.hash };
}
