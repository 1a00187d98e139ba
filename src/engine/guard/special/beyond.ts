import { hasOption } from '../args';
import type { Facts } from '../facts';
import { guessOf } from '../value';
import { programsOf } from './code';

/**
 * Why a pattern that names a program may not answer for these arguments, for programs whose arguments are a language,
 * or that write and set with what looks like reading. Undefined: nothing is known against it.
 */
export function beyondPatterns(facts: Facts): string | undefined {
  return Object.hasOwn(BEYOND, facts.name) ? BEYOND[facts.name]?.(facts) : undefined;
}

const texts = (facts: Facts): readonly string[] => facts.words.map((word) => guessOf(word) ?? word.shape);
const plainWords = (facts: Facts): readonly string[] => texts(facts).filter((text) => !text.startsWith('-'));

/** Whether each program on the line is known and of this kind. */
function allPrograms(facts: Facts, isPlain: (program: string) => boolean): boolean {
  return programsOf(facts).every((value) => {
    const text = value === undefined ? undefined : guessOf(value);
    return text !== undefined && isPlain(text);
  });
}

function awk(facts: Facts): string | undefined {
  const odd = texts(facts).some((text) => /^-(?:W|-[a-z])|^-[^Fv\d]/.test(text));
  return allPrograms(facts, plainAwk) && !odd ? undefined : 'its program may do more than print';
}

const AWK_TEXT = /"(?:[^"\\\n]|\\[^\n])*"/y;
/** Awks differ in whether a slash within brackets ends it, so there must be none. */
const AWK_PATTERN = /\/(?:[^/\\\n[]|\\[^\n]|\[(?:[^\]\\/\n]|\\[^\n])+\])*\//y;

/**
 * The program with its texts and regular expressions left empty. Read from left to right, since a quotation mark within
 * one is none of the other. Undefined where it is not certain what begins: a comment, a slash that may divide.
 */
