import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { JournalHeldError } from '../../../src/engine/journal';
import { nodeFs } from '../../../src/engine/journal/fs';
import { Lease } from '../../../src/engine/journal/lease';
import { skip } from '../../harness/report';
import { fill, journalIn, scratch } from './support';

const HOLDER = join(__dirname, 'holder.ts');

/** Starts a process that tries to take the lease; resolves with the line that it prints. */
function contender(directory: string, label: string): { child: ChildProcess; line: Promise<string> } {
  const child = spawn(process.execPath, ['--import', 'tsx', HOLDER, directory, label], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const line = new Promise<string>((resolve) => {
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('\n')) resolve(text.trim());
    });
  });
  return { child, line };
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once('exit', () => resolve());
  });
}

describe('journal lease', () => {
  let directory: string;
  let remove: () => void;
  const children: ChildProcess[] = [];
  beforeEach(() => {
    ({ path: directory, remove } = scratch());
  });
  afterEach(async () => {
    for (const child of children.splice(0)) {
      child.kill('SIGKILL');
      await ended(child);
    }
    remove();
  });

  it('lets a second opener in no process, and names the holder', async () => {
    const journal = journalIn(directory);
    await journal.open();
    await assert.rejects(journalIn(directory).open(), (error: unknown) => {
      assert.ok(error instanceof JournalHeldError);
      assert.equal(error.holder.pid, process.pid);
      assert.equal(error.holder.host, hostname());
      assert.match(error.message, /test workspace/);
      return true;
    });
    await journal.close();
    await fill(directory, 1);
  });

  it('is held against another process while that lives, and taken over when it was killed', async () => {
    const { child, line } = contender(directory, 'first window');
    children.push(child);
    assert.equal(await line, 'held');
    await assert.rejects(journalIn(directory).open(), new RegExp(`first window.*process ${child.pid}`));
    child.kill('SIGKILL');
    await ended(child);
    await fill(directory, 1);
  });

  it('goes to exactly one of many processes that find a dead holder at once', async () => {
    const first = contender(directory, 'dead');
    children.push(first.child);
    assert.equal(await first.line, 'held');
    first.child.kill('SIGKILL');
    await ended(first.child);
    const all = Array.from({ length: 5 }, (_, i) => contender(directory, `window ${i}`));
    children.push(...all.map((c) => c.child));
    const lines = await Promise.all(all.map((c) => c.line));
    assert.equal(lines.filter((line) => line === 'held').length, 1, lines.join(', '));
    assert.equal(lines.filter((line) => line.startsWith('refused')).length, 4, lines.join(', '));
  });

  it('is not fooled by a pid that another process has now', async function () {
    if (process.platform !== 'linux') skip(this, 'only /proc tells when a process began');
    await fill(directory, 1);
    const name = readdirSync(directory).find((n) => n.startsWith('lease.')) ?? '';
    const holder = JSON.parse(readFileSync(join(directory, name), 'utf8'));
    // The first process of the system lives, and did not start when the holder did.
    writeFileSync(join(directory, name), JSON.stringify({ ...holder, released: false, pid: 1 }));
    await fill(directory, 1);
  });

  it('leaves a holder on another machine alone until it is silent for a minute', async () => {
    await fill(directory, 1);
    const name = readdirSync(directory).find((n) => n.startsWith('lease.')) ?? '';
    const path = join(directory, name);
    const holder = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify({ ...holder, released: false, host: 'elsewhere', label: 'far away' }));
    await assert.rejects(journalIn(directory).open(), /far away.*elsewhere/);
    const old = new Date(Date.now() - 61_000);
    utimesSync(path, old, old);
    await fill(directory, 1);
  });

  it('lets a store take back what its own dead worker held', async () => {
    const dead = Lease.acquire({ fs: nodeFs, directory, label: 'worker', token: 'mine' });
    await assert.rejects(journalIn(directory, { leaseToken: 'other' }).open(), JournalHeldError);
    const journal = journalIn(directory, { leaseToken: 'mine' });
    await journal.open();
    await journal.close();
    dead.release();
    assert.equal(readdirSync(directory).filter((n) => n.startsWith('lease.')).length, 1);
  });
});
