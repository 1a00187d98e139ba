import assert from 'node:assert/strict';
import { decide } from '../../../src/engine/policy/decide';
import { parseUserPolicy, parseWorkspacePolicy } from '../../../src/engine/policy/parse';
import { policyJsonSchema } from '../../../src/engine/policy/schema';
import { guardrailsOff } from '../../../src/engine/policy/snapshot';
import { facts, inside, policy, request } from './support';

describe('policy: the files', () => {
  it('reads comments and trailing commas', () => {
    const { policy: read, problems } = parseWorkspacePolicy(`{
      // our rules
      "rules": [{ "effect": "deny", "command": "git push *", },],
    }`);
    assert.deepEqual(problems, []);
    assert.equal(read.rules?.[0]?.command, 'git push *');
  });

  it('[INI-3a] ignores everything in a workspace file that would loosen, and says field, value and fix', () => {
    const { policy: read, problems } = parseWorkspacePolicy(
      JSON.stringify({
        mode: 'trusted',
        profile: 'development',
        trusted: ['rm *'],
        defaultTrusted: true,
        allowedPaths: [{ path: '/', access: 'write' }],
        capabilities: { shell: 'allow', delete: 'deny' },
        rules: [
          { effect: 'allow', command: 'rm *' },
          { effect: 'deny', tool: 'fetch' },
        ],
        protectedPaths: { exceptions: ['/home/ada/.ssh'] },
      }),
    );
    assert.deepEqual(read, {
      capabilities: { delete: 'deny' },
      rules: [{ effect: 'deny', tool: 'fetch' }],
      protectedPaths: {},
    });
    assert.deepEqual(problems.map((problem) => problem.path).sort(), [
      'allowedPaths',
      'capabilities.shell',
      'defaultTrusted',
      'mode',
      'profile',
      'protectedPaths.exceptions',
      'rules[0].effect',
      'trusted',
    ]);
    for (const problem of problems) {
      assert.equal(problem.kind, 'loosening', problem.path);
      assert.ok(problem.message.endsWith('.') && problem.fix.endsWith('.'), problem.path);
      assert.notEqual(problem.value, '', problem.path);
      assert.equal(typeof problem.offset, 'number', problem.path);
    }
  });

  it('names the field, what is there, and the nearest right word', () => {
    const { problems } = parseWorkspacePolicy(
      '{ "rulez": [], "rules": [{ "effect": "dney", "tool": "rnu" }], "limits": { "repeatCalls": "3" } }',
    );
    const by = new Map(problems.map((problem) => [problem.path, problem]));
    assert.match(by.get('rulez')?.fix ?? '', /"rules"/);
    assert.match(by.get('rules[0].effect')?.fix ?? '', /"deny"/);
    assert.match(by.get('rules[0].tool')?.fix ?? '', /"run"/);
    assert.equal(by.get('limits.repeatCalls')?.value, '"3"');
    assert.match(by.get('limits.repeatCalls')?.fix ?? '', /number without quotes/);
  });

  const broken = [
    '{ "rules": [',
    'not json',
    '[]',
    '42',
    'null',
    '{ "rules": [{ "effect": "deny", "tool": "rnu" }] }',
    '{ "capabilities": { "shell": "deny", "shell": "ask" } }',
    '{ "mode": 7 }',
    '\u0000',
    `${'['.repeat(20_000)}`,
    `{ "rules": ${'['.repeat(200_000)}${']'.repeat(200_000)} }`,
    `"${'x'.repeat(600_000)}"`,
  ];

  for (const text of broken) {
    it(`stays cautious when it does not understand ${JSON.stringify(text.slice(0, 60))}`, () => {
      const { policy: read, problems, understood } = parseWorkspacePolicy(text);
      assert.equal(understood, false);
      assert.ok(problems.length > 0);
      const snapshot = policy({ mode: 'trusted', capabilities: { delete: 'allow', shell: 'allow' } }, read);
      assert.equal(decide(snapshot, request('write'), facts({ paths: [inside('a')] })).effect, 'ask');
      assert.equal(
        decide(snapshot, request('read'), facts({ paths: [inside('a', 'read')] })).effect,
        'allow',
      );
    });
  }

  it('keeps the last good version in force while the file is broken, beside what can be read of it', () => {
    const good = parseWorkspacePolicy('{ "capabilities": { "network": "deny" } }');
    assert.equal(good.understood, true);
    const syntax = parseWorkspacePolicy('{ "capabilities": { "network"', good.policy);
    assert.deepEqual(syntax.policy, good.policy);
    const half = parseWorkspacePolicy('{ "capabilities": { "shell": "deny", "delete": 3 } }', good.policy);
    assert.equal(half.policy.capabilities?.network, 'deny');
    assert.equal(half.policy.capabilities?.shell, 'deny');
  });

  it('refuses what is nested deeper than any policy, however deep, and counts only real brackets', () => {
    for (const text of ['['.repeat(65), '{"a":'.repeat(100_000), `{"rules":${'['.repeat(5000)}`]) {
      const { problems, understood } = parseWorkspacePolicy(text);
      assert.equal(understood, false);
      assert.match(String(problems[0]?.message), /nested too deeply/);
    }
    const reason = '[{'.repeat(100);
    const text = `{ // ${reason}\n "rules": [{ "effect": "deny", "reason": "\\"${reason}" }] /* ${reason} */ }`;
    assert.deepEqual(parseWorkspacePolicy(text).problems, []);
  });

  it('takes an empty file for no rules', () => {
    assert.deepEqual(parseWorkspacePolicy('  \n').policy, {});
    assert.deepEqual(parseWorkspacePolicy('{}').problems, []);
  });

  it('refuses a user rule that allows without saying what, and asks about changes until it is corrected', () => {
    const { policy: read, problems } = parseUserPolicy({
      mode: 'trusted',
      rules: [{ effect: 'allow' }, { effect: 'allow', tool: 'run', path: '**' }],
    });
    assert.equal(problems.length, 2);
    assert.deepEqual(read.rules, []);
    assert.equal(read.mode, 'ask');
    assert.equal(parseUserPolicy({ mode: 'trusted' }).policy.mode, 'trusted');
    for (const wrong of [7, 'x', [], true]) {
      const result = parseUserPolicy(wrong);
      assert.equal(result.problems.length > 0, true);
      assert.equal(result.policy.mode, 'ask');
    }
    assert.deepEqual(parseUserPolicy(undefined).problems, []);
  });

  it('[INI-3a] knows which guardrails the user has switched off', () => {
    const { policy: read, problems } = parseUserPolicy({ budgets: { costPerTask: null, tokensPerTask: 5 } });
    assert.deepEqual(problems, []);
    assert.deepEqual(guardrailsOff(read), ['budgets.costPerTask']);
    assert.deepEqual(guardrailsOff({}), []);
  });

  it('offers a JSON Schema of the workspace file, with a description for every field that a person writes', () => {
    const schema = policyJsonSchema() as {
      properties: Record<string, unknown>;
      additionalProperties: unknown;
    };
    assert.equal(schema.additionalProperties, false);
    assert.ok(!('trusted' in schema.properties));
    const text = JSON.stringify(schema);
    for (const word of ['costPerTask', 'repeatCalls', 'deniedToolGroups', 'domain'])
      assert.ok(text.includes(word));
    const missing: string[] = [];
    walk(schema.properties, '', missing);
    assert.deepEqual(missing, []);
  });
});

/** Names of properties without a description; `$schema` is the editor's own. */
function walk(properties: Record<string, unknown>, path: string, missing: string[]): void {
  for (const [name, value] of Object.entries(properties)) {
    if (name === '$schema') continue;
    const node = value as {
      description?: string;
      properties?: Record<string, unknown>;
      items?: { properties?: Record<string, unknown> };
    };
    if (node.description === undefined) missing.push(`${path}${name}`);
    const inner = node.properties ?? node.items?.properties;
    if (inner !== undefined) walk(inner, `${path}${name}.`, missing);
  }
}
