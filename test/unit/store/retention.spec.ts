import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifyDirectory } from '../../../src/engine/journal';
import { receiptFault } from '../../../src/engine/journal/receipt';
import { segmentFiles } from '../journal/support';
import { appendSigned, type Signed, signedStore, writeSigned } from './signed';
import { localStore, note, scratch, type TallyState, tally } from './support';

describe('retention', () => {
  let directory: string;
  let remove: () => void;
  let signed: Signed;
  beforeEach(async () => {
    ({ path: directory, remove } = scratch());
    signed = await writeSigned(directory, [18]);
  });
  afterEach(() => remove());

  async function retain(keep: number) {
    const store = signedStore(signed);
    await store.open();
    const report = await store.retain({ keep });
    const page = await store.query({ limit: 200 });
    await store.close();
    return { ...report, left: page.records.map((record) => record.seq) };
  }

  const verify = () =>
    verifyDirectory(directory, { publicKey: signed.signer.publicKey, rememberedHead: signed.memory.head! });

  it('drops whole segments and keeps the states, the chain and the heads', async () => {
    const report = await retain(7);
    assert.deepEqual([report.firstSeq, report.dropped], [9, 8]);
    assert.deepEqual(
      report.left,
      Array.from({ length: 10 }, (_, i) => 18 - i),
    );
    assert.deepEqual(segmentFiles(directory), ['00000009.jsonl', '00000013.jsonl', '00000017.jsonl']);
    const after = await verify();
    assert.equal(after.intact, true, JSON.stringify(after.damage));
    assert.deepEqual([after.firstSeq, after.records], [9, 10]);
    for (const snapshot of [true, false]) {
      if (!snapshot) rmSync(join(directory, 'states.json'));
      const store = signedStore(signed);
      const opened = await store.open();
      assert.equal((opened.states.tally as TallyState).types['engine.notice'], 18);
      assert.deepEqual([opened.firstSeq, opened.lastSeq, opened.damage], [9, 18, []]);
      await store.close();
    }
  });

  it('can be done again, and receipts of what is left still hold', async () => {
    await retain(12);
    await appendSigned(signed, 5);
    assert.equal((await retain(6)).firstSeq, 17);
    const store = signedStore(signed);
    await store.open();
    await store.append(note(1));
    for (const seq of [17, 20, 24]) {
      assert.equal(receiptFault(await store.receipt(seq), signed.signer.publicKey), undefined);
    }
    await store.close();
    assert.equal((await verify()).intact, true);
  });

  it('goes by age too', async () => {
    const store = signedStore(signed);
    await store.open();
    assert.equal((await store.retain({ olderThan: 1 })).dropped, 0);
    assert.equal((await store.retain({ olderThan: Date.now() + 1000 })).firstSeq, 17);
    await store.close();
  });

  it('never drops the newest segment', async () => {
    assert.equal((await retain(0)).firstSeq, 17);
  });

  it('finishes what a crash interrupted: checkpoint written, segments still there', async () => {
    const old = readFileSync(join(directory, '00000001.jsonl'));
    await retain(7);
    writeFileSync(join(directory, '00000001.jsonl'), old);
    await appendSigned(signed, 1);
    assert.ok(!existsSync(join(directory, '00000001.jsonl')));
    assert.equal((await verify()).intact, true);
  });

  it('is noticed when nobody signed it: a removed checkpoint, a forged one', async () => {
    await retain(7);
    const path = join(directory, 'checkpoint.json');
    const bytes = readFileSync(path, 'utf8');
    rmSync(path);
    assert.equal((await verify()).damage[0]?.kind, 'missing');
    writeFileSync(path, bytes.replace('"n7"', '"n8"'));
    assert.equal((await verify()).damage[0]?.kind, 'checkpoint');
    const store = signedStore(signed);
    assert.equal((await store.open()).damage[0]?.kind, 'checkpoint');
    await store.close();
  });

  it('refuses to start with states that another version wrote and that cannot be made anew', async () => {
    await retain(7);
    rmSync(join(directory, 'states.json'));
    const store = localStore(directory, { projections: [{ ...tally, version: 2 }], segmentRecords: 4 });
    await assert.rejects(store.open(), /another version of this product/);
  });
});
