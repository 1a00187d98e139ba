import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { skip } from '../../harness/report';
import { scratch } from './support';

const CHILD = join(__dirname, 'read-only-child.ts');
/** Small, but with room for a journal of its own. In bytes. */
const IMAGE_BYTES = 16 << 20;

interface Told {
  readonly refusals: readonly string[];
  readonly whileReadOnly: readonly number[];
  readonly states: readonly string[];
  readonly seq: number;
  readonly intact: boolean;
  readonly records: number;
}

/** True when a command succeeds. */
function can(file: string, ...args: readonly string[]): boolean {
  try {
    execFileSync(file, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe('store on a file system that becomes read-only', () => {
  let root: string;
  let place: string;
  let remove: () => void;
  beforeEach(() => {
    ({ path: root, remove } = scratch());
    place = join(root, 'disk');
    mkdirSync(place);
  });
  afterEach(() => remove());

  /** In a mount namespace of its own: nothing is left mounted, however it ends. */
  function run(namespace: readonly string[], image?: string): Told {
    const args = ['--import', 'tsx', CHILD, place, ...(image === undefined ? [] : [image])];
    const text = execFileSync('unshare', [...namespace, '--', process.execPath, ...args], {
      encoding: 'utf8',
      timeout: 60_000,
    });
    return JSON.parse(text) as Told;
  }

  function check(told: Told): void {
    assert.equal(told.refusals.length, 2);
    for (const refusal of told.refusals) assert.match(refusal, /read-only/);
    assert.deepEqual(told.whileReadOnly, [], 'nobody was told of a record');
    assert.deepEqual(told.states, ['failed', 'ready', 'failed'].slice(0, told.states.length));
    assert.ok(told.states.includes('ready'), 'it recovers by itself');
    assert.equal(told.seq, 3, 'what was refused took no number');
    assert.deepEqual([told.intact, told.records], [true, 3]);
  }

  it('refuses what it cannot keep while a real one is remounted read-only, and goes on after', function () {
    if (!can('unshare', '-rm', 'mount', '-t', 'tmpfs', 'none', place)) {
      skip(this, 'nothing can be mounted here, not even in a user namespace');
    }
    check(run(['-rm']));
  }).timeout(90_000);

  it('does the same when ext4 gives up in the middle of its work and is mounted anew', function () {
    const image = join(root, 'disk.img');
    writeFileSync(image, Buffer.alloc(IMAGE_BYTES));
    if (!can('mkfs.ext4', '-q', image) || !can('unshare', '-m', 'mount', '-o', 'loop', image, place)) {
      skip(this, 'a file cannot be mounted as a disk here: that needs root, mkfs.ext4 and a loop device');
    }
    check(run(['-m'], image));
  }).timeout(90_000);
});
