import assert from 'node:assert/strict';
import fc from 'fast-check';
import { AnsiReader } from '../../../webview-ui/ansi';

const text = (...chunks: readonly string[]) => {
  const reader = new AnsiReader();
  return chunks
    .flatMap((chunk) => reader.read(chunk))
    .map((run) => run.text)
    .join('');
};

describe('output with escape sequences', () => {
  it('turns colours and weights into classes', () => {
    const runs = new AnsiReader().read('\u001b[1;31mred\u001b[0m plain \u001b[92mgreen');
    assert.deepEqual(runs, [
      { text: 'red', classes: ['ansi-bold', 'ansi-red'] },
      { text: ' plain ', classes: [] },
      { text: 'green', classes: ['ansi-green'] },
    ]);
  });

  it('drops everything else that a sequence can do', () => {
    for (const sequence of [
      '\u001b[2J',
      '\u001b[1;1H',
      '\u001b[?25l',
      '\u001b]0;title\u0007',
      '\u001b]8;;command:workbench.action.quit\u001b\\',
      '\u001bP+q544e\u001b\\',
      '\u001b_app\u001b\\',
      '\u001bc',
      '\u001b(B',
      '\u009b31m',
      '\u009d0;x\u0007',
      '\u001b[38;2;1;2;3m',
    ]) {
      assert.equal(text(`a${sequence}b`), 'ab', JSON.stringify(sequence));
    }
  });

  it('ignores what hides text: backgrounds, concealing, blinking', () => {
    const runs = new AnsiReader().read('\u001b[8mhidden\u001b[40;5mtoo\u001b[48;5;0mhere');
    assert.ok(runs.every((run) => run.classes.length === 0));
    assert.equal(runs.map((run) => run.text).join(''), 'hiddentoohere');
  });

  it('does not read the numbers of a long colour as codes of their own', () => {
    assert.deepEqual(new AnsiReader().read('\u001b[38;5;1mx'), [{ text: 'x', classes: [] }]);
  });

  it('keeps a line that a carriage return would overwrite', () => {
    assert.equal(text('rm -rf /\recho ok\r\nend\r', '\n'), 'rm -rf /\necho ok\nend\n');
  });

  it('does not lose output behind a sequence that never ends', () => {
    assert.equal(text('a\u001b]0;', 'x'.repeat(10_000)).endsWith('x'.repeat(100)), true);
    assert.equal(text('a\u001b[31', '\nb'), 'a\nb');
  });

  it('reads the same text however it is cut into chunks', () => {
    const pieces = fc.constantFrom(
      '\u001b[31m',
      '\u001b[0m',
      '\u001b]0;t\u0007',
      '\u001b]8;;u\u001b\\',
      'abc',
      '\n',
      '\r\n',
      '\u001bM',
      'é',
    );
    fc.assert(
      fc.property(
        fc.array(pieces, { maxLength: 30 }),
        fc.array(fc.nat(200), { maxLength: 8 }),
        (parts, cuts) => {
          const whole = `${parts.join('')}.`;
          const at = [...new Set(cuts.map((cut) => cut % (whole.length + 1)))].sort((a, b) => a - b);
          const chunks = [0, ...at].map((from, index) => whole.slice(from, [...at, whole.length][index]));
          assert.equal(text(...chunks), text(whole));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('never lets an escape through', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (chunks) => {
        assert.ok(![...text(...chunks)].some((char) => '\u001b\u009b\u009d\u0090\r'.includes(char)));
      }),
      { numRuns: 500 },
    );
  });
});
