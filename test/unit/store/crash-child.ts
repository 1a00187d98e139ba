import { writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Head, JournalFs } from '../../../src/engine/journal';
import { nodeFs } from '../../../src/engine/journal';
import { systemClock } from '../../../src/engine/model/ports';
import type { Projection } from '../../../src/engine/model/projection';
import { localStore, note, type TallyState, tally } from './support';

/**
 * A program that works on a journal until it kills itself, run by crash.spec.ts as a process of its own:
 * `life DIR KEY CALL MODE` lives through everything a store does, and dies at the CALL-th call on the disk that
 * changes something, `before` it, or `within` it when it is a write; with CALL 0 it lists all calls.
 * `write DIR KEY FROM` writes until somebody kills it.
 */
const [, , what, directory = '', key = '', number = '0', mode = 'before'] = process.argv;

const say = (text: string) => writeSync(1, `${text}\n`);

/** Heartbeats (`touch`) come with time: counted, they would give the same call another number in each life. */
const CHANGES = [
  'makeDirectory',
  'write',
  'truncate',
  'sync',
  'syncDirectory',
  'rename',
  'link',
  'remove',
] as const;

/** As with heartbeats: a head that is signed because time has passed would be a call more in a life that is slow. */
const NEVER_MS = 3_600_000;

function dieNow(): never {
  process.kill(process.pid, 'SIGKILL');
  for (;;);
}

function mortalFs(dieAt: number): JournalFs {
  let calls = 0;
  const names = new Map<number, string>();
  const step = (name: string, path: string): boolean => {
    calls += 1;
    if (dieAt === 0) say(`call ${calls} ${name} ${path.slice(path.lastIndexOf('/') + 1)}`);
    if (calls === dieAt && mode === 'before') dieNow();
    return calls === dieAt;
  };
  const fs = { ...nodeFs };
  for (const name of CHANGES) {
    const call = nodeFs[name] as (...args: unknown[]) => unknown;
    const mortal = (...args: unknown[]) => {
      step(name, typeof args[0] === 'number' ? (names.get(args[0]) ?? '') : String(args[0]));
      return call(...args);
    };
    Object.assign(fs, { [name]: mortal });
  }
  return {
    ...fs,
    open(path, how, permissions) {
      if (how !== 'read') step('open', path);
      const fd = nodeFs.open(path, how, permissions);
      names.set(fd, path);
      return fd;
    },
    write(fd, bytes) {
      if (step('write', names.get(fd) ?? '')) {
        nodeFs.write(fd, bytes.subarray(0, Math.ceil(bytes.byteLength / 2)));
        dieNow();
      }
      return nodeFs.write(fd, bytes);
    },
  };
}

function storeWith(fs: JournalFs, projections: readonly Projection<unknown>[]) {
  return localStore(directory, {
    projections,
    segmentRecords: 4,
    keys: { load: async () => key },
    heads: {
      load: async () => undefined,
      save: async (head: Head) => void say(`head ${JSON.stringify(head)}`),
    },
    parts: { clock: systemClock, fs, indexWorthSaving: 1, signAfterMs: NEVER_MS },
  });
}

async function life(): Promise<void> {
  const fs = mortalFs(Number(number));
  const newer: Projection<TallyState> = { ...tally, version: 2 };
  const append = async (store: ReturnType<typeof storeWith>, n: number) => {
    const record = await store.append(note(n));
    say(`ack ${record.seq} ${record.data.code}`);
  };
  const close = async (store: ReturnType<typeof storeWith>) => {
    // The index is read in the background; closed too early, it is not written, and the life is some calls shorter.
    await store.query({ limit: 1 });
    await store.close();
  };
  const first = storeWith(fs, [tally]);
  await first.open();
  for (let n = 1; n <= 6; n += 1) await append(first, n);
  await Promise.all([7, 8, 9, 10].map((n) => append(first, n)));
  await close(first);
  // The projection has changed: everything is replayed.
  const second = storeWith(fs, [newer]);
  await second.open();
  for (let n = 11; n <= 13; n += 1) await append(second, n);
  await second.backup(join(directory, '..', 'backup'), 'passphrase');
  await close(second);
  const third = storeWith(fs, [newer]);
  await third.open();
  await third.retain({ keep: 5 });
  await append(third, 14);
  await close(third);
  say('done');
}

async function write(): Promise<void> {
  const store = storeWith(nodeFs, [tally]);
  await store.open();
  let n = Number(number);
  const writer = async () => {
    for (;;) {
      n += 1;
      const record = await store.append(note(n));
      say(`ack ${record.seq} ${record.data.code}`);
    }
  };
  await Promise.all(Array.from({ length: 8 }, writer));
}

void (what === 'life' ? life() : write());
