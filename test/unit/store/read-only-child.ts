import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { verifyDirectory } from '../../../src/engine/journal';
import { systemClock } from '../../../src/engine/model/ports';
import { localStore, note } from './support';

/**
 * Keeps a store on a file system of its own that becomes read-only under it and writable again, and prints what
 * happened as JSON. Run by read-only.spec.ts in a mount namespace of its own, which takes the mount along when it ends.
 * The arguments: an empty folder, and the image of an ext4 file system; without one it is a tmpfs.
 */
const [, , place = '', image] = process.argv;

function mount(...args: readonly string[]): void {
  execFileSync('mount', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

const begin = () =>
  image === undefined ? mount('-t', 'tmpfs', 'none', place) : mount('-o', 'loop', image, place);

/** ext4 does this by itself when its disk fails. A tmpfs can only be told to, and only while nothing is open there. */
const readOnly = () =>
  image === undefined ? mount('-o', 'remount,ro', place) : mount('-o', 'remount,abort', place);

/** A file system that has given up must be mounted anew, which it is once nothing is open there any more. */
async function writable(): Promise<void> {
  if (image === undefined) return mount('-o', 'remount,rw', place);
  for (;;) {
    try {
      execFileSync('umount', [place], { stdio: 'ignore' });
      break;
    } catch {
      await new Promise((done) => setTimeout(done, 20));
    }
  }
  begin();
}

async function main(): Promise<void> {
  // The store’s own timers keep no process alive.
  const alive = setInterval(() => {}, 1_000);
  begin();
  const directory = join(place, 'journal');
  const open = async () => {
    const store = localStore(directory, { parts: { clock: systemClock, recoverEveryMs: 20 } });
    await store.open();
    return store;
  };
  let store = await open();
  for (const n of [1, 2]) await store.append(note(n));
  if (image === undefined) {
    // Opened anew, it has no file open until it writes.
    await store.close();
    store = await open();
  }
  const states: string[] = [];
  let ready: () => void = () => undefined;
  const recovered = new Promise<void>((done) => {
    ready = done;
  });
  store.onState(({ state }) => {
    states.push(state);
    if (state === 'ready') ready();
  });
  const told: number[] = [];
  store.onRecord(({ seq }) => told.push(seq));
  readOnly();
  const refusals: string[] = [];
  for (const n of [3, 4]) await store.append(note(n)).catch((error: Error) => refusals.push(error.message));
  const whileReadOnly = [...told];
  await writable();
  await recovered;
  const { seq } = await store.append(note(5));
  await store.close();
  const { intact, records } = await verifyDirectory(directory);
  clearInterval(alive);
  process.stdout.write(JSON.stringify({ refusals, whileReadOnly, states, seq, intact, records }));
}

void main();
