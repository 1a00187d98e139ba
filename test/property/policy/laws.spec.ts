import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isStricter, strictest } from '../../../src/engine/model/effect';
import { decide } from '../../../src/engine/policy/decide';
import type { Grant } from '../../../src/engine/policy/grants';
import { parseWorkspacePolicy } from '../../../src/engine/policy/parse';
import { CAPABILITIES } from '../../../src/engine/policy/tool-groups';
import { HASH, ROOT } from '../../unit/policy/support';
import {
  calm,
  compact,
  facts,
  grant,
  snapshotOf,
  toolRequest,
  userPolicy,
  workspacePolicy,
  workspaceRule,
} from './arbitraries';

const RUNS = process.env.COWORK_FULL === '1' ? 20_000 : 400;

describe('policy: the laws', function () {
  this.timeout(120_000);

  it('law 2: adding any rule to a workspace file never lowers any decision', () => {
    fc.assert(
      fc.property(
        userPolicy,
        workspacePolicy,
        workspaceRule,
        fc.nat(),
        fc.array(fc.tuple(toolRequest, facts), { minLength: 4, maxLength: 8 }),
        (user, workspace, rule, at, cases) => {
          const rules = [...(workspace.rules ?? [])];
          rules.splice(at % (rules.length + 1), 0, rule);
          const before = snapshotOf(user, workspace);
          const after = snapshotOf(user, { ...workspace, rules });
          for (const [request, given] of cases) {
            const old = decide(before, request, given).effect;
            const now = decide(after, request, given).effect;
            assert.ok(!isStricter(old, now), `${old} became ${now}`);
          }
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('law 2: a whole workspace file never makes anything weaker than no file', () => {
    fc.assert(
      fc.property(
        userPolicy,
        workspacePolicy,
        fc.array(fc.tuple(toolRequest, facts), { minLength: 4, maxLength: 8 }),
        (user, workspace, cases) => {
          const before = snapshotOf(user);
          const after = snapshotOf(user, workspace);
          for (const [request, given] of cases) {
            const old = decide(before, request, given).effect;
            const now = decide(after, request, given).effect;
            assert.ok(!isStricter(old, now), `${old} became ${now}`);
          }
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('law 2: whatever text a workspace file holds, nothing is weaker than without it', () => {
    const permissive = {
      mode: 'trusted',
      profile: 'development',
      capabilities: Object.fromEntries(CAPABILITIES.map((name) => [name, 'allow'])),
      rules: [{ effect: 'allow' }, { effect: 'allow', tool: 'run', command: '*' }],
      trusted: ['*', { pattern: 'rm *' }],
      defaultTrusted: true,
      budgets: { tokensPerTask: 1e9, costPerTask: null, tokensPerUserDay: 1e9, costPerUserDay: 1e9 },
      limits: { iterationsPerTask: 1e6, toolCallsPerStep: 1e6, repeatCalls: 1000, taskTimeoutMs: 6e8 },
      protectedPaths: { exceptions: ['/', ROOT, '~'] },
      allowedPaths: [{ path: '/**', access: 'write' }],
      contexts: {
        dm: { deniedToolGroups: [] },
        group: { deniedToolGroups: [], requiredRole: 'observer' },
        public: { requiredRole: 'observer' },
      },
      channels: { telegram: { mode: 'trusted' } },
      grants: [{ id: 'x', scope: 'always', matcher: { kind: 'command', pattern: '*' } }],
      __proto__: { mode: 'trusted' },
    };
    const text = fc.oneof(
      fc
        .subarray(Object.keys(permissive), { minLength: 1 })
        .map((keys) =>
          JSON.stringify(
            Object.fromEntries(keys.map((key) => [key, permissive[key as keyof typeof permissive]])),
          ),
        ),
      fc.json({ maxDepth: 3 }),
      fc.string(),
      fc.constant(
        '{"__proto__":{"mode":"trusted","rules":[{"effect":"allow"}]},"constructor":{"prototype":{"x":1}}}',
      ),
    );
    fc.assert(
      fc.property(
        userPolicy,
        text,
        fc.array(fc.tuple(toolRequest, facts), { minLength: 4, maxLength: 6 }),
        (user, content, cases) => {
          const { policy } = parseWorkspacePolicy(content);
          const before = snapshotOf(user);
          const after = snapshotOf(user, policy);
          for (const [request, given] of cases) {
            const old = decide(before, request, given).effect;
            const now = decide(after, request, given).effect;
            assert.ok(!isStricter(old, now), `${old} became ${now}`);
          }
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('the order of rules does not matter', () => {
    fc.assert(
      fc.property(
        userPolicy,
        workspacePolicy,
        fc.array(fc.double({ noNaN: true, min: 0, max: 1 }), { minLength: 8, maxLength: 8 }),
        fc.array(fc.tuple(toolRequest, facts), { minLength: 3, maxLength: 6 }),
        (user, workspace, keys, cases) => {
          const shuffle = <T>(list: readonly T[] | undefined): T[] =>
            (list ?? [])
              .map((item, i) => ({ item, key: keys[i % 8]! }))
              .sort((a, b) => a.key - b.key)
              .map(({ item }) => item);
          const before = snapshotOf(user, workspace);
          const after = snapshotOf(
            { ...user, rules: shuffle(user.rules), trusted: shuffle(user.trusted) },
            { ...workspace, rules: shuffle(workspace.rules) },
          );
          for (const [request, given] of cases) {
            const swapped = { ...given, grants: shuffle(given.grants) };
            assert.equal(decide(after, request, swapped).effect, decide(before, request, given).effect);
          }
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('law 1: the decision is the maximum of its layers, and only a grant lowers it, from ask to allow', () => {
    let granted = 0;
    fc.assert(
      fc.property(
        calm(userPolicy),
        calm(workspacePolicy),
        toolRequest,
        facts,
        (user, workspace, request, other) => {
          const matcher = { kind: 'exact' as const, tool: request.tool, hash: HASH };
          const approved: Grant = { id: 'approved', scope: 'always', taint: [...request.taint], matcher };
          const given = { ...other, grants: [...other.grants, approved] };
          const decision = decide(snapshotOf(user, workspace), request, given);
          const top = strictest(decision.verdicts.map((verdict) => verdict.effect));
          if (decision.grantedBy === undefined) {
            assert.equal(decision.effect, top);
          } else {
            granted += 1;
            assert.equal(top, 'ask');
            assert.equal(decision.effect, 'allow');
          }
          const decider = decision.verdicts.find((verdict) => verdict.effect === top);
          assert.equal(decision.layer, decider?.layer);
          assert.equal(decision.ruleId, decider?.ruleId);
        },
      ),
      { numRuns: RUNS * 2 },
    );
    assert.ok(granted > 0, 'the generator never produced a grant that applies');
  });

  it('law 1: grants and trusted patterns never touch a denial', () => {
    fc.assert(
      fc.property(
        userPolicy,
        toolRequest,
        facts,
        fc.array(grant, { maxLength: 6 }),
        (user, request, given, more) => {
          const bare = snapshotOf({
            ...user,
            trusted: [],
            defaultTrusted: false,
            rules: (user.rules ?? []).filter((rule) => rule.effect !== 'allow'),
          });
          const without = decide(bare, request, { ...given, grants: [] }).effect;
          const withAll = decide(
            snapshotOf({ ...user, trusted: ['git *', 'rm *', 'npm *', 'curl *'], defaultTrusted: true }),
            request,
            { ...given, grants: [...given.grants, ...more], exactHash: HASH },
          ).effect;
          assert.equal(withAll === 'deny', without === 'deny');
          assert.ok(!isStricter(withAll, without));
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('decide() is pure: frozen input, the same answer each time, nothing changed', () => {
    fc.assert(
      fc.property(userPolicy, workspacePolicy, toolRequest, facts, (user, workspace, request, given) => {
        const snapshot = snapshotOf(user, workspace);
        const frozenRequest = deepFreeze(structuredClone(request));
        const frozenFacts = deepFreeze(structuredClone(given));
        const first = decide(snapshot, frozenRequest, frozenFacts);
        const second = decide(snapshot, frozenRequest, frozenFacts);
        assert.deepEqual(first, second);
        assert.deepEqual(decide(snapshotOf(user, workspace), request, given), first);
        assert.notEqual(first.ruleId, 'guardrail.fault');
      }),
      { numRuns: RUNS },
    );
  });

  it('decide() never throws and never allows on facts that are not what they should be', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (request, given) => {
        const { effect: result } = decide(snapshotOf({ mode: 'trusted' }), request as never, given as never);
        assert.equal(result, 'deny');
      }),
      { numRuns: RUNS },
    );
  });

  it('the version of a snapshot changes with its content and with nothing else', () => {
    fc.assert(
      fc.property(userPolicy, userPolicy, (a, b) => {
        const one = snapshotOf(a).version;
        assert.match(one, /^[0-9a-f]{64}$/);
        assert.equal(snapshotOf(compact(a)).version, one);
        assert.equal(snapshotOf(b).version === one, JSON.stringify(sorted(a)) === JSON.stringify(sorted(b)));
      }),
      { numRuns: 200 },
    );
  });
});

function deepFreeze<T>(value: T): T {
  if (value !== null && typeof value === 'object') {
    Object.freeze(value);
    for (const item of Object.values(value)) deepFreeze(item);
  }
  return value;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, sorted(item)]),
  );
}
