import { coverage, DEFAULT_TRUSTED, suggestPatterns } from '../guard';
import type { AnalysedCommand, CommandAnalysis } from '../model/analysis';

/** A pattern that lets commands through, with the id under which it is recorded. */
export interface NamedPattern {
  readonly id: string;
  readonly pattern: string;
  /** The pattern's first word. */
  readonly program: string;
  /** Given with an approval that showed the whole line: filters of what it prints come along. */
  readonly withFilters?: boolean;
}

/** Under this id the built-in set of trusted patterns appears in decisions. */
export const DEFAULTS_ID = 'trusted.default';

const DEFAULTS: ReadonlyMap<string, readonly NamedPattern[]> = byProgram(
  DEFAULT_TRUSTED.map((pattern) => ({ id: DEFAULTS_ID, pattern, program: firstWord(pattern) })),
);
const ALL_DEFAULTS: readonly NamedPattern[] = [...DEFAULTS.values()].flat();

function byProgram(patterns: readonly NamedPattern[]): ReadonlyMap<string, readonly NamedPattern[]> {
  const map = new Map<string, NamedPattern[]>();
  for (const one of patterns) map.set(one.program, [...(map.get(one.program) ?? []), one]);
  return map;
}

/** The program that a pattern is about. */
export function firstWord(pattern: string): string {
  return pattern.trim().split(/\s/, 1)[0] ?? '';
}

/**
 * The ids of the patterns that together cover every command of the line, or undefined when one command is
 * covered by none. What a pattern covers is the guard's to say; here it is only asked no more than needed:
 * the built-in set alone has more than a hundred patterns.
 */
export function coversLine(
  analysis: CommandAnalysis,
  patterns: readonly NamedPattern[],
  defaults: boolean,
): readonly string[] | undefined {
  if (patterns.length === 0 && !defaults) return undefined;
  const chosen: NamedPattern[] = [];
  const left: AnalysedCommand[] = [];
  for (const command of analysis.commands) {
    if (command.uncoverable !== undefined) return undefined;
    if (command.words.length === 0) continue;
    const found = coverOf(command, analysis, patterns, defaults);
    if (found !== undefined) chosen.push(found);
    else left.push(command);
  }
  if (left.length > 0 && !(chosen.some((one) => one.withFilters) && left.every(isFilter))) return undefined;
  // The guard has the last word on the line as a whole, findings and doubts included.
  const rest = left.map((command) => `${command.words[0]?.text ?? ''} *`);
  const covered = coverage([...chosen.map((one) => one.pattern), ...rest], analysis).covered;
  return covered && chosen.length > 0 ? [...new Set(chosen.map((one) => one.id))] : undefined;
}

/** Reads what the command before it prints, and no file: `grep -E x`, `tail -n 80`. */
function isFilter({ harmless, effects }: AnalysedCommand): boolean {
  return harmless === true && effects.reads.length === 0;
}

function coverOf(
  command: AnalysedCommand,
  analysis: CommandAnalysis,
  patterns: readonly NamedPattern[],
  defaults: boolean,
): NamedPattern | undefined {
  const alone: CommandAnalysis = { ...analysis, commands: [command] };
  const matches = ({ pattern }: NamedPattern): boolean => coverage([pattern], alone).covered;
  // In PowerShell and cmd one program has many names; only the guard knows them all.
  if (analysis.shell !== 'bash')
    return patterns.find(matches) ?? (defaults ? ALL_DEFAULTS.find(matches) : undefined);
  const word = command.words[0]?.text ?? '';
  const base = word.slice(word.lastIndexOf('/') + 1);
  const own = patterns.find((one) => (one.program === word || one.program === base) && matches(one));
  if (own !== undefined || !defaults) return own;
  return (DEFAULTS.get(word) ?? DEFAULTS.get(base))?.find(matches);
}

/** Patterns worth offering for a line: only all of them together cover it. */
export interface PatternSuggestion {
  readonly patterns: readonly string[];
  readonly covers: readonly string[];
  readonly leavesOut: readonly string[];
}

/** Undefined when nothing narrower than a bare interpreter, package runner or shell would cover the line. */
export function suggestionFor(analysis: CommandAnalysis): PatternSuggestion | undefined {
  const found = suggestPatterns(analysis);
  if (found.length === 0) return undefined;
  return {
    patterns: found.map((one) => one.pattern),
    covers: [...new Set(found.flatMap((one) => one.covers))],
    leavesOut: [...new Set(found.flatMap((one) => one.doesNotCover))],
  };
}
