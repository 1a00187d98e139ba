import type { AnalysedCommand, CommandAnalysis } from '../model/analysis';
import { canonicalName } from './programs';

/** Whether patterns cover a whole line, and why or why not, in one sentence. */
export interface Coverage {
  readonly covered: boolean;
  readonly why: string;
}

/** Does one pattern, alone, cover every part of the line? See `coverage`. */
export function matchTrusted(pattern: string, analysis: CommandAnalysis): Coverage {
  return coverage([pattern], analysis);
}

/**
 * Do the patterns together cover every part of the line? A pattern is words parted by blanks: `git log *`.
 * A last word `*` stands for any further words, none included; a `*` inside a word for any run of characters in
 * that word. Never covered: a line that was not understood, that has a finding, or in which a part writes,
 * deletes, sends, runs code, or is only known when it runs. What is run or contacted must be named by the pattern
 * itself: `npx *` does not cover `npx jest`, `npx jest *` does.
 */
export function coverage(patterns: readonly string[], analysis: CommandAnalysis): Coverage {
  const no = (why: string): Coverage => ({ covered: false, why });
  if (analysis.status !== 'parsed') return no(analysis.why ?? 'it was not understood');
  const [finding] = analysis.findings;
  if (finding !== undefined) return no(finding.title);
  if (analysis.why !== undefined) return no(analysis.why);
  if (analysis.notPlain !== undefined) return no(analysis.notPlain);
  if (analysis.commands.length === 0) return no('it runs nothing');
  const parsed = patterns.map(parsePattern).filter((words) => words.length > 0);
  for (const command of analysis.commands) {
    if (command.uncoverable !== undefined) return no(`${shown(command)}: ${command.uncoverable}`);
    if (command.words.length === 0) continue;
    if (!parsed.some((words) => covers(words, command, analysis.shell)))
      return no(`no trusted pattern covers ${shown(command)}`);
  }
  return { covered: true, why: 'a trusted pattern covers every part of it' };
}

/** Patterns that were taken apart before: a policy has few, and asks about them with every command. */
const PARSED = new Map<string, readonly string[]>();

function parsePattern(pattern: string): readonly string[] {
  const known = PARSED.get(pattern);
  if (known !== undefined) return known;
  const words = pattern
    .trim()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (PARSED.size >= 1000) PARSED.clear();
  PARSED.set(pattern, words);
  return words;
}

function covers(
  pattern: readonly string[],
  command: AnalysedCommand,
  shell: CommandAnalysis['shell'],
): boolean {
  const words = command.words.map((word) => word.text ?? word.raw);
  const open = pattern.at(-1) === '*';
  const named = open ? pattern.slice(0, -1) : pattern;
  // `*` alone names nothing, and so trusts nothing.
  if (named.length === 0 || words.length < named.length || (!open && words.length > named.length))
    return false;
  for (const [index, wanted] of named.entries()) {
    const given = words[index] ?? '';
    const same = index === 0 ? sameProgram(wanted, given, shell) : matchesWord(wanted, given);
    if (!same) return false;
  }
  return (command.mustName ?? []).every((index) => {
    const wanted = named[index];
    // A wildcard inside a word still names something when it starts with letters: `test:*`.
    return wanted !== undefined && /^[^*]*[\w][^*]*\*?$/.test(wanted) && !/^[^*]{0,2}\*/.test(wanted);
  });
}

function sameProgram(wanted: string, given: string, shell: CommandAnalysis['shell']): boolean {
  if (wanted.includes('*')) return false;
  if (wanted === given) return true;
  const base = given.slice(
    Math.max(given.lastIndexOf('/'), shell === 'bash' ? -1 : given.lastIndexOf('\\')) + 1,
  );
  if (base === wanted) return true;
  return shell !== 'bash' && canonicalName(base, shell) === canonicalName(wanted, shell);
}

function matchesWord(pattern: string, word: string): boolean {
  if (!pattern.includes('*')) return pattern === word;
  const pieces = pattern.split('*');
  const [head = '', ...rest] = pieces;
  if (!word.startsWith(head)) return false;
  let at = head.length;
  for (const [index, piece] of rest.entries()) {
    if (index === rest.length - 1) return word.length - piece.length >= at && word.endsWith(piece);
    const found = word.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return true;
}

function shown(command: AnalysedCommand): string {
  const text = command.words.map((word) => word.raw).join(' ');
  return text.length > 60 ? `${text.slice(0, 57)}...` : text || 'a redirection';
}
