import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_LIMITS, FORCE_STOP, type RunSpec } from '../../../src/engine/sandbox/backend';
import { ProcessBackend } from '../../../src/engine/sandbox/process-backend';
import { shellArgv } from '../../../src/engine/sandbox/shell';
import { skip } from '../../harness/report';
import { isAlive, waitForFile } from './helpers';

const linux = process.platform === 'linux';

describe('process isolation', () => {
  let workspace: string;
  const backend = new ProcessBackend({ ...process.env, CANARY_TOKEN: 'canary-secret', LC_TIME: 'C' });

  beforeEach(() => {
    workspace = realpathSync(mkdtempSync(join(tmpdir(), 'cowork-run-')));
  });
  afterEach(() => rmSync(workspace, { recursive: true, force: true }));

  const spec = (line: string, change: Partial<RunSpec> = {}): RunSpec => ({
    argv: shellArgv(line, 'bash'),
    cwd: workspace,
    workspace,
    env: {},
    limits: DEFAULT_LIMITS,
    network: 'none',
    ...change,
  });
  const run = (line: string, change: Partial<RunSpec> = {}, signal = new AbortController().signal) =>
    backend.run(spec(line, change), signal);

  it('gives back the exit code, both streams in order, and the hash of the whole', async () => {
    const result = await run('echo one; echo two >&2; echo three; exit 7');
    assert.equal(result.exitCode, 7);
    assert.equal(result.output.text, 'one\ntwo\nthree\n');
    assert.equal(result.output.sha256, createHash('sha256').update('one\ntwo\nthree\n').digest('hex'));
    assert.equal(result.output.length, 14);
    assert.equal(result.failure, undefined);
  });

  it('never makes arguments into a command line', async () => {
    const words = [
      '$(touch injected)',
      '`touch injected`',
      '; touch injected',
      '"',
      "'",
      '&& touch injected',
      '*',
    ];
    const result = await run('', { argv: ['/usr/bin/printf', '%s\n', ...words] });
    assert.equal(result.output.text, `${words.join('\n')}\n`);
    assert.equal(existsSync(join(workspace, 'injected')), false);
  });

  it('[FAQ-2] hands over an environment by allowlist, never the host’s', async () => {
    const result = await run('env', {
      env: { LISTED: 'yes', LD_PRELOAD: '/x.so', BASH_ENV: '/x', GIT_DIR: '/x' },
    });
    const names = result.output.text.split('\n').map((line) => line.split('=')[0]);
    assert.ok(!result.output.text.includes('canary-secret'));
    assert.ok(names.includes('LISTED') && names.includes('HOME') && names.includes('LC_TIME'));
    for (const name of ['CANARY_TOKEN', 'LD_PRELOAD', 'BASH_ENV', 'GIT_DIR'])
      assert.ok(!names.includes(name), name);
  });

  it('keeps folders of the workspace, relative ones and world-writable ones out of PATH', async () => {
    const bin = join(workspace, 'node_modules', '.bin');
    mkdirSync(bin, { recursive: true });
    const other = new ProcessBackend({ PATH: `${bin}:.:relative/bin::/tmp:/usr/bin` });
    const result = await other.run(spec('printf %s "$PATH"'), new AbortController().signal);
    assert.equal(result.output.text, '/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin:/bin');
  });

  it('gives no terminal and no input: what reads gets the end of file', async () => {
    const result = await run(
      'test -t 0 || echo no-tty; read x || echo eof; (: </dev/tty) 2>/dev/null || echo no-ctty',
    );
    assert.equal(result.output.text, 'no-tty\neof\nno-ctty\n');
  });

  it('opens no descriptor of the host to the child', async function () {
    if (!linux) skip(this, 'it looks into /proc');
    const result = await run('ls /proc/self/fd');
    // 3 is the directory that `ls` itself has open.
    assert.deepEqual(result.output.text.trim().split('\n'), ['0', '1', '2', '3']);
  });

  it('git in a hostile repository runs nothing of that repository’s choosing', async () => {
    const line =
      'git init -q . && git config core.fsmonitor "touch $PWD/owned; true" && ' +
      'printf "#!/bin/sh\\ntouch $PWD/owned" > .git/hooks/pre-commit && chmod +x .git/hooks/pre-commit && ' +
      'git config credential.helper "!touch $PWD/owned" && echo a > a && git add a && git status && ' +
      'git -c user.name=a -c user.email=a@b.c commit -qm a && echo b >> a && git diff && echo done';
    const result = await run(line);
    assert.match(result.output.text, /done\n$/);
    assert.equal(existsSync(join(workspace, 'owned')), false);
  });

  it('names what is missing when a program does not exist', async () => {
    const missing = await run('', { cwd: join(workspace, 'nowhere') });
    assert.match(missing.failure ?? '', /nowhere/);
    const shell = await run('no-such-program-here');
    assert.equal(shell.exitCode, 127);
  });

  it('refuses a spec that makes no sense', async () => {
    const limits = { ...DEFAULT_LIMITS, timeoutMs: 3_600_000 };
    await assert.rejects(run('true', { limits }), RangeError);
    await assert.rejects(run('true', { argv: [] }), RangeError);
    await assert.rejects(run('true', { argv: ['a\0b'] }), RangeError);
    await assert.rejects(run('true', { cwd: 'relative' }), RangeError);
  });

  it('keeps head and tail of long output and says how much is missing', async () => {
    const limits = { ...DEFAULT_LIMITS, outputBytes: 1000 };
    const result = await run('echo START; for i in $(seq 5000); do echo line $i; done; echo END', { limits });
    assert.ok(result.output.cut && result.output.text.startsWith('START\n'));
    assert.ok(result.output.text.endsWith('line 5000\nEND\n'));
    assert.match(result.output.text, new RegExp(`… ${result.output.length - 1000} bytes left out …`));
  });

  it('ends a flood of output', async () => {
    const result = await run('yes');
    assert.equal(result.limit, 'output');
  });

  it('ends a command at its time limit, with its children', async () => {
    const limits = { ...DEFAULT_LIMITS, timeoutMs: 300 };
    const result = await run('sleep 600 & echo $! > pid; sleep 600; echo never', { limits });
    assert.equal(result.timedOut, true);
    assert.equal(result.limit, 'time');
    assert.ok(result.durationMs < 1300, `returned after ${result.durationMs} ms, limit 300`);
    assert.equal(isAlive(Number(readFileSync(join(workspace, 'pid'), 'utf8'))), false);
  });

  it('does not start what was cancelled before', async () => {
    const result = await run('touch ran', {}, AbortSignal.abort());
    assert.equal(result.cancelled, true);
    assert.equal(existsSync(join(workspace, 'ran')), false);
  });

  it('lets a command end by itself on a stop, and not on a forced one', async () => {
    const line = "trap 'echo tidied; exit 3' TERM; echo up > up; while :; do sleep 0.02; done";
    for (const [reason, expected] of [
      [undefined, 3],
      [FORCE_STOP, null],
    ] as const) {
      rmSync(join(workspace, 'up'), { force: true });
      const stop = new AbortController();
      const running = run(line, {}, stop.signal);
      await waitForFile(join(workspace, 'up'));
      stop.abort(reason);
      const result = await running;
      assert.equal(result.cancelled, true);
      assert.equal(result.exitCode, expected);
    }
  });

  it('ends what a command leaves in the background, and says so', async () => {
    const result = await run('sleep 600 & echo $! > pid; echo started');
    assert.equal(result.exitCode, 0);
    assert.equal(result.leftovers, 1);
    assert.match(result.notices[0] ?? '', /One process/);
    assert.equal(isAlive(Number(readFileSync(join(workspace, 'pid'), 'utf8'))), false);
  });

  it('finds a leftover that gave up its session, its parent, its environment and its files', async function () {
    if (!linux) skip(this, 'it looks into /proc');
    writeFileSync(
      join(workspace, 'hide.sh'),
      '(env -i /usr/bin/setsid /bin/sh -c \'trap "" TERM HUP; echo $$ > pid; exec >/dev/null 2>&1; while :; do /bin/sleep 1; done\' &) ; sleep 0.2',
    );
    const result = await run('/bin/sh hide.sh');
    assert.ok(result.leftovers >= 1);
    assert.equal(isAlive(Number(readFileSync(join(workspace, 'pid'), 'utf8'))), false);
  });

  it('limits the size of a file', async () => {
    const limits = { ...DEFAULT_LIMITS, fileBytes: 4096 };
    // The exact limit is up to 512 MiB above, because it doubles as a mark; a terabyte is above it anyway.
    const result = await run('truncate -s 1T big 2>&1; echo code $?', { limits });
    assert.match(result.output.text, /code (?!0\b)\d+/);
  });

  it('ends a tree that grows over its number of processes', async function () {
    if (!linux) skip(this, 'it looks into /proc');
    const limits = { ...DEFAULT_LIMITS, processes: 20 };
    const result = await run('for i in $(seq 60); do sleep 600 & done; wait', { limits });
    assert.equal(result.limit, 'processes');
    assert.ok(result.durationMs < 20_000);
  });

  it('ends a tree that grows over its memory', async function () {
    if (!linux) skip(this, 'it looks into /proc');
    const limits = { ...DEFAULT_LIMITS, memoryBytes: 64 * 1024 * 1024 };
    const grow = 'const a=[];setInterval(()=>a.push(Buffer.alloc(8<<20,1)),5)';
    const result = await run('', { argv: [process.execPath, '-e', grow], limits });
    // Either the kernel refuses the memory or the watch ends the tree.
    assert.ok(result.limit === 'memory' || result.exitCode !== 0);
    assert.equal(result.timedOut, false);
  });

  it('streams output while the command runs', async () => {
    const seen: string[] = [];
    const stop = new AbortController();
    const running = backend.run(spec('echo first; sleep 600'), stop.signal, (text) => {
      seen.push(text);
      stop.abort();
    });
    const result = await running;
    assert.deepEqual(seen, ['first\n']);
    assert.equal(result.cancelled, true);
  });
});
