import assert from 'node:assert/strict';
import type { Principal } from '../../../src/engine/model/identity';
import { tasksProjection } from '../../../src/engine/tasks/projection';
import { type TaskEnd, Tasks } from '../../../src/engine/tasks/tasks';
import { ManualClock, settle } from '../../helpers/manual-clock';
import { MemoryJournal } from '../../helpers/memory-journal';

const principal = (sender: string): Principal => ({
  key: `local:window:${sender}`,
  identity: { channel: 'local', account: 'window', sender },
  displayName: sender,
  role: 'member',
  context: 'dm',
  conversation: { channel: 'local', account: 'window', conversation: sender },
});
const about = { title: '/run x', messageId: 'm1' };
const done: TaskEnd = { state: 'done', detail: 'ok' };

function setUp(concurrency = 2) {
  const clock = new ManualClock();
  const journal = new MemoryJournal(clock);
  const state = journal.project(tasksProjection);
  const make = () =>
    new Tasks({ records: journal, state, displayName: (key) => key, concurrency: () => concurrency });
  return { clock, journal, state, tasks: make(), make };
}

/** Work that ends when its signal is raised. */
const untilStopped = ({ signal }: { signal: AbortSignal }) =>
  new Promise<TaskEnd>((resolve) => signal.addEventListener('abort', () => resolve(done), { once: true }));

describe('tasks', () => {
  it('[OPS-2] records each state of a task and shows it newest first', async () => {
    const { tasks } = setUp();
    const first = await tasks.start(principal('ann'), about, async () => done);
    const second = await tasks.start(principal('bob'), about, async () => ({
      state: 'failed',
      detail: 'exit code 1',
    }));
    await Promise.all([first.ended, second.ended]);
    assert.deepEqual(
      tasks.list().map(({ id, state, detail }) => ({ id, state, detail })),
      [
        { id: 't2', state: 'failed', detail: 'exit code 1' },
        { id: 't1', state: 'done', detail: 'ok' },
      ],
    );
  });

  it('turns an error of the work into a failed task', async () => {
    const { tasks } = setUp();
    const { ended } = await tasks.start(principal('ann'), about, () =>
      Promise.reject(new Error('no such file')),
    );
    await ended;
    assert.equal(tasks.get('t1')?.state, 'failed');
    assert.equal(tasks.get('t1')?.detail, 'no such file');
  });

  it('[INC-2] cancels a running task with the reason given, and says when it had ended already', async () => {
    const { tasks } = setUp();
    await tasks.start(principal('ann'), about, untilStopped);
    await settle();
    await tasks.stop('t1', { text: 'Cancelled by the owner.', force: false });
    assert.equal(tasks.get('t1')?.state, 'cancelled');
    assert.equal(tasks.get('t1')?.detail, 'Cancelled by the owner.');
    await assert.rejects(tasks.stop('t1', { text: '', force: true }), /already ended/);
    await assert.rejects(tasks.stop('t9', { text: '', force: true }), /no task t9/);
  });

  it('[INC-2] cancels a task that still waits for its turn without ever starting it', async () => {
    const { tasks } = setUp(1);
    await tasks.start(principal('ann'), about, untilStopped);
    let started = false;
    await tasks.start(principal('ann'), about, async () => {
      started = true;
      return done;
    });
    await settle();
    assert.equal(tasks.get('t2')?.state, 'queued');
    await tasks.stop('t2', { text: 'Not needed.', force: false });
    assert.equal(tasks.get('t2')?.state, 'cancelled');
    assert.equal(started, false);
    await tasks.stop('t1', { text: 'x', force: false });
  });

  it('runs no more tasks at once than allowed, in the order they came', async () => {
    const { tasks } = setUp(1);
    const order: string[] = [];
    const work = (name: string) => async () => {
      order.push(`${name} begins`);
      await settle();
      order.push(`${name} ends`);
      return done;
    };
    const all = await Promise.all(
      ['a', 'b', 'c'].map((name) => tasks.start(principal('ann'), about, work(name))),
    );
    await Promise.all(all.map((one) => one.ended));
    assert.deepEqual(order, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  it('[INC-1] stops every task of one person and none of another', async () => {
    const { tasks } = setUp();
    await tasks.start(principal('ann'), about, untilStopped);
    await tasks.start(principal('bob'), about, untilStopped);
    await settle();
    await tasks.stopAll((user) => user === principal('ann').key, {
      text: 'Access was revoked.',
      force: true,
    });
    assert.equal(tasks.get('t1')?.state, 'cancelled');
    assert.equal(tasks.get('t2')?.state, 'running');
    await tasks.stopAll(() => true, { text: 'x', force: true });
  });

  it('after a crash shows what had not ended as interrupted, and begins nothing again', async () => {
    const { journal, tasks, state, make } = setUp();
    await tasks.start(principal('ann'), about, untilStopped);
    await settle();
    await journal.append({
      type: 'action.started',
      actor: 'engine',
      subject: 't1',
      data: {
        actionId: 't1.1',
        taskId: 't1',
        tool: 'run',
        action: 'x',
        cwd: '/',
        sandbox: 'process',
        bindingHash: 'h',
      },
    });
    journal.restart();
    const interrupted = await make().recover();
    assert.deepEqual(
      interrupted.map((task) => task.id),
      ['t1'],
    );
    assert.equal(state().tasks.t1?.state, 'interrupted');
    assert.equal(state().tasks.t1?.actions[0]?.state, 'interrupted');
    assert.match(state().tasks.t1?.detail ?? '', /not run again/);
    assert.equal((await make().recover()).length, 0);
  });
});
