import assert from 'node:assert/strict';
import { createGuard, type Guard } from '../../../src/engine/guard';
import { decide } from '../../../src/engine/policy/decide';
import { parseUserPolicy } from '../../../src/engine/policy/parse';
import type { UserPolicy, UserRule } from '../../../src/engine/policy/schema';
import { facts, HOME, inside, NOW, policy, principal, ROOT, request } from './support';

describe('policy: rules', () => {
  let guard: Guard;
  before(async () => {
    guard = await createGuard();
  });

  const open: UserPolicy = {
    mode: 'trusted',
    capabilities: { shell: 'allow', network: 'allow', delete: 'allow' },
  };
  const under = (...rules: UserRule[]) => policy({ ...open, rules });
  const line = (text: string) =>
    facts({ analysis: guard.analyse({ line: text, shell: 'bash', cwd: ROOT, workspace: ROOT, home: HOME }) });
  const runs = (rule: UserRule, text: string) => decide(under(rule), request('run'), line(text)).effect;

  it('about a command sees it behind wrappers, options, paths, quotes and in every part of a line', () => {
    const rule: UserRule = { effect: 'deny', command: 'git push *' };
    for (const text of [
      'git push',
      'git push origin main',
      'git -C sub push',
      'git -c a.b=c push',
      'env A=1 nice git push',
      '/usr/bin/git push',
      'g"i"t pu\'sh\'',
      'ls; git status && git push',
      'echo x | xargs git push',
      'sh -c "git push"',
      'echo "$(git push)"',
      '$X push',
      'git $X',
      '(git push',
      'if true; then git push; fi',
    ]) {
      assert.equal(runs(rule, text), 'deny', text);
    }
    for (const text of ['git status', 'git log --grep=x', 'echo done', 'ls push']) {
      assert.notEqual(runs(rule, text), 'deny', text);
    }
  });

  it('about a path sees commands and tools alike, in every spelling of the name', () => {
    const rule: UserRule = { effect: 'deny', path: 'infra/**' };
    for (const text of [
      'cat infra/a.tf',
      'rm infra/a.tf',
      'cp x ./infra/b',
      'echo x > INFRA/c',
      'cat src/../infra/a',
    ]) {
      assert.equal(runs(rule, text), 'deny', text);
    }
    assert.equal(runs(rule, 'cat src/infra.ts'), 'allow');
    const write = (name: string) =>
      decide(under(rule), request('write'), facts({ paths: [inside(name)] })).effect;
    assert.deepEqual([write('infra/a'), write('Infra/deep/b'), write('src/a')], ['deny', 'deny', 'allow']);
  });

  it('about a bare name matches at any depth, and about a folder what is in it', () => {
    const pem = (name: string) =>
      decide(
        under({ effect: 'deny', path: '*.pem' }),
        request('read'),
        facts({ paths: [inside(name, 'read')] }),
      ).effect;
    assert.deepEqual([pem('a.pem'), pem('deep/er/b.PEM'), pem('a.pem.txt')], ['deny', 'deny', 'allow']);
    const docs = (name: string) =>
      decide(
        under({ effect: 'deny', path: 'docs' }),
        request('read'),
        facts({ paths: [inside(name, 'read')] }),
      ).effect;
    assert.deepEqual([docs('docs'), docs('docs/a/b.md'), docs('documents')], ['deny', 'deny', 'allow']);
  });

  it('about a domain covers its subdomains, for tools and commands', () => {
    const rule: UserRule = { effect: 'deny', domain: 'evil.example' };
    const fetch = (host: string) => decide(under(rule), request('fetch'), facts({ hosts: [host] })).effect;
    for (const host of [
      'evil.example',
      'a.b.evil.example',
      'EVIL.example.',
      'https://u@evil.example:8443/x',
    ]) {
      assert.equal(fetch(host), 'deny', host);
    }
    for (const host of ['notevil.example', 'evil.example.org']) assert.equal(fetch(host), 'allow', host);
    assert.equal(runs(rule, 'curl https://evil.example/x'), 'deny');
  });

  it('about a finding of the guard denies what would be asked about, and what could not be read', () => {
    const rule: UserRule = { effect: 'deny', finding: 'git.*' };
    assert.equal(decide(policy(open), request('run'), line('git reset --hard')).effect, 'ask');
    assert.equal(runs(rule, 'git reset --hard'), 'deny');
    assert.equal(runs(rule, '(git reset'), 'deny');
    assert.equal(runs({ effect: 'deny', finding: 'data.*' }, 'git reset --hard'), 'ask');
    assert.equal(runs(rule, 'ls'), decide(policy(open), request('run'), line('ls')).effect);
    const tool = { paths: [inside('a.ts')] };
    assert.equal(decide(under(rule), request('write'), facts(tool)).effect, 'allow');
    const allowing = { effect: 'allow', command: 'git reset *', finding: 'git.*' };
    assert.match(
      String(parseUserPolicy({ rules: [allowing] }).problems[0]?.message),
      /rules that ask or deny/,
    );
  });

  it('needs all its conditions, and ends with its time', () => {
    const rule: UserRule = {
      effect: 'deny',
      tool: 'write',
      path: 'src/**',
      channel: 'slack',
      context: 'group',
    };
    const effect = (tool: string, name: string, channel: string, context: 'dm' | 'group') =>
      decide(
        under(rule),
        request(tool, { principal: principal('member', context, channel) }),
        facts({ paths: [inside(name)] }),
      ).effect;
    assert.equal(effect('write', 'src/a', 'slack', 'group'), 'deny');
    assert.equal(effect('edit', 'src/a', 'slack', 'group'), 'allow');
    assert.equal(effect('write', 'a', 'slack', 'group'), 'allow');
    assert.equal(effect('write', 'src/a', 'telegram', 'group'), 'allow');
    assert.equal(effect('write', 'src/a', 'slack', 'dm'), 'allow');
    const timed = (until: number) =>
      decide(
        under({ effect: 'deny', tool: 'read', until: new Date(until).toISOString() }),
        request('read'),
        facts(),
      );
    assert.equal(timed(NOW + 1000).effect, 'deny');
    assert.equal(timed(NOW).effect, 'allow');
  });

  it('that allow answer an ask for exactly what they name, and nothing else', () => {
    const user: UserPolicy = {
      rules: [
        { effect: 'allow', tool: 'write', path: 'docs/**' },
        { effect: 'allow', tool: 'fetch', domain: '*.docs.example' },
        { effect: 'allow', command: 'npm run lint' },
      ],
    };
    const effect = (tool: string, more: Parameters<typeof facts>[0]) =>
      decide(policy(user), request(tool), facts(more)).effect;
    assert.equal(effect('write', { paths: [inside('docs/a.md')] }), 'allow');
    assert.equal(effect('write', { paths: [inside('docs/a.md'), inside('src/a.ts')] }), 'ask');
    assert.equal(effect('delete', { paths: [inside('docs/a.md', 'delete')] }), 'ask');
    assert.equal(effect('write', { paths: [inside('docs/.env')] }), 'deny');
    assert.equal(effect('fetch', { hosts: ['a.docs.example'] }), 'allow');
    assert.equal(effect('fetch', { hosts: ['docs.example'] }), 'ask');
    assert.equal(decide(policy(user), request('run'), line('npm run lint')).effect, 'allow');
    assert.equal(decide(policy(user), request('run'), line('npm run lint; npm run x')).effect, 'ask');
  });

  it('trusted for one folder, person, channel and time only', () => {
    const entry = { pattern: 'npm run lint', folder: 'packages/api', user: 'slack:bot:42', channel: 'slack' };
    const effect = (cwd: string, channel: string, until: string) =>
      decide(
        policy({ trusted: [{ ...entry, until }] }),
        request('run', { cwd, principal: principal('member', 'dm', channel) }),
        line('npm run lint'),
      ).effect;
    const later = new Date(NOW + 1000).toISOString();
    assert.equal(effect(`${ROOT}/packages/api/src`, 'slack', later), 'allow');
    assert.equal(effect(`${ROOT}/packages/app`, 'slack', later), 'ask');
    assert.equal(effect(`${ROOT}/packages/api`, 'telegram', later), 'ask');
    assert.equal(effect(`${ROOT}/packages/api`, 'slack', new Date(NOW).toISOString()), 'ask');
  });
});
