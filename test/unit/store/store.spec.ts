import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { JournalHeldError } from '../../../src/engine/journal';
import type { Projection } from '../../../src/engine/model/projection';
import { createStore, type Store } from '../../../src/engine/store';
import { bundled, workerStore } from './bundled';
import { localStore, note, scratch, type TallyState, tally } from './support';

const kinds = [
  ['in a worker thread', workerStore],
  ['in this thread', localStore],
] as const;

for (const [where, make] of kinds) {
  describe(`store ${where}`, () => {
    let directory: string;
    let remove: () => void;
    const open: Store[] = [];
    const opened = (extra = {}) => {
      const store = make(directory, extra);
      open.push(store);
      return store;
    };
    beforeEach(() => {
      ({ path: directory, remove } = scratch());
    });
    afterEach(async () => {
      for (const store of open.splice(0)) await store.close();
      remove();
    });

    it('hands back what was appended, and the states that come of it after a restart', async () => {
      const first = opened();
      const report = await first.open();
      assert.deepEqual([report.lastSeq, report.states], [0, { tally: { types: {}, codes: [] } }]);
      const record = await first.append(note(1));
      assert.equal(record.seq, 1);
      assert.deepEqual(record.data, { code: 'n1', text: 'note 1' });
      await Promise.all([first.append(note(2)), first.append(note(3))]);
      await first.close();
      const second = opened();
      const again = await second.open();
      assert.equal(again.lastSeq, 3);
      assert.deepEqual(again.states, { tally: { types: { 'engine.notice': 3 }, codes: ['n1', 'n2', 'n3'] } });
      assert.deepEqual(again.damage, []);
      assert.deepEqual(await second.record(1), record);
    });

    it('tells of each durable record in order, before its append resolves', async () => {
      const store = opened();
      await store.open();
      const seen: string[] = [];
      store.onRecord((record) => seen.push(`record ${record.seq}`));
      await Promise.all(
        Array.from({ length: 600 }, async (_, i) => {
          const record = await store.append(note(i));
          assert.ok(seen.includes(`record ${record.seq}`));
        }),
      );
      assert.deepEqual(
        seen,
        Array.from({ length: 600 }, (_, i) => `record ${i + 1}`),
      );
    });

    it('keeps the order of the calls', async () => {
      const store = opened();
      await store.open();
      const records = await Promise.all(Array.from({ length: 700 }, (_, i) => store.append(note(i))));
      assert.deepEqual(
        records.map((record) => [record.seq, record.data.code]),
        records.map((_, i) => [i + 1, `n${i}`]),
      );
    });

    it('does not let a later change of the data into the record', async () => {
      const store = opened();
      await store.open();
      const data = { code: 'before', text: '' };
      const promise = store.append({ ...note(1), data });
      data.code = 'after';
      assert.equal((await promise).data.code, 'before');
      assert.deepEqual((await store.record(1))?.data, { code: 'before', text: '' });
    });

    it('rejects what is not plain JSON, with its place, and goes on', async () => {
      const store = opened();
      await store.open();
      const bad = { ...note(1), data: { code: 'a', text: Number.NaN as never } };
      await assert.rejects(store.append(bad), /\$\.text is NaN/);
      assert.equal((await store.append(note(2))).seq, 1);
    });

    it('refuses a second opener and names the holder', async () => {
      await opened().open();
      await assert.rejects(opened().open(), (error: unknown) => {
        assert.ok(error instanceof JournalHeldError);
        assert.equal(error.holder.pid, process.pid);
        return true;
      });
    });

    it('rejects calls before it is open and after it is closed', async () => {
      const store = opened();
      await assert.rejects(store.append(note(1)), /not open/);
      await store.open();
      await store.append(note(1));
      await store.close();
      await assert.rejects(store.append(note(2)), /not open/);
      assert.equal(store.state.state, 'failed');
    });

    it('writes everything that was handed in before it closes', async () => {
      const store = opened();
      await store.open();
      const all = Array.from({ length: 900 }, (_, i) => store.append(note(i)));
      await store.close();
      assert.equal((await Promise.all(all)).length, 900);
    });

    it('verifies itself while it is open, with progress, and finds an edit', async () => {
      const store = opened();
      await store.open();
      await Promise.all([1, 2, 3, 4].map((n) => store.append(note(n))));
      const shares: number[] = [];
      const report = await store.verify((_, share) => shares.push(share));
      assert.deepEqual([report.intact, report.records], [true, 4]);
      assert.equal(shares.at(-1), 1);
      const path = join(directory, '00000001.jsonl');
      writeFileSync(path, readFileSync(path, 'utf8').replace('note 3', 'note X'));
      const damaged = await store.verify();
      assert.deepEqual(
        damaged.damage.map((d) => [d.kind, d.segment, d.line, d.seq]),
        [['edited', '00000001.jsonl', 3, 3]],
      );
    });

    it('stops a verification when asked to', async () => {
      const store = opened();
      await store.open();
      await store.append(note(1));
      await assert.rejects(store.verify(undefined, AbortSignal.abort(new Error('enough'))), /enough/);
      const controller = new AbortController();
      const running = store.verify(() => controller.abort(), controller.signal);
      await running.then(
        () => undefined,
        (error: Error) => assert.equal(error.name, 'AbortError'),
      );
    });
  });
}

