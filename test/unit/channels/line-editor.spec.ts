import assert from 'node:assert/strict';
import { terminalText, visible } from '../../../src/channels/local/terminal-text';
import { LineEditor, textWidth } from '../../../src/host/line-editor';

const LEFT = '\u001b[D';
const RIGHT = '\u001b[C';
const UP = '\u001b[A';
const DOWN = '\u001b[B';

describe('line editor', () => {
  /** Types the keys one after the other; what was entered, and the line that is left. */
  function type(...keys: string[]): { entered: string[]; line: string; output: string } {
    const editor = new LineEditor('> ');
    const entered: string[] = [];
    let output = '';
    for (const key of keys) {
      const result = editor.input(key);
      entered.push(...result.entered);
      output += result.output;
    }
    return { entered, line: editor.line, output };
  }

  it('edits anywhere in the line', () => {
    assert.equal(type('abd', LEFT, 'c').line, 'abcd');
    assert.equal(type('abc', LEFT, LEFT, '\u007f').line, 'bc');
    assert.equal(type('abc', '\u001b[H', '\u001b[3~').line, 'bc');
    assert.equal(type('abc', '\u001b[H', 'x', '\u001b[F', 'y').line, 'xabcy');
    assert.equal(type('abc', LEFT, LEFT, LEFT, LEFT, RIGHT, 'x').line, 'axbc');
    assert.equal(type('one two', '\u0017').line, 'one ');
    assert.equal(type('one two', '\u0015').line, '');
    assert.equal(type('abc', '\u0003', 'd').line, 'd');
  });

  it('takes a character as people see it for one', () => {
    assert.equal(type('a👨‍👩‍👧b', LEFT, '\u007f').line, 'ab');
    assert.equal(type('e\u0301', '\u007f').line, '');
    assert.equal(type('日本', LEFT, '\u007f').line, '本');
    assert.equal(textWidth('日本a👍'), 7);
  });

  it('enters lines, remembers them, and gives a draft back', () => {
    const { entered, line } = type('one\rtwo\r', 'draft', UP, UP, UP, DOWN, DOWN);
    assert.deepEqual(entered, ['one', 'two']);
    assert.equal(line, 'draft');
    assert.equal(type('one\r', 'one\r', UP, UP, '!').line, 'one!');
    assert.deepEqual(type('\r', '\r\n').entered, []);
  });

  it('keeps a pasted text of several lines in one message', () => {
    const { entered, line } = type('\u001b[200~first\r\nsecond\nthird\u001b[201~', '!');
    assert.deepEqual(entered, []);
    assert.equal(line, 'first\nsecond\nthird!');
    assert.deepEqual(type('\u001b[200~a\rb\u001b[201~\r').entered, ['a\nb']);
    // In pieces, as terminals deliver it; keys inside a paste are text, escape sequences are nothing.
    assert.equal(type('\u001b[20', '0~x', '\u001b[D', 'y\r', '\u001b[2', '01~', 'z').line, 'xy\nz');
  });

  it('ends on Ctrl+D in an empty line only', () => {
    assert.equal(new LineEditor('> ').input('\u0004').closed, true);
    const editor = new LineEditor('> ');
    editor.input('x');
    assert.equal(editor.input('\u0004').closed, false);
  });

  it('drops keys that it does not know, and draws no control character that was typed', () => {
    assert.equal(type('a', '\u001b[5~', '\u001bOP', '\u001b', '\u001b[1;5C', 'b').line, 'ab');
    const { output } = type('\u001b[200~\u0007\u001b]0;title\u0007\u001b[2J\u009b31m\u001b[201~');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: its own cursor movements are taken out here.
    const rest = output.replace(/\u001b\[\d*[ACJ]/g, '').replace(/[\r\n]/g, '');
    assert.ok(!/\p{Cc}/u.test(rest), JSON.stringify(rest));
  });

  it('knows on which row it is when the line is longer than the terminal is wide', () => {
    const screen = new Screen(10);
    const editor = new LineEditor('> ', 10);
    screen.write(`above\r\n${editor.draw()}`);
    const say = (text: string) => screen.write(editor.input(text).output);
    say('12345678');
    assert.deepEqual(screen.text(), ['above', '> 12345678', '']);
    say('90日本');
    assert.deepEqual(screen.text(), ['above', '> 12345678', '90日本']);
    say('\u001b[H');
    say('x');
    assert.deepEqual(screen.text(), ['above', '> x1234567', '890日本']);
    screen.write(`${editor.erase()}reply\r\n${editor.draw()}`);
    assert.deepEqual(screen.text(), ['above', 'reply', '> x1234567', '890日本']);
    say('\r');
    assert.deepEqual(screen.text(), ['above', 'reply', '> x1234567', '890日本', '> ']);
  });

  it('stays quick with a text of a million characters', () => {
    const editor = new LineEditor('> ');
    editor.input(`\u001b[200~${'x'.repeat(1_000_000)}\u001b[201~`);
    const { output } = editor.input('y');
    assert.ok(output.length < 3_000);
    assert.equal(editor.input('\r').entered[0]?.length, 1_000_001);
  });
});

describe('untrusted text in a terminal', () => {
  it('shows control characters instead of obeying them', () => {
    assert.equal(visible('a\u001b[31mb\u0007\u0000\u007f'), 'a␛[31mb␇␀␡');
    assert.equal(visible('\u009b1A\u0085'), '[U+009B]1A[U+0085]');
    assert.equal(visible('safe\u202efdp.exe\u200b'), 'safe[U+202E]fdp.exe[U+200B]');
    assert.equal(visible('a\r\nb\rc\td'), 'a\nb\nc    d');
    assert.equal(visible('שלום 👨‍👩‍👧 日本'), 'שלום 👨‍👩‍👧 日本');
    assert.equal(terminalText('a\nb'), 'a\r\nb');
  });
});

/** As much of a terminal as the editor uses: rows, wrapping, and the few movements it makes. */
class Screen {
  private readonly rows: string[][] = [[]];
  private row = 0;
  private column = 0;

  constructor(private readonly columns: number) {}

  write(text: string): void {
    const tokens = text.matchAll(/\p{Cc}\[(\d*)([A-Z])|\r|\n|\P{Cc}/gu);
    for (const [token, count, command] of tokens) {
      if (command === 'A') this.row -= Number(count || 1);
      else if (command === 'C') this.column += Number(count || 1);
      else if (command === 'J') {
        this.line().length = this.column;
        this.rows.length = this.row + 1;
      } else if (token === '\r') this.column = 0;
      else if (token === '\n') this.row += 1;
      else this.put(token);
      this.line();
    }
  }

  text(): string[] {
    return this.rows.map((row) => row.join(''));
  }

  private put(character: string): void {
    const width = textWidth(character);
    if (this.column + width > this.columns) {
      this.row += 1;
      this.column = 0;
    }
    const line = this.line();
    line[this.column] = character;
    if (width === 2) line[this.column + 1] = '';
    this.column += width;
  }

  private line(): string[] {
    while (this.rows.length <= this.row) this.rows.push([]);
    return this.rows[this.row] ?? [];
  }
}
