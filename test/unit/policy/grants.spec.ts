import assert from 'node:assert/strict';
import type { EventMap, EventType } from '../../../src/engine/model/events';
import type { AnyRecord } from '../../../src/engine/model/record';
import { decide } from '../../../src/engine/policy/decide';
import {
  type Grant,
  type GrantsState,
  grantsOf,
  grantsProjection,
  unusedGrants,
} from '../../../src/engine/policy/grants';
import { analysed, facts, HASH, inside, NOW, outside, policy, principal, request } from './support';

const USER = principal().key;

function record<T extends EventType>(type: T, data: EventMap[T], at = NOW): AnyRecord {
  return { seq: 1, at, prev: '', hash: '', actor: 'desk', subject: '', type, data } as AnyRecord;
}

function added(grant: Grant): AnyRecord {
  return record('grant.added', {
    grantId: grant.id,
    scope: grant.scope,
    user: grant.user ?? USER,
    ...(grant.taskId === undefined ? {} : { taskId: grant.taskId }),
    ...(grant.until === undefined ? {} : { until: grant.until }),
    grant: JSON.stringify(grant),
  });
}

function stateOf(...records: AnyRecord[]): GrantsState {
  const state = grantsProjection.initial();
  for (const one of records) grantsProjection.reduce(state, one);
  return state;
}

const exact: Grant = {
  id: 'g1',
  scope: 'always',
  user: USER,
  matcher: { kind: 'exact', tool: 'run', hash: HASH },
};

