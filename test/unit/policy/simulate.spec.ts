import assert from 'node:assert/strict';
import type { EventMap, EventType } from '../../../src/engine/model/events';
import type { AnyRecord } from '../../../src/engine/model/record';
import { pastDecisions } from '../../../src/engine/policy/past-decisions';
import { simulate } from '../../../src/engine/policy/simulate';
import { analysed, NOW, policy, principal } from './support';

const DAY = 86_400_000;
const USER = principal().key;

let seq = 0;
function record<T extends EventType>(type: T, data: EventMap[T], at: number): AnyRecord {
  seq += 1;
  return { seq, at, prev: '', hash: '', actor: 'engine', subject: '', type, data } as AnyRecord;
}

function decided(
  tool: string,
  action: string,
  effect: 'allow' | 'ask' | 'deny',
  at = NOW - DAY,
  taskId = 't1',
): AnyRecord {
  const data = {
    taskId,
    tool,
    action,
    effect,
    layer: 'mode' as const,
    ruleId: 'x',
    reasons: [],
    policyVersion: 'v',
  };
  return record('decision.made', data, at);
}

async function* journal(...records: AnyRecord[]): AsyncGenerator<AnyRecord> {
  yield* records;
}

const origin = [
  record(
    'access.admitted',
    { user: USER, displayName: 'G', role: 'approver', how: 'paired', context: 'dm' },
    NOW - 90 * DAY,
  ),
  record(
    'task.created',
    {
      taskId: 't1',
      user: USER,
      channel: 'telegram',
      account: 'bot',
      conversation: 'c',
      title: '',
      messageId: 'm1',
    },
    NOW - 2 * DAY,
  ),
];

const analyse = (line: string) => {
  const argv = line.split(' ');
  return argv[0] === 'rm'
    ? analysed([{ argv, effects: { deletes: argv.slice(1) } }])
    : analysed(
        [{ argv }],
        argv[0] === 'sudo'
          ? { findings: [{ ruleId: 'priv', severity: 'block', title: 'x', explanation: 'x' }] }
          : {},
      );
};

describe('policy: rule simulator', () => {
  const lines = journal.bind(
    null,
    ...origin,
    decided('run', 'npm test', 'ask'),
    decided('run', 'npm test', 'ask'),
    decided('run', 'npm run build', 'ask'),
    decided('run', 'sudo npm test', 'deny'),
    decided('run', 'git push', 'ask'),
    decided('read', 'read src/a.ts from line 3, 4 lines', 'allow'),
    decided('write', 'write src/a.ts (3 bytes):\nabc', 'ask'),
    decided('run', 'npm test', 'ask', NOW - 31 * DAY),
  );
  const run = (candidate: Parameters<typeof simulate>[0], user = {}) =>
    simulate(candidate, pastDecisions(lines(), NOW - 30 * DAY), {
      snapshot: policy(user),
      analyse,
      now: NOW,
    });

  it('joins to each decision who asked, in which role and where, and leaves out what is older', async () => {
    const all = [];
    for await (const past of pastDecisions(lines(), NOW - 30 * DAY)) all.push(past);
    assert.equal(all.length, 7);
    assert.equal(all[0]?.principal.key, USER);
    assert.equal(all[0]?.principal.role, 'approver');
    assert.equal(all[0]?.principal.identity.channel, 'telegram');
  });

  it('tells what a rule that denies would have blocked', async () => {
    const result = await run({ kind: 'rule', rule: { effect: 'deny', command: 'npm *' } });
    assert.deepEqual(
      { ...result, examples: result.examples.map((one) => `${one.action}: ${one.before} -> ${one.after}`) },
      {
        considered: 7,
        matched: 3,
        wouldAutoRun: 0,
        wouldAsk: 0,
        wouldBlock: 3,
        changed: 3,
        complete: true,
        examples: ['npm test: ask -> deny', 'npm test: ask -> deny', 'npm run build: ask -> deny'],
      },
    );
  });

  it('holds a rule that is in force against the policy without it', async () => {
    const rule = { effect: 'deny' as const, command: 'npm *' };
    const alone = await run({ kind: 'rule', rule });
    assert.deepEqual(await run({ kind: 'rule', rule }, { rules: [rule] }), alone);
    const inFile = policy({}, { rules: [rule] });
    const again = await simulate({ kind: 'rule', rule }, pastDecisions(lines(), NOW - 30 * DAY), {
      snapshot: inFile,
      analyse,
      now: NOW,
    });
    assert.equal(again.changed, alone.changed);
  });

  it('tells what a trusted pattern would have run, and that it would not have run what is blocked', async () => {
    const result = await run({ kind: 'trusted', entry: 'npm *' });
    assert.equal(result.wouldAutoRun, 3);
    assert.equal(result.changed, 3);
    assert.ok(result.examples.every((one) => one.after === 'allow' && one.action.startsWith('npm')));
  });

  it('understands the recorded lines of file tools', async () => {
    const result = await run({ kind: 'workspace-rule', rule: { effect: 'deny', path: 'src/**' } });
    assert.deepEqual(
      result.examples.map((one) => one.tool),
      ['read', 'write'],
    );
    assert.equal(result.wouldBlock, 2);
  });

  it('counts a rule that matches and alters nothing as matched', async () => {
    const result = await run({ kind: 'rule', rule: { effect: 'ask', command: 'git push *' } });
    assert.deepEqual([result.matched, result.changed, result.wouldAsk], [1, 0, 1]);
  });

  it('stops when it is told to', async () => {
    const controller = new AbortController();
    controller.abort();
    const result = await simulate({ kind: 'trusted', entry: 'npm *' }, pastDecisions(lines(), 0), {
      snapshot: policy(),
      analyse,
      now: NOW,
      signal: controller.signal,
    });
    assert.equal(result.complete, false);
    assert.equal(result.considered, 0);
  });
});
