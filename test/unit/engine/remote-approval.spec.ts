import assert from 'node:assert/strict';
import { TestEngine } from '../../helpers/engine';

const BOB = 'local:test:bob';

describe('an approval answered from a chat', () => {
  let tested: TestEngine;
  beforeEach(async () => {
    tested = await TestEngine.start();
    await tested.pair('ann');
    await tested.pair('bob', 'approver');
    await tested.say('/status', 'bob');
    await tested.engine.users.setRemoteApproval(BOB, true, false);
  });
  afterEach(() => tested.remove());

  const card = async () => {
    const reply = await tested.until(() =>
      tested.replies.find(({ to, text }) => to === BOB && /reply with/.test(text)),
    );
    const code = /reply with ([A-Z0-9]{4})\b/.exec(reply.text)?.[1] ?? '';
    return { reply, code };
  };

  it('[OPS-1a] sends the approver the whole command and runs it on their code, which is on no record', async () => {
    await tested.say('/run echo from-afar');
    const { reply, code } = await card();
    assert.match(reply.text, /echo from-afar/);
    await tested.say(code, 'bob');
    await tested.until(() => tested.engine.tasks.get('t1')?.state === 'done');
    assert.equal(tested.engine.approvals.pending().length, 0);
    const records = await tested.records();
    const resolved = records.find((record) => record.type === 'approval.resolved');
    assert.equal(resolved?.actor, BOB);
    const texts = records.flatMap((record) => (record.type === 'message.received' ? [record.data.text] : []));
    assert.ok(
      texts.every((text) => !text.includes(code)),
      'the code is on the record',
    );
  });

  it('lets the first answer win, and tells the other side', async () => {
    await tested.say('/run echo once');
    const { code } = await card();
    const approval = await tested.approval();
    await tested.engine.approvals.deny(approval.id);
    await tested.say(code, 'bob');
    await tested.reply(/denied/);
    assert.ok(!(await tested.records()).some((record) => record.type === 'action.started'));
  });

  it('asks nobody who was not allowed to, and never the one who asked', async () => {
    await tested.engine.users.setRemoteApproval(BOB, false, false);
    await tested.say('/run echo one');
    await tested.approval();
    assert.ok(!tested.replies.some(({ to, text }) => to === BOB && /reply with/.test(text)));
    await tested.engine.users.setRemoteApproval(BOB, true, false);
    await tested.say('/run echo two', 'bob');
    await tested.until(() => tested.engine.approvals.pending().length === 2);
    assert.ok(!tested.replies.some(({ to, text }) => to === BOB && /echo two[\s\S]*reply with/.test(text)));
  });
});
