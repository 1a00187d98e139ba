import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeFs } from '../../../src/engine/journal';
import { readBackup, writeBackup } from '../../../src/engine/journal/backup';
import { restoreBackup } from '../../../src/engine/store';
import { type Signed, signedStore, writeSigned } from './signed';
import { note, scratch } from './support';

const PASSPHRASE = 'correct horse battery staple';

describe('backup and restore', () => {
  let root: string;
  let remove: () => void;
  let signed: Signed;
  let file: string;
  before(async () => {
    ({ path: root, remove } = scratch());
    signed = await writeSigned(join(root, 'journal'), [10]);
    file = join(root, 'backup.cowork');
    const store = signedStore(signed);
    await store.open();
    await store.append(note(11, 'a needle in the record'));
    const shares: number[] = [];
    await store.backup(file, PASSPHRASE, { onProgress: (share) => shares.push(share) });
    assert.equal(shares.at(-1), 1);
    await store.append(note(12));
    await store.close();
  });
  after(() => remove());

  it('gives back every record that was there, verified against the head of the backup', async () => {
    const target = join(root, 'restored');
    const report = await restoreBackup(file, target, PASSPHRASE);
    assert.deepEqual([report.intact, report.records, report.lastHead?.seq], [true, 11, 11]);
    const store = signedStore({
      ...signed,
      directory: target,
      memory: { head: report.lastHead } as Signed['memory'],
    });
    assert.deepEqual(
      readFileSync(join(target, '00000001.jsonl')),
      readFileSync(join(signed.directory, '00000001.jsonl')),
    );
    assert.equal(store.state.state, 'failed');
  });

  it('shows nothing of what is in it', () => {
    const bytes = readFileSync(file);
    for (const text of ['needle', 'engine.notice', 'jsonl', 'prev']) assert.ok(!bytes.includes(text), text);
  });

  it('says so when the passphrase is wrong, and leaves nothing behind', async () => {
    const target = join(root, 'wrong');
    await assert.rejects(restoreBackup(file, target, 'guess'), /passphrase is wrong/);
    assert.deepEqual(readdirSync(target), []);
  });

  it('notices each change of a byte, a cut and an addition', async () => {
    const cheap = join(root, 'cheap');
    const files = [{ name: '00000001.jsonl', size: 800 }];
    await writeBackup(
      nodeFs,
      signed.directory,
      files,
      undefined,
      cheap,
      PASSPHRASE,
      {},
      { N: 16, r: 1, p: 1 },
    );
    const good = readFileSync(cheap);
    const headerEnd = good.indexOf(0x0a);
    const spoiled = join(root, 'spoiled');
    const restore = (name: string) => readBackup(nodeFs, spoiled, join(root, name), PASSPHRASE);
    for (let at = 0; at < good.length; at += 1) {
      const bytes = Buffer.from(good);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      writeFileSync(spoiled, bytes);
      await assert.rejects(restore('flipped'), Error, `byte ${at}`);
    }
    writeFileSync(spoiled, good);
    await restore('good');
    truncateSync(spoiled, good.length - 20);
    await assert.rejects(restore('cut'), /cut off/);
    writeFileSync(spoiled, Buffer.concat([good, good.subarray(headerEnd + 1)]));
    await assert.rejects(restore('longer'), /damaged/);
    writeFileSync(spoiled, 'hello\n');
    await assert.rejects(restore('hello'), /not a backup/);
  });

  it('does not restore over something', async () => {
    await assert.rejects(restoreBackup(file, signed.directory, PASSPHRASE), /not empty/);
  });

  it('leaves no half file when it is stopped', async () => {
    const store = signedStore(signed);
    await store.open();
    const target = join(root, 'stopped');
    await assert.rejects(
      store.backup(target, PASSPHRASE, { signal: AbortSignal.abort(new Error('enough')) }),
      /enough/,
    );
    await store.close();
    assert.ok(!existsSync(target) && !existsSync(`${target}.new`));
  });
});
