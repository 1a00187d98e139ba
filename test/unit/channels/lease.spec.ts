import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OsLease } from '../../../src/channels/manager/lease';

const MODULE = join(__dirname, '../../../src/channels/manager/lease.ts');

describe('lease of a bot account', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cw-lease-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  // The socket file of other systems works wherever there are socket files.
  const platforms = process.platform === 'linux' ? (['linux', 'darwin'] as const) : [process.platform];
  for (const platform of platforms) {
    it(`is had by one at a time, who is named to the others (${platform})`, async () => {
      const key = `telegram:${folder}`;
      const first = new OsLease('the window “first”', folder, platform);
      const second = new OsLease('the window “second”', folder, platform);
      const held = await first.acquire(key);
      assert.ok(held.held);
      assert.deepEqual(await second.acquire(key), { held: false, holder: 'the window “first”' });
      assert.deepEqual(await first.acquire(key), { held: false, holder: 'the window “first”' });
      const other = await second.acquire(`${key}2`);
      assert.ok(other.held);
      await other.release();
      await held.release();
      await held.release();
      const next = await second.acquire(key);
      assert.ok(next.held);
      await next.release();
    });

    it(`is free again when its holder was killed (${platform})`, async () => {
      const key = `slack:${folder}`;
      const script = `const { OsLease } = require(${JSON.stringify(MODULE)});
        new OsLease('the window “child”', ${JSON.stringify(folder)}, ${JSON.stringify(platform)})
          .acquire(${JSON.stringify(key)}).then((lease) => console.log(lease.held));
        setInterval(() => {}, 1000);`;
      const child = spawn(process.execPath, ['--require', 'tsx/cjs', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
        cwd: join(__dirname, '../../..'),
      });
      const [said] = (await once(child.stdout, 'data')) as [Buffer];
      assert.equal(said.toString().trim(), 'true');
      const lease = new OsLease('us', folder, platform);
      assert.deepEqual(await lease.acquire(key), { held: false, holder: 'the window “child”' });
      child.kill('SIGKILL');
      await once(child, 'exit');
      const ours = await lease.acquire(key);
      assert.ok(ours.held);
      await ours.release();
    });
  }
});
