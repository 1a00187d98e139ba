import assert from 'node:assert/strict';
import { appendFileSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { draft, GroupCommit, type Stored, toRecord, verifyDirectory } from '../../../src/engine/journal';
import { skip } from '../../harness/report';
import { fill, journalIn, linesOf, note, readAll, scratch, segmentFiles } from './support';

describe('journal', () => {
  let directory: string;
  let remove: () => void;
  beforeEach(() => {
    ({ path: directory, remove } = scratch());
  });
  afterEach(() => remove());

  it('gives back what was appended, chained, with what the append returned', async () => {
    const journal = journalIn(directory);
    await journal.open();
    const group = new GroupCommit(journal);
    const first = draft(note(1));
    const stored = [await group.append(first), await group.append(draft(note(2)))];
    const records = await readAll(journal);
    assert.deepEqual(records[0], toRecord(first, stored[0]!.seal));
    assert.equal(records[0]?.prev, '0'.repeat(64));
    assert.equal(records[1]?.prev, records[0]?.hash);
    await journal.close();
    assert.equal((await verifyDirectory(directory)).intact, true);
  });

  it('is readable by its owner only', async function () {
    if (process.platform === 'win32') skip(this, 'Windows has no owner-only mode bits');
    await fill(directory, 3);
    assert.equal(statSync(directory).mode & 0o777, 0o700);
    for (const name of readdirSync(directory))
      assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600, name);
  });

  it('flushes many concurrent appends together, in the order of the calls', async () => {
    let flushes = 0;
    const journal = journalIn(directory);
    await journal.open();
    const group = new GroupCommit(journal, () => {
      flushes += 1;
    });
    const stored = await Promise.all(Array.from({ length: 500 }, (_, i) => group.append(draft(note(i + 1)))));
    assert.deepEqual(
      stored.map((s) => s.seal.seq),
      Array.from({ length: 500 }, (_, i) => i + 1),
    );
    assert.equal(flushes, 1);
    await journal.close();
  });

  it('tells of a durable batch before the appends of that batch resolve', async () => {
    const seen: string[] = [];
    const journal = journalIn(directory);
    await journal.open();
    const group = new GroupCommit(journal, (_, stored) =>
      seen.push(...stored.map((s: Stored) => `stored ${s.seal.seq}`)),
    );
    await Promise.all(
      [1, 2].map((n) => group.append(draft(note(n))).then((s) => seen.push(`resolved ${s.seal.seq}`))),
    );
    assert.deepEqual(seen, ['stored 1', 'stored 2', 'resolved 1', 'resolved 2']);
    await journal.close();
  });

  it('starts a new segment when one is full, and goes on in it after a reopening', async () => {
    await fill(directory, 8, { segmentRecords: 4 });
    await fill(directory, 3, { segmentRecords: 4 });
    assert.deepEqual(segmentFiles(directory), ['00000001.jsonl', '00000005.jsonl', '00000009.jsonl']);
    assert.deepEqual(
      segmentFiles(directory).map((name) => linesOf(directory, name).length),
      [4, 4, 3],
    );
    assert.equal((await verifyDirectory(directory)).records, 11);
    assert.equal((await verifyDirectory(directory)).intact, true);
  });

  it('never lets time run backwards', async () => {
    const times: number[] = [];
    const journal = journalIn(directory, { now: () => times.shift() ?? 0 });
    await journal.open();
    times.push(2000, 1000, 3000);
    const group = new GroupCommit(journal);
    const at: number[] = [];
    for (const n of [1, 2, 3]) at.push((await group.append(draft(note(n)))).seal.at);
    assert.deepEqual(at, [2000, 2000, 3000]);
    await journal.close();
  });

  it('keeps half an emoji as a replacement character instead of losing the record', async () => {
    const journal = journalIn(directory);
    await journal.open();
    const item = draft(note(1, 'cut \ud83d'));
    await new GroupCommit(journal).append(item);
    assert.deepEqual(
      (await readAll(journal)).map((r) => (r.data as { text: string }).text),
      ['cut \ufffd'],
    );
    await journal.close();
  });

  it('refuses a record that is not plain JSON and takes the next', async () => {
    assert.throws(() => draft({ ...note(1), data: { code: 'a', text: undefined as never } }), /\$\.text/);
  });

  for (const [what, tail] of [
    ['half a line', '{"actor":"engine","at":17'],
    ['a whole line without its line feed', undefined],
    ['bytes that the disk lost', '\0'.repeat(700)],
    ['lost bytes and the rest of a batch', `${'\0'.repeat(100)}","type":"x"}\n{"half":`],
  ] as const) {
    it(`cuts ${what} from the end, keeps it aside, reports it and goes on`, async () => {
      await fill(directory, 5);
      const path = join(directory, '00000001.jsonl');
      const before = readFileSync(path);
      if (tail === undefined) truncateSync(path, before.length - 1);
      else appendFileSync(path, tail);
      const journal = journalIn(directory);
      const opening = await journal.open();
      const kept = tail === undefined ? 4 : 5;
      assert.equal(opening.recovered?.lastSeq, kept);
      assert.equal(opening.end.seq, kept);
      const aside = readFileSync(join(directory, opening.recovered?.aside ?? ''));
      assert.equal(aside.length, opening.recovered?.bytesCut);
      if (tail !== undefined) assert.equal(aside.toString(), tail);
      await new GroupCommit(journal).append(draft(note(9)));
      await journal.close();
      assert.equal((await verifyDirectory(directory)).intact, true);
    });
  }

  it('does not cut a damaged whole line, opens, and says what is wrong', async () => {
    await fill(directory, 3);
    const path = join(directory, '00000001.jsonl');
    writeFileSync(path, readFileSync(path, 'utf8').replace('note 3', 'note X'));
    const journal = journalIn(directory);
    const opening = await journal.open();
    assert.deepEqual(
      opening.damage.map((d) => [d.kind, d.line, d.seq]),
      [['edited', 3, 3]],
    );
    assert.equal(opening.recovered, undefined);
    const stored = await new GroupCommit(journal).append(draft(note(4)));
    assert.equal(stored.seal.seq, 4);
    await journal.close();
    assert.equal((await verifyDirectory(directory)).damage[0]?.seq, 3);
  });

  it('drops a segment that a crash left empty', async () => {
    await fill(directory, 4, { segmentRecords: 4 });
    writeFileSync(join(directory, '00000005.jsonl'), '');
    await fill(directory, 1, { segmentRecords: 4 });
    writeFileSync(join(directory, '00000777.jsonl'), '');
    await fill(directory, 1, { segmentRecords: 4 });
    assert.deepEqual(segmentFiles(directory), ['00000001.jsonl', '00000005.jsonl']);
    assert.equal((await verifyDirectory(directory)).intact, true);
  });
});
