/**
 * Output of commands, made safe to show: colours and weights become classes, everything else that an escape
 * sequence can do (move, erase, set titles, links, answers to queries) is dropped.
 */

/** Text in one style. `classes` are names of `ansi.css`, nothing else. */
export interface Run {
  readonly text: string;
  readonly classes: readonly string[];
}

const COLOURS = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'] as const;

interface Style {
  bold: boolean;
  dim: boolean;
  italic: boolean;
  underline: boolean;
  foreground: string | undefined;
}

const plain = (): Style => ({
  bold: false,
  dim: false,
  italic: false,
  underline: false,
  foreground: undefined,
});

/** A sequence that is longer than this is not one that a program writes for colours; its bytes are dropped. */
const LONGEST_SEQUENCE = 4096;

/**
 * Reads a stream of chunks; a sequence may be cut anywhere between two. Background colours, concealed and blinking
 * text are ignored: they can hide or disguise what was written.
 */
export class AnsiReader {
  private style = plain();
  private rest = '';

  /** The visible text of the next chunk, in order. */
  read(chunk: string): readonly Run[] {
    const text = this.rest + chunk;
    this.rest = '';
    const runs: Run[] = [];
    let plainFrom = 0;
    let at = 0;
    const emit = (end: number) => {
      // A carriage return before a line feed is part of the line's end; alone it would write over what was shown.
      const visible = text.slice(plainFrom, end).replace(/\r+\n/g, '\n').replace(/\r/g, '\n');
      if (visible !== '') runs.push({ text: visible, classes: classesOf(this.style) });
    };
    while (at < text.length) {
      const code = text.charCodeAt(at);
      if (code !== 0x1b && code !== 0x9b && code !== 0x9d && code !== 0x90) {
        at += 1;
        continue;
      }
      const end = sequenceEnd(text, at);
      emit(at);
      if (end === undefined) {
        if (text.length - at <= LONGEST_SEQUENCE) this.rest = text.slice(at);
        return runs;
      }
      this.apply(text.slice(at, end));
      at = end;
      plainFrom = end;
    }
    // Whether a carriage return at the end is followed by a line feed is seen with the next chunk.
    if (text.endsWith('\r')) {
      this.rest = '\r';
      emit(text.length - 1);
    } else emit(text.length);
    return runs;
  }

  private apply(sequence: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences start with one
    const match = /^(?:\x1b\[|\x9b)([0-9;]*)m$/.exec(sequence);
    if (match === null) return;
    const codes = (match[1] ?? '').split(';').map(Number);
    for (let index = 0; index < codes.length; index += 1) {
      const code = codes[index] ?? 0;
      if (code === 38 || code === 48) {
        // A colour of the long form: its parameters are skipped, so that they are not read as codes.
        index += codes[index + 1] === 2 ? 4 : 2;
      } else this.set(code);
    }
  }

  private set(code: number): void {
    const { style } = this;
    if (code === 0) this.style = plain();
    else if (code === 1) style.bold = true;
    else if (code === 2) style.dim = true;
    else if (code === 3) style.italic = true;
    else if (code === 4) style.underline = true;
    else if (code === 22) style.bold = style.dim = false;
    else if (code === 23) style.italic = false;
    else if (code === 24) style.underline = false;
    else if (code === 39) style.foreground = undefined;
    else if (code >= 30 && code <= 37) style.foreground = COLOURS[code - 30];
    else if (code >= 90 && code <= 97) style.foreground = COLOURS[code - 90];
  }
}

function classesOf(style: Style): readonly string[] {
  const classes: string[] = [];
  if (style.bold) classes.push('ansi-bold');
  if (style.dim) classes.push('ansi-dim');
  if (style.italic) classes.push('ansi-italic');
  if (style.underline) classes.push('ansi-underline');
  if (style.foreground !== undefined) classes.push(`ansi-${style.foreground}`);
  return classes;
}

/** Where the escape sequence that starts at `at` ends; undefined when the rest of it has not arrived. */
function sequenceEnd(text: string, at: number): number | undefined {
  const code = text.charCodeAt(at);
  const kind = code === 0x1b ? text[at + 1] : code === 0x9b ? '[' : code === 0x9d ? ']' : 'P';
  const body = code === 0x1b ? at + 2 : at + 1;
  if (kind === undefined) return undefined;
  if (kind === '[') {
    for (let index = body; index < text.length; index += 1) {
      const value = text.charCodeAt(index);
      if (value >= 0x40 && value <= 0x7e) return index + 1;
      // Not part of a sequence: what was begun is dropped, what follows is text.
      if (value < 0x20 || value > 0x7e) return index;
    }
    return undefined;
  }
  if (kind === ']' || kind === 'P' || kind === '_' || kind === '^' || kind === 'X') {
    for (let index = body; index < text.length && index - body < LONGEST_SEQUENCE; index += 1) {
      const value = text.charCodeAt(index);
      if (value === 0x07 || value === 0x9c) return index + 1;
      if (value === 0x1b) {
        if (index + 1 >= text.length) return undefined;
        return text[index + 1] === '\\' ? index + 2 : index;
      }
    }
    // Never closed: only its introducer is dropped, so that it cannot swallow the output behind it.
    return text.length - body >= LONGEST_SEQUENCE ? body : undefined;
  }
  // Two- and three-byte sequences: charsets, save and restore, reset.
  if (/[ -/]/.test(kind)) return body < text.length ? body + 1 : undefined;
  return body;
}
