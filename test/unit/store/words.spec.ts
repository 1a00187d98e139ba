import assert from 'node:assert/strict';
import type { AnyRecord } from '../../../src/engine/model/record';
import { AuditIndex } from '../../../src/engine/store/audit-index';
import { auditQuerySchema } from '../../../src/engine/store/query';
import { loadSqlite, Sqlite } from '../../../src/engine/store/sqlite';
import { Words } from '../../../src/engine/store/words';

/** Records on both sides of where one block of words ends (at 32,768), and two blocks further on. */
const SEQS = [
  ...Array.from({ length: 200 }, (_, i) => 32_668 + i),
  ...Array.from({ length: 50 }, (_, i) => 98_304 + i),
];

function sample(seq: number): AnyRecord {
  const words = `npm run ${seq % 2 === 0 ? 'even' : 'odd'} number${seq}`;
  return {
    seq,
    at: 1_700_000_000_000 + seq * 1000,
    type: 'task.created',
    actor: 'local:me:1',
    subject: `t${seq}`,
    data: { taskId: `t${seq}`, user: 'local:me:1', channel: 'local', title: words },
    prev: '',
    hash: '',
  } as unknown as AnyRecord;
}

describe('words of the record in blocks', () => {
  let now = 0;
  let index: AuditIndex;
  before(async () => {
    index = AuditIndex.create(await loadSqlite(), () => now);
    index.add(
      SEQS.map((seq) => ({ record: sample(seq), at: { seq, segment: 1, offset: seq, length: 100 } })),
    );
  });
  after(() => index.close());

  function pages(in_: AuditIndex, query: object): number[] {
    const found: number[] = [];
    let before: number | undefined;
    do {
      const page = in_.find(
        auditQuerySchema.parse({ ...query, ...(before === undefined ? {} : { before }) }),
      );
      found.push(...page.locations.map(({ seq }) => seq));
      before = page.next;
    } while (before !== undefined);
    return found;
  }
  const newestFirst = (keep: (seq: number) => boolean) => SEQS.filter(keep).reverse();

  it('[FAQ-7] finds by text over the ends of blocks and over blocks without words, each once, newest first', () => {
    assert.deepEqual(
      pages(index, { text: 'npm', limit: 7 }),
      newestFirst(() => true),
    );
    assert.deepEqual(
      pages(index, { text: 'npm even' }),
      newestFirst((seq) => seq % 2 === 0),
    );
    assert.deepEqual(pages(index, { text: 'number32768' }), [32_768]);
    assert.deepEqual(
      pages(index, { text: 'number3276' }),
      [32_769, 32_768, 32_767, 32_766, 32_765, 32_764, 32_763, 32_762, 32_761, 32_760],
    );
    assert.deepEqual(
      pages(index, { text: 'odd', from: sample(32_767).at, to: sample(32_769).at }),
      [32_769, 32_767],
    );
  });

  it('[FAQ-7] gives what it has when its time is up, and goes on from there', () => {
    // Each look at the clock takes longer than a search may last.
    const hurried = Object.assign(Object.create(Object.getPrototypeOf(index)), index, {
      now: () => (now += 50),
    });
    const first = hurried.find(auditQuerySchema.parse({ text: 'npm', limit: 200 }));
    assert.equal(first.locations.length, 50, 'one step: the newest block');
    assert.equal(first.next, 98_304);
    assert.deepEqual(
      pages(hurried, { text: 'npm', limit: 200 }),
      newestFirst(() => true),
    );
  });

  it('counts over blocks what it finds over them', () => {
    const counted = [...index.groups({ text: 'odd' })].flat().reduce((sum, { count }) => sum + count, 0);
    assert.equal(counted, newestFirst((seq) => seq % 2 === 1).length);
  });

  it('knows its blocks again after it was written and read, and forgets those that retention dropped', async () => {
    const copy = AuditIndex.load(await loadSqlite(), index.export(), () => now);
    assert.deepEqual(
      pages(copy, { text: 'npm' }),
      newestFirst(() => true),
    );
    copy.dropThrough(32_770);
    assert.deepEqual(
      pages(copy, { text: 'npm' }),
      newestFirst((seq) => seq > 32_770),
    );
    copy.close();
  });

  it('frees the words of a block only when all of its records were dropped', async () => {
    const sqlite = await loadSqlite();
    const db = new Sqlite(new sqlite.Database());
    const words = new Words(db);
    for (const seq of [32_767, 32_768]) words.add(seq, 'npm');
    const tables = () => db.all("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL%'").length;
    words.dropThrough(32_766);
    assert.equal(tables(), 2);
    words.dropThrough(32_767);
    assert.equal(tables(), 1);
    assert.equal(words.below(32_768).table, undefined);
    assert.ok(words.below(32_769).table);
    db.close();
  });
});