describe('store whose worker dies', () => {
  it('is failed at once, acknowledges nothing more, and can be opened again in the same window', async () => {
    const { path, remove } = scratch();
    const marker = join(path, 'marker');
    const store = createStore({
      directory: join(path, 'journal'),
      label: 'x',
      workerPath: bundled('dying-worker.ts'),
    });
    await store.open();
    await store.append(note(1));
    writeFileSync(marker, '');
    const failed = new Promise<void>((resolve) => {
      store.onState(({ state }) => {
        if (state === 'failed') resolve();
      });
    });
    const last = store.append(note(2, marker)).catch((error: Error) => error.message);
    await failed;
    assert.match(store.state.state === 'failed' ? store.state.reason : '', /ended unexpectedly.*code 7/);
    await last;
    await assert.rejects(store.append(note(3)), /not open/);
    const report = await store.open();
    assert.deepEqual([report.lastSeq, report.damage], [2, []]);
    assert.equal((await store.append(note(4))).seq, 3);
    await store.close();
    remove();
  });
});

describe('store snapshots', () => {
  let directory: string;
  let remove: () => void;
  beforeEach(() => {
    ({ path: directory, remove } = scratch());
  });
  afterEach(() => remove());

  async function write(count: number, extra: Parameters<typeof localStore>[1] = {}): Promise<void> {
    const store = localStore(directory, extra);
    await store.open();
    await Promise.all(Array.from({ length: count }, (_, i) => store.append(note(i))));
    await store.close();
  }

  async function reopen(extra: Parameters<typeof localStore>[1] = {}) {
    const store = localStore(directory, extra);
    const report = await store.open();
    await store.close();
    return { ...report, tally: report.states.tally as TallyState };
  }

  it('saves the next start from replaying', async () => {
    await write(20);
    const report = await reopen();
    assert.equal(report.replayed, 0);
    assert.equal(report.tally.codes.length, 20);
  });

  for (const [what, spoil] of [
    ['missing', (path: string) => rmSync(path)],
    ['empty', (path: string) => writeFileSync(path, '')],
    ['cut', (path: string) => writeFileSync(path, readFileSync(path).subarray(0, 100))],
    ['forged', (path: string) => writeFileSync(path, readFileSync(path, 'utf8').replace('n19', 'n99'))],
  ] as const) {
    it(`replays when the snapshot is ${what}`, async () => {
      await write(20);
      spoil(join(directory, 'states.json'));
      const report = await reopen();
      assert.equal(report.replayed, 20);
      assert.equal(report.tally.codes.at(-1), 'n19');
    });
  }

  it('replays when a projection has another version, or another one is there', async () => {
    await write(20);
    const newer: Projection<TallyState> = { ...tally, version: 2 };
    assert.equal((await reopen({ projections: [newer] })).replayed, 20);
    assert.equal((await reopen({ projections: [newer, { ...tally, name: 'other' }] })).replayed, 20);
    assert.equal((await reopen({ projections: [newer] })).replayed, 20);
  });

  it('replays when the snapshot is of another journal', async () => {
    await write(20);
    const other = scratch();
    const store = localStore(other.path);
    await store.open();
    await Promise.all(Array.from({ length: 20 }, (_, i) => store.append(note(i, 'foreign'))));
    await store.close();
    writeFileSync(join(directory, 'states.json'), readFileSync(join(other.path, 'states.json')));
    other.remove();
    assert.equal((await reopen()).replayed, 20);
  });

  it('replays only the tail behind an older snapshot', async () => {
    await write(20);
    const older = readFileSync(join(directory, 'states.json'));
    await write(5);
    writeFileSync(join(directory, 'states.json'), older);
    const report = await reopen();
    assert.equal(report.replayed, 5);
    assert.equal(report.tally.codes.length, 25);
  });

  it('makes the audit index anew when it is missing or damaged', async () => {
    await write(1200);
    assert.ok(readdirSync(directory).includes('index.sqlite'));
    for (const bytes of [
      undefined,
      Buffer.from('rubbish'),
      readFileSync(join(directory, 'index.sqlite')).subarray(0, 9000),
    ]) {
      rmSync(join(directory, 'index.sqlite'), { force: true });
      if (bytes) writeFileSync(join(directory, 'index.sqlite'), bytes);
      const store = localStore(directory);
      await store.open();
      const page = await store.query({ limit: 3 });
      assert.deepEqual(
        page.records.map((record) => record.seq),
        [1200, 1199, 1198],
      );
      await store.close();
    }
  });
});
