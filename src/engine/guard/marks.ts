/** One suspicious character: where it is, and what it is called. */
export interface Mark {
  readonly offset: number;
  readonly name: string;
}

type Range = readonly [number, number];

/**
 * Characters that cannot be seen, or change how a line is shown: controls, Unicode's bidirectional controls
 * (TR9), default-ignorable code points, spaces that no shell splits at, and private-use characters.
 */
const INVISIBLE: readonly Range[] = [
  [0x00, 0x08],
  [0x0b, 0x0c],
  [0x0e, 0x1f],
  [0x7f, 0xa0],
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x61c, 0x61c],
  [0x115f, 0x1160],
  [0x1680, 0x1680],
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x2000, 0x200f],
  [0x2028, 0x202f],
  [0x205f, 0x206f],
  [0x3000, 0x3000],
  [0x3164, 0x3164],
  [0xd800, 0xf8ff],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff0, 0xfffb],
  [0xe0000, 0xe0fff],
  [0xf0000, 0x10ffff],
];

/** Letters and signs that look like ASCII ones (TR39's confusables, the common scripts). */
const LOOKALIKES: readonly Range[] = [
  [0x2bc, 0x2bc],
  [0x37e, 0x37e],
  [0x391, 0x3c9],
  [0x400, 0x52f],
  [0x1d00, 0x1d2b],
  [0x2010, 0x2015],
  [0x2018, 0x201f],
  [0x2044, 0x2044],
  [0x204e, 0x204e],
  [0x2212, 0x2217],
  [0x29f8, 0x29f8],
  [0xa789, 0xa789],
  [0xff01, 0xff5e],
  [0x1d400, 0x1d7ff],
];

function inside(code: number, ranges: readonly Range[]): boolean {
  return ranges.some(([from, to]) => code >= from && code <= to);
}

const NAMES: Readonly<Record<string, string>> = {
  '\u00A0': 'no-break space',
  '\u00AD': 'soft hyphen',
  '\u200B': 'zero-width space',
  '\u200C': 'zero-width non-joiner',
  '\u200D': 'zero-width joiner',
  '\u200E': 'left-to-right mark',
  '\u200F': 'right-to-left mark',
  '\u2028': 'line separator',
  '\u2029': 'paragraph separator',
  '\u202A': 'left-to-right embedding',
  '\u202B': 'right-to-left embedding',
  '\u202D': 'left-to-right override',
  '\u202E': 'right-to-left override',
  '\u2066': 'left-to-right isolate',
  '\u2067': 'right-to-left isolate',
  '\u2069': 'pop directional isolate',
  '\uFEFF': 'byte order mark',
};

const PLAIN = /^[\t\n\r\x20-\x7E]*$/;
const MOST = 200;

/** All suspicious characters of a line, at most 200, in order. Look-alikes count only beside ASCII letters. */
export function findMarks(line: string): Mark[] {
  const marks: Mark[] = [];
  // Most lines are plain ASCII: one look settles it.
  if (PLAIN.test(line)) return marks;
  let offset = 0;
  for (const character of line) {
    const point = character.codePointAt(0) ?? 0;
    if (inside(point, INVISIBLE))
      marks.push({ offset, name: NAMES[character] ?? `invisible or control character ${code(character)}` });
    else if (inside(point, LOOKALIKES) && (/[\u2010-\u201F]/.test(character) || besideAscii(line, offset))) {
      marks.push({ offset, name: `look-alike ${code(character)}` });
    }
    if (marks.length >= MOST) break;
    offset += character.length;
  }
  return marks;
}

function besideAscii(line: string, at: number): boolean {
  return /[A-Za-z/\\.~$-]/.test(line.slice(Math.max(0, at - 1), at) + line.slice(at + 1, at + 3));
}

function code(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/** The line as a careless reader sees it: invisible characters gone, look-alikes as the letters they imitate. */
export function asSeen(line: string): string {
  if (PLAIN.test(line)) return line;
  let seen = '';
  for (const character of line.normalize('NFKC')) {
    const point = character.codePointAt(0) ?? 0;
    if (/[\u00A0\u0085\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000]/.test(character)) seen += ' ';
    else if (!inside(point, INVISIBLE) || character === '\t' || character === '\n')
      seen += IMITATES[character] ?? character;
  }
  return seen;
}

const IMITATES: Readonly<Record<string, string>> = {
  '\u0430': 'a',
  '\u0435': 'e',
  '\u043E': 'o',
  '\u0440': 'p',
  '\u0441': 'c',
  '\u0443': 'y',
  '\u0445': 'x',
  '\u0455': 's',
  '\u0456': 'i',
  '\u0458': 'j',
  '\u043C': 'm',
  '\u0442': 't',
  '\u043A': 'k',
  '\u04BB': 'h',
  '\u0501': 'd',
  '\u051B': 'q',
  '\u051D': 'w',
  '\u0433': 'r',
  '\u0432': 'b',
  '\u043D': 'h',
  '\u0410': 'A',
  '\u0412': 'B',
  '\u0415': 'E',
  '\u041A': 'K',
  '\u041C': 'M',
  '\u041D': 'H',
  '\u041E': 'O',
  '\u0420': 'P',
  '\u0421': 'C',
  '\u0422': 'T',
  '\u0425': 'X',
  '\u03BF': 'o',
  '\u03B1': 'a',
  '\u03BD': 'v',
  '\u03C1': 'p',
  '\u0391': 'A',
  '\u0392': 'B',
  '\u0395': 'E',
  '\u2010': '-',
  '\u2011': '-',
  '\u2012': '-',
  '\u2013': '-',
  '\u2014': '-',
  '\u2015': '-',
  '\u2212': '-',
  '\u2018': "'",
  '\u2019': "'",
  '\u201C': '"',
  '\u201D': '"',
  '\u2044': '/',
  '\u2215': '/',
  '\u29F8': '/',
  '\u2217': '*',
  '\u204E': '*',
};
