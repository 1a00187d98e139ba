import type { AnalysedCommand, CommandAnalysis } from '../model/analysis';
import { specOf } from './programs';
import { coverage } from './trusted';
import { DEFAULT_TRUSTED } from './trusted-data';

/** A pattern that could be granted, with plain examples of what it would and would not let through. */
export interface Suggestion {
  readonly pattern: string;
  readonly covers: readonly string[];
  readonly doesNotCover: readonly string[];
}

/**
 * Patterns that would have covered this line, the narrowest useful one for each part that needs one; parts that
 * only read and print come along. Empty when the line has a finding, was not understood, or can only be trusted
 * as a bare interpreter, package runner or shell.
 */
export function suggestPatterns(analysis: CommandAnalysis): Suggestion[] {
  if (analysis.status !== 'parsed' || analysis.why !== undefined || analysis.findings.length > 0) return [];
  const needed = analysis.commands.filter((command) => command.words.length > 0 && command.harmless !== true);
  const parts = needed.length > 0 ? needed : analysis.commands.slice(0, 1);
  const found = new Map<string, Suggestion>();
  for (const command of parts) {
    const pattern = patternFor(command);
    if (pattern === undefined) return [];
    found.set(pattern, describe(pattern, command));
  }
  const patterns = [...found.keys()];
  // What is offered must do what it says: together with the harmless rest it covers this very line.
  return coverage([...patterns, ...harmless(analysis), ...DEFAULT_TRUSTED], analysis).covered
    ? [...found.values()]
    : [];
}

function harmless(analysis: CommandAnalysis): string[] {
  return analysis.commands
    .filter((command) => command.harmless)
    .map((command) => `${command.words[0]?.text ?? ''} *`);
}

function patternFor(command: AnalysedCommand): string | undefined {
  if (command.uncoverable !== undefined) return undefined;
  const words = command.words.map((word) => word.text ?? word.raw);
  const [program = ''] = words;
  const spec = specOf(command.program ?? program, 'bash');
  const last = Math.max(0, ...(command.mustName ?? []));
  const named = words.slice(0, last + 1);
  const bare =
    spec?.kind === 'interpreter' ||
    spec?.kind === 'runner' ||
    spec?.kind === 'shell' ||
    spec?.wrapper !== undefined;
  if (last === 0) {
    if (bare) return undefined;
    // A program with subcommands is trusted by subcommand: `git log *`, not `git *`.
    const second = words[1];
    if (spec?.commanding === true && second !== undefined && /^[a-z][\w:-]*$/.test(second))
      return `${program} ${second} *`;
    return `${program} *`;
  }
  if (named.some((word) => /[\s*]/.test(word))) return undefined;
  return `${named.join(' ')} *`;
}

function describe(pattern: string, command: AnalysedCommand): Suggestion {
  const named = pattern.replace(/ \*$/, '');
  const [program = ''] = named.split(' ');
  const own = command.words.map((word) => word.raw).join(' ');
  const other = named.includes(' ')
    ? `${program} with anything but ${named.slice(program.length + 1)}`
    : `any other program`;
  return {
    pattern,
    covers: [...new Set([own, named, `${named} with other arguments`])],
    doesNotCover: [
      other,
      `${named} whose output is written to a file`,
      `${named} together with a part that no pattern covers`,
      `anything that the guard finds dangerous`,
    ],
  };
}
