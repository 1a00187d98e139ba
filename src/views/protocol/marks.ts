/**
 * Finds the characters that make text look like something else: invisible ones, those that change the direction
 * of writing, control characters, look-alikes of Latin letters and towers of combining marks.
 * The views show each as its name, so that what a person reads is what is there.
 */

/** A stretch of text that may be shown as it is, or characters to be shown by name. */
export type Segment =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'mark'; readonly raw: string; readonly code: string; readonly name: string };

/** A mark that somebody else found, for instance the guard. `offset` counts UTF-16 units. */
export interface KnownMark {
  readonly offset: number;
  readonly name: string;
}

const NAMES: Readonly<Record<number, string>> = {
  0: 'NULL',
  7: 'BELL',
  8: 'BACKSPACE',
  11: 'LINE TABULATION',
  12: 'FORM FEED',
  13: 'CARRIAGE RETURN',
  27: 'ESCAPE',
  127: 'DELETE',
  133: 'NEXT LINE',
  160: 'NO-BREAK SPACE',
  173: 'SOFT HYPHEN',
  847: 'COMBINING GRAPHEME JOINER',
  1564: 'ARABIC LETTER MARK',
  4447: 'HANGUL CHOSEONG FILLER',
  4448: 'HANGUL JUNGSEONG FILLER',
  6158: 'MONGOLIAN VOWEL SEPARATOR',
  8203: 'ZERO WIDTH SPACE',
  8204: 'ZERO WIDTH NON-JOINER',
  8205: 'ZERO WIDTH JOINER',
  8206: 'LEFT-TO-RIGHT MARK',
  8207: 'RIGHT-TO-LEFT MARK',
  8232: 'LINE SEPARATOR',
  8233: 'PARAGRAPH SEPARATOR',
  8234: 'LEFT-TO-RIGHT EMBEDDING',
  8235: 'RIGHT-TO-LEFT EMBEDDING',
  8236: 'POP DIRECTIONAL FORMATTING',
  8237: 'LEFT-TO-RIGHT OVERRIDE',
  8238: 'RIGHT-TO-LEFT OVERRIDE',
  8288: 'WORD JOINER',
  8294: 'LEFT-TO-RIGHT ISOLATE',
  8295: 'RIGHT-TO-LEFT ISOLATE',
  8296: 'FIRST STRONG ISOLATE',
  8297: 'POP DIRECTIONAL ISOLATE',
  12288: 'IDEOGRAPHIC SPACE',
  12644: 'HANGUL FILLER',
  65279: 'ZERO WIDTH NO-BREAK SPACE',
  65440: 'HALFWIDTH HANGUL FILLER',
  65532: 'OBJECT REPLACEMENT CHARACTER',
};

/** Letters and marks that draw nothing. */
const FILLERS = '\u034f\u115f\u1160\u3164\uffa0\ufffc';
/** Full-width and mathematical forms of ASCII letters, digits and signs. */
const STYLED = '\uff01-\uff5e\u{1d400}-\u{1d7ff}';
/** Controls, format characters, lone surrogates, private use, unassigned, and every space but the usual three. */
const HIDDEN = '(?![ \\t\\n])[\\p{C}\\p{Z}]';
/** In one word with Latin letters, a letter of these scripts is there to be mistaken for one. */
const LOOK_ALIKE = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}]/u;
/** More marks than any language puts on one letter: a tower of them would cover what is around it. */
const MARKS_PER_LETTER = 4;
const SUSPECT = `${HIDDEN}|[${FILLERS}${STYLED}]|\\p{M}{${MARKS_PER_LETTER + 1},}`;
/** Nothing in plain printable ASCII, tabs and line feeds needs a closer look. */
const PLAIN = /^[\t\n\x20-\x7e]*$/;

function hex(codePoint: number): string {
  return `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`;
}

