import assert from 'node:assert/strict';
import { appendFileSync, readdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import {
  draft,
  GroupCommit,
  JournalFailedError,
  type SegmentJournal,
  verifyDirectory,
} from '../../../src/engine/journal';
import { FaultyFs, journalIn, note, readAll, scratch, systemError } from './support';

/** Fails one kind of call on the segments (not on the lease) with a code, until it is told to stop. */
function failing(disk: FaultyFs, call: string, code: string): void {
  disk.before = (name, path) => {
    if (name === call && !path.includes('lease.')) throw systemError(code);
  };
}

describe('journal on a failing disk', () => {
  let directory: string;
  let remove: () => void;
  let disk: FaultyFs;
  let journal: SegmentJournal;
  let group: GroupCommit;
  beforeEach(async () => {
    ({ path: directory, remove } = scratch());
    disk = new FaultyFs();
    journal = journalIn(directory, { fs: disk.fs, segmentRecords: 4 });
    await journal.open();
    group = new GroupCommit(journal);
  });
  afterEach(async () => {
    await journal.close();
    remove();
  });

  const append = (n: number) => group.append(draft(note(n)));
  const heal = () => {
    disk.before = () => {};
    disk.room = undefined;
  };

  for (const [call, code, advice] of [
    ['write', 'ENOSPC', /disk is full/],
    ['write', 'EIO', /disk reports a fault/],
    ['write', 'EDQUOT', /quota/],
    ['write', 'EROFS', /read-only/],
    ['sync', 'EIO', /disk reports a fault/],
    ['sync', 'ENOSPC', /disk is full/],
    ['sync', 'EROFS', /read-only/],
  ] as const) {
    it(`${code} on ${call}: acknowledges nothing, says why, and takes records again when it is over`, async () => {
      await append(1);
      failing(disk, call, code);
      await assert.rejects(append(2), (error: unknown) => {
        assert.ok(error instanceof JournalFailedError);
        assert.equal(error.code, code);
        assert.match(error.message, advice);
        return true;
      });
      assert.equal(journal.head().seq, 1);
      assert.equal(await journal.recover(), false);
      heal();
      assert.equal(await journal.recover(), true);
      assert.equal((await append(3)).seal.seq, 2);
      assert.deepEqual(
        (await readAll(journal)).map((r) => (r.data as { code: string }).code),
        ['n1', 'n3'],
      );
      assert.equal((await verifyDirectory(directory)).intact, true);
    });
  }

  it('refuses at once while it is failed, without touching the disk', async () => {
    await append(1);
    failing(disk, 'sync', 'EIO');
    await assert.rejects(append(2), JournalFailedError);
    let touched = 0;
    disk.before = () => {
      touched += 1;
    };
    await assert.rejects(append(3), JournalFailedError);
    assert.equal(touched, 0);
    heal();
  });

  it('takes half-written lines back when the disk fills up in the middle of one', async () => {
    await append(1);
    disk.room = 150;
    await assert.rejects(append(2), /disk is full/);
    heal();
    assert.equal(await journal.recover(), true);
    await append(3);
    const report = await verifyDirectory(directory);
    assert.equal(report.intact, true, JSON.stringify(report.damage));
    assert.equal(report.records, 2);
  });

  for (const [call, code] of [
    ['open', 'EMFILE'],
    ['open', 'EACCES'],
    ['open', 'ENOSPC'],
    ['syncDirectory', 'EIO'],
  ] as const) {
    it(`${code} on ${call} while a new segment is begun loses and repeats nothing`, async () => {
      for (const n of [1, 2, 3, 4]) await append(n);
      failing(disk, call, code);
      await assert.rejects(append(5), JournalFailedError);
      heal();
      assert.equal(await journal.recover(), true);
      await append(6);
      assert.equal((await verifyDirectory(directory)).records, 5);
      assert.equal((await verifyDirectory(directory)).intact, true);
    });
  }

  it('acknowledges the part of a batch that reached the full segment, and only that', async () => {
    await append(1);
    let syncs = 0;
    disk.before = (name, path) => {
      if (name !== 'sync' || path.includes('lease.')) return;
      syncs += 1;
      if (syncs > 1) throw systemError('EIO');
    };
    const results = await Promise.allSettled([2, 3, 4, 5, 6].map(append));
    assert.deepEqual(
      results.map((r) => r.status),
      ['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected'],
    );
    heal();
    assert.equal(await journal.recover(), true);
    await append(7);
    assert.equal((await verifyDirectory(directory)).records, 5);
  });

  it('notices that another program wrote into the file, keeps what it wrote aside, and goes on', async () => {
    await append(1);
    appendFileSync(join(directory, '00000001.jsonl'), '{"forged":true}\n');
    await assert.rejects(append(2), /Another program changed the file/);
    assert.equal(await journal.recover(), true);
    await append(3);
    const aside = readdirSync(directory).find((name) => name.endsWith('.torn')) ?? '';
    assert.equal(readFileSync(join(directory, aside), 'utf8'), '{"forged":true}\n');
    const report = await verifyDirectory(directory);
    assert.deepEqual([report.intact, report.records], [true, 2]);
  });

  it('stays failed when another program cut the file', async () => {
    await append(1);
    await append(2);
    truncateSync(join(directory, '00000001.jsonl'), 10);
    await assert.rejects(append(3), /Another program changed the file/);
    assert.equal(await journal.recover(), false);
  });

  it('says plainly why it cannot be opened', async () => {
    const other = new FaultyFs();
    other.before = (name) => {
      if (name === 'open') throw systemError('EROFS');
    };
    await assert.rejects(
      journalIn(`${directory}/new`, { fs: other.fs }).open(),
      /The disk is read-only: make it writable/,
    );
  });

  it('does not come back while someone else holds the lease', async () => {
    await append(1);
    failing(disk, 'sync', 'EIO');
    await assert.rejects(append(2), JournalFailedError);
    heal();
    await journal.close();
    const other = journalIn(directory);
    await other.open();
    assert.equal(await journal.recover(), false);
    await other.close();
  });

  it('a process that ends while the disk fails leaves a journal that opens with all that was acknowledged', async () => {
    await append(1);
    disk.room = 100;
    await assert.rejects(append(2), JournalFailedError);
    heal();
    await journal.close();
    const next = journalIn(directory, { segmentRecords: 4 });
    const opening = await next.open();
    assert.equal(opening.end.seq, 1);
    assert.equal(opening.recovered?.bytesCut, 100);
    await next.close();
  });
});
