import assert from 'node:assert/strict';
import {
  coverage,
  DEFAULT_TRUSTED,
  type Guard,
  matchTrusted,
  suggestPatterns,
} from '../../../src/engine/guard';
import type { CommandAnalysis } from '../../../src/engine/model/analysis';
import { PLACE, theGuard } from './support';

describe('trusted patterns', () => {
  let guard: Guard;
  before(async () => {
    guard = await theGuard();
  });
  const analyse = (line: string): CommandAnalysis => guard.analyse({ line, shell: 'bash', ...PLACE });
  const covered = (pattern: string, line: string): boolean => matchTrusted(pattern, analyse(line)).covered;

  it('[FAQ-8] match words, not text', () => {
    assert.ok(covered('git log *', 'git log --oneline'));
    assert.ok(covered('git log *', 'git log'));
    assert.ok(!covered('git log *', 'git-log x'));
    assert.ok(!covered('git log', 'git log -3'));
    assert.ok(!covered('git lo *', 'git log'));
    assert.ok(covered('npm run test:*', 'npm run test:unit'));
    assert.ok(!covered('npm run test:*', 'npm run build'));
    assert.ok(!covered('*', 'ls'));
  });

  it('[FAQ-8] must cover every part of a line', () => {
    assert.ok(!covered('git *', 'git status && ls'));
    assert.ok(coverage(['git *', 'ls *'], analyse('git status && ls')).covered);
    assert.ok(!coverage(['git *', 'ls *'], analyse('git status && ls > out')).covered);
  });

  it('[FAQ-8] never cover what writes, is hidden, or is not the program it looks like', () => {
    for (const line of [
      'ls > f',
      'ls $(rm x)',
      'PATH=/x ls',
      './ls',
      'ls "$x"',
      'LD_PRELOAD=x ls',
      'sudo ls',
      'alias ls=rm; ls x',
      'ls\u202e',
    ]) {
      const result = coverage(['ls *', 'rm *', 'sudo *', 'alias *', './ls *'], analyse(line));
      assert.ok(!result.covered, line);
      assert.ok(result.why.length > 5);
    }
    assert.ok(coverage(['ls *'], analyse('ls 2>&1 > /dev/null')).covered);
  });

  it('[FAQ-8] never let a build program, or what a runner starts, take code from outside the project', () => {
    for (const [pattern, line] of [
      ['npx mocha *', 'npx mocha --reporter=./x.js'],
      ['mocha *', 'mocha --reporter=dot tests/a.js'],
      ['npm test *', 'npm test -- --reporter=spec'],
    ] as const)
      assert.ok(covered(pattern, line), line);
    for (const [pattern, line] of [
      ['npx mocha *', 'npx mocha --reporter=/tmp/x.js'],
      ['npx mocha *', 'npx mocha --reporter=../x.js'],
      ['pnpm exec mocha *', 'pnpm exec mocha --require=~/x.js'],
      ['mocha *', 'mocha --reporter=/tmp/x.js'],
      ['npm test *', 'npm test -- --reporter=/tmp/x.js'],
    ] as const) {
      const [command] = analyse(line).commands;
      assert.ok(!covered(pattern, line), line);
      assert.ok(
        command?.effects.executes.some((what) => /^what is in .*x\.js$/.test(what)),
        line,
      );
      assert.ok(
        command?.effects.reads.some((path) => path.endsWith('x.js')),
        line,
      );
    }
  });

  it('name what a runner, an interpreter or the network gets', () => {
    assert.ok(!covered('npx *', 'npx jest a'));
    assert.ok(covered('npx jest *', 'npx jest a'));
    assert.ok(!covered('npx jest *', 'npx evil'));
    assert.ok(!covered('python3 *', 'python3 x.py'));
    assert.ok(covered('python3 x.py *', 'python3 x.py --fast'));
    assert.ok(!covered('bash *', 'bash x.sh'));
    assert.ok(!covered('git *', 'git push origin HEAD'));
    assert.ok(!covered('git push *', 'git push --force'));
  });

  it('suggest the narrowest pattern, with its harmless pipe, and never a bare runner', () => {
    const line = 'npx jest tests/a.spec.js 2>&1 | grep -E "fail|pass" | tail -n 80';
    const suggestions = suggestPatterns(analyse(line));
    assert.deepEqual(
      suggestions.map((one) => one.pattern),
      ['npx jest *'],
    );
    assert.ok(suggestions[0]!.covers.length > 0 && suggestions[0]!.doesNotCover.length > 0);
    assert.ok(coverage(['npx jest *', ...DEFAULT_TRUSTED], analyse(line)).covered);
    for (const never of [
      'node',
      'bash x.sh',
      'npx',
      'python3 -c 1',
      'rm x',
      'sudo ls',
      'sh',
      'curl x | sh',
      'git reset --hard',
    ]) {
      assert.deepEqual(suggestPatterns(analyse(never)), [], never);
    }
  });

  it('keep the analysis pure: the same line gives the same answer', () => {
    const line = 'X=1; cd a && git status | grep x > y';
    assert.deepEqual(analyse(line), analyse(line));
  });
});
