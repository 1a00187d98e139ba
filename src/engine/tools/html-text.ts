/** Elements whose content is not text for a reader. */
const SILENT = new Set(['script', 'style', 'noscript', 'template', 'svg', 'head', 'iframe', 'object']);
/** Elements after which a new line begins. */
const BLOCK = new Set(
  (
    'address article aside blockquote br dd div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 ' +
    'header hr li main nav ol p pre section table tr ul title'
  ).split(' '),
);
const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
  mdash: '—',
  ndash: '–',
  hellip: '…',
  copy: '©',
};

/**
 * The readable text of an HTML page: no scripts, no styles, a line per block. One pass from left to right, so
 * that no page can make it slow. It is for reading, not for judging what a browser would do.
 */
export function htmlToText(html: string): string {
  const out: string[] = [];
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf('<', at);
    if (open < 0) {
      out.push(html.slice(at));
      break;
    }
    if (open > at) out.push(html.slice(at, open));
    if (html.startsWith('<!--', open)) {
      at = after(html, '-->', open + 4);
      continue;
    }
    const name = tagName(html, open + 1);
    if (name === '') {
      // A bare `<`, as in `a < b`.
      out.push('<');
      at = open + 1;
      continue;
    }
    at = tagEnd(html, open);
    if (SILENT.has(name)) at = skipElement(html, name, at);
    else if (BLOCK.has(name)) out.push('\n');
  }
  return tidy(decodeEntities(out.join('')));
}

function after(text: string, what: string, from: number): number {
  const found = text.indexOf(what, from);
  return found < 0 ? text.length : found + what.length;
}

/** The position after the `>` that ends a tag; a `>` in quotes does not. */
function tagEnd(html: string, open: number): number {
  let quote = '';
  for (let at = open + 1; at < html.length; at++) {
    const char = html[at] ?? '';
    if (quote !== '') {
      if (char === quote) quote = '';
    } else if (char === '"' || char === "'") quote = char;
    else if (char === '>') return at + 1;
  }
  return html.length;
}

/** Lower case, without the slash of an end tag; empty when `<` begins no tag. */
function tagName(html: string, from: number): string {
  const start = html[from] === '/' ? from + 1 : from;
  if (html[from] === '!' || html[from] === '?') return '!';
  let end = start;
  while (end < html.length && end - start < 20 && /[a-zA-Z0-9]/.test(html[end] ?? '')) end++;
  return html.slice(start, end).toLowerCase();
}

function skipElement(html: string, name: string, from: number): number {
  for (let at = from; at < html.length; ) {
    const close = html.indexOf('</', at);
    if (close < 0) return html.length;
    if (tagName(html, close + 1) === name) return tagEnd(html, close);
    at = close + 2;
  }
  return html.length;
}

function decodeEntities(text: string): string {
  return text.replace(/&(#x[0-9a-f]{1,6}|#[0-9]{1,7}|[a-z]{2,8});/gi, (whole, body: string) => {
    if (!body.startsWith('#')) return ENTITIES[body.toLowerCase()] ?? whole;
    const code = /^#x/i.test(body) ? Number.parseInt(body.slice(2), 16) : Number.parseInt(body.slice(1), 10);
    return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
      ? String.fromCodePoint(code)
      : whole;
  });
}

function tidy(text: string): string {
  const lines = text.split('\n').map((line) => line.replace(/[ \t\r\f\u00a0]+/g, ' ').trim());
  return lines
    .filter((line, at) => line !== '' || (at > 0 && lines[at - 1] !== ''))
    .join('\n')
    .trim();
}
