import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TestEngine } from '../../helpers/engine';

describe('a hostile repository without isolation', () => {
  let house: TestEngine;
  const git = (...args: string[]) => execFileSync('git', args, { cwd: house.root, encoding: 'utf8' });
  const owned = () => existsSync(join(house.root, 'owned'));

  beforeEach(async () => {
    house = await TestEngine.start({ user: { mode: 'trusted', capabilities: { shell: 'allow' } } });
    await house.pair();
    git('init', '-q');
    await house.file('a', 'one\n');
    git('add', 'a');
  });
  afterEach(() => house.remove());

  /** What became of a command that is trusted as long as nothing speaks against it. */
  async function fate(line: string): Promise<string> {
    const before = house.replies.length;
    await house.say(`/run ${line}`);
    const [asked] = await house.until(() => {
      const pending = house.engine.approvals.pending();
      return pending.length > 0 || house.replies.length > before ? [pending[0]] : undefined;
    });
    if (!asked) return /Refused/.test(house.replies[before]?.text ?? '') ? 'refused' : 'ran';
    await house.engine.approvals.deny(asked.id);
    await house.until(() => house.engine.tasks.list()[0]?.endedAt !== undefined);
    return `asked ${asked.decision.ruleId}`;
  }

  it('[INI-4] a look by git is trusted where the repository names no program', async () => {
    git('config', 'remote.origin.url', 'https://example.com/a.git');
    git('config', 'branch.main.vscode-merge-base', 'origin/main');
    assert.equal(await fate('git status'), 'ran');
    assert.equal(await fate('git diff'), 'ran');
  });

  it('[INI-4] and is asked about where it does, so that nothing of its runs unseen', async () => {
    const evil = `touch ${join(house.root, 'owned')}; cat`;
    await house.file('.gitattributes', '* filter=x diff=x\n');
    for (const key of [
      'filter.x.clean',
      'filter.x.process',
      'diff.x.textconv',
      'diff.x.command',
      'alias.st',
    ]) {
      git('config', key, evil);
      assert.equal(await fate('git status'), 'asked git.repository-programs', key);
      assert.equal(await fate('git diff'), 'asked git.repository-programs', key);
      git('config', '--unset', key);
    }
    git('config', 'include.path', '../more');
    assert.equal(await fate('git status'), 'asked git.repository-programs');
    assert.equal(owned(), false);
  });

  it('[INI-4] in whatever folder git is started, and when that cannot be told', async () => {
    await mkdir(join(house.root, 'sub', 'deep'), { recursive: true });
    execFileSync('git', ['init', '-q'], { cwd: join(house.root, 'sub') });
    execFileSync('git', ['config', 'filter.x.clean', 'touch owned'], { cwd: join(house.root, 'sub') });
    assert.equal(await fate('git status'), 'ran');
    for (const line of ['git -C sub status', 'cd sub/deep && git status', 'cd sub && git -C deep status']) {
      assert.equal(await fate(line), 'asked git.repository-programs', line);
    }
    await rm(join(house.root, 'sub', '.git'), { recursive: true });
    await writeFile(join(house.root, 'elsewhere'), '');
    assert.equal(await fate('git -C sub status'), 'ran');
    assert.notEqual(await fate('git --git-dir=sub/.git status'), 'ran');
    assert.notEqual(await fate('cd $(cat elsewhere) && git status'), 'ran');
  });
});
