import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { OutputCapture } from '../../../src/engine/sandbox/output';
import { parseProcStat, parsePs } from '../../../src/engine/sandbox/process-list';
import { taskkillArgv } from '../../../src/engine/sandbox/process-tree';
import { shellArgv } from '../../../src/engine/sandbox/shell';

describe('parts of the sandbox', () => {
  it('reads a process whose name has brackets and spaces', () => {
    const fields = ['S', '41', '42', '43', ...Array.from({ length: 15 }, () => '0'), '777', '0', '3'];
    const entry = parseProcStat(`40 (a) b (c)) ${fields.join(' ')}`);
    assert.deepEqual(entry, {
      pid: 40,
      ppid: 41,
      group: 42,
      session: 43,
      start: 777,
      residentBytes: 3 * 4096,
      zombie: false,
    });
    assert.equal(parseProcStat(''), undefined);
  });

  it('reads the list of `ps` on macOS (parsed here, run only there)', () => {
    const [first, second] = parsePs(
      '    1     0     1      0   9000 Ss  \n  300   1   299  7f12   128 Z+\n\n',
    );
    assert.equal(first?.residentBytes, 9000 * 1024);
    assert.deepEqual([second?.pid, second?.group, second?.zombie], [300, 299, true]);
  });

  it('builds the command that ends a tree on Windows (built here, run only there)', () => {
    assert.deepEqual(taskkillArgv(4242), ['taskkill.exe', '/PID', '4242', '/T', '/F']);
  });

  it('hands a line to a shell as one argument', () => {
    assert.deepEqual(shellArgv('echo "$(id)"', 'bash').slice(-2), ['-c', 'echo "$(id)"']);
    const encoded = shellArgv('Write-Host "é`n"', 'powershell').at(-1) ?? '';
    assert.equal(Buffer.from(encoded, 'base64').toString('utf16le'), 'Write-Host "é`n"');
  });

  it('captures any cutting of a stream to the same result', () => {
    const whole = randomBytes(50_000);
    const expected = createHash('sha256').update(whole).digest('hex');
    for (const step of [1, 7, 999, 50_000]) {
      const capture = new OutputCapture(1001);
      for (let at = 0; at < whole.length; at += step) capture.add(whole.subarray(at, at + step));
      const output = capture.finish();
      assert.equal(output.sha256, expected);
      assert.equal(output.length, whole.length);
      assert.match(output.text, /… 48999 bytes left out …/);
    }
  });

  it('does not cut a character in two', () => {
    const capture = new OutputCapture(10);
    capture.add(Buffer.from('ααααααααααααα'));
    assert.equal(capture.finish().text.replace(/\n.*\n/, ''), 'αααα');
    const small = new OutputCapture(100);
    small.add(Buffer.from('α').subarray(0, 1));
    small.add(Buffer.from('α').subarray(1));
    assert.equal(small.finish().text, 'α');
  });
});
