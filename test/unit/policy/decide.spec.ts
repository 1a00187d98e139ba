import assert from 'node:assert/strict';
import { LAYERS, TOOL_GROUPS } from '../../../src/engine/model/decision';
import { decide } from '../../../src/engine/policy/decide';
import { TOOL_NAMES, toolTraits } from '../../../src/engine/policy/tool-groups';
import { analysed, facts, inside, outside, policy, principal, request } from './support';

describe('policy: decide', () => {
  const standard = policy();

  describe('[INI-4] minimal permissions by default', () => {
    it('reads inside the workspace without asking', () => {
      for (const tool of ['list', 'read', 'search']) {
        const decision = decide(standard, request(tool), facts({ paths: [inside('src/a.ts', 'read')] }));
        assert.equal(decision.effect, 'allow', tool);
      }
    });

    it('asks about writing in the mode "ask", and writes in the mode "accept-edits"', () => {
      const write = facts({ paths: [inside('src/a.ts')] });
      const asked = decide(standard, request('write'), write);
      assert.equal(asked.effect, 'ask');
      assert.equal(asked.layer, 'mode');
      const edits = policy({ mode: 'accept-edits' });
      assert.equal(decide(edits, request('write'), write).effect, 'allow');
      assert.equal(decide(edits, request('delete'), facts({ paths: [inside('a', 'delete')] })).effect, 'ask');
    });

    it('[INI-4] keeps clipboard and system off, and asks about the rest', () => {
      const owner = principal('owner');
      const effects = Object.fromEntries(
        TOOL_NAMES.map((tool) => [
          tool,
          decide(standard, request(tool, { principal: owner }), facts()).effect,
        ]),
      );
      assert.deepEqual(effects, {
        list: 'allow',
        read: 'allow',
        search: 'allow',
        send: 'ask',
        diagnostics: 'allow',
        'git.status': 'allow',
        'git.diff': 'allow',
        write: 'ask',
        edit: 'ask',
        'git.commit': 'ask',
        move: 'ask',
        delete: 'ask',
        run: 'ask',
        fetch: 'ask',
        http: 'ask',
        'clipboard.read': 'deny',
        'clipboard.write': 'deny',
        'history.search': 'allow',
        'memory.read': 'allow',
        'memory.write': 'ask',
        open: 'deny',
        screenshot: 'deny',
      });
    });

    it('denies a tool that is in no group', () => {
      const decision = decide(policy({ mode: 'trusted' }), request('format-disk'), facts());
      assert.equal(decision.effect, 'deny');
      assert.equal(decision.ruleId, 'guardrail.unknown-tool');
    });

    it('places every tool in at least one group', () => {
      for (const tool of TOOL_NAMES) {
        const groups = toolTraits(tool)?.groups ?? [];
        assert.ok(groups.length > 0 && groups.every((group) => TOOL_GROUPS.includes(group)), tool);
      }
    });
  });

  describe('layers', () => {
    it('reports the first layer with the strictest effect, and all verdicts in the order of report', () => {
      const decision = decide(
        policy({ capabilities: { shell: 'deny' }, rules: [{ effect: 'deny', tool: 'run', id: 'no-shell' }] }),
        request('run', { principal: principal('observer') }),
        facts({ analysis: analysed([{ argv: ['ls'] }]) }),
      );
      assert.equal(decision.effect, 'deny');
      assert.equal(decision.layer, 'workspace');
      assert.equal(decision.ruleId, 'capabilities.shell');
      const order = decision.verdicts.map((verdict) => LAYERS.indexOf(verdict.layer));
      assert.deepEqual(
        order,
        [...order].sort((a, b) => a - b),
      );
      assert.ok(decision.verdicts.some((verdict) => verdict.ruleId === 'no-shell'));
    });

    it('[INI-3a] denies what the guard blocks, with its explanation and safer alternative', () => {
      const blocked = analysed([{ argv: ['rm', '-rf', '/'] }], {
        findings: [
          {
            ruleId: 'fs.delete-root',
            severity: 'block',
            title: 'Deletes the whole system',
            explanation: 'Everything below / would be gone.',
            saferAlternative: 'Name the folder that you mean.',
          },
        ],
        autoApprovable: false,
      });
      const decision = decide(
        policy({ mode: 'trusted', capabilities: { shell: 'allow', delete: 'allow' } }),
        request('run', { principal: principal('owner') }),
        facts({ analysis: blocked }),
      );
      assert.equal(decision.effect, 'deny');
      assert.equal(decision.layer, 'guardrail');
      assert.equal(decision.ruleId, 'fs.delete-root');
      assert.match(decision.reasons[0] ?? '', /Everything below/);
      assert.match(decision.remedies[0] ?? '', /Name the folder/);
    });

    it('asks about a command that was not analysed or not understood, in every mode', () => {
      const open = policy({ mode: 'trusted', capabilities: { shell: 'allow' } });
      assert.equal(decide(open, request('run'), facts()).effect, 'ask');
      for (const status of ['disagree', 'unparsable', 'too-long'] as const) {
        const analysis = analysed([{ argv: ['ls'] }], { status, autoApprovable: false });
        assert.equal(decide(open, request('run'), facts({ analysis })).effect, 'ask', status);
      }
      assert.equal(
        decide(open, request('run'), facts({ analysis: analysed([{ argv: ['ls'] }]) })).effect,
        'allow',
      );
    });

    it('denies everything while the engine is stopped or the folder is not trusted', () => {
      assert.equal(decide(standard, request('read'), facts({ paused: true })).ruleId, 'guardrail.stopped');
      const restricted = decide(standard, request('read'), facts({ workspaceTrusted: false }));
      assert.equal(restricted.ruleId, 'workspace.restricted');
      assert.equal(restricted.effect, 'deny');
    });

    it('asks at the border of the workspace and not in a folder that counts as inside', () => {
      const away = facts({ paths: [outside('/home/ada/notes/a.md', 'read')] });
      assert.equal(decide(standard, request('read'), away).ruleId, 'workspace.outside');
      const listed = policy({ allowedPaths: [{ path: '~/notes', access: 'read' }] });
      assert.equal(decide(listed, request('read'), away).effect, 'allow');
      const write = facts({ paths: [outside('/home/ada/notes/a.md')] });
      assert.equal(
        decide(listed, request('write'), write).verdicts.some((v) => v.ruleId === 'workspace.outside'),
        true,
      );
    });

    it('lets an observer have nothing done, and only an owner use clipboard and screen', () => {
      const open = policy({ mode: 'trusted', capabilities: { clipboard: 'allow', system: 'allow' } });
      for (const tool of TOOL_NAMES) {
        const decision = decide(open, request(tool, { principal: principal('observer') }), facts());
        assert.equal(decision.effect, 'deny', tool);
      }
      for (const tool of ['clipboard.read', 'clipboard.write', 'screenshot']) {
        assert.equal(decide(open, request(tool), facts()).ruleId, 'user.personal', tool);
        assert.equal(
          decide(open, request(tool, { principal: principal('owner') }), facts()).effect,
          'allow',
          tool,
        );
      }
    });

    it('[CTX-1] denies memory tools in groups and public rooms by default, and not in direct messages', () => {
      const open = policy({ mode: 'trusted', capabilities: { clipboard: 'allow' } });
      const memory = TOOL_NAMES.filter((tool) => toolTraits(tool)?.groups.includes('memory'));
      assert.deepEqual([...memory].sort(), [
        'clipboard.read',
        'clipboard.write',
        'history.search',
        'memory.read',
        'memory.write',
      ]);
      for (const tool of memory) {
        for (const place of ['group', 'public'] as const) {
          const decision = decide(open, request(tool, { principal: principal('owner', place) }), facts());
          assert.equal(decision.effect, 'deny', `${tool} in ${place}`);
          assert.equal(decision.layer, 'context');
        }
        assert.equal(
          decide(open, request(tool, { principal: principal('owner') }), facts()).effect,
          'allow',
          tool,
        );
      }
    });

    it('[FAQ-3] blocks the clipboard in groups and keeps it between owner and bot in direct messages', () => {
      const open = policy({ mode: 'trusted', capabilities: { clipboard: 'allow' } });
      const ask = (role: 'owner' | 'member', place: 'dm' | 'group') =>
        decide(open, request('clipboard.read', { principal: principal(role, place) }), facts()).effect;
      assert.equal(ask('owner', 'group'), 'deny');
      assert.equal(ask('member', 'dm'), 'deny');
      assert.equal(ask('owner', 'dm'), 'allow');
    });

    it('follows the context policy of the access room, and the role that it needs', () => {
      const decision = decide(
        standard,
        request('read'),
        facts({ contextPolicy: { deniedToolGroups: ['read'], requiredRole: 'member' } }),
      );
      assert.equal(decision.ruleId, 'context.dm.read');
      const role = decide(
        standard,
        request('read'),
        facts({ contextPolicy: { deniedToolGroups: [], requiredRole: 'approver' } }),
      );
      assert.equal(role.ruleId, 'context.dm.role');
    });

    it('applies groups of tools to what a command does, not only to the tool that runs it', () => {
      const fetches = analysed([
        { argv: ['curl', 'https://x.example'], effects: { network: ['x.example'] } },
      ]);
      const decision = decide(
        policy({ contexts: { group: { deniedToolGroups: ['network'] } } }),
        request('run', { principal: principal('member', 'group') }),
        facts({ analysis: fetches }),
      );
      assert.equal(decision.ruleId, 'context.group.network');
      const deletes = analysed([{ argv: ['rm', 'a'], effects: { deletes: ['a'] } }]);
      const off = policy({ capabilities: { delete: 'deny' } });
      assert.equal(decide(off, request('run'), facts({ analysis: deletes })).ruleId, 'capabilities.delete');
    });

    it('narrows one channel', () => {
      const one = policy({
        mode: 'trusted',
        channels: { telegram: { deniedToolGroups: ['write'], mode: 'plan' } },
      });
      const write = facts({ paths: [inside('a')] });
      assert.equal(decide(one, request('write'), write).ruleId, 'channel.telegram.write');
      const slack = request('write', { principal: principal('member', 'dm', 'slack') });
      assert.equal(decide(one, slack, write).effect, 'allow');
    });

    it('lets the mode "plan" read and nothing else', () => {
      const plan = policy({
        mode: 'plan',
        capabilities: { shell: 'allow', clipboard: 'allow', system: 'allow' },
      });
      const owner = principal('owner');
      for (const tool of TOOL_NAMES.filter((name) => name !== 'run')) {
        const decision = decide(plan, request(tool, { principal: owner }), facts());
        assert.equal(decision.effect === 'deny', toolTraits(tool)?.readOnly === false, tool);
      }
      const reads = analysed([{ argv: ['ls'] }]);
      assert.equal(decide(plan, request('run'), facts({ analysis: reads })).effect, 'ask');
      const writes = analysed([{ argv: ['touch', 'a'], effects: { writes: ['a'] } }]);
      assert.equal(decide(plan, request('run'), facts({ analysis: writes })).ruleId, 'mode.plan');
    });

    it('raises export and execution to ask once untrusted content was read, and reading stays as it was', () => {
      const open = policy({
        mode: 'trusted',
        capabilities: { shell: 'allow', network: 'allow', system: 'allow' },
      });
      const taint = ['https://x.example/readme'];
      for (const tool of ['fetch', 'http', 'open', 'run']) {
        const analysis = analysed([{ argv: ['ls'] }]);
        assert.equal(decide(open, request(tool), facts({ analysis })).effect, 'allow', tool);
        const decision = decide(open, request(tool, { taint }), facts({ analysis }));
        assert.equal(decision.effect, 'ask', tool);
        assert.equal(decision.layer, 'taint');
        assert.match(decision.reasons[0] ?? '', /x\.example\/readme/);
      }
      assert.equal(decide(open, request('read', { taint }), facts()).effect, 'allow');
    });

    it('refuses instead of throwing when the facts are not what they should be', () => {
      const broken = { now: 1 } as ReturnType<typeof facts>;
      const decision = decide(standard, request('read'), broken);
      assert.equal(decision.effect, 'deny');
      assert.equal(decision.ruleId, 'guardrail.fault');
      assert.equal(decide(standard, null as never, facts()).effect, 'deny');
    });
  });

  describe('profiles', () => {
    it('[ENV-DEV] lets files outside the workspace be allowed, and budgets be switched off', () => {
      const dev = policy({
        profile: 'development',
        allowedPaths: [{ path: '/**', access: 'write' }],
        mode: 'trusted',
      });
      assert.equal(decide(dev, request('write'), facts({ paths: [outside('/srv/data/x')] })).effect, 'allow');
      const off = policy({ profile: 'development', budgets: { costPerTask: null } });
      assert.equal(off.budgets.costPerTask, undefined);
    });

    it('[ENV-PROD] keeps to the workspace, to the mode and to all guardrails, whatever else is set', () => {
      const production = policy({
        profile: 'production',
        mode: 'trusted',
        allowedPaths: [{ path: '/**', access: 'write' }],
        capabilities: { shell: 'allow' },
        budgets: { costPerTask: null, tokensPerTask: null, tokensPerUserDay: null, costPerUserDay: null },
      });
      const away = decide(production, request('read'), facts({ paths: [outside('/srv/x', 'read')] }));
      assert.equal(away.ruleId, 'profile.outside-workspace');
      assert.equal(away.effect, 'deny');
      assert.equal(Object.keys(production.budgets).length, 4);
      assert.equal(production.mode.value, 'accept-edits');
      assert.equal(
        decide(production, request('run'), facts({ analysis: analysed([{ argv: ['ls'] }]) })).effect,
        'ask',
      );
      assert.equal(production.ceiling.debugLogging, false);
      assert.equal(production.ceiling.openAccess, 'never');
    });

    it('[ENV-SHARED] needs an isolating sandbox, and denies memory tools where others read along', () => {
      const shared = policy({
        profile: 'shared',
        contexts: { group: { deniedToolGroups: [] } },
        capabilities: { clipboard: 'allow' },
      });
      const analysis = analysed([{ argv: ['ls'] }]);
      const loose = facts({ analysis, sandbox: { id: 'process', isolated: false } });
      assert.equal(decide(shared, request('run'), loose).ruleId, 'profile.isolation');
      assert.equal(decide(shared, request('run'), facts({ analysis })).effect, 'ask');
      const memory = request('memory.read', { principal: principal('owner', 'group') });
      assert.equal(decide(shared, memory, facts()).ruleId, 'profile.memory');
    });
  });
});
