import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ToolRequest } from '../../../src/engine/model/decision';
import { TOOL_GROUPS } from '../../../src/engine/model/decision';
import { isStricter, strictest } from '../../../src/engine/model/effect';
import { CHAT_CONTEXTS, ROLES } from '../../../src/engine/model/identity';
import { decide } from '../../../src/engine/policy/decide';
import { type Facts, NO_USAGE, type PathFact } from '../../../src/engine/policy/facts';
import type { Grant } from '../../../src/engine/policy/grants';
import { parseWorkspacePolicy } from '../../../src/engine/policy/parse';
import {
  MODES,
  PROFILES,
  type UserPolicy,
  userPolicySchema,
  type WorkspacePolicy,
  type WorkspaceRule,
  workspacePolicySchema,
} from '../../../src/engine/policy/schema';
import { buildSnapshot } from '../../../src/engine/policy/snapshot';
import { CAPABILITIES, TOOL_NAMES } from '../../../src/engine/policy/tool-groups';
import { analysed, HASH, HOME, NOW, principal, ROOT } from '../../unit/policy/support';

const RUNS = process.env.COWORK_FULL === '1' ? 20_000 : 400;

const effect = fc.constantFrom('allow', 'ask', 'deny');
/** Mostly absent, so that rules match and grants apply often enough to be told apart. */
const optional = <T>(value: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
const channel = fc.constantFrom('telegram', 'slack');
const fileName = fc.constantFrom(
  'src/a.ts',
  'src/b/c.ts',
  'README.md',
  '.env',
  '.git/config',
  '.vscode/tasks.json',
  'a',
);
const glob = fc.constantFrom('src/**', '*.ts', '**', 'README.md', '~/x', '/srv/**', 'src');
const host = fc.constantFrom('docs.example', 'a.docs.example', 'evil.example');
const domain = fc.constantFrom('docs.example', '*.docs.example', '*', 'evil.example');
const pattern = fc.constantFrom('git *', 'git push *', 'npm *', '*', 'rm', 'curl *');

const ruleParts = {
  tool: optional(fc.constantFrom(...TOOL_NAMES)),
  group: optional(fc.constantFrom(...TOOL_GROUPS)),
  path: optional(glob),
  domain: optional(domain),
  command: optional(pattern),
  finding: optional(fc.constantFrom('test.*', 'git.lose-history')),
  channel: optional(channel),
  context: optional(fc.constantFrom(...CHAT_CONTEXTS)),
};

const compact = <T extends object>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

const workspaceRule = fc
  .record({ effect: fc.constantFrom('ask', 'deny'), ...ruleParts })
  .map(compact) as fc.Arbitrary<WorkspaceRule>;
const userRule = fc
  .record({ effect, ...ruleParts })
  .map(compact)
  .filter((rule) => userPolicySchema.safeParse({ rules: [rule] }).success) as fc.Arbitrary<
  NonNullable<UserPolicy['rules']>[number]
>;

const area = fc.record({
  deniedToolGroups: fc.subarray([...TOOL_GROUPS], { maxLength: 2 }),
  requiredRole: fc.constantFrom(...ROLES),
});

const limits = fc.record({
  iterationsPerTask: fc.integer({ min: 1, max: 100 }),
  toolCallsPerStep: fc.integer({ min: 1, max: 20 }),
  repeatCalls: fc.integer({ min: 2, max: 6 }),
  taskTimeoutMs: fc.integer({ min: 1000, max: 4_000_000 }),
});

const budgets = fc.record({
  tokensPerTask: fc.integer({ min: 1, max: 300_000 }),
  costPerTask: fc.integer({ min: 1, max: 5 }),
});

const capability = (of: readonly string[]) =>
  fc.dictionary(fc.constantFrom(...CAPABILITIES), fc.constantFrom(...of), { noNullPrototype: true });

const userPolicy = fc
  .record({
    profile: optional(fc.constantFrom(...PROFILES)),
    mode: optional(fc.constantFrom(...MODES)),
    capabilities: optional(capability(['allow', 'ask', 'deny'])),
    rules: fc.array(userRule, { maxLength: 4 }),
    trusted: fc.array(pattern, { maxLength: 3 }),
    defaultTrusted: fc.boolean(),
    budgets: optional(budgets),
    limits: optional(limits),
    contexts: optional(fc.record({ group: area })),
    channels: optional(fc.record({ telegram: area })),
    allowedPaths: fc.array(fc.record({ path: glob, access: fc.constantFrom('read', 'write') }), {
      maxLength: 2,
    }),
  })
  .map((value) => userPolicySchema.parse(compact(value)));

const workspacePolicy = fc
  .record({
    mode: optional(fc.constantFrom('plan', 'ask')),
    capabilities: optional(capability(['ask', 'deny'])),
    rules: fc.array(workspaceRule, { maxLength: 4 }),
    budgets: optional(budgets),
    limits: optional(limits),
    contexts: optional(fc.record({ group: area, public: area })),
    protectedPaths: optional(
      fc.record({
        add: fc.array(fc.record({ path: fileName, access: fc.constantFrom('read', 'write') }), {
          maxLength: 2,
        }),
      }),
    ),
  })
  .map((value) => workspacePolicySchema.parse(compact(value)));

const pathFact: fc.Arbitrary<PathFact> = fc.oneof(
  fc
    .tuple(fileName, fc.constantFrom('read', 'write', 'delete'))
    .map(([name, access]) => ({ path: `${ROOT}/${name}`, access, inside: true })),
  fc
    .constantFrom('read', 'write', 'delete')
    .map((access) => ({ path: '/srv/data/x', access, inside: false })),
) as fc.Arbitrary<PathFact>;

const finding = fc.record({
  ruleId: fc.constant('test.finding'),
  severity: fc.constantFrom('block', 'ask'),
  title: fc.constant('A finding'),
  explanation: fc.constant('Why.'),
});

const analysis = fc
  .record({
    argv: fc.constantFrom(
      ['git', 'status'],
      ['git', 'push', 'origin'],
      ['npm', 'test'],
      ['rm', 'a'],
      ['curl', 'x'],
    ),
    effects: fc.record(
      {
        reads: fc.array(fileName, { maxLength: 1 }),
        writes: fc.array(fileName, { maxLength: 1 }),
        deletes: fc.array(fileName, { maxLength: 1 }),
        network: fc.array(host, { maxLength: 1 }),
        unknown: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
    status: fc.constantFrom('parsed', 'parsed', 'parsed', 'disagree', 'unparsable', 'too-long'),
    findings: fc.oneof(
      { weight: 4, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(finding, { minLength: 1, maxLength: 2 }) },
    ),
    autoApprovable: fc.boolean(),
  })
  .map(({ argv, effects, status, findings, autoApprovable }) =>
    analysed([{ argv, effects: compact(effects) }], { status, findings, autoApprovable } as never),
  );

const someone = fc
  .tuple(fc.constantFrom(...ROLES), fc.constantFrom(...CHAT_CONTEXTS), channel)
  .map(([role, context, where]) => principal(role, context, where));

const toolRequest: fc.Arbitrary<ToolRequest> = fc.record({
  principal: someone,
  taskId: fc.constant('t1'),
  tool: fc.oneof(
    { weight: 2, arbitrary: fc.constant('run') },
    { weight: 3, arbitrary: fc.constantFrom(...TOOL_NAMES, 'nothing') },
  ),
  args: fc.constant({}),
  cwd: fc.constantFrom(ROOT, `${ROOT}/src`),
  taint: fc.oneof(
    { weight: 4, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.constant(['https://x.example']) },
  ),
});

const grant: fc.Arbitrary<Grant> = fc
  .record({
    id: fc.constantFrom('g1', 'g2'),
    scope: fc.constantFrom('once', 'task', 'until', 'always'),
    taskId: optional(fc.constantFrom('t1', 't2')),
    until: optional(fc.constantFrom(NOW - 1, NOW + 1)),
    taint: optional(fc.constant(['https://x.example'])),
    matcher: fc.oneof(
      fc.record({
        kind: fc.constant('exact'),
        tool: fc.constantFrom('run', 'write', 'fetch'),
        hash: fc.constant(HASH),
      }),
      fc.record({
        kind: fc.constant('command'),
        pattern,
        hosts: optional(fc.array(host)),
      }),
      fc.record({ kind: fc.constant('path'), tool: fc.constantFrom(...TOOL_NAMES), glob }),
      fc.record({ kind: fc.constant('host'), tool: fc.constantFrom('fetch', 'http'), domain }),
    ),
  })
  .map((value) => compact(value) as Grant);

const facts: fc.Arbitrary<Facts> = fc
  .record({
    analysis: fc.oneof({ weight: 5, arbitrary: analysis }, { weight: 1, arbitrary: fc.constant(undefined) }),
    paths: fc.array(pathFact, { maxLength: 2 }),
    hosts: fc.array(host, { maxLength: 2 }),
    task: fc.record({
      tokens: fc.integer({ min: 0, max: 250_000 }),
      cost: fc.constantFrom(0, 0.5, 2),
      iterations: fc.integer({ min: 0, max: 60 }),
      callsThisStep: fc.integer({ min: 0, max: 12 }),
      repeats: fc.integer({ min: 0, max: 4 }),
    }),
    workspaceTrusted: fc.constantFrom(true, true, true, false),
    paused: fc.constantFrom(false, false, false, true),
    grants: fc.array(grant, { maxLength: 3 }),
    isolated: fc.boolean(),
    exactHash: fc.constantFrom(HASH, undefined),
    quiet: fc.constantFrom(true, true, false),
  })
  .map(
    ({ task, isolated, quiet, ...rest }) =>
      Object.assign(compact(rest), {
        now: NOW,
        // Most of the time below every limit, or the guardrails would hide all other layers.
        usage: quiet ? NO_USAGE : { ...NO_USAGE, task },
        contextPolicy: { deniedToolGroups: [], requiredRole: 'member' as const },
        sandbox: { id: 'x', isolated },
      }) as Facts,
  );

/** Often no policy at all, so that more than denials is left to look at. */
const calm = <T extends object>(value: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 1, arbitrary: value }, { weight: 2, arbitrary: fc.constant({} as T) });

const place = { workspaceRoot: ROOT, home: HOME };
const snapshotOf = (user: UserPolicy, workspace?: WorkspacePolicy) =>
  buildSnapshot({ user, ...(workspace === undefined ? {} : { workspace }), ...place });

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
