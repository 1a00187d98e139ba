import assert from 'node:assert/strict';
import type { EventMap, EventType } from '../../../src/engine/model/events';
import { patternsProjection, UNUSUAL, unusual } from '../../../src/engine/posture/patterns';
import { TestEngine } from '../../helpers/engine';
import { ManualClock } from '../../helpers/manual-clock';
import { MemoryJournal } from '../../helpers/memory-journal';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const ANN = 'telegram:7:1';

function start() {
  const clock = new ManualClock(Date.UTC(2026, 0, 1, 9));
  const journal = new MemoryJournal(clock);
  const state = journal.project(patternsProjection);
  const see = async <T extends EventType>(type: T, data: EventMap[T], subject = '') => {
    await journal.append({ type, actor: 'engine', subject, data });
    const record = journal.records.at(-1);
    assert.ok(record);
    return unusual(state(), record);
  };
  let tasks = 0;
  const task = (user = ANN) => {
    tasks += 1;
    const room = { channel: 'telegram', account: '7', conversation: '1' };
    return see('task.created', { taskId: `t${tasks}`, user, ...room, title: '', messageId: '' });
  };
  const deny = (taskId: string) =>
    see('decision.made', {
      taskId,
      tool: 'run',
      action: 'rm',
      effect: 'deny',
      layer: 'guardrail',
      ruleId: 'x',
      reasons: [],
      policyVersion: '',
    });
  const attempt = (sender: string) =>
    see('access.attempt', {
      sender: `telegram:7:${sender}`,
      channel: 'telegram',
      context: 'dm',
      codeIds: [],
    });
  const contact = (host: string) =>
    see('egress.destination', { purpose: 'tool', host, port: 443, secure: true });
  return { clock, state, see, task, deny, attempt, contact };
}

describe('unusual patterns of the record', () => {
  it('[OPS-2] [TG-3] a burst of tasks of one person is told; the same over an hour, or of several people, is not', async () => {
    const { clock, task } = start();
    const { count } = UNUSUAL.taskBurst;
    for (let at = 0; at < count * 2; at += 1) {
      clock.advance(6 * MINUTE_MS);
      assert.deepEqual(await task(), []);
      assert.deepEqual(await task(`telegram:7:${at + 10}`), []);
    }
    clock.advance(HOUR_MS);
    for (let at = 1; at < count; at += 1) assert.deepEqual(await task(), []);
    const [found] = await task();
    assert.deepEqual([found?.pattern, found?.subject, found?.count], ['task-burst', ANN, count]);
  });

  it('[OPS-2] work at an hour that is new is told, after weeks of another habit; a longer day is not', async () => {
    const { clock, task } = start();
    for (let at = 0; at < 25; at += 1) {
      await task();
      clock.advance(DAY_MS);
    }
    clock.advance(HOUR_MS);
    assert.deepEqual(await task(), [], '10:00 beside 9:00');
    clock.advance(13 * HOUR_MS);
    const [found] = await task();
    assert.deepEqual([found?.pattern, found?.subject], ['new-hour', ANN]);
    assert.match(found?.text ?? '', /23:00 UTC/);
  });

  it('[OPS-2] a spike of denials is told; the same spread over a day is not', async () => {
    const { clock, task, deny } = start();
    await task();
    for (let at = 0; at < 20; at += 1) {
      clock.advance(HOUR_MS);
      assert.deepEqual(await deny('t1'), []);
    }
    clock.advance(HOUR_MS);
    for (let at = 1; at < UNUSUAL.denials.count; at += 1) assert.deepEqual(await deny('t1'), []);
    assert.deepEqual(
      (await deny('t1')).map(({ pattern, subject }) => [pattern, subject]),
      [['denial-spike', ANN]],
    );
  });

  it('[OPS-2] [ACC-2] wrong codes of many accounts are told; many of one account are a lockout’s business', async () => {
    const { attempt } = start();
    for (let at = 0; at < 10; at += 1) assert.deepEqual(await attempt('1'), []);
    assert.deepEqual(await attempt('2'), []);
    const [found] = await attempt('3');
    assert.deepEqual([found?.pattern, found?.subject, found?.count], ['many-failed-pairings', 'telegram', 3]);
  });

  it('[OPS-2] a host that is new is told once the first day is over', async () => {
    const { clock, contact } = start();
    assert.deepEqual(await contact('api.telegram.org'), []);
    assert.deepEqual(await contact('registry.npmjs.org'), [], 'on the first day');
    clock.advance(2 * DAY_MS);
    assert.deepEqual(await contact('registry.npmjs.org'), [], 'known');
    assert.deepEqual(
      (await contact('evil.example')).map(({ pattern, subject }) => [pattern, subject]),
      [['new-host', 'evil.example']],
    );
  });

  it('[OPS-2] the same is not told again for a day', async () => {
    const { clock, see, attempt } = start();
    for (const sender of ['1', '2', '3']) await attempt(sender);
    await see('pattern.noticed', { pattern: 'many-failed-pairings', text: 'x', count: 3 }, 'telegram');
    assert.deepEqual(await attempt('4'), []);
    clock.advance(DAY_MS);
    for (const sender of ['5', '6']) assert.deepEqual(await attempt(sender), []);
    assert.equal((await attempt('7')).length, 1);
  });

  it('[OPS-2] are put on the record by the engine itself, once, where the audit finds them by their channel', async () => {
    const test = await TestEngine.start();
    try {
      await test.engine.pairing.issue({ channel: 'local', context: 'dm' });
      for (const sender of ['eve', 'mal', 'oz', 'ivy']) await test.say('AAAAAA', sender);
      const noticed = async () =>
        (await test.records()).filter(
          ({ type, subject }) => type === 'pattern.noticed' && subject === 'local',
        );
      for (let turn = 0; turn < 50 && (await noticed()).length === 0; turn += 1)
        await new Promise((resolve) => setImmediate(resolve));
      assert.equal((await noticed()).length, 1);
      const { records } = await test.engine.audit.query({ channel: 'local', types: ['pattern.noticed'] });
      assert.equal(records.length, 1, 'found by its channel');
    } finally {
      await test.remove();
    }
  });
});
