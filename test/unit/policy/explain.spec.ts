import assert from 'node:assert/strict';
import { LAYERS } from '../../../src/engine/model/decision';
import { decide } from '../../../src/engine/policy/decide';
import { applyChange, explain } from '../../../src/engine/policy/explain';
import type { UserPolicy } from '../../../src/engine/policy/schema';
import { analysed, facts, HASH, inside, outside, policy, principal, request } from './support';

/** Makes the explained change of settings and decides again, as a person would. */
function tryOut(
  user: UserPolicy,
  steps: readonly { kind: string; path?: readonly (string | number)[]; value?: unknown }[],
) {
  let changed: UserPolicy = user;
  for (const step of steps) {
    assert.equal(step.kind, 'setting');
    const value = step.value === null ? undefined : step.value;
    changed = applyChange(changed, { path: step.path ?? [], value }) ?? assert.fail('not a valid policy');
  }
  return policy(changed);
}

describe('policy: explain', () => {
  it('reports every layer, the one that decided, and what the silent ones are', () => {
    const result = explain(policy(), request('write'), facts({ paths: [inside('a')] }));
    assert.deepEqual(
      result.layers.map((one) => one.layer),
      [...LAYERS],
    );
    assert.deepEqual(
      result.layers.filter((one) => one.decided).map((one) => one.layer),
      ['mode'],
    );
    assert.equal(result.layers.find((one) => one.layer === 'profile')?.effect, 'silent');
    assert.match(result.summary, /asked about, as the layer "mode" says \(mode\.ask\)/);
  });

  const cases: readonly [string, UserPolicy, Parameters<typeof explain>[1], Parameters<typeof explain>[2]][] =
    [
      [
        'a capability',
        { capabilities: { delete: 'deny' }, mode: 'trusted' },
        request('delete'),
        facts({ paths: [inside('a', 'delete')] }),
      ],
      [
        'two capabilities',
        { capabilities: { shell: 'deny', network: 'deny' } },
        request('run'),
        facts({ analysis: analysed([{ argv: ['curl', 'x'], effects: { network: ['x.example'] } }]) }),
      ],
      [
        'a rule, and another',
        {
          rules: [
            { effect: 'deny', tool: 'write' },
            { effect: 'deny', path: 'a' },
          ],
        },
        request('write'),
        facts({ paths: [inside('a')] }),
      ],
      ['a context', { contexts: { dm: { deniedToolGroups: ['read', 'write'] } } }, request('read'), facts()],
      ['a channel', { channels: { telegram: { deniedToolGroups: ['read'] } } }, request('read'), facts()],
      ['the mode', { mode: 'plan' }, request('write'), facts({ paths: [inside('a')] })],
      [
        'the profile',
        { profile: 'production' },
        request('read'),
        facts({ paths: [outside('/srv/a', 'read')] }),
      ],
      [
        'a protected path',
        { mode: 'trusted' },
        request('write'),
        facts({ paths: [inside('.vscode/tasks.json')] }),
      ],
      [
        'a budget',
        { budgets: { costPerTask: 1 } },
        request('read'),
        facts({
          usage: {
            task: { tokens: 0, cost: 2, iterations: 0, callsThisStep: 0, repeats: 0 },
            userDay: { tokens: 0, cost: 0 },
          },
        }),
      ],
      [
        'a loop',
        {},
        request('read'),
        facts({
          usage: {
            task: { tokens: 0, cost: 0, iterations: 0, callsThisStep: 0, repeats: 2 },
            userDay: { tokens: 0, cost: 0 },
          },
        }),
      ],
    ];

  for (const [what, user, asked, given] of cases) {
    it(`names a change that really alters a denial by ${what}`, () => {
      const before = explain(policy(user), asked, given);
      assert.equal(before.decision.effect, 'deny');
      assert.ok(before.change, 'no change was named');
      const after = decide(tryOut(user, before.change.steps), asked, given);
      assert.notEqual(after.effect, 'deny');
      assert.equal(after.effect, before.change.result);
      assert.match(before.change.sentence, /^In your settings, /);
    });
  }

  it('names no change where the policy has none: the block list, a role, a stopped engine', () => {
    const blocked = analysed([{ argv: ['rm', '-rf', '/'] }], {
      findings: [{ ruleId: 'x', severity: 'block', title: 'x', explanation: 'x' }],
    });
    assert.equal(explain(policy(), request('run'), facts({ analysis: blocked })).change, undefined);
    assert.equal(
      explain(policy(), request('read', { principal: principal('observer') }), facts()).change,
      undefined,
    );
    assert.equal(explain(policy(), request('read'), facts({ paused: true })).change, undefined);
  });

  it('for an ask, says to approve it, and which settings would make it run', () => {
    const asked = request('write');
    const given = facts({ paths: [inside('a')] });
    const result = explain(policy(), asked, given);
    assert.deepEqual(result.change?.steps, [{ kind: 'approve' }]);
    assert.deepEqual(result.standing?.steps, [{ kind: 'setting', path: ['mode'], value: 'accept-edits' }]);
    assert.equal(decide(tryOut({}, result.standing?.steps ?? []), asked, given).effect, 'allow');
  });

  it('for what runs, says how to be asked', () => {
    const read = explain(policy(), request('read'), facts());
    assert.equal(read.change?.result, 'ask');
    assert.equal(decide(tryOut({}, read.change?.steps ?? []), request('read'), facts()).effect, 'ask');
    const grant = { id: 'g9', scope: 'always', matcher: { kind: 'exact', tool: 'run', hash: HASH } } as const;
    const given = facts({ analysis: analysed([{ argv: ['make'] }]), grants: [grant], exactHash: HASH });
    const granted = explain(policy(), request('run'), given);
    assert.deepEqual(granted.change?.steps, [{ kind: 'remove-grant', grantId: 'g9' }]);
    assert.match(granted.summary, /g9 answered beforehand/);
  });
});
