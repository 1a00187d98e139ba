import type { KeyObject } from 'node:crypto';
import { type Checkpoint, chainStart, readCheckpoint, treeStart, verifyCheckpoint } from './checkpoint';
import { type JournalFs, nodeFs } from './fs';
import { HEADS_FILE, type Head, headHash, keyId, parseHead, verifyHead } from './heads';
import type { MerkleFrontier } from './merkle';
import type { Damage } from './port';
import { listSegments, readLines, segmentName } from './segments';
import { ChainWalk } from './walk';

/** Most damages that a report lists; the rest are counted. */
const MAX_LISTED = 100;

export interface VerifyOptions {
  readonly fs?: JournalFs;
  /** The journal's public key as known from elsewhere. Without it, heads are checked against the journal only. */
  readonly publicKey?: KeyObject;
  /** The last head, as remembered in another place. Without it, nobody can tell yesterday's copy from today's. */
  readonly rememberedHead?: Head;
  /** Called now and then with the number of records checked and the share of bytes done, 0 to 1. */
  readonly onProgress?: (checked: number, share: number) => void;
  /** Stops the check; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Checks nothing after this record: for a journal that is being written meanwhile. */
  readonly until?: { readonly seq: number };
}

export interface VerifyReport {
  readonly intact: boolean;
  readonly records: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly lastHash: string;
  /** In the order in which they were found; at most 100. */
  readonly damage: readonly Damage[];
  readonly damageCount: number;
  /** Signed heads that were checked, and the newest one. */
  readonly heads: number;
  readonly lastHead?: Head;
  /** What the check could not know, in plain words: no key given, no remembered head. */
  readonly notes: readonly string[];
}

/**
 * Reads a journal's directory from its first to its last byte and says what is wrong, and where. Takes no lease and
 * writes nothing, so it works on a copy.
 */
export async function verifyDirectory(directory: string, options: VerifyOptions = {}): Promise<VerifyReport> {
  return new Verification(directory, options).run();
}

class Verification {
  private readonly fs: JournalFs;
  private readonly damage: Damage[] = [];
  private damageCount = 0;
  private readonly notes: string[] = [];
  private heads: Head[] = [];
  private records = 0;
  private readonly report = (found: Damage): void => {
    this.damageCount += 1;
    if (this.damage.length < MAX_LISTED) this.damage.push(found);
  };

  constructor(
    private readonly directory: string,
    private readonly options: VerifyOptions,
  ) {
    this.fs = options.fs ?? nodeFs;
  }

  async run(): Promise<VerifyReport> {
    const checkpoint = this.readStart();
    this.readHeads();
    const start = chainStart(checkpoint);
    const tree = treeStart(checkpoint);
    const walk = new ChainWalk(start, this.report);
    const expected = this.expectations(checkpoint);
    let journal = checkpoint?.journal;
    let placement: { segment: string; line: number } = { segment: segmentName(start.seq + 1), line: 0 };
    const segments = listSegments(this.fs, this.directory).filter((first) => first > start.seq);
    let firstSeq = 0;
    for (const [index, first] of segments.entries()) {
      if (this.isPast(walk.end.seq)) break;
      const segment = segmentName(first);
      let line = 0;
      for (const batch of readLines(this.fs, `${this.directory}/${segment}`)) {
        this.options.signal?.throwIfAborted();
        for (const raw of batch) {
          if (this.isPast(walk.end.seq)) break;
          line += 1;
          placement = { segment, line };
          if (!raw.whole) {
            this.tell(
              'torn',
              walk.end.seq + 1,
              placement,
              `The last line of ${segment} (line ${line}) is not whole.`,
            );
            continue;
          }
          const before = walk.end.seq;
          const record = walk.line(raw.bytes, segment, line);
          this.records += 1;
          if (line === 1 && record && record.seq !== first) {
            this.tell(
              'misplaced',
              record.seq,
              placement,
              `${segment} begins with record ${record.seq}, not ${first}.`,
            );
          }
          if (walk.end.seq === before) continue;
          if (record?.seq === 1) journal = record.hash;
          if (firstSeq === 0) firstSeq = walk.end.seq;
          // After a gap the tree cannot be the one that was signed; the gap itself is what is reported.
          if (tree.size === walk.end.seq - 1) tree.add(record?.hash ?? '0'.repeat(64));
          this.checkHeads(expected, walk.end, tree, journal, placement);
        }
        this.options.onProgress?.(this.records, (index + 0.5) / segments.length);
        await new Promise((resolve) => setImmediate(resolve));
      }
      this.options.onProgress?.(this.records, (index + 1) / segments.length);
    }
    this.checkEnd(expected, walk.end.seq, placement);
    this.checkNothingAdded(walk.end.seq, placement);
    return this.result(walk, firstSeq);
  }

