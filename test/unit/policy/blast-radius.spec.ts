import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blastRadius } from '../../../src/engine/policy/blast-radius';
import { analysed } from './support';

describe('policy: blast radius', () => {
  let folder = '';

  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'cowork-radius-')));
    mkdirSync(join(folder, 'build/deep'), { recursive: true });
    writeFileSync(join(folder, 'build/a.js'), 'x'.repeat(100));
    writeFileSync(join(folder, 'build/deep/b.js'), 'x'.repeat(50));
    writeFileSync(join(folder, 'keep.txt'), 'keep');
    symlinkSync(folder, join(folder, 'build/loop'));
  });

  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const place = () => ({ cwd: folder, workspace: folder, home: folder });
  const long = { timeLimitMs: 20_000 };

  it('counts the files and bytes that a deletion would take, and follows no links', async () => {
    const result = await blastRadius(
      analysed([{ argv: ['rm', '-rf', 'build'], effects: { deletes: ['build'] } }]),
      place(),
      long,
    );
    assert.equal(result.deleted.files, 3);
    assert.ok(result.deleted.bytes >= 150 && result.deleted.bytes < 150 + 4096);
    assert.ok(!result.deleted.examples.some((name) => name.endsWith('keep.txt')));
    assert.equal(result.complete, true);
    assert.ok(existsSync(join(folder, 'build/a.js')), 'nothing is touched');
  });

  it('expands globs as the shell would, and counts each file once', async () => {
    const deletes = ['build/*.js', 'build/a.js', 'build/*/?.js'];
    const result = await blastRadius(analysed([{ argv: ['rm'], effects: { deletes } }]), place(), long);
    assert.deepEqual(result.deleted.examples.map((name) => name.slice(folder.length + 1)).sort(), [
      'build/a.js',
      'build/deep/b.js',
    ]);
    const none = await blastRadius(
      analysed([{ argv: ['rm'], effects: { deletes: ['*.log'] } }]),
      place(),
      long,
    );
    assert.equal(none.deleted.files, 0);
  });

  it('tells files that would be written over, hosts, and parts that cannot be foreseen', async () => {
    const result = await blastRadius(
      analysed([
        {
          argv: ['curl', '-o', 'keep.txt'],
          effects: { writes: ['keep.txt', 'new.txt', '/dev/null'], network: ['X.example:443'] },
        },
        { argv: ['make'], effects: { executes: ['Makefile'] } },
      ]),
      place(),
      long,
    );
    assert.equal(result.overwritten.files, 1);
    assert.equal(result.overwritten.bytes, 4);
    assert.deepEqual(result.hosts, ['x.example']);
    assert.deepEqual(result.unknown, ['runs make']);
  });

  it('stops at its time limit and when cancelled, and says that it is not complete', async () => {
    const analysis = analysed([{ argv: ['rm', '-rf', 'build'], effects: { deletes: ['build'] } }]);
    assert.equal((await blastRadius(analysis, place(), { timeLimitMs: 0 })).complete, false);
    const controller = new AbortController();
    controller.abort();
    assert.equal(
      (await blastRadius(analysis, place(), { ...long, signal: controller.signal })).complete,
      false,
    );
  });

  it('says that it is not complete when a folder cannot be read', async () => {
    const denied = Object.assign(new Error('no'), { code: 'EACCES' });
    const fs = { lstat: () => Promise.reject(denied), readdir: () => Promise.reject(denied) };
    const result = await blastRadius(analysed([{ argv: ['rm'], effects: { deletes: ['x'] } }]), place(), {
      ...long,
      fs,
    });
    assert.equal(result.complete, false);
  });

  describe('of git commands', () => {
    const git = (...args: string[]) =>
      execFileSync(
        'git',
        ['-c', 'user.name=T', '-c', 'user.email=t@example.org', '-c', 'init.defaultBranch=main', ...args],
        {
          cwd: folder,
          env: { PATH: process.env.PATH, HOME: folder, GIT_CONFIG_NOSYSTEM: '1' },
          stdio: ['ignore', 'pipe', 'pipe'],
        },
      );
    const loss = (...argv: string[]) => blastRadius(analysed([{ argv: ['git', ...argv] }]), place(), long);

    beforeEach(() => {
      git('init', '-q');
      git('add', 'keep.txt');
      for (const name of ['one', 'two', 'three']) {
        writeFileSync(join(folder, 'keep.txt'), name);
        git('commit', '-q', '-a', '-m', name);
      }
    });

    it('counts commits and changes that "reset --hard" would lose', async () => {
      writeFileSync(join(folder, 'keep.txt'), 'changed and longer');
      const result = await loss('reset', '--hard', 'HEAD~2');
      assert.equal(result.commitsLost, 2);
      assert.deepEqual(result.uncommitted, ['keep.txt']);
      git('tag', 'saved');
      assert.equal((await loss('reset', '--hard', 'HEAD~2')).commitsLost, 0);
    });

    it('counts what "branch -D", "clean", "stash clear" and "checkout --" would lose', async () => {
      git('checkout', '-q', '-b', 'side');
      git('commit', '-q', '--allow-empty', '-m', 'only here');
      git('checkout', '-q', 'main');
      assert.equal((await loss('branch', '-D', 'side')).commitsLost, 1);
      assert.equal((await loss('clean', '-fd')).uncommitted.length, 3);
      writeFileSync(join(folder, 'keep.txt'), 'changed and longer');
      assert.deepEqual((await loss('checkout', '--', '.')).uncommitted, ['keep.txt']);
      git('stash');
      assert.equal((await loss('stash', 'clear')).stashesLost, 1);
    });

    it('runs nothing that the repository asks for: fsmonitor, filters, hooks, aliases, diff programs', async () => {
      const mark = join(folder, 'ran');
      const script = join(folder, 'evil.sh');
      writeFileSync(script, `#!/bin/sh\ntouch "${mark}"\ncat\n`);
      chmodSync(script, 0o755);
      for (const key of [
        'core.fsmonitor',
        'filter.x.clean',
        'filter.x.smudge',
        'diff.external',
        'diff.x.textconv',
        'core.pager',
        'alias.rev-list',
      ]) {
        git('config', key, key.startsWith('alias') ? `!${script}` : script);
      }
      git('config', 'core.hooksPath', folder);
      writeFileSync(join(folder, '.gitattributes'), '* filter=x diff=x\n');
      writeFileSync(join(folder, 'keep.txt'), 'eerht');
      rmSync(mark, { force: true });
      for (const argv of [
        ['reset', '--hard', 'HEAD~1'],
        ['clean', '-fdx'],
        ['checkout', '--', '.'],
        ['restore', '.'],
        ['push', '--force'],
        ['branch', '-D', 'main'],
        ['stash', 'clear'],
      ]) {
        await loss(...argv);
        assert.ok(!existsSync(mark), `${argv.join(' ')} ran the repository's code`);
      }
    });
  });
});
