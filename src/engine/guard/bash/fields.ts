import { LIMITS, LimitError } from '../limits';
import { QUESTION, STAR, type Tags, UNKNOWN, type Value } from '../value';

/** Collects the fields that one word becomes: quoted text stays together, unquoted expansions are split. */
export class FieldBuilder {
  private readonly done: Value[] = [];
  private shape = '';
  private tags: Tags = 0;
  private open = false;

  constructor(private readonly raw: string) {}

  /** Text that is never split: literals, quoted text, markers. */
  add(shape: string, tags: Tags = 0): void {
    if (this.shape.length + shape.length > LIMITS.text) throw new LimitError('a word becomes too long');
    this.shape += shape;
    this.tags |= tags;
    this.open = true;
  }

  /** The result of an unquoted expansion: split at blanks, its glob characters are active. */
  addSplit(text: string, tags: Tags = 0, separators = ' \t\n'): void {
    const pieces = separators === ' \t\n' ? text.split(/[ \t\n]+/) : splitAt(text, separators);
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) this.break();
      if (piece !== '') this.add(piece.replaceAll('*', STAR).replaceAll('?', QUESTION), tags);
    }
  }

  addUnknown(tags: Tags): void {
    this.add(UNKNOWN, tags);
  }

  /** Quotes make a field even when it stays empty. */
  keepEmpty(): void {
    this.open = true;
  }

  break(): void {
    if (!this.open) return;
    if (this.done.length >= LIMITS.fields) throw new LimitError('one word expands to too many');
    this.done.push({ raw: this.raw, shape: this.shape, tags: this.tags });
    this.shape = '';
    this.tags = 0;
    this.open = false;
  }

  finish(): Value[] {
    this.break();
    return this.done;
  }
}

/** Splits at any of the characters of `IFS`. */
function splitAt(text: string, separators: string): string[] {
  const pieces = [''];
  for (const c of text) {
    if (separators.includes(c)) pieces.push('');
    else pieces[pieces.length - 1] += c;
  }
  return pieces;
}

/** Splits at top-level commas, leaving quotes, escapes and inner braces alone. */
function alternatives(body: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < body.length; at++) {
    const c = body[at];
    if (c === '\\') at++;
    else if (c === "'" || c === '"') at = endOfQuote(body, at);
    else if (c === '{') depth++;
    else if (c === '}') depth--;
    else if (c === ',' && depth === 0) {
      found.push(body.slice(start, at));
      start = at + 1;
    }
  }
  found.push(body.slice(start));
  return found;
}

function endOfQuote(text: string, at: number): number {
  const quote = text[at];
  for (let end = at + 1; end < text.length; end++) {
    if (text[end] === '\\' && quote === '"') end++;
    else if (text[end] === quote) return end;
  }
  return text.length;
}

const SEQUENCE = /^(-?\d{1,6}|[a-zA-Z])\.\.(-?\d{1,6}|[a-zA-Z])$/;

function sequence(body: string): string[] | undefined {
  const [, from, to] = SEQUENCE.exec(body) ?? [];
  if (from === undefined || to === undefined) return undefined;
  const numeric = /\d/.test(from) && /\d/.test(to);
  if (!numeric && (/\d/.test(from) || /\d/.test(to))) return undefined;
  const a = numeric ? Number(from) : from.charCodeAt(0);
  const b = numeric ? Number(to) : to.charCodeAt(0);
  if (Math.abs(b - a) >= LIMITS.fields) throw new LimitError('a brace sequence is too long');
  const step = a <= b ? 1 : -1;
  const result: string[] = [];
  for (let n = a; step > 0 ? n <= b : n >= b; n += step) {
    result.push(numeric ? String(n) : String.fromCharCode(n));
  }
  return result;
}

function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    const c = text[at];
    if (c === '\\') at++;
    else if (c === "'" || c === '"') at = endOfQuote(text, at);
    else if (c === '{') depth++;
    else if (c === '}' && --depth === 0) return at;
  }
  return -1;
}

/** Brace expansion as bash does it: on the text, before anything else. @throws LimitError */
export function expandBraces(text: string, budget = { left: LIMITS.fields as number }): string[] {
  for (let at = 0; at < text.length; at++) {
    const c = text[at];
    if (c === '\\') at++;
    else if (c === "'" || c === '"') at = endOfQuote(text, at);
    else if (c === '$' && text[at + 1] === '{') at = Math.max(at, closing(text, at + 1));
    else if (c === '{') {
      const end = closing(text, at);
      if (end < 0) continue;
      const body = text.slice(at + 1, end);
      const listed = alternatives(body);
      const choices = listed.length > 1 ? listed : sequence(body);
      if (choices === undefined) continue;
      const head = text.slice(0, at);
      const result: string[] = [];
      for (const choice of choices) {
        if (--budget.left < 0) throw new LimitError('one word expands to too many');
        for (const rest of expandBraces(choice + text.slice(end + 1), budget)) result.push(head + rest);
      }
      return result;
    }
  }
  return [text];
}
