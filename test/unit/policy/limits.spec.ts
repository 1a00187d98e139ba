import assert from 'node:assert/strict';
import { decide } from '../../../src/engine/policy/decide';
import { NO_USAGE, type Usage } from '../../../src/engine/policy/facts';
import type { UserPolicy, WorkspacePolicy } from '../../../src/engine/policy/schema';
import { DEFAULT_BUDGETS, DEFAULT_LIMITS } from '../../../src/engine/policy/snapshot';
import { facts, policy, principal, request } from './support';

function usage(
  task: Partial<Usage['task']>,
  userDay: Partial<Usage['userDay']> = {},
  next?: Usage['next'],
): Usage {
  return {
    task: { ...NO_USAGE.task, ...task },
    userDay: { ...NO_USAGE.userDay, ...userDay },
    ...(next === undefined ? {} : { next }),
  };
}

function ruleOf(given: Usage, user: UserPolicy = {}, workspace?: WorkspacePolicy): string {
  const asked = request('read', { principal: principal('owner') });
  const decision = decide(policy(user, workspace), asked, facts({ usage: given }));
  assert.equal(decision.effect === 'deny', decision.layer === 'guardrail');
  return decision.effect === 'deny' ? decision.ruleId : decision.effect;
}

describe('policy: budgets and limits', () => {
  it('[INI-3b] stops the step that would cross a budget of the task or of the person, owner included', () => {
    assert.equal(ruleOf(usage({ tokens: DEFAULT_BUDGETS.tokensPerTask - 1 })), 'allow');
    assert.equal(ruleOf(usage({ tokens: DEFAULT_BUDGETS.tokensPerTask })), 'guardrail.tokensPerTask');
    assert.equal(ruleOf(usage({ cost: DEFAULT_BUDGETS.costPerTask })), 'guardrail.costPerTask');
    assert.equal(
      ruleOf(usage({}, { tokens: DEFAULT_BUDGETS.tokensPerUserDay })),
      'guardrail.tokensPerUserDay',
    );
    assert.equal(ruleOf(usage({}, { cost: DEFAULT_BUDGETS.costPerUserDay })), 'guardrail.costPerUserDay');
  });

  it('[INI-3b] counts what the step itself is expected to add', () => {
    const almost = { tokens: DEFAULT_BUDGETS.tokensPerTask - 10 };
    assert.equal(ruleOf(usage(almost, {}, { tokens: 10, cost: 0 })), 'allow');
    assert.equal(ruleOf(usage(almost, {}, { tokens: 11, cost: 0 })), 'guardrail.tokensPerTask');
    assert.equal(ruleOf(usage({}, { cost: 9.5 }, { tokens: 0, cost: 0.6 })), 'guardrail.costPerUserDay');
  });

  it('[INI-3b] takes a usage that is not a number for one that is used up', () => {
    assert.equal(ruleOf(usage({ tokens: Number.NaN })), 'guardrail.tokensPerTask');
    assert.equal(ruleOf(usage({}, { cost: Number.POSITIVE_INFINITY })), 'guardrail.costPerUserDay');
    assert.equal(ruleOf(usage({ iterations: Number.NaN })), 'guardrail.iterationsPerTask');
  });

  it('[INI-3c] stops after so many iterations, and after so many calls in one step', () => {
    assert.equal(ruleOf(usage({ iterations: DEFAULT_LIMITS.iterationsPerTask - 1 })), 'allow');
    assert.equal(
      ruleOf(usage({ iterations: DEFAULT_LIMITS.iterationsPerTask })),
      'guardrail.iterationsPerTask',
    );
    assert.equal(ruleOf(usage({ callsThisStep: DEFAULT_LIMITS.toolCallsPerStep - 1 })), 'allow');
    assert.equal(
      ruleOf(usage({ callsThisStep: DEFAULT_LIMITS.toolCallsPerStep })),
      'guardrail.toolCallsPerStep',
    );
  });

  it('[INI-3c] stops the third identical call, and a task that lasts too long', () => {
    assert.equal(ruleOf(usage({ repeats: 1 })), 'allow');
    assert.equal(ruleOf(usage({ repeats: 2 })), 'guardrail.repeatCalls');
    assert.equal(ruleOf(usage({ elapsedMs: DEFAULT_LIMITS.taskTimeoutMs - 1 })), 'allow');
    assert.equal(ruleOf(usage({ elapsedMs: DEFAULT_LIMITS.taskTimeoutMs })), 'guardrail.taskTimeoutMs');
  });

  it('lets a workspace narrow them and not widen them', () => {
    const used = usage({ tokens: 600, iterations: 5 });
    assert.equal(ruleOf(used, {}, { budgets: { tokensPerTask: 500 } }), 'guardrail.tokensPerTask');
    assert.equal(ruleOf(used, {}, { limits: { iterationsPerTask: 5 } }), 'guardrail.iterationsPerTask');
    const wide: WorkspacePolicy = { budgets: { tokensPerTask: 1e9 }, limits: { iterationsPerTask: 1e6 } };
    assert.equal(ruleOf(used, { budgets: { tokensPerTask: 500 } }, wide), 'guardrail.tokensPerTask');
    assert.equal(ruleOf(used, { limits: { iterationsPerTask: 5 } }, wide), 'guardrail.iterationsPerTask');
    // A budget that the user has switched off may be set by the folder.
    const off: UserPolicy = { budgets: { tokensPerTask: null } };
    assert.equal(ruleOf(usage({ tokens: 1e9 }), off), 'allow');
    assert.equal(ruleOf(used, off, { budgets: { tokensPerTask: 500 } }), 'guardrail.tokensPerTask');
  });

  it('cannot be approved away', () => {
    const approved = {
      id: 'g',
      scope: 'always' as const,
      matcher: { kind: 'exact' as const, tool: 'write', hash: 'a'.repeat(64) },
    };
    const given = facts({ usage: usage({ repeats: 9 }), grants: [approved], exactHash: 'a'.repeat(64) });
    assert.equal(decide(policy(), request('write'), given).effect, 'deny');
  });
});
