import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditQuery, ExportFormat, Store } from '../../../src/engine/store';
import { Masking } from '../../../src/engine/vault/masking';
import { history, localStore, note, scratch } from './support';

describe('audit export', () => {
  let root: string;
  let remove: () => void;
  let store: Store;
  before(async () => {
    ({ path: root, remove } = scratch());
    store = localStore(join(root, 'journal'));
    await store.open();
    await store.append({ type: 'engine.started', actor: 'engine', subject: '', data: { version: '9.8.7' } });
    for (const record of history(40)) await store.append(record);
    await store.append(note(1, '=HYPERLINK("http://evil"),\n"quoted" | a=b \\ c'));
  });
  after(async () => {
    await store.close();
    remove();
  });

  async function exported(format: ExportFormat, filter: Omit<AuditQuery, 'before' | 'limit'> = {}) {
    const target = join(root, `out.${format}`);
    const { records: count } = await store.export({ format, target, filter });
    return { count, text: readFileSync(target, 'utf8') };
  }

  it('[FAQ-7] writes the very lines of the journal as JSONL', async () => {
    const { count, text } = await exported('jsonl');
    assert.equal(count, 122);
    assert.equal(text, readFileSync(join(root, 'journal', '00000001.jsonl'), 'utf8'));
  });

  for (const filter of [
    { user: 'slack:app:U1' },
    { channel: 'telegram', type: 'decision.made' },
    { effect: 'deny', tool: 'run' },
    { task: 'task-3' },
    { rule: 'rule-2' },
    { text: 'rm build' },
    { text: 'numb' },
  ] as const) {
    it(`takes the same records as the query ${JSON.stringify(filter)}`, async () => {
      const { text } = await exported('jsonl', filter);
      const found = text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      const page = await store.query({ ...filter, limit: 200 });
      assert.ok(found.length > 0);
      assert.deepEqual(found.reverse(), page.records);
    });
  }

  it('writes CSV that a spreadsheet reads and does not run', async () => {
    const { text } = await exported('csv', { text: 'HYPERLINK' });
    const rows = text.split('\r\n');
    assert.match(rows[0] ?? '', /^seq,time,type,actor/);
    assert.match(rows[1] ?? '', /^122,\d{4}-.*Z,engine\.notice,engine,/);
    // The data cell is JSON, quoted as RFC 4180 says; no cell starts with a sign of a formula.
    assert.ok(rows[1]?.includes('"{""code"":""n1"",""text"":""=HYPERLINK'));
    assert.ok(!/(^|,)[=+\-@]/.test(rows[1] ?? ''));
  });

  it('writes CEF lines with everything escaped', async () => {
    const { text } = await exported('cef');
    const lines = text.trimEnd().split('\n');
    assert.equal(lines.length, 122);
    const notice = lines.at(-1) ?? '';
    assert.match(
      notice,
      /^CEF:0\|CoWork OS\|CoWork OS for VS Code\|9\.8\.7\|engine\.notice\|engine\.notice\|2\|rt=\d+ externalId=122 /,
    );
    assert.ok(notice.includes('msg=\\=HYPERLINK("http://evil"),\\n"quoted" | a\\=b \\\\ c'));
    assert.match(lines.find((line) => line.includes('act=deny')) ?? '', /\|6\|rt=/);
  });

  it('writes OCSF events whose type is class times 100 plus activity', async () => {
    const { text } = await exported('ocsf', { type: 'decision.made' });
    const events = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.equal(events.length, 40);
    for (const event of events) {
      assert.equal(event.type_uid, event.class_uid * 100 + event.activity_id);
      assert.equal(event.metadata.product.version, '9.8.7');
      assert.equal(event.class_uid, 6003);
      assert.ok(event.api.operation && event.actor.user.uid && event.src_endpoint.name);
    }
    assert.deepEqual([...new Set(events.map((event) => event.status_id))].sort(), [0, 1, 2]);
  });

  for (const format of ['jsonl', 'csv', 'cef', 'ocsf'] as const) {
    it(`[FAQ-2] masks as ${format} what became a secret after it was recorded, and says in how many records`, async () => {
      const masking = new Masking();
      masking.learn('telegram/botToken', 'build-10');
      const target = join(root, `masked.${format}`);
      const filter = { type: 'decision.made' };
      const result = await store.export({ format, target, filter, secrets: masking.known() });
      assert.deepEqual(result, { records: 40, masked: 1 });
      const text = readFileSync(target, 'utf8');
      assert.ok(!text.includes('build-10') && text.includes('‹secret telegram/botToken›'));
    });
  }

  it('leaves no half file when it is stopped', async () => {
    const target = join(root, 'stopped.csv');
    const signal = AbortSignal.abort(new Error('enough'));
    await assert.rejects(store.export({ format: 'csv', target }, { signal }), /enough/);
    assert.ok(!existsSync(target) && !existsSync(`${target}.new`));
  });
});