describe('policy: grants', () => {
  const standard = policy();

  it('answers an ask about exactly what was approved, and nothing else', () => {
    const analysis = analysed([{ argv: ['make'] }], { autoApprovable: false });
    const base = { analysis, grants: [exact] };
    const decision = decide(standard, request('run'), facts({ ...base, exactHash: HASH }));
    assert.equal(decision.effect, 'allow');
    assert.equal(decision.grantedBy, 'g1');
    assert.ok(
      decision.verdicts.some((verdict) => verdict.effect === 'ask'),
      'the verdicts stay as they were',
    );
    assert.equal(
      decide(standard, request('run'), facts({ ...base, exactHash: 'b'.repeat(64) })).effect,
      'ask',
    );
    assert.equal(decide(standard, request('run'), facts(base)).effect, 'ask');
    assert.equal(decide(standard, request('delete'), facts({ ...base, exactHash: HASH })).effect, 'ask');
  });

  it('never answers a denial', () => {
    const analysis = analysed([{ argv: ['rm', '-rf', '/'] }], {
      findings: [{ ruleId: 'x', severity: 'block', title: 'x', explanation: 'x' }],
    });
    const decision = decide(standard, request('run'), facts({ analysis, grants: [exact], exactHash: HASH }));
    assert.equal(decision.effect, 'deny');
    assert.equal(decision.grantedBy, undefined);
  });

  it('is for one person, channel, task and time', () => {
    const analysis = analysed([{ argv: ['make'] }]);
    const effect = (grant: Partial<Grant>, taskId = 't1') =>
      decide(
        standard,
        request('run', { taskId }),
        facts({ analysis, exactHash: HASH, grants: [{ ...exact, ...grant }] }),
      ).effect;
    assert.equal(effect({}), 'allow');
    assert.equal(effect({ user: 'slack:bot:42' }), 'ask');
    assert.equal(effect({ channel: 'slack' }), 'ask');
    assert.equal(effect({ scope: 'task', taskId: 't1' }), 'allow');
    assert.equal(effect({ scope: 'task', taskId: 't1' }, 't2'), 'ask');
    assert.equal(effect({ scope: 'task' }), 'ask', 'a task grant without a task');
    assert.equal(effect({ scope: 'until', until: NOW + 1 }), 'allow');
    assert.equal(effect({ scope: 'until', until: NOW }), 'ask');
    assert.equal(effect({ scope: 'until' }), 'ask', 'a timed grant without a time');
  });

  it('given before untrusted content was read does not answer what that content may have asked for', () => {
    const analysis = analysed([{ argv: ['make'] }]);
    const taint = ['https://x.example'];
    const effect = (grant: Partial<Grant>) =>
      decide(
        standard,
        request('run', { taint }),
        facts({ analysis, exactHash: HASH, grants: [{ ...exact, ...grant }] }),
      ).effect;
    assert.equal(effect({}), 'ask');
    assert.equal(effect({ taint: ['https://y.example'] }), 'ask');
    assert.equal(effect({ taint }), 'allow');
  });

  it('for a path covers that tool on those files, names as written', () => {
    const grant: Grant = {
      id: 'p',
      scope: 'always',
      user: USER,
      matcher: { kind: 'path', tool: 'write', glob: 'src/**' },
    };
    const effect = (tool: string, ...names: string[]) =>
      decide(standard, request(tool), facts({ grants: [grant], paths: names.map((name) => inside(name)) }))
        .effect;
    assert.equal(effect('write', 'src/a.ts'), 'allow');
    assert.equal(effect('write', 'src/a.ts', 'src/b/c.ts'), 'allow');
    assert.equal(effect('write', 'src/a.ts', 'test/a.ts'), 'ask');
    assert.equal(effect('write', 'SRC/a.ts'), 'ask');
    assert.equal(effect('edit', 'src/a.ts'), 'ask');
    assert.equal(effect('write', 'src/.git/config'), 'deny');
    const away = facts({
      grants: [{ ...grant, matcher: { kind: 'path', tool: 'read', glob: '/srv/data/*' } }],
      paths: [outside('/srv/data/a', 'read')],
    });
    assert.equal(decide(standard, request('read'), away).effect, 'allow');
  });

  it('for a host covers that tool and that host', () => {
    const grant: Grant = {
      id: 'h',
      scope: 'always',
      user: USER,
      matcher: { kind: 'host', tool: 'fetch', domain: 'docs.example' },
    };
    const effect = (tool: string, ...hosts: string[]) =>
      decide(standard, request(tool), facts({ grants: [grant], hosts })).effect;
    assert.equal(effect('fetch', 'docs.example'), 'allow');
    assert.equal(effect('fetch', 'https://DOCS.example:443/x'), 'allow');
    assert.equal(effect('fetch', 'a.docs.example'), 'ask');
    assert.equal(effect('fetch', 'docs.example', 'evil.example'), 'ask');
    assert.equal(effect('fetch', 'docs.example.evil.example'), 'ask');
    assert.equal(effect('fetch', 'docs.example@evil.example'), 'ask');
    assert.equal(effect('fetch'), 'ask');
    assert.equal(effect('http', 'docs.example'), 'ask');
  });

  it('for a command asks again when the guard wants a person to look, or another host appears', () => {
    const grant: Grant = {
      id: 'c',
      scope: 'always',
      user: USER,
      matcher: { kind: 'command', pattern: 'curl *', hosts: ['docs.example'] },
    };
    const effect = (host: string, more = {}) =>
      decide(
        standard,
        request('run'),
        facts({
          grants: [grant],
          analysis: analysed([{ argv: ['curl', `https://${host}`], effects: { network: [host] } }], more),
        }),
      ).effect;
    assert.equal(effect('docs.example'), 'allow');
    assert.equal(effect('evil.example'), 'ask');
    assert.equal(effect('docs.example', { autoApprovable: false }), 'ask');
    const findings = [{ ruleId: 'x', severity: 'ask', title: 'x', explanation: 'x' }];
    assert.equal(effect('docs.example', { findings }), 'ask');
  });

  it('does not answer a rule that asks with a pattern that was trusted beforehand', () => {
    const analysis = analysed([{ argv: ['git', 'push'] }]);
    const trusting = policy({ trusted: ['git *'] });
    assert.equal(decide(trusting, request('run'), facts({ analysis })).effect, 'allow');
    const ruled = policy({ trusted: ['git *'], rules: [{ effect: 'ask', command: 'git push *' }] });
    assert.equal(decide(ruled, request('run'), facts({ analysis })).effect, 'ask');
  });

  describe('as a projection of the journal', () => {
    it('ends with its use, its task, its removal and the revocation of its holder', () => {
      const task: Grant = { ...exact, id: 't', scope: 'task', taskId: 't1' };
      const once: Grant = { ...exact, id: 'o', scope: 'once', taskId: 't1' };
      const other: Grant = { ...exact, id: 'x', user: 'slack:bot:7' };
      const all = [added(exact), added(task), added(once), added(other)];
      const ids = (...more: AnyRecord[]) => Object.keys(stateOf(...all, ...more).held).sort();
      assert.deepEqual(ids(), ['g1', 'o', 't', 'x']);
      assert.deepEqual(ids(record('grant.used', { grantId: 'o', taskId: 't1' })), ['g1', 't', 'x']);
      assert.deepEqual(ids(record('task.state', { taskId: 't1', state: 'running', detail: '' })), [
        'g1',
        'o',
        't',
        'x',
      ]);
      for (const state of ['done', 'failed', 'cancelled', 'denied', 'interrupted'] as const) {
        assert.deepEqual(ids(record('task.state', { taskId: 't1', state, detail: '' })), ['g1', 'x'], state);
      }
      assert.deepEqual(ids(record('grant.removed', { grantId: 'g1', reason: '' })), ['o', 't', 'x']);
      assert.deepEqual(ids(record('access.revoked', { user: USER, reason: '' })), ['x']);
    });

    it('ignores a grant that is not understood or has no limit where its scope needs one', () => {
      const bad = [
        record('grant.added', { grantId: 'a', scope: 'always', user: USER, grant: '{' }),
        record('grant.added', { grantId: 'b', scope: 'always', user: USER, grant: '{"id":"b"}' }),
        added({ ...exact, id: 'c', scope: 'until' }),
        added({ ...exact, id: 'd', scope: 'task' }),
      ];
      assert.deepEqual(stateOf(...bad).held, {});
    });

    it("believes the record's columns rather than the text of the grant", () => {
      const text = JSON.stringify({ ...exact, user: 'someone:else:1', scope: 'always' });
      const state = stateOf(
        record('grant.added', { grantId: 'g', scope: 'until', user: USER, until: NOW + 5, grant: text }),
      );
      assert.deepEqual(
        grantsOf(state, USER, NOW).map((grant) => [grant.id, grant.user, grant.scope]),
        [['g', USER, 'until']],
      );
      assert.deepEqual(grantsOf(state, USER, NOW + 5), []);
      assert.deepEqual(grantsOf(state, 'someone:else:1', NOW), []);
    });

    it('[INI-4] tells which grants nobody has used for long', () => {
      const day = 86_400_000;
      const state = stateOf(
        added(exact),
        added({ ...exact, id: 'g2' }),
        record('grant.used', { grantId: 'g2', taskId: 't' }, NOW + 20 * day),
      );
      const unused = unusedGrants(state, NOW + 31 * day, 30 * day);
      assert.deepEqual(
        unused.map((held) => held.grant.id),
        ['g1'],
      );
    });
  });
});
