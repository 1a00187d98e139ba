import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromBase32, hotp, totpStep } from '../../../src/engine/access/totp';
import type { AnyRecord } from '../../../src/engine/model/record';
import { TestEngine } from '../../helpers/engine';

const PACKAGE = JSON.stringify({ scripts: { test: 'node -e "console.log(6*7)"' } });

describe('the main job: pair, ask, approve, run, reply, audit', () => {
  let tested: TestEngine;
  beforeEach(async () => {
    tested = await TestEngine.start();
    await tested.file('package.json', PACKAGE);
  });
  afterEach(() => tested.remove());

  it('[FAQ-7] runs what was approved, answers, and has every step on the record in order', async () => {
    await tested.pair();
    await tested.say('/run npm test');
    const approval = await tested.approval();
    assert.equal(approval.action, 'npm test');
    assert.equal(approval.cwd, tested.root);
    assert.equal(approval.message, '/run npm test');
    await tested.engine.approvals.approve(approval.id, approval.bindingHash);
    const reply = await tested.reply(/exit code 0/);
    assert.match(reply.text, /\b42\b/);
    const records = await tested.records();
    const types = records.map((record) => record.type);
    const steps = [
      'message.received',
      'task.created',
      'decision.made',
      'approval.requested',
      'approval.resolved',
      'action.started',
      'action.finished',
    ];
    let at = 0;
    for (const step of steps) {
      const found = types.indexOf(step as AnyRecord['type'], at);
      assert.ok(found >= at, `${step} is missing or out of order in ${types.join(', ')}`);
      at = found;
    }
    const finished = records.find((record) => record.type === 'action.finished');
    assert.equal(finished?.type === 'action.finished' && finished.data.exitCode, 0);
    assert.match(finished?.type === 'action.finished' ? finished.data.output : '', /42/);
    assert.deepEqual((await tested.engine.audit.verify()).intact, true);
  });

  it('[INI-1] gives a stranger no answer but where to get a code, and runs nothing', async () => {
    await tested.say('/run touch x');
    await tested.reply(/code/i);
    const types = (await tested.records()).map((record) => record.type);
    assert.ok(!types.includes('task.created') && !types.includes('message.received'));
  });

  for (const line of ['sudo ls', 'rm -rf ~']) {
    it(`[INI-3a] refuses ${line} with the reason, and nothing runs`, async () => {
      await tested.pair('ann', 'owner');
      await tested.say(`/run ${line}`);
      const reply = await tested.reply(/^\/run [\s\S]*Refused/);
      assert.ok(reply.text.length > `/run ${line}\nRefused: `.length + 20, reply.text);
      const types = (await tested.records()).map((record) => record.type);
      assert.ok(!types.includes('action.started'));
      assert.equal(tested.engine.approvals.pending().length, 0);
    });
  }

  it('[OPS-1c] does not run what was denied', async () => {
    await tested.pair();
    await tested.say('/run echo hello > out.txt');
    await tested.engine.approvals.deny((await tested.approval()).id);
    await tested.reply(/denied/);
    await assert.rejects(readFile(join(tested.root, 'out.txt')));
  });

  it('[OPS-1c] denies and revokes in one click: silence from then on', async () => {
    await tested.pair();
    await tested.say('/run npm test');
    await tested.engine.approvals.deny((await tested.approval()).id, 'revoke-user');
    assert.equal(tested.engine.users.list()[0]?.state, 'revoked');
    const before = tested.replies.length;
    await tested.say('/status');
    assert.equal(tested.replies.length, before);
  });

  it('asks again when a script that the command runs was changed after it was shown', async () => {
    await tested.pair();
    await tested.say('/run npm test');
    const first = await tested.approval();
    await tested.file('package.json', PACKAGE.replace('6*7', '6*8'));
    await tested.engine.approvals.approve(first.id, first.bindingHash);
    const second = await tested.until(() =>
      tested.engine.approvals.pending().find(({ id }) => id !== first.id),
    );
    assert.notEqual(second.bindingHash, first.bindingHash);
    assert.ok(!(await tested.records()).some((record) => record.type === 'action.started'));
    await tested.engine.approvals.approve(second.id, second.bindingHash);
    assert.match((await tested.reply(/exit code 0/)).text, /48/);
  });

  it('reads and lists without asking, and writes only after an approval', async () => {
    await tested.pair();
    await tested.file('notes.txt', 'remember the milk');
    await tested.say('/read notes.txt');
    await tested.reply(/remember the milk/);
    await tested.say('/list');
    await tested.reply(/notes\.txt/);
    await tested.say('/search milk');
    await tested.reply(/notes\.txt.*milk/s);
    await tested.say('/write notes.txt\nremember the bread');
    const approval = await tested.approval();
    assert.equal(await readFile(join(tested.root, 'notes.txt'), 'utf8'), 'remember the milk');
    await tested.engine.approvals.approve(approval.id, approval.bindingHash);
    await tested.until(() => tested.engine.tasks.list()[0]?.state === 'done');
    assert.equal(await readFile(join(tested.root, 'notes.txt'), 'utf8'), 'remember the bread\n');
  });

  it('[INC-2] cancels a running command from the chat, with its whole process tree', async () => {
    await tested.pair();
    await tested.say("/run sh -c 'sleep 300 & sleep 300'");
    const approval = await tested.approval();
    await tested.engine.approvals.approve(approval.id, approval.bindingHash);
    await tested.until(() => tested.engine.tasks.list()[0]?.actions[0]?.state === 'running');
    await tested.say('/cancel');
    await tested.reply(/t1 is stopped/);
    assert.equal(tested.engine.tasks.get('t1')?.state, 'cancelled');
  });

  it('[FAQ-2] masks a secret in output, reply and record', async () => {
    tested.masking.learn('telegram/botToken', 'very-secret-value-1234');
    await tested.pair();
    await tested.file('leak.txt', 'the token is very-secret-value-1234, keep it');
    await tested.say('/read leak.txt');
    const reply = await tested.reply(/the token is/);
    assert.ok(!reply.text.includes('very-secret-value-1234'));
    assert.ok(!JSON.stringify(await tested.records()).includes('very-secret-value-1234'));
  });

  it('stops everything for an owner, refuses work until resumed, also after a restart', async () => {
    await tested.pair('ann', 'owner');
    await tested.say('/stop');
    await tested.reply(/Everything is stopped/);
    await tested.stop();
    const again = await TestEngine.start({ folder: tested.folder });
    try {
      assert.equal(again.engine.status().phase, 'paused');
      await again.say('/run npm test', 'ann', { platformId: 'later' });
      await again.reply(/stopped/);
      assert.equal(again.engine.tasks.list().length, 0);
      await again.engine.resume('checked');
      await again.say('/list', 'ann', { platformId: 'later2' });
      await again.reply(/package\.json/);
    } finally {
      await again.stop();
    }
  });

  it('goes on after a stop only with a code of the desk’s authenticator, once there is one', async () => {
    const { engine } = tested;
    const { secret } = engine.stepUp.begin('desk', 'the desk');
    const step = totpStep(Date.now());
    const code = (later: number) => hotp(fromBase32(secret), step + later);
    await engine.stepUp.confirm('desk', code(0));
    await engine.pause('enough');
    await assert.rejects(engine.resume('checked'), /Enter the code of the authenticator/);
    await assert.rejects(engine.resume('checked', 'abcdef'), /not the code/);
    await assert.rejects(engine.resume('checked', code(0)), /used already/);
    assert.equal(engine.status().phase, 'paused');
    await engine.resume('checked', code(1));
    assert.equal(engine.status().phase, 'ready');
  });

  it('shows work as interrupted after a crash, tells the person, and runs nothing again', async () => {
    await tested.pair();
    await tested.say('/run npm test');
    await tested.approval();
    await tested.store.close(); // The process is gone: nothing gets on the record any more.
    const again = await TestEngine.start({ folder: tested.folder });
    try {
      await again.reply(/interrupted/);
      assert.equal(again.engine.tasks.get('t1')?.state, 'interrupted');
      assert.equal(again.engine.approvals.pending().length, 0);
      assert.ok(!(await again.records()).some((record) => record.type === 'action.started'));
    } finally {
      await again.stop();
    }
  });

  it('[CTX-1] tells who asks who they are and lets an observer only look', async () => {
    await tested.pair('olga', 'observer');
    await tested.say('/whoami', 'olga');
    await tested.reply(/observer/);
    await tested.say('/read package.json', 'olga');
    await tested.reply(/Refused/);
  });
});
