import type { ChainEnd, Head, JournalFs, Signer } from '../journal';
import { writeAll } from '../journal/fs';
import { HEADS_FILE, headHash, headLine, parseHead, signHead } from '../journal/heads';
import { MerkleFrontier } from '../journal/merkle';
import { readLines } from '../journal/segments';

/** Records after which a head is signed. */
const HEAD_EVERY = 1024;
/** See `signAfterMs`. */
const HEAD_AFTER_MS = 2_000;

export interface TreeState {
  readonly size: number;
  readonly peaks: readonly string[];
  /** Roots of the full segments, oldest first. */
  readonly roots: readonly string[];
}

export interface HeadKeeperOptions {
  readonly fs: JournalFs;
  readonly directory: string;
  readonly signer: Signer | undefined;
  readonly segmentRecords: number;
  readonly onHead: (head: Head) => void;
  /** Milliseconds after which a head is signed although few records were added; another one is for tests. */
  readonly signAfterMs?: number;
}

/** Grows the hash tree with each durable record, and signs heads of it. Without a key it only grows. */
export class HeadKeeper {
  private tree = new MerkleFrontier();
  private roots: string[] = [];
  private end: ChainEnd | undefined;
  private journal = '';
  private signed: Head | undefined;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(private readonly options: HeadKeeperOptions) {}

  /** Goes on from a tree that is known up to `end`; then `add` every later record. */
  start(journal: string, state: TreeState, end: ChainEnd): void {
    this.journal = journal;
    this.end = end;
    this.tree = MerkleFrontier.load(state.size, state.peaks);
    this.roots = [...state.roots];
  }

  /** Reads the newest signed head from the file and cuts a line that a crash left half written. */
  openFile(): void {
    const { fs, directory } = this.options;
    if (!fs.list(directory).includes(HEADS_FILE)) return;
    let length = 0;
    let torn = false;
    for (const batch of readLines(fs, `${directory}/${HEADS_FILE}`)) {
      for (const raw of batch) {
        if (!raw.whole) {
          torn = true;
          continue;
        }
        length = raw.offset + raw.bytes.length + 1;
        this.signed = parseHead(raw.bytes.toString('utf8')) ?? this.signed;
      }
    }
    if (!torn) return;
    const fd = fs.open(`${directory}/${HEADS_FILE}`, 'update');
    try {
      fs.truncate(fd, length);
      fs.sync(fd);
    } finally {
      fs.close(fd);
    }
  }

  /** The newest head; undefined when none was signed yet. */
  get last(): Head | undefined {
    return this.signed;
  }

  get journalId(): string {
    return this.journal;
  }

  state(): TreeState {
    return { size: this.tree.size, peaks: this.tree.save(), roots: this.roots };
  }

  /** Takes the next durable record into the tree. */
  add(end: ChainEnd): void {
    if (end.seq === 1) this.journal = end.hash;
    // After a gap in a damaged journal there is no tree any more that heads could speak of.
    if (end.seq !== this.tree.size + 1) return;
    const root = this.tree.add(end.hash, Math.log2(this.options.segmentRecords));
    if (root) this.roots.push(root.toString('hex'));
    this.end = end;
  }

  /** Called after records were added while the journal is written: signs now or soon. */
  due(): void {
    if (this.stopped || !this.options.signer || !this.end || this.end.seq === this.signed?.seq) return;
    if (this.end.seq - (this.signed?.seq ?? 0) >= HEAD_EVERY) this.sign();
    else if (!this.timer) {
      this.timer = setTimeout(() => this.sign(), this.options.signAfterMs ?? HEAD_AFTER_MS);
      this.timer.unref();
    }
  }

  /**
   * Signs a head of all records so far, unless there is one. A head that cannot be written is signed later. `open`
   * is false at the end only: then nothing may follow without a head that says so.
   */
  sign(open = true): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { fs, directory, signer } = this.options;
    const { end, signed } = this;
    if (this.stopped || !signer || !end || end.seq < (signed?.seq ?? 0)) return;
    if (end.seq === signed?.seq && signed.open === open) return;
    const head = signHead(signer, {
      journal: this.journal,
      seq: end.seq,
      at: end.at,
      hash: end.hash,
      root: this.tree.root().toString('hex'),
      open,
      prev: headHash(signed),
    });
    try {
      const isNew = !fs.list(directory).includes(HEADS_FILE);
      const fd = fs.open(`${directory}/${HEADS_FILE}`, 'append');
      const before = fs.size(fd);
      try {
        writeAll(fs, fd, Buffer.from(`${headLine(head)}\n`));
        fs.sync(fd);
      } catch (error) {
        fs.truncate(fd, before);
        throw error;
      } finally {
        fs.close(fd);
      }
      if (isNew) fs.syncDirectory(directory);
    } catch {
      return;
    }
    this.signed = head;
    this.options.onHead(head);
  }

  /** Signs nothing any more: the lease is about to be given back. */
  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
