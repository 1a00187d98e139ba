import { hash } from 'node:crypto';

/**
 * The hash tree of RFC 6962 §2.1 over the hashes of records. A leaf is SHA-256(0x00 ‖ record hash), a node
 * SHA-256(0x01 ‖ left ‖ right); all hashes here are 32 bytes.
 */
export function leafHash(recordHash: string): Buffer {
  return hash('sha256', Buffer.from(`00${recordHash}`, 'hex'), 'buffer');
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([NODE, left, right]), 'buffer');
}

const NODE = Buffer.from([1]);

/** Root of the empty tree. */
export const EMPTY_ROOT: Buffer = hash('sha256', '', 'buffer');

/** A tree that only grows at its right edge: keeps the roots of its full subtrees, at most one a level. */
export class MerkleFrontier {
  private readonly peaks: { hash: Buffer; level: number }[] = [];
  private leaves = 0;

  get size(): number {
    return this.leaves;
  }

  /** Adds the leaf of the next record. Gives the root of the subtree of 2^`watch` leaves that it completes, if any. */
  add(recordHash: string, watch = -1): Buffer | undefined {
    return this.addSubtree(leafHash(recordHash), 0, watch);
  }

  /**
   * Adds a full subtree of 2^`level` leaves; gives what `add` gives.
   * @throws RangeError when the tree's size is not a multiple of that.
   */
  addSubtree(root: Buffer, level: number, watch = -1): Buffer | undefined {
    if (this.leaves % 2 ** level !== 0) throw new RangeError('a subtree does not fit here');
    let peak = { hash: root, level };
    let watched = level === watch ? root : undefined;
    for (let top = this.peaks.at(-1); top?.level === peak.level; top = this.peaks.at(-1)) {
      this.peaks.pop();
      peak = { hash: nodeHash(top.hash, peak.hash), level: peak.level + 1 };
      if (peak.level === watch) watched = peak.hash;
    }
    this.peaks.push(peak);
    this.leaves += 2 ** level;
    return watched;
  }

  root(): Buffer {
    let root: Buffer | undefined;
    for (const peak of [...this.peaks].reverse()) root = root ? nodeHash(peak.hash, root) : peak.hash;
    return root ?? EMPTY_ROOT;
  }

  /** The peaks as hex, from the left; together with `size` they are the whole state. */
  save(): string[] {
    return this.peaks.map((peak) => peak.hash.toString('hex'));
  }

  /** @throws RangeError when the number of peaks does not go with the size. */
  static load(size: number, peaks: readonly string[]): MerkleFrontier {
    const frontier = new MerkleFrontier();
    let rest = peaks;
    for (let level = Math.floor(Math.log2(Math.max(size, 1))); level >= 0; level -= 1) {
      if (Math.floor(size / 2 ** level) % 2 === 0) continue;
      const [peak, ...others] = rest;
      if (!peak) throw new RangeError('peaks are missing');
      frontier.addSubtree(Buffer.from(peak, 'hex'), level);
      rest = others;
    }
    if (rest.length > 0) throw new RangeError('there are too many peaks');
    return frontier;
  }
}

/** Root of the full or partial subtree over the leaves `from` (inclusive) to `to` (exclusive), counted from 0. */
export type SubtreeRoot = (from: number, to: number) => Buffer;

/** Largest power of two smaller than `n` (n ≥ 2). */
function split(n: number): number {
  return 2 ** Math.floor(Math.log2(n - 1));
}

/** Root over given leaf hashes, as RFC 6962 defines MTH. */
export function rootOf(leaves: readonly Buffer[]): Buffer {
  const frontier = new MerkleFrontier();
  for (const leaf of leaves) frontier.addSubtree(leaf, 0);
  return frontier.root();
}

/** PATH(index, D[size]) of RFC 6962 §2.1.1. */
export function inclusionProof(index: number, size: number, subtree: SubtreeRoot): Buffer[] {
  if (index < 0 || index >= size) throw new RangeError('the record is not in this tree');
  const path = (from: number, to: number): Buffer[] => {
    if (to - from === 1) return [];
    const middle = from + split(to - from);
    return index < middle
      ? [...path(from, middle), subtree(middle, to)]
      : [...path(middle, to), subtree(from, middle)];
  };
  return path(0, size);
}

/** True when `proof` shows that the leaf stands at `index` in the tree of `size` leaves with this root. */
export function verifyInclusion(
  leaf: Buffer,
  index: number,
  size: number,
  proof: readonly Buffer[],
  root: Buffer,
): boolean {
  // RFC 9162 §2.1.3.2, which computes the same trees.
  if (index < 0 || index >= size) return false;
  let node = index;
  let last = size - 1;
  let current = leaf;
  for (const part of proof) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      current = nodeHash(part, current);
      while (node % 2 === 0 && node !== 0) {
        node = Math.floor(node / 2);
        last = Math.floor(last / 2);
      }
    } else {
      current = nodeHash(current, part);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && current.equals(root);
}

/** PROOF(first, D[second]) of RFC 6962 §2.1.2: that the tree of `second` leaves begins with that of `first`. */
export function consistencyProof(first: number, second: number, subtree: SubtreeRoot): Buffer[] {
  if (first < 1 || first > second) throw new RangeError('the trees are in the wrong order');
  const proof = (m: number, from: number, to: number, whole: boolean): Buffer[] => {
    if (m === to - from) return whole ? [] : [subtree(from, to)];
    const k = split(to - from);
    return m <= k
      ? [...proof(m, from, from + k, whole), subtree(from + k, to)]
      : [...proof(m - k, from + k, to, false), subtree(from, from + k)];
  };
  return proof(first, 0, second, true);
}

/** RFC 9162 §2.1.4.2. */
export function verifyConsistency(
  first: number,
  second: number,
  firstRoot: Buffer,
  secondRoot: Buffer,
  proof: readonly Buffer[],
): boolean {
  if (first < 1 || first > second) return false;
  if (first === second) return proof.length === 0 && firstRoot.equals(secondRoot);
  const isPower = Number.isInteger(Math.log2(first));
  const [start, ...rest] = isPower ? [firstRoot, ...proof] : proof;
  if (!start) return false;
  let node = first - 1;
  let last = second - 1;
  while (node % 2 === 1) {
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  let a = start;
  let b = start;
  for (const part of rest) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      a = nodeHash(part, a);
      b = nodeHash(part, b);
      while (node % 2 === 0 && node !== 0) {
        node = Math.floor(node / 2);
        last = Math.floor(last / 2);
      }
    } else {
      b = nodeHash(b, part);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && a.equals(firstRoot) && b.equals(secondRoot);
}
