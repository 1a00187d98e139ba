import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repoRoot } from '../../harness/paths';
import { descendantsOf, isAlive, stopTree, until } from '../../harness/processes';
import { skip } from '../../harness/report';

/** Starts a child of its own, ignores the polite signal, and says the child's id. */
const stubborn = `
  process.on('SIGTERM', () => {});
  const child = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
    detached: true, stdio: 'ignore' });
  process.stdout.write(child.pid + '\\n');
  setInterval(() => {}, 1000);
`;

async function startStubborn(
  env: NodeJS.ProcessEnv = process.env,
): Promise<{ child: ChildProcess; grandchild: number }> {
  const child = spawn(process.execPath, ['-e', stubborn], { stdio: ['ignore', 'pipe', 'ignore'], env });
  assert.ok(child.stdout);
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, grandchild: Number(line.toString('utf8')) };
}

function gone(pid: number): Promise<boolean> {
  return until(`the end of process ${pid}`, () => (isAlive(pid) ? undefined : true));
}

describe('processes of the harness', () => {
  before(function () {
    if (process.platform === 'win32')
      skip(this, 'Windows has no signals to ignore; taskkill ends trees there');
  });

  it('knows what a process started, sessions of their own included', async () => {
    const { child, grandchild } = await startStubborn();
    assert.deepEqual(descendantsOf(child.pid ?? 0), [grandchild]);
    await stopTree(child, 0);
  });

  it('ends a process that ignores SIGTERM, and what it started', async () => {
    const { child, grandchild } = await startStubborn();
    const ended = once(child, 'exit');
    await stopTree(child, 100);
    await ended;
    assert.equal(child.signalCode, 'SIGKILL');
    await gone(grandchild);
  });

  it('ends what carries the mark of a run and has left its parents', async function () {
    if (process.platform !== 'linux') skip(this, 'only Linux shows the environment of other processes');
    const mark = randomUUID();
    const { child, grandchild } = await startStubborn({ ...process.env, COWORK_RUN_ID: mark });
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    assert.equal(isAlive(grandchild), true, 'the grandchild went on alone');
    const { endMarked } = await import('../../../scripts/processes.mjs');
    assert.equal(endMarked(mark), 1);
    await gone(grandchild);
  });

  it('ends a stage that runs over its limit, with its children, and says so', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cowork-limit-'));
    try {
      const pidFile = join(folder, 'pid');
      const { run } = await import('../../../scripts/processes.mjs');
      const script = `${stubborn.replace('process.stdout.write(', `require('node:fs').writeFileSync(${JSON.stringify(pidFile)}, '' + `)}`;
      const running = run(process.execPath, ['-e', script], { cwd: repoRoot, limitMs: 1500, quiet: true });
      const outcome = await running;
      assert.equal(outcome.timedOut, true);
      assert.notEqual(outcome.code, 0);
      if (existsSync(pidFile)) await gone(Number(readFileSync(pidFile, 'utf8')));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('waits for a condition and names it when it never comes', async () => {
    let looks = 0;
    assert.equal(await until('three looks', () => (++looks === 3 ? looks : undefined)), 3);
    await assert.rejects(
      until('the impossible', () => undefined, 10),
      /the impossible: not within/,
    );
  });
});
