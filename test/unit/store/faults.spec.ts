import assert from 'node:assert/strict';
import { verifyDirectory } from '../../../src/engine/journal';
import { systemClock } from '../../../src/engine/model/ports';
import type { Store, StoreState } from '../../../src/engine/store';
import { FaultyFs, systemError } from '../journal/support';
import { localStore, note, scratch } from './support';

describe('store on a failing disk', () => {
  let directory: string;
  let remove: () => void;
  let disk: FaultyFs;
  let store: Store;
  let states: StoreState[];
  beforeEach(async () => {
    ({ path: directory, remove } = scratch());
    disk = new FaultyFs();
    store = localStore(directory, {
      segmentRecords: 4,
      parts: { clock: systemClock, fs: disk.fs, recoverEveryMs: 5 },
    });
    states = [];
    store.onState((state) => states.push(state));
    await store.open();
  });
  afterEach(async () => {
    await store.close();
    remove();
  });

  const fail = (call: string, code: string) => {
    disk.before = (name, path) => {
      if (name === call && !path.includes('lease.')) throw systemError(code);
    };
  };
  const next = (wanted: StoreState['state']) =>
    new Promise<void>((resolve) => {
      if (store.state.state === wanted) resolve();
      const listener = store.onState(({ state }) => {
        if (state !== wanted) return;
        listener.dispose();
        resolve();
      });
    });

  for (const [call, code, words] of [
    ['write', 'ENOSPC', /disk is full.*free some space/i],
    ['write', 'EIO', /disk reports a fault/],
    ['sync', 'EIO', /disk reports a fault/],
    ['write', 'EROFS', /read-only/],
    ['open', 'EMFILE', /Too many files/],
  ] as const) {
    it(`${code} on ${call}: is failed with a clear reason, acknowledges nothing, and is ready again by itself`, async () => {
      for (let n = 1; n <= 4; n += 1) await store.append(note(n));
      const seen: number[] = [];
      store.onRecord((record) => seen.push(record.seq));
      fail(call, code);
      const results = await Promise.allSettled([5, 6, 7].map((n) => store.append(note(n))));
      assert.deepEqual(
        results.map((result) => result.status),
        ['rejected', 'rejected', 'rejected'],
      );
      assert.deepEqual(seen, [], 'nobody was told of a record');
      await next('failed');
      assert.match(store.state.state === 'failed' ? store.state.reason : '', words);
      await assert.rejects(store.append(note(8)), words);
      disk.before = () => {};
      await next('ready');
      assert.equal((await store.append(note(9))).seq, 5);
      assert.deepEqual(
        states.map((state) => state.state),
        ['ready', 'failed', 'ready'],
      );
      const report = await verifyDirectory(directory);
      assert.deepEqual([report.intact, report.records], [true, 5]);
      assert.equal((await store.query({})).records.length, 5);
    });
  }

  it('on a slow disk, acknowledges nothing before it is flushed', async () => {
    const order: string[] = [];
    disk.before = (name, path) => {
      if (name !== 'sync' || !path.endsWith('.jsonl')) return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60);
      order.push('flushed');
    };
    store.onRecord((record) => order.push(`told ${record.seq}`));
    await Promise.all(
      [1, 2].map((n) => store.append(note(n)).then((record) => order.push(`acknowledged ${record.seq}`))),
    );
    assert.deepEqual(
      order.filter((step) => step !== 'flushed'),
      ['told 1', 'told 2', 'acknowledged 1', 'acknowledged 2'],
    );
    assert.equal(order[0], 'flushed');
  });

  it('keeps working when only snapshots and heads cannot be written', async () => {
    disk.before = (name, path) => {
      if (name === 'rename' || path.includes('heads.jsonl')) throw systemError('ENOSPC');
    };
    await store.append(note(1));
    await store.close();
    disk.before = () => {};
    const again = localStore(directory);
    const report = await again.open();
    assert.deepEqual([report.lastSeq, report.replayed, report.damage], [1, 1, []]);
    await again.close();
  });
});