function awkWithoutTexts(program: string): string | undefined {
  let bare = '';
  let before = '';
  for (let at = 0; at < program.length; ) {
    const c = program[at] ?? '';
    let skipped = 1;
    if (c === '"' || c === '/') {
      // Where an operand is due, a slash begins a regular expression.
      if (c === '/' && before !== '' && !/[~({;}!,&|\n]/.test(before)) return undefined;
      const whole = c === '"' ? AWK_TEXT : AWK_PATTERN;
      whole.lastIndex = at;
      const text = whole.exec(program)?.[0];
      if (text === undefined) return undefined;
      skipped = text.length;
      bare += '""';
      before = '"';
    } else {
      if (c === '#') return undefined;
      bare += c;
      if (c === '\n' || /\S/.test(c)) before = c;
    }
    at += skipped;
  }
  return bare;
}

/** Prints, counts and compares: no pipe, no file, no call that reaches outside, nothing included. */
export function plainAwk(program: string): boolean {
  const code = awkWithoutTexts(program);
  if (
    code === undefined ||
    /\b(?:system|getline|close|fflush|ENVIRON|PROCINFO|ARGV|SYMTAB|FUNCTAB|extension)\b|[@`\\]/.test(code)
  )
    return false;
  const compared = code.replace(/\|\|/g, ' or ').replace(/>=/g, ' ge ');
  // After print, `>` opens a file; elsewhere it compares.
  return !compared.includes('|') && !/\bprintf?\b[^;}\n]*>/.test(compared);
}

function sed(facts: Facts): string | undefined {
  return allPrograms(facts, plainSed) ? undefined : 'its script may do more than print';
}

const ADDRESS = String.raw`(?:\d+(?:~\d+)?|\$|\/(?:[^/\\\n[]|\\[^\n])*\/I?)`;
const SED_COMMAND = new RegExp(
  String.raw`^(?:${ADDRESS}(?:,[+~]?${ADDRESS})?)?[ \t]*!?[ \t]*(?:[pdPDnNgGhHx=]|q\d*|s([/|,:#@!])(?:(?!\1)[^\\\n[]|\\[^\n])*\1(?:(?!\1)[^\\\n]|\\[^\n])*\1[gpIi\d]*|y\/(?:[^/\\\n]|\\[^\n])*\/(?:[^/\\\n]|\\[^\n])*\/)[ \t]*(?:[;\n]|$)`,
);

/** Commands that print, delete or replace lines of the output; sets in brackets and everything rarer are left out. */
export function plainSed(script: string): boolean {
  let rest = script.trim();
  while (rest !== '') {
    const command = SED_COMMAND.exec(rest);
    if (command === null) return false;
    rest = rest.slice(command[0].length).trimStart();
  }
  return true;
}

function git(facts: Facts): string | undefined {
  const words = texts(facts);
  const { sub } = facts.args;
  if (words.includes('--')) {
    const before = words.slice(0, words.indexOf('--'));
    if (sub !== undefined && !before.includes(sub.split(' ').at(-1) ?? ''))
      return 'its command stands after “--”';
  }
  const has = (...names: string[]): boolean =>
    words.some((word) => names.some((name) => word === name || word.startsWith(`${name}=`)));
  switch (sub?.split(' ')[0]) {
    case 'branch':
      return facts.args.positionals.length > 0 &&
        !has('-l', '--list', '--contains', '--no-contains', '--merged', '--no-merged', '--points-at')
        ? 'it may make a branch'
        : undefined;
    case 'config':
      return words.some((word) => /^--(?:add|unset|replace|re[nm]|edit)|^-e$/.test(word))
        ? 'it changes the configuration'
        : undefined;
    case 'fsck':
      return has('--lost-found') ? 'it writes what it finds' : undefined;
    case 'merge-tree':
      return 'it writes objects';
    case 'cat-file':
      return has('--filters', '--textconv') ? 'it runs filters' : undefined;
    case 'reflog':
      return words.some((word) => /^(?:drop|delete|expire|write)$/.test(word))
        ? 'it drops what could be gone back to'
        : undefined;
    case 'stash':
      return /^stash (?:list|show)$/.test(sub ?? '') ? undefined : 'it changes the stash';
    default:
      return undefined;
  }
}

const BEYOND: Readonly<Record<string, (facts: Facts) => string | undefined>> = {
  awk,
  gawk: awk,
  mawk: awk,
  nawk: awk,
  sed,
  gsed: sed,
  git,
  fd: (facts) =>
    texts(facts).some((text) => /^-[a-zA-Z]*[xX]|^--e(?:x(?:e|$)|$)/.test(text) && !/^--ext/.test(text))
      ? 'it runs a command for what it finds'
      : undefined,
  find: (facts) =>
    texts(facts).some((text) => /^-files0/.test(text)) ? 'it reads where to look from a file' : undefined,
  fdfind: (facts) => BEYOND.fd?.(facts),
  sort: (facts) =>
    facts.shell !== 'bash' && texts(facts).some((text) => /^\/o/i.test(text))
      ? 'it writes a file'
      : undefined,
  date: (facts) =>
    plainWords(facts).some((text) => !text.startsWith('+')) &&
    !hasOption(facts.args, ['-d', '-r', '--date', '--reference', '-f', '--file'])
      ? 'it may set the clock'
      : undefined,
  xxd: (facts) =>
    plainWords(facts).length > 1 && texts(facts).some((text) => /^-.*(?:r|p|i)/.test(text))
      ? 'it may write a file'
      : undefined,
  npm: (facts) =>
    texts(facts).some((text) =>
      /^--?(?:logs-dir|cache|prefix|userconfig|globalconfig|script-shell|shell|node-options|init-module|location)\b/i.test(
        text,
      ),
    )
      ? 'it is told where to write or what to run'
      : undefined,
  ps: (facts) =>
    texts(facts).some((text) => /^[a-zA-Z]*e[a-zA-Z]*$/.test(text)) &&
    !/(^|\s)-[a-zA-Z]*[opuUCgG]\s+[a-zA-Z]*e/.test(facts.text)
      ? 'it prints the environment of processes'
      : undefined,
};
