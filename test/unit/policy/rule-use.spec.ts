import assert from 'node:assert/strict';
import type { EventMap, EventType } from '../../../src/engine/model/events';
import type { AnyRecord } from '../../../src/engine/model/record';
import { ruleUse } from '../../../src/engine/policy/rule-use';
import { analysed, NOW, policy, principal } from './support';

const DAY = 86_400_000;
const SINCE = NOW - 30 * DAY;
const USER = principal().key;

/** A record as it grows, with the ids that tie questions to answers. */
class Journal {
  readonly records: AnyRecord[] = [];
  private questions = 0;

  private add<T extends EventType>(type: T, data: EventMap[T], at: number): void {
    const seq = this.records.length + 1;
    const record = { seq, at, prev: '', hash: '', actor: 'engine', subject: '', type, data };
    this.records.push(record as AnyRecord);
  }

  decided(tool: string, action: string, effect: 'allow' | 'ask' | 'deny', at = NOW - DAY): void {
    const rest = { layer: 'mode' as const, ruleId: 'x', reasons: [], policyVersion: 'v' };
    this.add('decision.made', { taskId: 't1', tool, action, effect, ...rest }, at);
  }

  /** As the engine writes it: decided, asked, answered, and once approved decided again. */
  asked(tool: string, action: string, outcome?: 'approved' | 'denied' | 'expired', at = NOW - DAY): void {
    this.questions += 1;
    const approvalId = `a${this.questions}`;
    this.decided(tool, action, 'ask', at);
    const question = { approvalId, taskId: 't1', user: USER, tool, action, bindingHash: '', expiresAt: 0 };
    this.add('approval.requested', question, at);
    if (outcome === undefined) return;
    this.add('approval.resolved', { approvalId, outcome, by: 'desk' } as EventMap['approval.resolved'], at);
    if (outcome === 'approved') this.decided(tool, action, 'ask', at);
  }
}

const analyse = (line: string) => analysed([{ argv: line.split(' ') }]);
const use = (rules: readonly unknown[], { records }: Journal, signal?: AbortSignal) =>
  ruleUse(rules, records, SINCE, {
    snapshot: policy(),
    analyse,
    now: NOW,
    ...(signal === undefined ? {} : { signal }),
  });

describe('policy: the use of rules', () => {
  it('counts each question once, with its answer, and what was blocked and what ran', async () => {
    const journal = new Journal();
    for (let time = 0; time < 11; time++) journal.asked('run', 'git push origin', 'approved');
    journal.asked('run', 'git push --force', 'denied');
    journal.asked('run', 'npm test', 'expired');
    journal.decided('run', 'git push evil', 'deny');
    journal.decided('read', 'read src/a.ts', 'allow');
    const { uses, considered } = await use(
      [{ effect: 'ask', command: 'git push *' }, { effect: 'ask' }],
      journal,
    );
    assert.equal(considered, 15);
    assert.deepEqual(uses[0] && { ...uses[0], narrower: [] }, {
      matched: 13,
      asked: 12,
      approved: 11,
      blocked: 1,
      narrower: [],
    });
    assert.deepEqual(uses[1]?.matched, 15);
  });

  it('counts nothing older than the time that is looked at', async () => {
    const journal = new Journal();
    journal.asked('run', 'git push', 'approved', SINCE - 1);
    const { uses, considered } = await use([{ effect: 'ask', command: 'git push' }], journal);
    assert.equal(considered, 0);
    assert.equal(uses[0]?.matched, 0);
  });

  it('counts files and hosts by what the tools were asked for', async () => {
    const journal = new Journal();
    journal.asked('write', 'write infra/main.tf (3 bytes):\nabc', 'approved');
    journal.asked('fetch', 'fetch docs.example.com');
    const { uses } = await use(
      [
        { effect: 'deny', path: 'infra/**' },
        { effect: 'ask', domain: 'example.com' },
        { effect: 'ask', path: 'docs/**' },
      ],
      journal,
    );
    assert.deepEqual(
      uses.map((one) => one?.asked),
      [1, 1, 0],
    );
  });

  it('answers null for what is no rule of a folder, and keeps the places of the others', async () => {
    const journal = new Journal();
    journal.asked('run', 'git push');
    const rules = [{ effect: 'allow', command: 'git *' }, 7, { effect: 'deny', command: 'git *' }];
    const { uses } = await use(rules, journal);
    assert.deepEqual(
      uses.map((one) => one?.matched),
      [undefined, undefined, 1],
    );
  });

  it('names the patterns that would have been enough for what was asked', async () => {
    const journal = new Journal();
    for (const line of ['git log a', 'git log b', 'git status']) journal.asked('run', line, 'approved');
    const { uses } = await use([{ effect: 'ask', command: 'git *' }], journal);
    assert.deepEqual(uses[0]?.narrower, ['git log *', 'git status *']);
  });

  it('lets other work go on while it counts', async () => {
    const journal = new Journal();
    for (let time = 0; time < 3000; time++) journal.decided('run', `git push branch${time}`, 'allow');
    let turns = 0;
    let counting = true;
    const turn = () => {
      turns += 1;
      if (counting) setImmediate(turn);
    };
    setImmediate(turn);
    const { uses } = await use([{ effect: 'ask', command: 'git push *' }], journal);
    counting = false;
    assert.equal(uses[0]?.matched, 3000);
    assert.ok(turns > 50, `${turns} turns of the loop`);
  });

  it('says nothing when it was stopped', async () => {
    const journal = new Journal();
    journal.asked('run', 'git push');
    const { uses, considered } = await use([{ effect: 'ask' }], journal, AbortSignal.abort());
    assert.deepEqual([uses, considered], [[null], 0]);
  });
});
