import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { AnyRecord } from '../../../src/engine/model/record';
import { TestEngine } from '../../helpers/engine';

const PROGRAM = resolve(__dirname, '../../programs/main-job.ts');

/** Runs the main job until the record is durable, then kills the process as a power cut would. */
async function runUntil(folder: string, dieAt: string): Promise<NodeJS.Signals | null> {
  const child = spawn(process.execPath, ['--require', 'tsx/cjs', PROGRAM, folder, dieAt], {
    stdio: 'inherit',
  });
  const [, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return signal;
}

async function timesRun(folder: string): Promise<number> {
  const text = await readFile(join(folder, 'workspace/ran.txt'), 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line === 'ran').length;
}

describe('a kill of the process', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cowork-crash-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** Every record of the main job, in its order, with how often the command may have run when it is the last one. */
  const points: { dieAt: AnyRecord['type']; ran: 0 | 1; title: string }[] = [
    { dieAt: 'message.received', ran: 0, title: 'after the message' },
    { dieAt: 'task.created', ran: 0, title: 'after the task was made' },
    { dieAt: 'decision.made', ran: 0, title: 'after the decision' },
    { dieAt: 'approval.requested', ran: 0, title: 'while the approval waits' },
    { dieAt: 'approval.resolved', ran: 0, title: 'between approval and execution' },
    { dieAt: 'action.started', ran: 0, title: 'after the intent, before the command' },
    { dieAt: 'action.finished', ran: 1, title: 'between execution and reply' },
  ];
  for (const { dieAt, ran, title } of points) {
    it(`${title}: nothing runs twice, nothing recorded is lost, the task is shown as interrupted`, async () => {
      assert.equal(await runUntil(folder, dieAt), 'SIGKILL');
      assert.equal(await timesRun(folder), ran);
      const again = await TestEngine.start({ folder });
      try {
        const records = await again.records();
        assert.equal(
          records.find((record) => record.type === dieAt)?.type,
          dieAt,
          'the durable record is there',
        );
        assert.equal((await again.engine.audit.verify()).intact, true);
        assert.equal(await timesRun(folder), ran, 'nothing ran at the restart');
        assert.equal(again.engine.approvals.pending().length, 0);
        const [task] = again.engine.tasks.list();
        assert.equal(task?.state, 'interrupted');
        await again.reply(/was interrupted/);
        await again.say('/run echo ran >> ran.txt', 'ann', { platformId: 'again' });
        const approval = await again.approval();
        await again.engine.approvals.approve(approval.id, approval.bindingHash);
        await again.until(() => again.engine.tasks.list()[0]?.state === 'done');
        assert.equal(await timesRun(folder), ran + 1, 'the next request works as ever');
      } finally {
        await again.stop();
      }
    });
  }
});
