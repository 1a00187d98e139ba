/** One suspicious character: where it is, and what it is called. */
export interface Mark {
  readonly offset: number;
  readonly name: string;
}

/**
 * Characters that make a line look other than it is: Unicode's bidirectional controls (TR9), default-ignorable
 * code points, spaces that no shell splits at, and letters that look like ASCII ones (TR39, the common scripts).
 */
const SUSPICIOUS =
  /[\u00A0\u00AD\u034F\u061C\u115F\u1160\u1680\u17B4\u17B5\u180B-\u180F\u2000-\u200F\u2028-\u202F\u205F-\u206F\u3000\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFFB\uE000-\uF8FF\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]|[\u{E0000}-\u{E0FFF}]|[\u{F0000}-\u{10FFFD}]/gu;

const LOOKALIKE =
  /[\u0430\u0435\u043E\u0440\u0441\u0443\u0445\u0455\u0456\u0458\u0461\u04BB\u0501\u051B\u051D\u0410\u0412\u0415\u041A\u041C\u041D\u041E\u0420\u0421\u0422\u0425\u03BF\u03B1\u03BD\u03C1\u0391\u0392\u0395\u0396\u0397\u0399\u039A\u039C\u039D\u039F\u03A1\u03A4\u03A5\u03A7\u2010-\u2015\u2018-\u201F\u2044\u2212\u2215\u29F8\u2217\u204E\uA789\uFF01-\uFF5E\u02BC\u037E\u1D00-\u1D2B\u{1D400}-\u{1D7FF}]/gu;

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

/** All suspicious characters of a line, at most 200, in order. Look-alikes count only beside ASCII letters. */
export function findMarks(line: string): Mark[] {
  const marks: Mark[] = [];
  // Most lines are plain ASCII: one look settles it.
  if (/^[\t\n\r\x20-\x7E]*$/.test(line)) return marks;
  for (const match of line.matchAll(SUSPICIOUS)) {
    marks.push({
      offset: match.index,
      name: NAMES[match[0]] ?? `invisible or control character ${code(match[0])}`,
    });
    if (marks.length >= 200) return marks;
  }
  for (const match of line.matchAll(LOOKALIKE)) {
    if (/[\u2010-\u2015\u2018-\u201F]/.test(match[0]) === false && !besideAscii(line, match.index)) continue;
    marks.push({ offset: match.index, name: `look-alike ${code(match[0])}` });
    if (marks.length >= 200) break;
  }
  return marks.sort((a, b) => a.offset - b.offset);
}

function besideAscii(line: string, at: number): boolean {
  return /[A-Za-z/\\.~$-]/.test(line.slice(Math.max(0, at - 1), at) + line.slice(at + 1, at + 3));
}

function code(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/** The line as a careless reader sees it: invisible characters gone, look-alikes as the letters they imitate. */
export function asSeen(line: string): string {
  if (/^[\t\n\r\x20-\x7E]*$/.test(line)) return line;
  return line
    .normalize('NFKC')
    .replace(/[\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000\u0085]/g, ' ')
    .replace(SUSPICIOUS, '')
    .replace(
      /[\u0400-\u04FF\u0500-\u052F\u0370-\u03FF\u2010-\u2015\u2212\u2018-\u201F\u2044\u2215\u29F8\u2217\u204E]/g,
      (c) => IMITATES[c] ?? c,
    );
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
