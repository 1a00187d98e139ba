import type { AnalysedCommand, CommandAnalysis } from '../model/analysis';
import { wildcardMatch } from './wildcard';

/**
 * A command pattern of a rule that asks or denies. Wide on purpose, the opposite of a trusted pattern: the
 * program counts by its name wherever it lies, options between the words do not hide a command, and a word
 * that is only known when it runs counts as a match.
 */
export interface CommandPattern {
  readonly source: string;
  readonly words: readonly string[];
}

export function compileCommandPattern(source: string): CommandPattern {
  return { source, words: source.trim().split(/\s+/) };
}

/** True when any part of the line, wrappers removed, could be what the pattern names. */
export function restricts(pattern: CommandPattern, analysis: CommandAnalysis): boolean {
  if (analysis.commands.some((command) => couldBe(pattern, command))) return true;
  if (analysis.status === 'parsed') return false;
  // The list of commands is not to be relied on: the program's name anywhere in the line is enough.
  const program = pattern.words[0]?.replaceAll('*', '').toLowerCase() ?? '';
  return program === '' || analysis.line.toLowerCase().includes(program);
}

function couldBe(pattern: CommandPattern, command: AnalysedCommand): boolean {
  const [program, ...rest] = pattern.words;
  const first = command.words[0];
  if (program === undefined) return false;
  if (first?.text === undefined) return true;
  const names = [command.program, baseName(first.text), first.text];
  const wanted = program.toLowerCase();
  const named = names.some((name) => name !== undefined && wildcardMatch(wanted, name.toLowerCase()));
  return named && inOrder(rest, command.words.slice(1));
}

function baseName(path: string): string {
  const name = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
  return name.replace(/\.(exe|cmd|bat|com|ps1)$/i, '');
}

/** Each word of the pattern occurs, in order, with anything in between. */
function inOrder(wanted: readonly string[], words: AnalysedCommand['words']): boolean {
  let at = 0;
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
