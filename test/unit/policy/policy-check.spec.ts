import assert from 'node:assert/strict';
import { DEFAULT_TRUSTED } from '../../../src/engine/guard';
import { tooBroad } from '../../../src/engine/policy/check/broad';
import { checkPolicy } from '../../../src/engine/policy/check/check';
import { checkRules } from '../../../src/engine/policy/check/rules';
import type { WorkspaceRule } from '../../../src/engine/policy/schema';

const found = (rules: readonly object[], scope: 'workspace' | 'user' = 'workspace') =>
  checkPolicy(JSON.stringify({ rules }), scope).findings.map(({ kind, path }) => `${kind} ${path}`);

describe('policy: the check of a file', () => {
  const contradicting: readonly (readonly [string, readonly object[], readonly string[]])[] = [
    [
      'a wider rule that is as strict',
      [
        { effect: 'deny', command: 'git push *' },
        { effect: 'deny', command: 'git push --force' },
      ],
      ['unreachable rules[1]'],
    ],
    [
      'a wider rule that is stricter, whichever comes first',
      [
        { effect: 'ask', path: 'infra/prod/*.tf' },
        { effect: 'deny', path: 'infra/**' },
      ],
      ['unreachable rules[0]'],
    ],
    [
      'two rules about the same that say different things',
      [
        { effect: 'ask', domain: 'example.com', context: 'group' },
        { effect: 'deny', domain: 'example.com', context: 'group' },
      ],
      ['contradictory rules[0]'],
    ],
    [
      'the same rule twice, and keeps the first',
      [
        { effect: 'ask', tool: 'fetch' },
        { effect: 'ask', tool: 'fetch' },
      ],
      ['unreachable rules[1]'],
    ],
    [
      'a rule for all tools of a group before one tool of it',
      [
        { effect: 'deny', group: 'memory' },
        { effect: 'ask', tool: 'clipboard.read' },
      ],
      ['unreachable rules[1]'],
    ],
    [
      'a subdomain under a domain',
      [
        { effect: 'deny', domain: 'example.com' },
        { effect: 'ask', domain: 'a.b.example.com' },
      ],
      ['unreachable rules[1]'],
    ],
    [
      'a finding under its family',
      [
        { effect: 'deny', finding: 'git.*' },
        { effect: 'ask', finding: 'git.lose-history' },
      ],
      ['unreachable rules[1]'],
    ],
    [
      'a rule without conditions over every other',
      [{ effect: 'deny' }, { effect: 'ask', command: 'npm test' }],
      ['unreachable rules[1]'],
    ],
    [
      'one id for two rules',
      [
        { effect: 'deny', id: 'x', command: 'git push *' },
        { effect: 'deny', id: 'x', path: 'src/**' },
      ],
      ['contradictory rules[1].id'],
    ],
  ];
  for (const [what, rules, expected] of contradicting) {
    it(`reports ${what}`, () => {
      assert.deepEqual(found(rules), expected);
    });
  }

  const apart: readonly (readonly [string, readonly object[]])[] = [
    [
      'a narrower rule that is stricter',
      [
        { effect: 'ask', command: 'git push *' },
        { effect: 'deny', command: 'git push --force *' },
      ],
    ],
    [
      'the same in another context',
      [
        { effect: 'deny', tool: 'fetch', context: 'group' },
        { effect: 'ask', tool: 'fetch', context: 'dm' },
      ],
    ],
    [
      'names that only begin alike',
      [
        { effect: 'deny', path: 'infra/**' },
        { effect: 'ask', path: 'infrastructure/**' },
        { effect: 'deny', domain: 'example.com' },
        { effect: 'ask', domain: 'notexample.com' },
        { effect: 'deny', command: 'git push' },
        { effect: 'ask', command: 'git pull' },
      ],
    ],
    [
      'words in another order',
      [
        { effect: 'deny', command: 'npm run build' },
        { effect: 'ask', command: 'npm build run' },
      ],
    ],
    [
      'a wildcard that the other does not fall under',
      [
        { effect: 'deny', path: 'src/*.ts' },
        { effect: 'ask', path: 'src/**' },
      ],
    ],
    ['writing by commands', [{ effect: 'deny', group: 'write', command: 'sed *' }]],
  ];
  for (const [what, rules] of apart) {
    it(`has nothing against ${what}`, () => assert.deepEqual(found(rules), []));
  }

  const never: readonly object[] = [
    { effect: 'deny', tool: 'read', command: 'cat *' },
    { effect: 'deny', tool: 'fetch', finding: 'git.*' },
    { effect: 'deny', tool: 'read', group: 'network' },
    { effect: 'deny', tool: 'run', group: 'memory' },
    { effect: 'deny', tool: 'write', domain: 'example.com' },
    { effect: 'deny', tool: 'clipboard.read', path: 'src/**' },
  ];
  for (const rule of never) {
    it(`says that ${JSON.stringify(rule)} never applies`, () => {
      assert.deepEqual(found([rule]), ['unreachable rules[0]']);
    });
  }

  it('says which finding was meant by an id that the guard does not have', () => {
    const [problem] = checkPolicy('{ "rules": [{ "effect": "deny", "finding": "data.destroi" }] }').findings;
    assert.equal(problem?.kind, 'unreachable');
    assert.deepEqual(problem?.meant, { value: 'data.destroy' });
  });

  it('finds interpreters, package runners, shells and wrappers that run whatever they are given', () => {
    const broad = [
      '*',
      'node *',
      'python3',
      'python3.12 -c *',
      'npx *',
      'npx --yes *',
      'bunx',
      'bash -c *',
      'sh',
    ];
    for (const one of [...broad, 'sudo *', 'env *', '/usr/bin/perl *', 'pwsh *', 'uvx *'])
      assert.ok(tooBroad(one), one);
    const narrow = ['npx jest *', 'node scripts/build.js', 'git *', 'npm run *', 'rm *', 'sudo systemctl *'];
    for (const one of [...narrow, ...DEFAULT_TRUSTED]) assert.equal(tooBroad(one), undefined, one);
  });

  it('leaves a broad restriction alone when it says why, and never one that allows', () => {
    const rule = { effect: 'deny', command: 'npx *', reason: 'Packages are reviewed first.' };
    assert.deepEqual(found([rule]), []);
    assert.deepEqual(found([{ ...rule, effect: 'allow' }], 'user'), ['broad rules[0].command']);
  });

  it('finds broad trusted patterns in a policy of user scope', () => {
    const text = '{ "trusted": ["npx jest *", "npx *", { "pattern": "bash *" }] }';
    assert.deepEqual(
      checkPolicy(text, 'user').findings.map(({ path }) => path),
      ['trusted[1]', 'trusted[2].pattern'],
    );
  });

  it('names the place of each finding and of the other rule, also behind a rule that is invalid', () => {
    const text = `{ "rules": [
      { "effect": "maybe" },
      { "effect": "deny", "id": "all-of-it", "path": "a" },
      { "effect": "ask", "path": "a/b" }
    ] }`;
    const { findings } = checkPolicy(text);
    assert.deepEqual(
      findings.map(({ kind, path }) => `${kind} ${path}`),
      ['invalid rules[0].effect', 'unreachable rules[2]'],
    );
    const [, last] = findings;
    assert.equal(text.slice(last?.offset).startsWith('{ "effect": "ask"'), true);
    assert.equal(text.slice(last?.other?.offset).startsWith('{ "effect": "deny"'), true);
    assert.match(String(last?.message), /"all-of-it" \(line 3\)/);
  });

  it('compares only rules that could have to do with each other', () => {
    const rules = (count: number): WorkspaceRule[] =>
      Array.from({ length: count }, (_, at) => [
        { effect: 'deny' as const, command: `tool${at} sub *` },
        { effect: 'ask' as const, path: `src/part${at}/**` },
        { effect: 'ask' as const, path: `*.kind${at}` },
        { effect: 'deny' as const, domain: `host${at}.example.com` },
        { effect: 'ask' as const, command: `git push origin branch${at}` },
      ]).flat();
    assert.ok(checkRules(rules(50), String).compared <= 200, 'each with few others');
    const compared = checkRules(rules(400), String).compared;
    assert.ok(compared <= 2000, `${compared} comparisons of 2,000 rules`);
  });

  it('[law 4] keeps the last good policy when a file is emptied, and says how to take it back', () => {
    const good = checkPolicy('{ "capabilities": { "network": "deny" } }');
    const emptied = checkPolicy('  \n', 'workspace', good.inForce);
    assert.equal(emptied.understood, false);
    assert.deepEqual(emptied.inForce, good.inForce);
    assert.match(String(emptied.findings[0]?.fix), /Write \{\}/);
    assert.deepEqual(checkPolicy('{}', 'workspace', good.inForce).inForce, {});
  });
});
