import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import {
  consistencyProof,
  EMPTY_ROOT,
  inclusionProof,
  leafHash,
  MerkleFrontier,
  nodeHash,
  rootOf,
  verifyConsistency,
  verifyInclusion,
} from '../../../src/engine/journal/merkle';

/** MTH of RFC 6962 §2.1, word for word. */
function reference(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return createHash('sha256').digest();
  const [only] = leaves;
  if (leaves.length === 1 && only) return only;
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return nodeHash(reference(leaves.slice(0, k)), reference(leaves.slice(k)));
}

const recordHash = (i: number) => createHash('sha256').update(String(i)).digest('hex');
const leaves = (n: number) => Array.from({ length: n }, (_, i) => leafHash(recordHash(i)));
const subtree = (all: readonly Buffer[]) => (from: number, to: number) => rootOf(all.slice(from, to));

describe('hash tree', () => {
  it('agrees with the test vectors of RFC 6962 (certificate-transparency, merkle_tree_test)', () => {
    assert.equal(
      EMPTY_ROOT.toString('hex'),
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
    const inputs = [
      '',
      '00',
      '10',
      '2021',
      '3031',
      '40414243',
      '5051525354555657',
      '606162636465666768696a6b6c6d6e6f',
    ];
    const roots = [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ];
    const frontier = new MerkleFrontier();
    for (const [i, input] of inputs.entries()) {
      frontier.add(input);
      assert.equal(frontier.root().toString('hex'), roots[i]);
    }
  });

  it('grows to the root of RFC 6962, also after it was saved and loaded', () => {
    const frontier = new MerkleFrontier();
    for (let n = 1; n <= 130; n += 1) {
      frontier.add(recordHash(n - 1));
      assert.deepEqual(frontier.root(), reference(leaves(n)));
      assert.deepEqual(MerkleFrontier.load(n, frontier.save()).root(), frontier.root());
    }
  });

  it('gives the root of each subtree that it was asked to watch for', () => {
    const frontier = new MerkleFrontier();
    const found = Array.from({ length: 16 }, (_, i) => frontier.add(recordHash(i), 2)).filter((root) => root);
    assert.deepEqual(
      found,
      [0, 4, 8, 12].map((from) => reference(leaves(16).slice(from, from + 4))),
    );
  });

  it('proves that each leaf is in each tree, and nothing else', () => {
    for (let size = 1; size <= 40; size += 1) {
      const all = leaves(size);
      const root = reference(all);
      for (let i = 0; i < size; i += 1) {
        const proof = inclusionProof(i, size, subtree(all));
        const leaf = all[i]!;
        assert.ok(verifyInclusion(leaf, i, size, proof, root));
        if (size > 1) assert.ok(!verifyInclusion(leaf, (i + 1) % size, size, proof, root));
        assert.ok(!verifyInclusion(leafHash(recordHash(999)), i, size, proof, root));
        assert.ok(!verifyInclusion(leaf, i, size, [...proof, leaf], root));
      }
    }
  });

  it('proves that a tree is the beginning of a later one, and notices when it is not', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 90 }),
        fc.integer({ min: 0, max: 90 }),
        fc.nat(),
        (first, more, flip) => {
          const all = leaves(first + more);
          const [a, b] = [reference(all.slice(0, first)), reference(all)];
          const proof = consistencyProof(first, first + more, subtree(all));
          assert.ok(verifyConsistency(first, first + more, a, b, proof));
          const other = [...all];
          other[flip % first] = leafHash(recordHash(1000));
          assert.ok(!verifyConsistency(first, first + more, reference(other.slice(0, first)), b, proof));
          assert.ok(!verifyConsistency(first, first + more, a, reference(other), proof));
        },
      ),
    );
  });
});
