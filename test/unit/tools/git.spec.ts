import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toolTraits } from '../../../src/engine/policy/tool-groups';
import { createTools } from '../../../src/engine/tools/tools';
import { TestGate } from '../egress/gate';
import { makePlace, type Place, use } from './place';

describe('git tools', () => {
  const tools = createTools();
  let place: Place;
  const file = (name: string) => join(place.workspace, name);
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', place.workspace, '-c', 'user.name=a', '-c', 'user.email=a@b.c', ...args], {
      encoding: 'utf8',
    });
  const call = (name: string, args: Record<string, unknown>) => use(tools.get(name)!, args, place.context);

  beforeEach(() => {
    place = makePlace();
    git('init', '-q', '-b', 'main');
    git('config', 'user.name', 'a');
    git('config', 'user.email', 'a@b.c');
    writeFileSync(file('a'), 'one\n');
    git('add', 'a');
    git('commit', '-qm', 'first');
    writeFileSync(file('a'), 'two\n');
    writeFileSync(file('b'), 'new\n');
  });
  afterEach(() => place.remove());

  it('show what has changed', async () => {
    assert.equal((await call('git.status', {})).output, '## main\n M a\n?? b');
    assert.match((await call('git.diff', {})).output, /^-one\n\+two$/m);
    assert.equal((await call('git.diff', { paths: ['b'] })).output, '');
    assert.equal((await call('git.diff', { staged: true })).output, '');
  });

  it('commit what is named and nothing else', async () => {
    git('add', 'b');
    const result = await call('git.commit', { message: '--amend; $(id)\n\nmore', paths: ['a'] });
    assert.equal(result.ok, true, result.output);
    assert.equal(git('log', '--format=%s', '-1').trim(), '--amend; $(id)');
    assert.equal(git('show', '--name-only', '--format=', 'HEAD').trim(), 'a');
    assert.equal((await call('git.status', {})).output, '## main\nA  b');
  });

  it('run nothing of the repository’s choosing', async () => {
    const own = `touch ${file('owned')}; true`;
    for (const key of ['core.fsmonitor', 'diff.external', 'core.pager', 'diff.evil.textconv'])
      git('config', key, own);
    writeFileSync(file('.gitattributes'), '* diff=evil\n');
    writeFileSync(join(place.workspace, '.git', 'hooks', 'pre-commit'), `#!/bin/sh\n${own}\n`, {
      mode: 0o755,
    });
    await call('git.status', {});
    await call('git.diff', {});
    assert.equal((await call('git.commit', { message: 'x', paths: ['a'] })).ok, true);
    assert.equal(existsSync(file('owned')), false);
  });

  it('run no filter that the repository sets, and commit nothing then; one of the person’s own stays', async () => {
    const own = `touch ${file('owned')}; cat`;
    git('config', 'filter.evil.clean', own);
    git('config', 'filter.evil.smudge', own);
    git('config', 'filter.two.three.process', own);
    git('config', 'filter.evil.required', 'true');
    writeFileSync(file('.gitattributes'), '* filter=evil\n');
    utimesSync(file('a'), 1, 1);
    assert.match((await call('git.status', {})).output, /M a/);
    assert.match((await call('git.diff', {})).output, /^\+two$/m);
    assert.equal(existsSync(file('owned')), false);
    const refused = await call('git.commit', { message: 'x', paths: ['a'] });
    assert.match(refused.error ?? '', /sets the filter “evil” itself/);
    assert.equal(existsSync(file('owned')), false);
    // The proof that it would have run.
    git('status');
    assert.equal(existsSync(file('owned')), true);
    git('config', '--remove-section', 'filter.evil');
    git('config', '--remove-section', 'filter.two.three');
    assert.equal((await call('git.commit', { message: 'x', paths: ['a'] })).ok, true);
  });

  it('take names as names', async () => {
    const result = await call('git.diff', { paths: ['--output=owned'] });
    assert.equal(existsSync(file('owned')), false);
    assert.equal(result.output, '');
  });

  it('are in the table of policy, like every tool', () => {
    const all = createTools(new TestGate());
    for (const name of all.keys()) assert.ok(toolTraits(name), name);
  });
});
