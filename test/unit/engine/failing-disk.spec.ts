import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyDirectory } from '../../../src/engine/journal';
import { systemClock } from '../../../src/engine/model/ports';
import { skip } from '../../harness/report';
import { TestEngine } from '../../helpers/engine';
import { FaultyFs, systemError } from '../journal/support';

const phase = (tested: TestEngine, wanted: string) =>
  tested.until(() => tested.engine.status().phase === wanted);

describe('the engine while nothing can be recorded', () => {
  for (const [call, code, words] of [
    ['write', 'ENOSPC', /disk is full/],
    ['write', 'EIO', /disk reports a fault/],
    ['sync', 'EIO', /disk reports a fault/],
    ['write', 'EROFS', /read-only/],
    ['open', 'EMFILE', /Too many files/],
  ] as const) {
    it(`[LAW-3] with ${code} on ${call} runs nothing, says why, and works again when the fault has gone`, async () => {
      const disk = new FaultyFs();
      const parts = { clock: systemClock, fs: disk.fs, recoverEveryMs: 5 };
      const tested = await TestEngine.start({ parts });
      try {
        await tested.pair('ann', 'owner');
        await tested.say('/run touch before.txt');
        const approval = await tested.approval();
        disk.before = (name, path) => {
          // A file that is open already stays so: only what opens one anew meets EMFILE.
          const hit = code === 'EMFILE' ? name === 'sync' : name === call;
          if (hit && path.includes('/journal/') && !path.includes('lease.')) throw systemError(code);
        };
        await assert.rejects(tested.engine.approvals.approve(approval.id, approval.bindingHash), words);
        await phase(tested, 'failed');
        const { detail } = tested.engine.status();
        assert.match(detail, words);
        assert.match(detail, /nothing runs/);
        const before = tested.replies.length;
        await tested.say('/run touch during.txt').catch(() => undefined);
        assert.equal(tested.replies.length, before, 'what cannot be recorded is not answered either');
        disk.before = () => {};
        await phase(tested, 'ready');
        const [again] = tested.engine.approvals.pending();
        assert.ok(again, 'the question is still open');
        await tested.engine.approvals.approve(again.id, again.bindingHash);
        await tested.until(() => existsSync(join(tested.root, 'before.txt')));
        assert.ok(!existsSync(join(tested.root, 'during.txt')));
        await tested.until(() => tested.engine.tasks.list()[0]?.endedAt !== undefined);
        await tested.stop();
        const report = await verifyDirectory(join(tested.folder, 'journal'));
        assert.deepEqual(report.damage, []);
      } finally {
        await tested.remove();
      }
    });
  }

  it('[LAW-3] with a disk that is really full runs nothing, and works again when there is room', async function () {
    if (process.platform !== 'linux')
      skip(this, 'needs a small disk of its own, which is made on Linux only');
    const folder = mkdtempSync(join(tmpdir(), 'cowork-full-'));
    const journal = join(folder, 'journal');
    mkdirSync(journal);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', journal], { stdio: 'ignore' });
    } catch {
      rmSync(folder, { recursive: true });
      skip(this, 'needs the right to mount a small disk');
    }
    let tested: TestEngine | undefined;
    try {
      tested = await TestEngine.start({ folder, parts: { clock: systemClock, recoverEveryMs: 5 } });
      await tested.pair('ann', 'owner');
      await tested.say('/run touch before.txt');
      const approval = await tested.approval();
      const ballast = join(journal, 'ballast');
      assert.throws(() => writeFileSync(ballast, Buffer.alloc(2 * 1024 * 1024)), /ENOSPC/);
      // What is left of the last block of the segment still takes a record or two.
      const filling = async () => {
        for (let n = 0; n < 100; n += 1)
          await tested?.engine.users.setNote('local:test:ann', `note ${n} ${'x'.repeat(400)}`);
      };
      await assert.rejects(filling(), /disk is full/);
      await phase(tested, 'failed');
      await assert.rejects(
        tested.engine.approvals.approve(approval.id, approval.bindingHash),
        /disk is full/,
      );
      assert.ok(!existsSync(join(tested.root, 'before.txt')));
      rmSync(ballast);
      await phase(tested, 'ready');
      await tested.engine.approvals.approve(approval.id, approval.bindingHash);
      await tested.until(() => tested?.engine.tasks.list()[0]?.endedAt !== undefined);
      assert.ok(existsSync(join(tested.root, 'before.txt')));
      await tested.stop();
      assert.deepEqual((await verifyDirectory(journal)).damage, []);
    } finally {
      await tested?.stop().catch(() => undefined);
      execFileSync('umount', ['-l', journal]);
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
