import assert from 'node:assert/strict';
import type { Shell } from '../../../src/engine/model/analysis';
import { blocked, PLACE, theGuard } from './support';

/** Ways to have a file opened by a redirection that belongs to no single command. `>` stands where it is written. */
const FORMS: Readonly<Record<Shell, readonly string[]>> = {
  bash: [
    'date > T',
    '{ date; uname -a; } > T',
    '(date) >> T',
    '{ date; } &> T',
    '{ date; } 2> T',
    'if true; then date; fi > T',
    'for i in 1 2; do date; done > T',
    'while true; do date; done > T',
    'until false; do date; done > T',
    'case x in x) date;; esac > T',
    'f() { date; }; f > T',
    'f() { date; } > T; f',
    'f() ( date ) > T; f',
    'alias d=date; d > T',
    '[[ -f a ]] > T',
    'echo "$({ date; } > T)"',
    '{ { date; } > T; } > /dev/null',
  ],
  powershell: [
    'Get-Date > T',
    '& { Get-Date } > T',
    '. { Get-Date } >> T',
    '(Get-Date) > T',
    '$(Get-Date) > T',
  ],
  cmd: [
    'echo x > T',
    '(echo x) > T',
    '> T (echo x)',
    'if exist a (echo x) > T',
    'if exist a (echo x) else (echo y) > T',
    'for %i in (1 2) do (echo %i) > T',
    'call echo x > T',
    'rem > T',
  ],
};

const DISKS: Readonly<Record<Shell, string>> = {
  bash: '/dev/sda',
  powershell: '\\\\.\\PhysicalDrive0',
  cmd: '\\\\.\\PhysicalDrive0',
};

describe('a redirection', () => {
  for (const [shell, forms] of Object.entries(FORMS) as [Shell, readonly string[]][]) {
    for (const form of forms) {
      it(`[INI-3a] counts for what it opens: ${form} (${shell})`, async () => {
        const guard = await theGuard();
        const analyse = (target: string) =>
          guard.analyse({ line: form.replace('T', () => target), shell, ...PLACE });
        assert.ok(blocked(analyse(DISKS[shell])), 'onto a disk it is not blocked');
        const plain = analyse('out.txt');
        assert.ok(
          plain.status !== 'parsed' || plain.commands.some(({ uncoverable }) => uncoverable !== undefined),
          'a pattern could answer for it though it writes a file',
        );
      });
    }
  }

  it('to nothing, or of one stream into another, is not a write', async () => {
    const guard = await theGuard();
    for (const line of ['{ date; } > /dev/null 2>&1', '(date) 2>&1', 'f() { date; }; f 2> /dev/null']) {
      const { commands, findings } = guard.analyse({ line, shell: 'bash', ...PLACE });
      assert.ok(
        commands.every(
          ({ uncoverable, effects }) => uncoverable === undefined && effects.writes.length === 0,
        ),
        line,
      );
      assert.deepEqual(findings, [], line);
    }
  });
});
