/** PowerShell writes these quotes as ' and ", and these dashes as -. */
const SINGLE = "'\u2018\u2019\u201A\u201B";
const DOUBLE = '"\u201C\u201D\u201E';

/** End (exclusive) of the quoted, bracketed or commented region that starts at `at`; `at + 1` if none starts. */
export function skip(text: string, at: number): number {
  const c = text[at] ?? '';
  const next = text[at + 1] ?? '';
  if (c === '`') return Math.min(text.length, at + 2);
  if (c === '@' && (SINGLE.includes(next) || DOUBLE.includes(next)) && next !== '')
    return hereString(text, at, next);
  if (SINGLE.includes(c)) return quoted(text, at, SINGLE, false);
  if (DOUBLE.includes(c)) return quoted(text, at, DOUBLE, true);
  if (c === '<' && next === '#') {
    const end = text.indexOf('#>', at + 2);
    return end < 0 ? text.length : end + 2;
  }
  if (c === '#' && (at === 0 || /[\s;|(){}]/.test(text[at - 1] ?? ''))) {
    const end = text.indexOf('\n', at);
    return end < 0 ? text.length : end;
  }
  if (c === '(' || c === '{' || c === '[') return bracket(text, at);
  return at + 1;
}

function quoted(text: string, at: number, quotes: string, escapes: boolean): number {
  for (let end = at + 1; end < text.length; end++) {
    const c = text[end] ?? '';
    if (escapes && c === '`') end++;
    else if (escapes && c === '$' && text[end + 1] === '(') end = bracket(text, end + 1) - 1;
    else if (quotes.includes(c)) {
      if (quotes.includes(text[end + 1] ?? ' ')) end++;
      else return end + 1;
    }
  }
  return text.length;
}

function hereString(text: string, at: number, quote: string): number {
  const end = text.indexOf(`\n${SINGLE.includes(quote) ? "'" : '"'}@`, at + 2);
  return end < 0 ? text.length : end + 3;
}

/** End of a bracketed region; whatever opens inside must close inside. One pass with its own stack. */
function bracket(text: string, at: number): number {
  let depth = 0;
  let end = at;
  while (end < text.length) {
    const c = text[end] ?? '';
    if (c === '(' || c === '{' || c === '[') {
      depth++;
      end++;
    } else if (c === ')' || c === '}' || c === ']') {
      depth--;
      end++;
      if (depth === 0) return end;
    } else end = skip(text, end);
  }
  return text.length;
}

/** Statements, each a list of the elements of its pipeline, as text. */
export function statements(text: string): string[][] {
  const found: string[][] = [];
  let pipeline: string[] = [];
  let start = 0;
  const cut = (end: number): void => {
    const piece = text
      .slice(start, end)
      .replace(/(^|\s)#[^\n]*$/, '$1')
      .trim();
    if (piece !== '') pipeline.push(piece);
  };
  const close = (): void => {
    if (pipeline.length > 0) found.push(pipeline);
    pipeline = [];
  };
  let at = 0;
  while (at < text.length) {
    const c = text[at];
    const next = text[at + 1];
    if (
      c === ';' ||
      c === '\n' ||
      (c === '&' && next === '&') ||
      (c === '|' && next === '|') ||
      (c === '&' &&
        at > start &&
        /\s/.test(text[at - 1] ?? '') &&
        /^\s*$/.test(text.slice(at + 1, at + 2)) &&
        text.slice(start, at).trim() !== '')
    ) {
      const continued =
        c === '\n' && (text.slice(start, at).trim() === '' || /^\s*\|/.test(text.slice(at + 1, at + 40)));
      if (c === '\n' && continued) {
        at++;
        continue;
      }
      cut(at);
      close();
      at += (c === '&' && next === '&') || (c === '|' && next === '|') ? 2 : 1;
      start = at;
    } else if (c === '|') {
      cut(at);
      at++;
      start = at;
    } else if (c === '#' || (c === '<' && next === '#')) {
      const end = skip(text, at);
      if (end > at + 1) {
        cut(at);
        start = end;
      }
      at = end;
    } else at = skip(text, at);
  }
  cut(at);
  close();
  return found;
}

/** The blank-separated terms of one pipeline element. Commas without blanks stay inside a term. */
export function terms(element: string): string[] {
  const found: string[] = [];
  let start = -1;
  let at = 0;
  while (at < element.length) {
    if (/\s/.test(element[at] ?? '')) {
      if (start >= 0) found.push(element.slice(start, at));
      start = -1;
      at++;
    } else {
      if (start < 0) start = at;
      at = skip(element, at);
    }
  }
  if (start >= 0) found.push(element.slice(start));
  return found;
}

/** Texts inside the outermost brackets of a kind. */
export function inside(text: string, open: '(' | '{'): string[] {
  const found: string[] = [];
  let at = 0;
  while (at < text.length) {
    const end = skip(text, at);
    if (text[at] === open) found.push(text.slice(at + 1, end - 1));
    at = end;
  }
  return found;
}
