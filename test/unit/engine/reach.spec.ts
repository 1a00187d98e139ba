import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { TestEngine } from '../../helpers/engine';

describe('what a question says beside the action', () => {
  let tested: TestEngine;
  beforeEach(async () => {
    tested = await TestEngine.start();
    await tested.pair();
  });
  afterEach(() => tested.remove());

  it('[OPS-1a] counts what a command would delete and write over, touching nothing', async () => {
    await tested.file('a.log', 'x'.repeat(1000));
    await tested.file('b.log', 'y'.repeat(24));
    await tested.file('keep.txt', 'z');
    await tested.say('/run rm *.log && echo done > keep.txt');
    const { blast } = await tested.approval();
    assert.equal(blast?.deleted.files, 2);
    assert.equal(blast.deleted.bytes, 1024);
    assert.equal(blast.overwritten.files, 1);
    assert.equal(blast.complete, true);
    for (const name of ['a.log', 'b.log', 'keep.txt']) await access(join(tested.root, name));
  });

  it('counts the commits that a reset would lose', async () => {
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: tested.root });
    git('init', '-q');
    for (const text of ['one', 'two']) {
      await tested.file('a.txt', text);
      git('add', 'a.txt');
      git('commit', '-q', '-m', text);
    }
    await tested.say('/run git reset --hard HEAD~1');
    assert.equal((await tested.approval()).blast?.commitsLost, 1);
  });

  it('says what each layer said and what would alter it', async () => {
    await tested.say('/run npm run lint');
    const { alter, decision } = await tested.approval();
    assert.equal(alter?.now, 'Approve it.');
    assert.match(alter.standing ?? '', /npm run lint/);
    assert.ok(decision.verdicts.length > 0);
  });

  it('masks secrets in what it would touch', async () => {
    tested.masking.learn('test/secret', 'hunter2hunter2');
    await tested.file('hunter2hunter2.txt', 'x');
    await tested.say('/run rm *.txt');
    const { blast } = await tested.approval();
    assert.equal(blast?.deleted.files, 1);
    assert.doesNotMatch(JSON.stringify(blast), /hunter2/);
  });
});
