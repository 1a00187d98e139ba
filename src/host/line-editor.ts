import { terminalText, visible } from '../channels/local/terminal-text';

/** What a keystroke or a paste came to. */
export interface EditorResult {
  /** What to write to the terminal. */
  readonly output: string;
  /** Lines that were entered, in order. */
  readonly entered: readonly string[];
  /** Ctrl+D on an empty line. */
  readonly closed: boolean;
}

/** Characters of one line; more is not taken. Above any platform's own limit. */
const LINE_CAP = 2_000_000;
const HISTORY_CAP = 100;
/** Code units beyond which characters are not looked for in full. */
const SEGMENT_CAP = 5_000;
/** Characters on either side of the cursor that are drawn; a pasted novel is not drawn at every key. */
const DRAWN_CAP = 1_000;
/** Code units of an entered line that are left standing above the prompt. */
const ECHO_CAP = 10_000;
const PASTE_START = '\u001b[200~';
const PASTE_END = '\u001b[201~';
/** Asks the terminal to mark pastes, so that a pasted line break does not send half of a text. */
export const PASTE_MARKS_ON = '\u001b[?2004h';
export const PASTE_MARKS_OFF = '\u001b[?2004l';

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/**
 * The line under a chat in a terminal: what is typed and where the cursor is, apart from any terminal.
 * It works on characters as people see them, and redraws only its own rows. Escape sequences that it does not
 * know are dropped, never written back.
 */
export class LineEditor {
  private before: string[] = [];
  private after: string[] = [];
  private readonly history: string[] = [];
  /** Place in the history; its length while a new line is typed. */
  private at = 0;
  private draft = '';
  private pending = '';
  private pasting = false;
  /** Columns from the start of the prompt to the cursor, as last drawn. */
  private drawnCursor = 0;

  constructor(
    private readonly prompt: string,
    private columns = 80,
  ) {}

  get line(): string {
    return [...this.before, ...this.after].join('');
  }

  resize(columns: number): void {
    if (columns > 0) this.columns = columns;
  }

  /** Draws the prompt and the line at the cursor's row. */
  draw(): string {
    const hidden = this.before.length - DRAWN_CAP;
    const start = hidden > 0 ? `[${hidden} characters] ` : '';
    const before = this.prompt + start + onOneLine(this.before.slice(-DRAWN_CAP).join(''));
    const after = onOneLine(this.after.slice(0, DRAWN_CAP).join(''));
    this.drawnCursor = textWidth(before);
    const width = this.drawnCursor + textWidth(after);
    // At the right edge terminals wait with going to the next row; saying it makes the row known.
    const wrap = width % this.columns === 0 ? '\r\n' : '';
    return before + after + wrap + this.move(width, this.drawnCursor);
  }

  /** Wipes what `draw` drew, leaving the cursor where it began. */
  erase(): string {
    const row = Math.floor(this.drawnCursor / this.columns);
    const up = row > 0 ? `\u001b[${row}A` : '';
    this.drawnCursor = 0;
    return `\r${up}\u001b[0J`;
  }

  /** Takes what the terminal sent: typed keys, escape sequences, pasted text. */
  input(data: string): EditorResult {
    this.pending += data;
    const entered: string[] = [];
    let output = '';
    let changed = false;
    let closed = false;
    while (this.pending !== '') {
      const token = this.next();
      if (token === undefined) break;
      if (this.pasting && token !== PASTE_END) {
        // A pasted line break is part of the text; only Enter sends.
        this.insert(token === '\r' ? '\n' : token);
        changed = true;
      } else if (token === '\r' || token === '\n') {
        output += `${this.erase()}${this.prompt}${terminalText(this.line.slice(0, ECHO_CAP))}\r\n`;
        const line = this.enter();
        if (line !== '') entered.push(line);
        changed = true;
      } else if (token === '\u0004' && this.line === '') {
        closed = true;
      } else {
        this.key(token);
        changed = true;
      }
    }
    if (changed) output += this.erase() + this.draw();
    return { output, entered, closed };
  }