  private isPast(seq: number): boolean {
    return this.options.until !== undefined && seq >= this.options.until.seq;
  }

  private tell(
    kind: Damage['kind'],
    seq: number,
    place: { segment: string; line: number },
    text: string,
  ): void {
    this.report({ kind, seq, ...place, text });
  }

  private readStart(): Checkpoint | undefined {
    const { publicKey } = this.options;
    const place = { segment: 'checkpoint.json', line: 1 };
    let checkpoint: Checkpoint | undefined;
    try {
      checkpoint = readCheckpoint(this.fs, this.directory);
    } catch {
      this.tell('checkpoint', 0, place, 'The checkpoint that stands for dropped records cannot be read.');
      return undefined;
    }
    if (!checkpoint) return undefined;
    if (publicKey && !verifyCheckpoint(publicKey, checkpoint)) {
      this.tell(
        'checkpoint',
        checkpoint.seq,
        place,
        'The checkpoint is not signed with the key of this record.',
      );
    } else {
      this.notes.push(
        `Records 1 to ${checkpoint.seq} were dropped by retention; a checkpoint stands for them.`,
      );
    }
    return checkpoint;
  }

  private readHeads(): void {
    const { publicKey } = this.options;
    if (!publicKey) this.notes.push('No public key was given: signatures of heads were not checked.');
    if (!this.options.rememberedHead) {
      this.notes.push('No remembered head was given: an older copy of the whole record would look the same.');
    }
    if (!this.fs.list(this.directory).includes(HEADS_FILE)) return;
    let line = 0;
    let before: Head | undefined;
    const known = publicKey && keyId(publicKey);
    for (const batch of readLines(this.fs, `${this.directory}/${HEADS_FILE}`)) {
      for (const raw of batch) {
        line += 1;
        const place = { segment: HEADS_FILE, line };
        if (!raw.whole) {
          this.tell(
            'torn',
            before?.seq ?? 0,
            place,
            `The last line of ${HEADS_FILE} (line ${line}) is not whole.`,
          );
          continue;
        }
        const head = parseHead(raw.bytes.toString('utf8'));
        if (!head) {
          this.tell('head', 0, place, `The signed head on line ${line} of ${HEADS_FILE} cannot be read.`);
          continue;
        }
        if (publicKey && head.key !== known) {
          this.tell('key', head.seq, place, `The head of record ${head.seq} is signed with another key.`);
        } else if (publicKey && !verifyHead(publicKey, head)) {
          this.tell('head', head.seq, place, `The signature of the head of record ${head.seq} is wrong.`);
        } else this.heads.push(head);
        if (head.prev !== headHash(before) || head.seq < (before?.seq ?? 0)) {
          this.tell(
            'head',
            head.seq,
            place,
            `A head is missing before line ${line} of ${HEADS_FILE}, or they were swapped.`,
          );
        }
        before = head;
      }
    }
  }

