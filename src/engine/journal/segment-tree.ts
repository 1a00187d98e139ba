import type { JournalFs } from './fs';
import { parseRecord } from './line';
import { consistencyProof, inclusionProof, leafHash, nodeHash, rootOf } from './merkle';
import { listSegments, readLines, SEGMENT_RECORDS, segmentName } from './segments';

export interface SegmentTreeOptions {
  readonly fs: JournalFs;
  readonly directory: string;
  /** Roots of the first full segments, as far as they are known; those of dropped segments must be given. */
  readonly roots?: readonly string[];
  readonly segmentRecords?: number;
}

/**
 * The hash tree of a journal's directory, for making proofs. A full segment is one subtree, so a proof needs the
 * lines of the segments at its edges only and one root of each of the others.
 */
export class SegmentTree {
  private readonly capacity: number;
  private readonly roots = new Map<number, Buffer>();
  private readonly segments: readonly number[];

  constructor(private readonly options: SegmentTreeOptions) {
    this.capacity = options.segmentRecords ?? SEGMENT_RECORDS;
    for (const [i, root] of (options.roots ?? []).entries()) this.roots.set(i, Buffer.from(root, 'hex'));
    this.segments = listSegments(options.fs, options.directory);
  }

  /** Root over the first `size` records. @throws RangeError when records that it needs are not there. */
  root(size: number): Buffer {
    return this.subtree(0, size);
  }

  /** That record `seq` is among the first `size`. */
  inclusion(seq: number, size: number): Buffer[] {
    return inclusionProof(seq - 1, size, (from, to) => this.subtree(from, to));
  }

  /** That the first `second` records begin with the first `first`. */
  consistency(first: number, second: number): Buffer[] {
    return consistencyProof(first, second, (from, to) => this.subtree(from, to));
  }

  private subtree(from: number, to: number): Buffer {
    const index = Math.floor(from / this.capacity);
    if (from % this.capacity === 0 && to - from === this.capacity) {
      const known = this.roots.get(index) ?? rootOf(this.leaves(from, to));
      this.roots.set(index, known);
      return known;
    }
    if (Math.floor((to - 1) / this.capacity) === index) return rootOf(this.leaves(from, to));
    const middle = from + 2 ** Math.floor(Math.log2(to - from - 1));
    return nodeHash(this.subtree(from, middle), this.subtree(middle, to));
  }

  /** Leaf hashes of the records `from` + 1 to `to`. */
  private leaves(from: number, to: number): Buffer[] {
    const { fs, directory } = this.options;
    const start = this.segments.findLastIndex((first) => first <= from + 1);
    const found: Buffer[] = [];
    for (const segment of start < 0 ? [] : this.segments.slice(start)) {
      if (segment > to) break;
      for (const batch of readLines(fs, `${directory}/${segmentName(segment)}`)) {
        for (const { bytes } of batch) {
          const record = parseRecord(bytes.toString('utf8'));
          if (record && record.seq === from + 1 + found.length && record.seq <= to)
            found.push(leafHash(record.hash));
        }
      }
    }
    if (found.length !== to - from)
      throw new RangeError(`The records ${from + 1} to ${to} are not all there.`);
    return found;
  }
}
