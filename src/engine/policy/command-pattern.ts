import type { AnalysedCommand, CommandAnalysis } from '../model/analysis';
import { wildcardMatch } from './wildcard';

/**
 * A command pattern of a rule that asks or denies. Wide on purpose, the opposite of a trusted pattern: the
 * program counts by its name wherever it lies, options between the words do not hide a command, and a word
 * that is only known when it runs counts as a match.
 */
export interface CommandPattern {
  readonly source: string;
  /** In lower case; may have a `*` in it. */
  readonly program: string;
  readonly rest: readonly string[];
}

export function compileCommandPattern(source: string): CommandPattern {
  const [program = '*', ...rest] = source.trim().split(/\s+/);
  return { source, program: program.toLowerCase(), rest };
}

/** True when any part of the line, wrappers removed, could be what the pattern names. */
export function restricts(pattern: CommandPattern, analysis: CommandAnalysis): boolean {
  if (analysis.commands.some((command) => couldBe(pattern, command))) return true;
  if (analysis.status === 'parsed') return false;
  // The list of commands is not to be relied on: the program's name anywhere in the line is enough.
  return analysis.line.toLowerCase().includes(pattern.program.replaceAll('*', ''));
}

function couldBe({ program, rest }: CommandPattern, command: AnalysedCommand): boolean {
  const names = namesOf(command);
  // A program that is only known when it runs may be any.
  if (names === undefined) return true;
  return names.some((name) => wildcardMatch(program, name)) && inOrder(rest, command.words, 1);
}

/** A policy may have hundreds of rules: what a command is called is worked out once. */
const KNOWN_NAMES = new WeakMap<AnalysedCommand, readonly string[]>();

/** The names of a command in lower case: as written, without folder and ending, and as the catalogue knows it. */
function namesOf(command: AnalysedCommand): readonly string[] | undefined {
  const known = KNOWN_NAMES.get(command);
  if (known !== undefined) return known;
  const [first] = command.words;
  if (first !== undefined && first.text === undefined) return undefined;
  const text = (first?.text ?? '').toLowerCase();
  const names = [...new Set([text, baseName(text), (command.program ?? text).toLowerCase()])];
  KNOWN_NAMES.set(command, names);
  return names;
}

function baseName(path: string): string {
  const name = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
  return name.replace(/\.(exe|cmd|bat|com|ps1)$/, '');
}

/** Each word of the pattern occurs, in order, with anything in between. */
function inOrder(wanted: readonly string[], words: AnalysedCommand['words'], from: number): boolean {
  let at = from;
  for (const pattern of wanted) {
    if (pattern === '*') continue;
    while (at < words.length) {
      const text = words[at]?.text;
      if (text === undefined || wildcardMatch(pattern, text)) break;
      at++;
    }
    // A dynamic word may be several words, so it is not used up.
    if (at === words.length) return false;
    if (words[at]?.text !== undefined) at++;
  }
  return true;
}