  /** Heads that the records must agree with, ascending; the remembered one included. */
  private expectations(checkpoint: Checkpoint | undefined): { head: Head; remembered: boolean }[] {
    const { rememberedHead, publicKey } = this.options;
    const all = this.heads.map((head) => ({ head, remembered: false }));
    if (rememberedHead) {
      const place = { segment: HEADS_FILE, line: Math.max(this.heads.length, 1) };
      if (publicKey && !verifyHead(publicKey, rememberedHead)) {
        this.tell(
          'key',
          rememberedHead.seq,
          place,
          'The remembered head is signed with another key than the given one.',
        );
      }
      const foreign = this.heads.find((head) => head.key !== rememberedHead.key);
      if (foreign) {
        this.tell(
          'key',
          foreign.seq,
          place,
          `The head of record ${foreign.seq} is signed with another key than the remembered one.`,
        );
      }
      const isThere = this.heads.some((head) => head.signature === rememberedHead.signature);
      if (!isThere && (this.options.until === undefined || rememberedHead.seq <= this.options.until.seq)) {
        this.tell(
          'truncated',
          rememberedHead.seq,
          place,
          `The signed head of record ${rememberedHead.seq} is gone from ${HEADS_FILE}.`,
        );
      }
      all.push({ head: rememberedHead, remembered: true });
    }
    return all
      .filter(
        ({ head }) => head.seq > (checkpoint?.seq ?? 0) && head.seq <= (this.options.until?.seq ?? Infinity),
      )
      .sort((a, b) => a.head.seq - b.head.seq);
  }

  private checkHeads(
    expected: { head: Head; remembered: boolean }[],
    end: { seq: number; hash: string | undefined },
    tree: MerkleFrontier,
    journal: string | undefined,
    place: { segment: string; line: number },
  ): void {
    for (let next = expected[0]; next && next.head.seq <= end.seq; next = expected[0]) {
      expected.shift();
      const { head, remembered } = next;
      // Skipped: the record is missing, which is reported already.
      if (head.seq < end.seq) continue;
      const which = remembered ? 'remembered' : 'signed';
      if (head.hash !== end.hash || (journal !== undefined && head.journal !== journal)) {
        this.tell(
          'replaced',
          head.seq,
          place,
          `Record ${head.seq} (${place.segment}, line ${place.line}) is not the one of the ${which} head.`,
        );
      } else if (tree.size === end.seq && head.root !== tree.root().toString('hex')) {
        this.tell(
          'replaced',
          head.seq,
          place,
          `The records up to ${head.seq} are not the ones of the ${which} head.`,
        );
      }
    }
  }

  private checkEnd(
    expected: { head: Head; remembered: boolean }[],
    last: number,
    place: { segment: string; line: number },
  ): void {
    const furthest = expected.at(-1);
    const { until } = this.options;
    const should = Math.max(furthest?.head.seq ?? 0, until?.seq ?? 0);
    if (should <= last) return;
    const gone = should - last;
    const who =
      should === furthest?.head.seq
        ? furthest.remembered
          ? 'the remembered head'
          : 'a signed head'
        : 'its writer';
    this.tell(
      'truncated',
      last + 1,
      place,
      `The record ends with ${last} (${place.segment}, line ${place.line}), but ${who} ` +
        `speaks of ${should}: the last ${gone} ${gone === 1 ? 'record is' : 'records are'} gone.`,
    );
  }

  /** Behind the head of a journal that was closed there must be nothing, unless a later head opened it again. */
  private checkNothingAdded(last: number, place: { segment: string; line: number }): void {
    const { rememberedHead, until } = this.options;
    const inFile = this.heads.at(-1);
    // The remembered head may lag behind the file by one that could not be saved, never the other way.
    const newest = (inFile?.seq ?? 0) >= (rememberedHead?.seq ?? 0) ? inFile : rememberedHead;
    const reopened = newest?.seq === rememberedHead?.seq && rememberedHead?.open === true;
    if (until || !newest || newest.open || reopened || last <= newest.seq) return;
    this.tell(
      'added',
      newest.seq + 1,
      place,
      `Records ${newest.seq + 1} to ${last} were added after the record was closed with ${newest.seq}.`,
    );
  }

  private result(walk: ChainWalk, firstSeq: number): VerifyReport {
    const lastHead = this.heads.at(-1);
    return {
      intact: this.damageCount === 0,
      records: this.records,
      firstSeq,
      lastSeq: walk.end.seq,
      lastHash: walk.end.hash ?? '',
      damage: this.damage,
      damageCount: this.damageCount,
      heads: this.heads.length,
      ...(lastHead ? { lastHead } : {}),
      notes: this.notes,
    };
  }
}