function nameOf(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  const known = NAMES[code];
  if (known !== undefined) return known;
  if (code < 0x20 || (code >= 0x80 && code < 0xa0)) return 'CONTROL CHARACTER';
  if (code >= 0xe0000 && code <= 0xe007f) return 'INVISIBLE TAG CHARACTER';
  if (code >= 0x2000 && code <= 0x200a) return 'UNUSUAL SPACE';
  if (code >= 0xd800 && code <= 0xdfff) return 'BROKEN CHARACTER';
  if (/\p{Co}/u.test(char)) return 'PRIVATE USE CHARACTER';
  if (/\p{Cn}/u.test(char)) return 'UNASSIGNED CHARACTER';
  if (new RegExp(`[${STYLED}]`, 'u').test(char)) return 'STYLED LETTER';
  if (/\p{Script=Cyrillic}/u.test(char)) return 'CYRILLIC LETTER';
  if (/\p{Script=Greek}/u.test(char)) return 'GREEK LETTER';
  if (LOOK_ALIKE.test(char)) return 'LOOK-ALIKE LETTER';
  return 'INVISIBLE CHARACTER';
}

/** A stretch of the text to show by name. Offsets count UTF-16 units. */
interface Found {
  readonly offset: number;
  readonly raw: string;
  readonly code: string;
  readonly name: string;
}

function suspects(text: string): Found[] {
  const found: Found[] = [];
  for (const match of text.matchAll(new RegExp(SUSPECT, 'gu'))) {
    const raw = match[0];
    const code = raw.codePointAt(0) ?? 0;
    const tower = /^\p{M}{2,}$/u.test(raw);
    found.push({
      offset: match.index,
      raw,
      code: tower ? `×${[...raw].length}` : hex(code),
      name: tower ? 'COMBINING MARKS' : nameOf(raw),
    });
  }
  return found;
}

/** Letters that stand in one word with Latin letters and are not Latin themselves. */
function lookAlikes(text: string): Found[] {
  const found: Found[] = [];
  if (!LOOK_ALIKE.test(text)) return found;
  for (const word of text.matchAll(/[\p{L}\p{M}\p{N}_]+/gu)) {
    if (!/[A-Za-z]/.test(word[0])) continue;
    for (const match of word[0].matchAll(new RegExp(LOOK_ALIKE, 'gu'))) {
      const raw = match[0];
      found.push({
        offset: word.index + match.index,
        raw,
        code: hex(raw.codePointAt(0) ?? 0),
        name: nameOf(raw),
      });
    }
  }
  return found;
}

function told(text: string, known: readonly KnownMark[]): Found[] {
  return known
    .filter((mark) => mark.offset >= 0 && mark.offset < text.length)
    .map(({ offset, name }) => {
      const code = text.codePointAt(offset) ?? 0;
      return { offset, raw: String.fromCodePoint(code), code: hex(code), name };
    });
}

/** Splits `text` into what may be shown and what must be named. Joining the raw parts gives `text` again. */
export function segments(text: string, known: readonly KnownMark[] = []): readonly Segment[] {
  if (PLAIN.test(text) && known.length === 0) return text === '' ? [] : [{ kind: 'text', text }];
  const found = [...told(text, known), ...suspects(text), ...lookAlikes(text)].sort(
    (a, b) => a.offset - b.offset,
  );
  const result: Segment[] = [];
  let at = 0;
  for (const { offset, raw, code, name } of found) {
    // Found twice, or inside a tower that has been named: the first finder has spoken.
    if (offset < at) continue;
    if (offset > at) result.push({ kind: 'text', text: text.slice(at, offset) });
    result.push({ kind: 'mark', raw, code, name });
    at = offset + raw.length;
  }
  if (at < text.length) result.push({ kind: 'text', text: text.slice(at) });
  return result;
}

/** The marks of `text`, each name once, for a sentence of warning. */
export function markNames(text: string, known: readonly KnownMark[] = []): readonly string[] {
  const names = new Set<string>();
  for (const part of segments(text, known))
    if (part.kind === 'mark') names.add(`${part.name} (${part.code})`);
  return [...names];
}

/**
 * `text` on one line with every mark spelled out, for places that cannot hold elements: tree labels,
 * notifications, quick picks. Isolated, so that right-to-left text does not reorder what is around it.
 */
export function flat(text: string): string {
  const line = segments(text)
    .map((part) =>
      part.kind === 'text' ? part.text.replace(/[\t\n]+/g, ' ⏎ ') : `[${part.code} ${part.name}]`,
    )
    .join('');
  return /\p{Script=Hebrew}|\p{Script=Arabic}|\p{Script=Syriac}|\p{Script=Thaana}/u.test(line)
    ? `\u2068${line}\u2069`
    : line;
}
