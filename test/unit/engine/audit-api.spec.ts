import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { audit as auditCommand } from '../../../src/cli/audit';
import type { AuditApi } from '../../../src/engine/api';
import { auditOf } from '../../../src/engine/audit';
import { EngineError } from '../../../src/engine/model/error';
import type { Store } from '../../../src/engine/store';
import { Masking } from '../../../src/engine/vault/masking';
import { newKey } from '../store/signed';
import { history, localStore, note, scratch } from '../store/support';

describe('the audit as panels use it', () => {
  const LEAKED = 'hunter2-but-longer';
  let root: string;
  let remove: () => void;
  let store: Store;
  let audit: AuditApi;
  const masking = new Masking();
  before(async () => {
    ({ path: root, remove } = scratch());
    store = localStore(join(root, 'journal'), { keys: { load: async () => newKey() } });
    await store.open();
    for (const record of history(20)) await store.append(record);
    // Given away in a chat first, stored as a credential afterwards.
    await store.append(note(61, `my password is ${LEAKED}`));
    masking.learn('slack/botToken', LEAKED);
    audit = auditOf(store, masking);
  });
  after(async () => {
    await store.close();
    remove();
  });

  async function check(file: string): Promise<{ code: number; text: string }> {
    let text = '';
    const io = { out: (part: string) => (text += part), err: (part: string) => (text += part) };
    return { code: await auditCommand(['receipt', '--check', file], io), text };
  }

  it('[FAQ-7] gives a receipt that the command line accepts, and not after a change', async () => {
    const receipt = await audit.receipt(14);
    assert.equal(receipt.record.seq, 14);
    assert.ok(readFileSync(join(root, 'journal', '00000001.jsonl'), 'utf8').includes(`${receipt.raw}\n`));
    assert.ok(receipt.head.seq >= 14 && receipt.proof.length > 0);
    const file = join(root, 'receipt.json');
    writeFileSync(file, receipt.file);
    assert.deepEqual((await check(file)).code, 0);
    const changed = { ...receipt.record, data: { ...receipt.record.data, effect: 'allow', tool: 'other' } };
    writeFileSync(file, JSON.stringify({ ...JSON.parse(receipt.file), record: changed }));
    const { code, text } = await check(file);
    assert.equal(code, 1);
    assert.match(text, /was changed/);
  });

  it('says when there is no such record', async () => {
    await assert.rejects(audit.receipt(9999), /There is no record 9999\./);
    assert.equal(await audit.record(9999), undefined);
  });

  it('[FAQ-2] shows nowhere what became a secret after it was recorded', async () => {
    assert.ok(readFileSync(join(root, 'journal', '00000001.jsonl'), 'utf8').includes(LEAKED));
    const [found] = (await audit.query({}, { limit: 1 })).records;
    assert.equal(found?.seq, 61);
    assert.ok(!JSON.stringify(found).includes(LEAKED));
    assert.ok(!JSON.stringify(await audit.record(61)).includes(LEAKED));
    await assert.rejects(audit.receipt(61), (error: Error) => {
      assert.ok(error instanceof EngineError && !error.message.includes(LEAKED));
      return /holds a credential/.test(error.message);
    });
    const destination = join(root, 'all.jsonl');
    const shares: number[] = [];
    const result = await audit.export({}, 'jsonl', destination, (share) => shares.push(share));
    assert.deepEqual(result, { records: 61, masked: 1 });
    assert.ok(!readFileSync(destination, 'utf8').includes(LEAKED));
    assert.equal(shares.at(-1), 1);
  });

  it('exports what a filter takes, in each format', async () => {
    const filter = { effect: 'deny', types: ['decision.made'] } as const;
    const { total } = await audit.aggregates(filter);
    assert.equal(total, 5);
    for (const format of ['jsonl', 'csv', 'ocsf', 'cef'] as const) {
      const destination = join(root, `deny.${format}`);
      assert.deepEqual(await audit.export(filter, format, destination), { records: 5, masked: 0 });
      const lines = readFileSync(destination, 'utf8').trim().split('\n');
      assert.equal(lines.length, format === 'csv' ? 6 : 5);
    }
  });

  it('says why an export failed, and leaves nothing of one that was stopped', async () => {
    await assert.rejects(audit.export({}, 'csv', 'relative.csv'), /full path/);
    await assert.rejects(
      audit.export({}, 'csv', join(root, 'nowhere', 'x.csv')),
      /export to .* failed: .*ENOENT/,
    );
    const destination = join(root, 'stopped.csv');
    await assert.rejects(audit.export({}, 'csv', destination, undefined, AbortSignal.abort()), /was stopped/);
    assert.ok(!existsSync(destination) && !existsSync(`${destination}.new`));
  });
});
