import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_LIMITS, type RunLimits } from '../../../src/engine/sandbox/backend';
import { shellArgv } from '../../../src/engine/sandbox/shell';
import { skip } from '../../harness/report';
import { BACKENDS, makeGround } from './backends';
import { isAlive, runningWith } from './helpers';

const SMALL = 96 * 1024 * 1024;

interface Glutton {
  readonly line: string;
  readonly limits: Partial<RunLimits>;
  /** How the command may end: by our watch, or by the kernel's refusal. */
  readonly by: RegExp;
}

const GLUTTONS: Readonly<Record<string, Glutton>> = {
  'forks without end': {
    // Eight doublings: enough to be over the limit, and no more than the machine bears if nothing ends it.
    line: 'f() { sleep 0.1; [ $1 -lt 8 ] && { f $(($1 + 1)) & f $(($1 + 1)) & }; sleep 30; }; f 0 2>/dev/null',
    limits: { processes: 60, timeoutMs: 15_000 },
    by: /^(?:processes|time|code [1-9])/,
  },
  'takes memory without end': {
    line: 'x=$(head -c 1000000 /dev/zero | tr "\\0" a); while :; do x=$x$x; done 2>/dev/null; exit 9',
    limits: { memoryBytes: SMALL },
    by: /^(?:memory|code [1-9]|signal)/,
  },
  'writes output without end': { line: 'yes', limits: {}, by: /^output/ },
  'fills the disk with one file': {
    line: 'dd if=/dev/zero of=big bs=1M seek=1048576 count=1 2>/dev/null; exit $?',
    limits: {},
    by: /^(?:code [1-9]|signal)/,
  },
  'waits for ever': { line: 'sleep 600', limits: { timeoutMs: 400 }, by: /^time/ },
  'waits for input': { line: 'read -r x; exit 5', limits: {}, by: /^code 5/ },
};

describe('limits', function () {
  if (process.platform !== 'linux') return;
  this.timeout(60_000);
  for (const { id, make, missing } of BACKENDS) {
    for (const [what, { line, limits, by }] of Object.entries(GLUTTONS)) {
      it(`[INC-2] ${id}: end a command that ${what}, and leave nothing of it`, async function () {
        if (missing) skip(this, missing);
        const ground = makeGround();
        try {
          const result = await make(ground).run(
            {
              argv: shellArgv(line, 'bash'),
              cwd: ground.workspace,
              workspace: ground.workspace,
              env: { MARK: ground.base },
              limits: { ...DEFAULT_LIMITS, ...limits },
              network: 'none',
            },
            new AbortController().signal,
          );
          const ended =
            result.limit ?? (result.signal ? `signal ${result.signal}` : `code ${result.exitCode}`);
          assert.match(ended, by);
          assert.deepEqual(runningWith(`MARK=${ground.base}`), []);
          if (result.limit === 'time') {
            const limit = limits.timeoutMs ?? DEFAULT_LIMITS.timeoutMs;
            assert.ok(result.durationMs < limit + 1000, `${result.durationMs} ms`);
          }
        } finally {
          ground.remove();
        }
      });
    }

    it(`[INC-2] ${id}: a child that becomes a daemon ends with its command`, async function () {
      if (missing) skip(this, missing);
      const ground = makeGround();
      try {
        await make(ground).run(
          {
            argv: shellArgv(
              '(setsid sh -c "sleep 600 >/dev/null 2>&1 &" &); echo $$ > pid; sleep 0.1',
              'bash',
            ),
            cwd: ground.workspace,
            workspace: ground.workspace,
            env: { MARK: ground.base },
            limits: DEFAULT_LIMITS,
            network: 'none',
          },
          new AbortController().signal,
        );
        assert.deepEqual(runningWith(`MARK=${ground.base}`), []);
        const pid = Number(readFileSync(join(ground.workspace, 'pid'), 'utf8'));
        if (id === 'process') assert.equal(isAlive(pid), false);
      } finally {
        ground.remove();
      }
    });
  }
});
