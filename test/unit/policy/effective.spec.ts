import assert from 'node:assert/strict';
import { effectivePolicy } from '../../../src/engine/policy/effective';
import { effectiveText } from '../../../src/views/present/effective-text';
import { policy } from './support';

const linesOf = (...given: Parameters<typeof policy>) =>
  new Map(
    effectivePolicy(policy(...given)).map(({ path, value, origin }) => [
      path.join('.'),
      `${JSON.stringify(value)} ${origin}`,
    ]),
  );

describe('policy: what is in force, and where it comes from', () => {
  it('comes from the defaults when nothing is set', () => {
    const origins = new Set(effectivePolicy(policy()).map(({ origin }) => origin));
    assert.deepEqual([...origins], ['default']);
    const lines = linesOf();
    assert.equal(lines.get('mode'), '"ask" default');
    assert.equal(lines.get('capabilities.network'), '"ask" default');
    assert.equal(lines.get('contexts.group.deniedToolGroups.0'), '"memory" default');
  });

  it('names settings, folder file and profile where each decides', () => {
    const lines = linesOf(
      {
        profile: 'shared',
        mode: 'trusted',
        capabilities: { shell: 'allow', network: 'deny' },
        budgets: { costPerTask: null, tokensPerTask: 5 },
        rules: [{ effect: 'deny', tool: 'open' }],
        trusted: ['git log *'],
      },
      {
        capabilities: { shell: 'deny', network: 'ask' },
        budgets: { tokensPerTask: 9, tokensPerUserDay: 10 },
        limits: { repeatCalls: 2, toolCallsPerStep: 500 },
        rules: [{ effect: 'deny', path: 'infra/**' }],
        contexts: { group: { deniedToolGroups: ['shell'], requiredRole: 'owner' } },
      },
    );
    const expected = {
      profile: '"shared" user',
      mode: '"accept-edits" profile',
      'capabilities.shell': '"deny" workspace',
      'capabilities.network': '"deny" user',
      'capabilities.read': '"allow" default',
      'budgets.tokensPerTask': '5 user',
      'budgets.tokensPerUserDay': '10 workspace',
      'budgets.costPerTask': '1 profile',
      'limits.repeatCalls': '2 workspace',
      'limits.toolCallsPerStep': '10 default',
      'rules.0': '{"effect":"deny","tool":"open"} user',
      'rules.1': '{"effect":"deny","path":"infra/**"} workspace',
      'trusted.0': '"git log *" user',
      'contexts.group.deniedToolGroups.0': '"memory" default',
      'contexts.group.deniedToolGroups.1': '"shell" workspace',
      'contexts.group.requiredRole': '"owner" workspace',
      'ceiling.isolatingSandbox': '"required" profile',
    };
    for (const [path, line] of Object.entries(expected)) assert.equal(lines.get(path), line, path);
  });

  it('is shown as JSON with comments that says what the snapshot holds', () => {
    const text = effectiveText(
      effectivePolicy(
        policy({}, { rules: [{ effect: 'deny', path: '*/ // x' }], capabilities: { read: 'ask' } }),
      ),
    );
    const plain = text
      .replace(/ {2}\/\/ (default|profile|your settings|the folder's file)$/gm, '')
      .replace(/^\/\/.*\n/, '');
    const value = JSON.parse(plain);
    assert.equal(value.capabilities.read, 'ask');
    assert.deepEqual(value.rules, [{ effect: 'deny', path: '*/ // x' }]);
    assert.match(text, /"read": "ask",\s+\/\/ the folder's file/);
    assert.match(text, /"mode": "ask",\s+\/\/ default/);
  });
});
