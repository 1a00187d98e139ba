import assert from 'node:assert/strict';
import { createGuard, type Guard } from '../../../src/engine/guard';
import { decide } from '../../../src/engine/policy/decide';
import { approvalScopes, grantChoices, grantFromChoice } from '../../../src/engine/policy/grant-choices';
import { grantSchema } from '../../../src/engine/policy/grants';
import { facts, HASH, HOME, inside, NOW, outside, policy, ROOT, request } from './support';

describe('policy: what an approval may grant', () => {
  let guard: Guard;
  const snapshot = policy();
  const analyse = (line: string) =>
    guard.analyse({ line, shell: 'bash', cwd: ROOT, workspace: ROOT, home: HOME });
  const given = (line: string) => facts({ analysis: analyse(line), exactHash: HASH });
  const keys = (line: string) =>
    grantChoices(snapshot, request('run'), given(line)).map((choice) => choice.key);

  before(async () => {
    guard = await createGuard();
  });

  /** Whether `next` runs once the choice with this key was granted for `line`. */
  function effectOf(line: string, key: string, next: string, more = {}) {
    const choices = grantChoices(snapshot, request('run'), given(line));
    const grant = grantFromChoice(choices, key, request('run'), { id: 'g-1', scope: 'always' });
    assert.deepEqual(grantSchema.parse(JSON.parse(JSON.stringify(grant))), grant);
    const decision = decide(
      snapshot,
      request('run', more),
      facts({ analysis: analyse(next), grants: [grant] }),
    );
    return decision.effect;
  }

  const jest = 'npx jest tests/a.spec.js 2>&1 | grep -E "PASS|FAIL" | tail -n 80';

  it('offers "npx jest *" with its harmless pipe, and never "npx *"', () => {
    assert.deepEqual(keys(jest), ['', 'npx jest *']);
    assert.equal(effectOf(jest, 'npx jest *', jest), 'allow');
    assert.equal(effectOf(jest, 'npx jest *', 'npx jest tests/b.spec.js --verbose'), 'allow');
    assert.equal(effectOf(jest, 'npx jest *', 'npx jest tests/b.spec.js | tail -n 5'), 'allow');
    for (const next of [
      'npx cowsay hi',
      'npx jest a | sh',
      'npx jest a > out.txt',
      'npx jest a; rm -rf build',
      'npx jest a && curl https://x.example',
      'npx jest "$(curl x.example)"',
      'npx jest a; cat secrets.txt',
      'PATH=/evil npx jest a',
      './npx jest a',
      'tail -n 5',
    ]) {
      assert.notEqual(effectOf(jest, 'npx jest *', next), 'allow', next);
    }
  });

  it('never offers interpreters, package runners and shells bare', () => {
    for (const line of [
      'node -e "1"',
      'python3 -c 1',
      'bash -c ls',
      'npx $X',
      'sh',
      'sudo ls',
      'env node x.js',
    ]) {
      for (const key of keys(line)) {
        assert.ok(!/^(node|python3?|bash|sh|npx|sudo|env)( \*)?$/.test(key), `${line}: ${key}`);
      }
    }
  });

  it('offers all the patterns of a line together, or none', () => {
    const line = 'npm run lint && git fetch origin';
    const [, both] = keys(line);
    assert.ok(both === undefined || both.includes(' && '), both);
    if (both !== undefined) assert.equal(effectOf(line, both, 'npm run lint'), 'allow');
  });

  it('offers only this very action where the guard wants a person to look', () => {
    for (const line of [
      'rm -rf build',
      'git push --force',
      'echo hi > .vscode/settings.json',
      'cat ~/.ssh/id_rsa',
    ]) {
      assert.deepEqual(keys(line), [''], line);
    }
  });

  it('offers nothing for what is denied or already runs', () => {
    assert.deepEqual(keys('rm -rf /'), []);
    assert.deepEqual(grantChoices(policy({ defaultTrusted: true }), request('run'), given('git status')), []);
  });

  it('holds for the person, channel and folder where it was given', () => {
    assert.equal(effectOf(jest, 'npx jest *', 'npx jest x', { cwd: `${ROOT}/packages/a` }), 'allow');
    assert.equal(effectOf(jest, 'npx jest *', 'npx jest x', { cwd: '/srv/other' }), 'ask');
    const choices = grantChoices(snapshot, request('run'), given(jest));
    const grant = grantFromChoice(choices, 'npx jest *', request('run'), { id: 'g', scope: 'task' });
    assert.deepEqual([grant.user, grant.channel, grant.taskId], ['telegram:bot:42', 'telegram', 't1']);
  });

  it('offers a file and the files beside it, and a host, no wider than shown', () => {
    const write = grantChoices(
      snapshot,
      request('write'),
      facts({ paths: [inside('src/a.ts')], exactHash: HASH }),
    );
    assert.deepEqual(
      write.map((choice) => choice.key),
      ['', `${ROOT}/src/a.ts`, `${ROOT}/src/*`],
    );
    const top = grantChoices(snapshot, request('write'), facts({ paths: [inside('a.ts')] }));
    assert.deepEqual(
      top.map((choice) => choice.key),
      [`${ROOT}/a.ts`],
    );
    const away = grantChoices(snapshot, request('read'), facts({ paths: [outside('/srv/data/a', 'read')] }));
    assert.deepEqual(
      away.map((choice) => choice.key),
      ['/srv/data/a'],
    );
    const fetch = grantChoices(snapshot, request('fetch'), facts({ hosts: ['docs.example'] }));
    assert.deepEqual(
      fetch.map((choice) => choice.key),
      ['docs.example'],
    );
    const odd = grantChoices(snapshot, request('write'), facts({ paths: [inside('src/*')] }));
    assert.deepEqual(
      odd.map((choice) => choice.key),
      [],
      'a file whose name is a glob',
    );
    assert.equal(grantChoices(snapshot, request('open'), facts()).length, 0);
  });

  it('refuses a choice that was not offered, or for longer than offered', () => {
    const choices = grantChoices(snapshot, request('run'), given(jest));
    const make = (key: string, scope: 'once' | 'until') => () =>
      grantFromChoice(choices, key, request('run'), { id: 'g', scope });
    assert.throws(make('npx *', 'until'), /not offered/);
    assert.throws(make('', 'once'), /not offered/);
    assert.throws(make('', 'until'), /Until when/);
    const timed = grantFromChoice(choices, '', request('run'), { id: 'g', scope: 'until', until: NOW + 5 });
    assert.equal(timed.until, NOW + 5);
  });

  it('lists the choices as the approval card needs them, this once first', () => {
    const scopes = approvalScopes(grantChoices(snapshot, request('run'), given(jest)));
    assert.equal(scopes[0]?.scope, 'once');
    assert.deepEqual(new Set(scopes.map((one) => one.pattern)), new Set([undefined, 'npx jest *']));
    assert.ok(scopes.every((one) => one.allows.endsWith('.')));
  });
});
