import type { CommandAnalysis, ShellPlace } from '../model/analysis';

/** A pattern that lets commands through, with the id under which it is recorded. */
export interface NamedPattern {
  readonly id: string;
  readonly pattern: string;
}

/** A pattern worth offering for a line, with what it would and would not cover. */
export interface PatternSuggestion {
  readonly pattern: string;
  readonly covers: readonly string[];
  readonly leavesOut: readonly string[];
}

/**
 * The ids of the patterns that together cover every command of the line, or undefined when one command is
 * covered by none.
 */
export function coversLine(
  analysis: CommandAnalysis,
  patterns: readonly NamedPattern[],
  _defaults: boolean,
  _place: ShellPlace & { readonly now: number },
): readonly string[] | undefined {
  return analysis.commands.length === 0 || patterns.length === 0 ? undefined : undefined;
}

export function suggestionsFor(_analysis: CommandAnalysis): readonly PatternSuggestion[] {
  return [];
}
