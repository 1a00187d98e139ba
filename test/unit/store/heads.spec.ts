import assert from 'node:assert/strict';
import { appendFileSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { draft, type Head, readPublicKey, Signer, verifyDirectory } from '../../../src/engine/journal';
import { nodeFs } from '../../../src/engine/journal/fs';
import { parseHead, verifyHead } from '../../../src/engine/journal/heads';
import { verifyConsistency } from '../../../src/engine/journal/merkle';
import { receiptFault } from '../../../src/engine/journal/receipt';
import { SegmentTree } from '../../../src/engine/journal/segment-tree';
import { journalIn } from '../journal/support';
import { appendSigned, copyOf, newKey, type Signed, signedStore, writeSigned } from './signed';
import { note, scratch } from './support';

describe('signed heads', () => {
  let directory: string;
  let remove: () => void;
  let signed: Signed;
  beforeEach(async () => {
    ({ path: directory, remove } = scratch());
    signed = await writeSigned(directory, [5, 6]);
  });
  afterEach(() => remove());

  const heads = () =>
    readFileSync(join(directory, 'heads.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => parseHead(line) as Head);

  it('are signed when the journal is closed, remembered elsewhere, and checked', async () => {
    assert.deepEqual(
      heads().map((head) => [head.seq, head.open]),
      [
        [5, false],
        [5, true],
        [11, false],
      ],
    );
    assert.deepEqual(signed.memory.head, heads()[2]);
    assert.ok(heads().every((head) => verifyHead(signed.signer.publicKey, head)));
    const report = await verifyDirectory(directory, {
      publicKey: signed.signer.publicKey,
      rememberedHead: signed.memory.head!,
    });
    assert.deepEqual([report.intact, report.heads, report.notes], [true, 3, []]);
  });

  it('are signed soon after the last record while the journal is open', async () => {
    const store = signedStore(signed);
    await store.open();
    await store.append(note(1));
    const until = Date.now() + 10_000;
    while (signed.memory.head?.seq !== 12 && Date.now() < until) await new Promise((r) => setTimeout(r, 50));
    assert.equal(signed.memory.head?.seq, 12);
    await store.close();
    assert.deepEqual(
      heads()
        .map((head) => [head.seq, head.open])
        .slice(3),
      [
        [11, true],
        [12, true],
        [12, false],
      ],
    );
  });

  it('survive a head that a crash cut short', async () => {
    appendFileSync(join(directory, 'heads.jsonl'), '{"at":1,"hash"');
    await appendSigned(signed, 1);
    assert.deepEqual(
      heads().map((head) => head.seq),
      [5, 5, 11, 11, 12],
    );
  });

  it('tell of a record that was added after the journal was closed, well made as it may be', async () => {
    const forger = journalIn(directory, { segmentRecords: 4 });
    await forger.open();
    await forger.appendBatch([draft(note(99))]);
    await forger.close();
    for (const known of [
      { publicKey: signed.signer.publicKey },
      { rememberedHead: signed.memory.head! },
      {},
    ]) {
      const report = await verifyDirectory(directory, known);
      assert.deepEqual(
        report.damage.map((d) => [d.kind, d.seq, d.segment, d.line]),
        [['added', 12, '00000009.jsonl', 4]],
      );
    }
  });

  it('are chained: none can be taken out', async () => {
    const path = join(directory, 'heads.jsonl');
    const lines = readFileSync(path, 'utf8').split('\n');
    for (const gone of [0, 1]) {
      writeFileSync(path, lines.filter((_, i) => i !== gone).join('\n'));
      assert.equal((await verifyDirectory(directory)).damage[0]?.kind, 'head');
    }
  });

  it('go on over a start without the snapshot', async () => {
    rmSync(join(directory, 'states.json'));
    await appendSigned(signed, 2);
    const report = await verifyDirectory(directory, { publicKey: signed.signer.publicKey });
    assert.deepEqual([report.intact, report.heads, report.lastHead?.seq], [true, 5, 13]);
  });

  it('prove that an older head is the beginning of a newer one', () => {
    const [first, , second] = heads();
    const tree = new SegmentTree({ fs: nodeFs, directory, segmentRecords: 4 });
    const proof = tree.consistency(5, 11);
    const [a, b] = [Buffer.from(first!.root, 'hex'), Buffer.from(second!.root, 'hex')];
    assert.ok(verifyConsistency(5, 11, a, b, proof));
    assert.ok(!verifyConsistency(5, 11, b, a, proof));
  });

  it('give a receipt for each record, which holds offline and for that record only', async () => {
    const store = signedStore(signed);
    await store.open();
    await store.append(note(12));
    for (let seq = 1; seq <= 12; seq += 1) {
      const receipt = JSON.parse(JSON.stringify(await store.receipt(seq)));
      const key = readPublicKey(receipt.publicKey);
      assert.equal(receiptFault(receipt), undefined);
      assert.equal(receiptFault(receipt, signed.signer.publicKey), undefined);
      assert.equal(receiptFault(receipt, key), undefined);
      assert.match(receiptFault(receipt, Signer.fromPkcs8(newKey()).publicKey) ?? '', /another key/);
      assert.match(receiptFault({ ...receipt, record: { ...receipt.record, actor: 'x' } }) ?? '', /changed/);
      assert.match(receiptFault({ ...receipt, head: { ...receipt.head, seq: 13 } }) ?? '', /signature/);
      const other = await store.receipt((seq % 12) + 1);
      assert.match(receiptFault({ ...receipt, record: other?.record }) ?? '', /not in the journal/);
    }
    assert.equal(await store.receipt(99), undefined);
    await store.close();
  });

  it('opening tells when the end was cut off since the head was remembered', async () => {
    const path = join(directory, '00000009.jsonl');
    const lines = readFileSync(path, 'utf8').split('\n');
    writeFileSync(path, `${lines[0]}\n`);
    const store = signedStore(signed);
    const report = await store.open();
    await store.close();
    assert.deepEqual(
      report.damage.map((d) => [d.kind, d.seq]),
      [['truncated', 10]],
    );
  });

  it("opening tells when yesterday's copy of the whole directory was put back", async () => {
    const yesterday = copyOf(directory);
    await appendSigned(signed, 3);
    rmSync(directory, { recursive: true });
    cpSync(yesterday, directory, { recursive: true });
    const store = signedStore(signed);
    const report = await store.open();
    await store.close();
    assert.equal(report.damage[0]?.kind, 'truncated');
    rmSync(yesterday, { recursive: true });
  });

  it('opening tells when another journal was put in its place, and when the key was replaced', async () => {
    rmSync(directory, { recursive: true });
    const other = await writeSigned(directory, [14]);
    const store = signedStore({ ...other, memory: signed.memory });
    const report = await store.open();
    await store.close();
    assert.deepEqual(
      report.damage.map((d) => d.kind),
      ['replaced', 'key'],
    );
  });
});
