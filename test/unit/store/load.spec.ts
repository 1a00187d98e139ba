import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { nodeFs } from '../../../src/engine/journal';
import { systemClock } from '../../../src/engine/model/ports';
import { localStore, note, scratch } from './support';

describe('store under load', () => {
  let directory: string;
  let remove: () => void;
  beforeEach(() => {
    ({ path: directory, remove } = scratch());
  });
  afterEach(() => remove());

  it('reads what the audit index lacks once, however long writers go on meanwhile', async () => {
    const segment = join(directory, '00000001.jsonl');
    // Without an index on disk: all of it has to be read.
    const first = localStore(directory, { parts: { clock: systemClock, indexWorthSaving: 1e9 } });
    await first.open();
    await Promise.all(Array.from({ length: 1000 }, (_, i) => first.append(note(i + 1))));
    await first.close();
    let read = 0;
    const fs = {
      ...nodeFs,
      read(fd: number, into: Uint8Array, position: number) {
        const got = nodeFs.read(fd, into, position);
        read += got;
        return got;
      },
    };
    const store = localStore(directory, { parts: { clock: systemClock, fs } });
    await store.open();
    const replayed = read;
    let found = false;
    const searched = store.query({ text: 'note', limit: 1 }).then(() => {
      found = true;
    });
    let written = 1000;
    // A writer who never rests, until the search was answered and for a while after.
    for (let more = 100; more > 0 && written < 6000; more -= found ? 1 : 0) {
      written += 1;
      await store.append(note(written));
    }
    assert.ok(found, 'the search was not held up for as long as somebody writes');
    await searched;
    const caughtUp = read;
    const { total } = await store.query({ limit: 1 });
    assert.equal(total.count, written);
    const size = statSync(segment).size;
    assert.ok(caughtUp - replayed < 3 * size, `${caughtUp - replayed} bytes were read of a file of ${size}`);
    await store.close();
  });

  it('puts nothing behind a gap in the index when it is closed while it catches up', async () => {
    const first = localStore(directory);
    await first.open();
    await Promise.all(Array.from({ length: 600 }, (_, i) => first.append(note(i + 1))));
    await first.close();
    const parts = { clock: systemClock, indexWorthSaving: 1 };
    const second = localStore(directory, { parts });
    await second.open();
    await second.append(note(601));
    await second.close();
    const third = localStore(directory, { parts });
    await third.open();
    assert.equal((await third.aggregates({})).total, 601);
    await third.close();
  });

  it('[LAW-9] tells hundreds of writers in order, some in a turn of the event loop', async () => {
    const store = localStore(directory);
    await store.open();
    const told: string[] = [];
    store.onRecord(({ seq }) => told.push(`record ${seq}`));
    let turn = 0;
    let running = true;
    const count = () => {
      turn += 1;
      if (running) setImmediate(count);
    };
    setImmediate(count);
    const inTurn = new Map<number, number>();
    await Promise.all(
      Array.from({ length: 256 }, async (_, i) => {
        const { seq } = await store.append(note(i + 1));
        told.push(`writer ${seq}`);
        inTurn.set(turn, (inTurn.get(turn) ?? 0) + 1);
      }),
    );
    running = false;
    assert.ok(Math.max(...inTurn.values()) <= 32, `in one turn: ${Math.max(...inTurn.values())}`);
    const records = told.filter((line) => line.startsWith('record'));
    assert.deepEqual(
      records,
      Array.from({ length: 256 }, (_, i) => `record ${i + 1}`),
    );
    for (let seq = 1; seq <= 256; seq += 1)
      assert.ok(told.indexOf(`record ${seq}`) < told.indexOf(`writer ${seq}`));
    await store.close();
  });

  it('closes only when everyone who wrote was told', async () => {
    const store = localStore(directory);
    await store.open();
    const ends: string[] = [];
    const writers = Array.from({ length: 100 }, (_, i) =>
      store.append(note(i + 1)).then(
        ({ seq }) => ends.push(`ok ${seq}`),
        () => ends.push('refused'),
      ),
    );
    await store.close();
    await Promise.all(writers);
    assert.deepEqual(
      ends,
      Array.from({ length: 100 }, (_, i) => `ok ${i + 1}`),
    );
    await assert.rejects(store.append(note(101)), /not open/);
  });
});
