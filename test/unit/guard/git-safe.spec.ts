import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gitSafeEnvironment, hardenedArgv } from '../../../src/engine/guard';

/** A real repository whose configuration names programs that leave a trace when they are run. */
describe('git in a hostile repository', () => {
  let root: string;
  let repository: string;
  let trace: string;

  const base = { PATH: process.env.PATH ?? '', HOME: '' };
  const git = (
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): ReturnType<typeof spawnSync> =>
    spawnSync('git', [...args], { cwd: repository, env: { ...base, HOME: root, ...env }, encoding: 'utf8' });

  before(() => {
    root = mkdtempSync(join(tmpdir(), 'cowork-git-'));
    repository = join(root, 'repository');
    trace = join(root, 'trace');
    mkdirSync(repository);
    execFileSync('git', ['init', '-q', repository]);
    execFileSync('git', [
      '-C',
      repository,
      '-c',
      'user.name=a',
      '-c',
      'user.email=a@x.example',
      'commit',
      '-q',
      '--allow-empty',
      '-m',
      'first',
    ]);
    const script = join(root, 'hostile.sh');
    writeFileSync(script, `#!/bin/sh\necho "$0 $*" >> ${trace}\n`);
    chmodSync(script, 0o755);
    const hooks = join(root, 'hooks');
    mkdirSync(hooks);
    for (const hook of [
      'pre-commit',
      'post-checkout',
      'post-index-change',
      'reference-transaction',
      'fsmonitor-watchman',
      'post-commit',
    ]) {
      writeFileSync(join(hooks, hook), `#!/bin/sh\necho ${hook} >> ${trace}\n`);
      chmodSync(join(hooks, hook), 0o755);
    }
    for (const [key, value] of [
      ['core.fsmonitor', script],
      ['core.hooksPath', hooks],
      ['core.pager', script],
      ['diff.external', script],
      ['core.editor', script],
      ['gpg.program', script],
    ]) {
      execFileSync('git', ['-C', repository, 'config', key!, value!]);
    }
    writeFileSync(join(repository, 'a.txt'), 'a\n');
  });
  beforeEach(() => rmSync(trace, { force: true }));
  after(() => rmSync(root, { recursive: true, force: true }));

  it('runs what the repository names when nothing is done about it', () => {
    git(['status']);
    assert.ok(existsSync(trace), 'the repository is not hostile: this test would prove nothing');
  });

  for (const args of [
    ['status'],
    ['diff'],
    ['log', '-1'],
    ['add', 'a.txt'],
    ['branch'],
    ['stash', 'list'],
    ['show', 'HEAD'],
  ]) {
    it(`git ${args.join(' ')} runs nothing with the safe environment`, () => {
      const result = git(args, gitSafeEnvironment());
      assert.equal(result.status, 0, String(result.stderr));
      assert.ok(!existsSync(trace));
    });

    it(`git ${args.join(' ')} runs nothing with hardened arguments`, () => {
      const [program, ...rest] = hardenedArgv(['git', ...args]);
      assert.equal(program, 'git');
      const result = git(rest, args[0] === 'diff' || args[0] === 'show' ? { GIT_EXTERNAL_DIFF: '' } : {});
      assert.equal(result.status, 0, String(result.stderr));
      assert.ok(!existsSync(trace));
    });
  }

  it('leaves other programs alone', () => {
    assert.deepEqual(hardenedArgv(['ls', '-la']), ['ls', '-la']);
    assert.deepEqual(hardenedArgv([]), []);
    assert.equal(hardenedArgv(['/usr/bin/git', 'log'])[0], '/usr/bin/git');
  });
});