  /** The next key or run of text; undefined while an escape sequence is not complete. */
  private next(): string | undefined {
    const text = this.pending;
    if (text.startsWith(PASTE_START)) {
      this.pending = text.slice(PASTE_START.length);
      this.pasting = true;
      return '';
    }
    if (text.startsWith(PASTE_END)) {
      this.pending = text.slice(PASTE_END.length);
      this.pasting = false;
      return PASTE_END;
    }
    if (text.charCodeAt(0) === 27) {
      if (PASTE_START.startsWith(text) || PASTE_END.startsWith(text)) {
        // Escape alone is a key; with more to come it is the start of a mark.
        if (text.length > 1) return undefined;
      }
      const sequence = /^\p{Cc}(?:\[[0-9;?]*[ -/]*[@-~]|O[A-Za-z]|[^[O])?/u.exec(text)?.[0] ?? text.charAt(0);
      this.pending = text.slice(sequence.length);
      return this.pasting ? '' : sequence;
    }
    const run = /^(?:\r\n|\p{Cc}|\P{Cc}+)/u;
    const part = run.exec(text)?.[0] ?? text.charAt(0);
    this.pending = text.slice(part.length);
    return part === '\r\n' ? '\r' : part;
  }

  private key(token: string): void {
    switch (token) {
      case '\u007f':
      case '\b':
        this.before.pop();
        return;
      case '\u001b[3~':
        this.after.shift();
        return;
      case '\u001b[D':
      case '\u001bOD':
        this.shift(-1);
        return;
      case '\u001b[C':
      case '\u001bOC':
        this.shift(1);
        return;
      case '\u001b[H':
      case '\u001bOH':
      case '\u001b[1~':
      case '\u0001':
        this.shift(-Infinity);
        return;
      case '\u001b[F':
      case '\u001bOF':
      case '\u001b[4~':
      case '\u0005':
        this.shift(Infinity);
        return;
      case '\u001b[A':
      case '\u001bOA':
        this.recall(-1);
        return;
      case '\u001b[B':
      case '\u001bOB':
        this.recall(1);
        return;
      case '\u0003':
        this.set('');
        return;
      case '\u0015':
        this.before = [];
        return;
      case '\u000b':
        this.after = [];
        return;
      case '\u0017':
        this.before = characters(this.before.join('').replace(/\S+\s*$/, ''));
        return;
      default:
        if (token.charCodeAt(0) >= 32 && token !== PASTE_END) this.insert(token);
    }
  }

  private insert(text: string): void {
    if (text === '' || this.before.length + this.after.length + text.length > LINE_CAP) return;
    // The last character may grow: a letter that gets its accent.
    const last = this.before.pop() ?? '';
    for (const character of characters(last + text)) this.before.push(character);
  }

  private shift(by: number): void {
    if (by === -Infinity) {
      this.after = [...this.before, ...this.after];
      this.before = [];
    } else if (by === Infinity) {
      this.before = [...this.before, ...this.after];
      this.after = [];
    } else if (by < 0) {
      const moved = this.before.pop();
      if (moved !== undefined) this.after.unshift(moved);
    } else {
      const moved = this.after.shift();
      if (moved !== undefined) this.before.push(moved);
    }
  }

  private recall(by: number): void {
    const to = this.at + by;
    if (to < 0 || to > this.history.length) return;
    if (this.at === this.history.length) this.draft = this.line;
    this.at = to;
    this.set(this.history[to] ?? this.draft);
  }

  private set(text: string): void {
    this.before = characters(text);
    this.after = [];
  }

  private enter(): string {
    const line = this.line;
    this.set('');
    if (line.trim() !== '' && this.history.at(-1) !== line) this.history.push(line);
    if (this.history.length > HISTORY_CAP) this.history.shift();
    this.at = this.history.length;
    this.draft = '';
    return line;
  }

  /** Moves the cursor from one column of the drawn text to an earlier one, rows included. */
  private move(from: number, to: number): string {
    if (from === to) return '';
    const rows = Math.floor(from / this.columns) - Math.floor(to / this.columns);
    const up = rows > 0 ? `\u001b[${rows}A` : '';
    const column = to % this.columns;
    return `${up}\r${column > 0 ? `\u001b[${column}C` : ''}`;
  }
}

function onOneLine(text: string): string {
  return visible(text).replaceAll('\n', '⏎');
}

/** Characters as people see them; of a long paste the code points, which are found in a tenth of the time. */
function characters(text: string): string[] {
  if (text.length > SEGMENT_CAP) return Array.from(text);
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** Columns that a text takes: two for East Asian wide characters and emoji, none for marks. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of characters(text)) width += isWide(character) ? 2 : 1;
  return width;
}

/** Blocks that terminals draw two columns wide; from Unicode's EastAsianWidth.txt, classes W and F. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|[\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

function isWide(character: string): boolean {
  return WIDE.test(character) || /\p{Emoji_Presentation}/u.test(character);
}
