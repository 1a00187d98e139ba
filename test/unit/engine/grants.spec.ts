import assert from 'node:assert/strict';
import { TestEngine } from '../../helpers/engine';

describe('grants given with an approval', () => {
  let tested: TestEngine;
  beforeEach(async () => {
    tested = await TestEngine.start();
    await tested.file('a.txt', 'one');
    await tested.file('b.txt', 'two');
    await tested.pair();
  });
  afterEach(() => tested.remove());

  const run = async (line: string, id: string) => {
    await tested.say(`/run ${line}`, 'ann', { platformId: id });
  };

  it('[FAQ-8] lets the same command through next time, and nothing wider than what was shown', async () => {
    await run('cat a.txt', '1');
    const approval = await tested.approval();
    const always = approval.scopes.find(({ scope, pattern }) => scope === 'always' && pattern === undefined);
    assert.ok(always, JSON.stringify(approval.scopes));
    await tested.engine.approvals.approve(approval.id, approval.bindingHash, { scope: 'always' });
    await tested.until(() => tested.engine.tasks.get('t1')?.state === 'done');
    await run('cat a.txt', '2');
    await tested.until(() => tested.engine.tasks.get('t2')?.state === 'done');
    await run('cat b.txt', '3');
    assert.equal((await tested.approval()).action, 'cat b.txt');
    const uses = (await tested.records()).filter((record) => record.type === 'grant.used');
    assert.equal(uses.length, 1);
  });

  it('[INC-1] is void once its person is revoked and let in again', async () => {
    await run('cat a.txt', '1');
    const approval = await tested.approval();
    await tested.engine.approvals.approve(approval.id, approval.bindingHash, { scope: 'always' });
    await tested.until(() => tested.engine.tasks.get('t1')?.state === 'done');
    await tested.engine.users.revoke(['local:test:ann'], 'left the team');
    await tested.pair();
    await run('cat a.txt', '2');
    assert.equal((await tested.approval()).action, 'cat a.txt');
  });

  it('[FAQ-8] never lets through what is denied', async () => {
    tested.policy.user = { trusted: ['sudo *', 'rm *'], mode: 'trusted' };
    await run('sudo ls', '1');
    await tested.reply(/Refused/);
    assert.ok(!(await tested.records()).some((record) => record.type === 'action.started'));
  });
});
