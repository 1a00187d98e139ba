import assert from 'node:assert/strict';
import type { TaskState } from '../../../src/engine/model/events';
import type { AnyRecord } from '../../../src/engine/model/record';
import { KEPT_TASKS, tasksProjection } from '../../../src/engine/tasks/projection';

let seq = 0;
const record = (type: string, data: unknown): AnyRecord =>
  ({ seq: ++seq, at: seq, type, actor: 'engine', subject: '', data }) as AnyRecord;
const created = (taskId: string): AnyRecord =>
  record('task.created', {
    taskId,
    user: 'u',
    channel: 'c',
    account: 'a',
    conversation: 'r',
    title: 't',
    messageId: 'm',
  });
const moved = (taskId: string, state: TaskState): AnyRecord =>
  record('task.state', { taskId, state, detail: '' });

describe('the tasks that are kept', () => {
  it('are the newest, and all that are not finished, also when the state was restored in between', () => {
    let state = tasksProjection.initial();
    const reduce = (next: AnyRecord): void => tasksProjection.reduce(state, next);
    reduce(created('waiting'));
    for (let at = 0; at < KEPT_TASKS * 4; at++) {
      reduce(created(`t${at}`));
      reduce(moved(`t${at}`, 'done'));
      if (at === KEPT_TASKS * 2) state = structuredClone(state);
      assert.ok(Object.keys(state.tasks).length < KEPT_TASKS * 1.1 + 1);
    }
    const kept = Object.keys(state.tasks);
    assert.ok(kept.length >= KEPT_TASKS);
    assert.ok(kept.includes('waiting'));
    const last = Array.from({ length: KEPT_TASKS - 1 }, (_, at) => `t${KEPT_TASKS * 3 + 1 + at}`);
    assert.ok(last.every((id) => kept.includes(id)));
    assert.equal(state.created, KEPT_TASKS * 4 + 1);
  });

  it('are all of them while none is finished', () => {
    const state = tasksProjection.initial();
    for (let at = 0; at < KEPT_TASKS + 200; at++) tasksProjection.reduce(state, created(`w${at}`));
    assert.equal(Object.keys(state.tasks).length, KEPT_TASKS + 200);
  });
});
