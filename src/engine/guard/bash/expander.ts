import type { ParsedScript } from 'unbash';
import type { ShellState } from '../state';
import type { Stream } from '../value';

/** What expansion needs from the reader of scripts. */
export interface Expander {
  readonly state: ShellState;
  /** Runs a substitution in a subshell and says what it prints. */
  substitute(script: ParsedScript, stdin?: Stream): Stream;
  /** Registers what a process substitution can be read from; returns its path. */
  pseudoFile(content: Stream): string;
  /** Standard input of the command whose words are expanded, for `>(…)`. */
  readonly stdin: Stream;
  doubt(why: string): void;
}
