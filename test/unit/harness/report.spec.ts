import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repoRoot } from '../../harness/paths';
import type { Results } from '../../harness/report';

const suite = `
  const { skip } = require(${JSON.stringify(join(repoRoot, 'test/harness/report.ts'))});
  describe('a suite', () => {
    it('passes', () => {});
    it('fails', () => { throw new Error('because of this'); });
    it('[ABC-1] is skipped in the middle', function () { skip(this, 'no such machine'); });
    it.skip('is switched off', () => {});
    describe('of which nothing can run', () => {
      before(function () { skip(this, 'no such service'); });
      it('one', () => {});
      it('two', () => {});
    });
  });
`;

describe('the report of a test run', () => {
  const folder = mkdtempSync(join(tmpdir(), 'cowork-report-'));
  const file = join(folder, 'inner.spec.ts');
  const results = join(folder, 'results.json');
  writeFileSync(file, suite);
  after(() => rmSync(folder, { recursive: true, force: true }));

  function mocha(...more: string[]): { status: number | null; results: Results } {
    const { status } = spawnSync(
      process.execPath,
      [
        join(repoRoot, 'node_modules/mocha/bin/mocha.js'),
        ...['--no-config', '--require', 'tsx/cjs', '--extension', 'ts'],
        ...['--reporter', join(repoRoot, 'test/harness/reporter.cjs'), ...more, file],
      ],
      { cwd: repoRoot, env: { ...process.env, COWORK_RESULTS: results }, encoding: 'utf8' },
    );
    return { status, results: JSON.parse(readFileSync(results, 'utf8')) };
  }

  it('counts, names what failed, and has a reason for every skip', () => {
    const run = mocha();
    assert.equal(run.status, 1);
    assert.equal(run.results.passed, 1);
    assert.deepEqual(run.results.failed, [{ title: 'a suite fails', message: 'because of this' }]);
    assert.deepEqual(run.results.skipped, [
      { title: 'a suite [ABC-1] is skipped in the middle', reason: 'no such machine' },
      { title: 'a suite is switched off', reason: 'it is marked as skipped in the source' },
      { title: 'a suite of which nothing can run one', reason: 'no such service' },
      { title: 'a suite of which nothing can run two', reason: 'no such service' },
    ]);
  });

  it('finds the test of a control by its id in brackets', () => {
    const { results: found } = mocha('--fgrep', '[ABC-1]');
    assert.deepEqual([found.passed, found.failed.length, found.skipped.length], [0, 0, 1]);
  });
});
