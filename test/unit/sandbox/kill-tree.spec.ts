import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_LIMITS, FORCE_STOP, type RunNetwork } from '../../../src/engine/sandbox/backend';
import { shellArgv } from '../../../src/engine/sandbox/shell';
import { skip } from '../../harness/report';
import { BACKENDS, makeGround } from './backends';
import { FULL, runningWith, waitForFile } from './helpers';

/**
 * Each keeps going whatever SIGTERM says, and says `ready` once all of its processes are there. All end by
 * themselves after a minute: a test run that is itself killed must not leave the machine to them.
 */
const RUNAWAYS: Readonly<Record<string, string>> = {
  'ignores SIGTERM': "trap '' TERM HUP INT; echo 1 > ready; for n in $(seq 1200); do sleep 0.05; done",
  forks:
    "trap '' TERM HUP; for i in 1 2 3 4; do (trap '' TERM; for j in 1 2 3; do (trap '' TERM; sleep 61) & done; wait) & done; echo 1 > ready; wait",
  'starts processes faster than they are ended':
    "trap '' TERM; echo 1 > ready; for n in $(seq 300); do (trap '' TERM; sleep 61) & sleep 0.01; done; sleep 61",
  'has a grandchild in a session of its own that ignores SIGTERM':
    '(setsid sh -c \'trap "" TERM HUP; echo 1 > ready; sleep 61; sleep 61\' &) ; sleep 61',
  'becomes a daemon':
    '(setsid sh -c \'(trap "" TERM HUP; cd /; exec sleep 61 </dev/null >/dev/null 2>&1 &) ; echo 1 > ready\' &) ; sleep 61',
};

describe('the end of a process tree', () => {
  const times = FULL ? 20 : 1;
  const bridged = BACKENDS.filter(({ id }) => id === 'bubblewrap').map((one) => ({
    ...one,
    id: 'bubblewrap with hosts',
    network: { hosts: ['example.com'], connect: () => Promise.reject(new Error('no way out')) } as RunNetwork,
  }));
  const all = [...BACKENDS.map((one) => ({ ...one, network: 'none' as const })), ...bridged];
  for (const { id, make, missing, network } of all) {
    for (const [what, line] of Object.entries(RUNAWAYS)) {
      it(`[INC-2] ${id}: a command that ${what} is gone within 2 s of a stop (${times} ×)`, async function () {
        if (missing) skip(this, missing);
        this.timeout(30_000 * times);
        for (let i = 0; i < times; i++) {
          const ground = makeGround();
          const { workspace } = ground;
          try {
            const stop = new AbortController();
            const running = make(ground).run(
              {
                argv: shellArgv(line, 'bash'),
                cwd: workspace,
                workspace,
                env: { MARK: workspace },
                limits: DEFAULT_LIMITS,
                network,
              },
              stop.signal,
            );
            await Promise.race([waitForFile(join(workspace, 'ready')), running]);
            const asked = performance.now();
            stop.abort(i % 2 === 1 ? FORCE_STOP : undefined);
            const result = await running;
            assert.equal(result.cancelled, true, JSON.stringify(result));
            assert.ok(performance.now() - asked < 2000, `took ${Math.round(performance.now() - asked)} ms`);
            assert.deepEqual(runningWith(`MARK=${workspace}`), []);
          } finally {
            ground.remove();
          }
        }
      });
    }
  }

  it('keeps no process of any of these tests', function () {
    if (process.platform !== 'linux') skip(this, 'it looks into /proc');
    const left = readdirSync('/proc').filter((pid) => {
      try {
        return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('sleep\x301');
      } catch {
        return false;
      }
    });
    assert.deepEqual(left, []);
  });
});
