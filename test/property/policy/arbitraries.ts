import fc from 'fast-check';
import type { ToolRequest } from '../../../src/engine/model/decision';
import { TOOL_GROUPS } from '../../../src/engine/model/decision';
import { CHAT_CONTEXTS, ROLES } from '../../../src/engine/model/identity';
import { type Facts, NO_USAGE, type PathFact } from '../../../src/engine/policy/facts';
import type { Grant } from '../../../src/engine/policy/grants';
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

/** Policies, requests and facts of every kind, for the laws of policy. */

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
export const pattern = fc.constantFrom('git *', 'git push *', 'npm *', '*', 'rm', 'curl *');

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

export const compact = <T extends object>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

export const workspaceRule = fc
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

export const limits = fc.record({
  iterationsPerTask: fc.integer({ min: 1, max: 100 }),
  toolCallsPerStep: fc.integer({ min: 1, max: 20 }),
  repeatCalls: fc.integer({ min: 2, max: 6 }),
  taskTimeoutMs: fc.integer({ min: 1000, max: 4_000_000 }),
});

export const budgets = fc.record({
  tokensPerTask: fc.integer({ min: 1, max: 300_000 }),
  costPerTask: fc.integer({ min: 1, max: 5 }),
});

const capability = (of: readonly string[]) =>
  fc.dictionary(fc.constantFrom(...CAPABILITIES), fc.constantFrom(...of), { noNullPrototype: true });

export const userPolicy = fc
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

export const workspacePolicy = fc
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

export const toolRequest: fc.Arbitrary<ToolRequest> = fc.record({
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

export const grant: fc.Arbitrary<Grant> = fc
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

export const facts: fc.Arbitrary<Facts> = fc
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
export const calm = <T extends object>(value: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 1, arbitrary: value }, { weight: 2, arbitrary: fc.constant({} as T) });

const place = { workspaceRoot: ROOT, home: HOME };
export const snapshotOf = (user: UserPolicy, workspace?: WorkspacePolicy) =>
  buildSnapshot({ user, ...(workspace === undefined ? {} : { workspace }), ...place });
