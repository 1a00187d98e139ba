import type { Shell } from '../../model/analysis';
import type { PathClass } from '../paths';
import type { TagName } from '../value';

/**
 * When a rule speaks of a command. All fields that are given must hold; a list means "one of". Names of
 * programs are canonical (see `canonicalName`), options are as a person writes them: `-r`, `--recursive`, `/s`.
 */
export interface Condition {
  readonly program?: readonly string[];
  /** Subcommands: `stash drop`. */
  readonly sub?: readonly string[];
  readonly shell?: readonly Shell[];
  /** One of these options is given. */
  readonly option?: readonly string[];
  /** One of these is given before the subcommand. */
  readonly earlyOption?: readonly string[];
  /** And one of these. */
  readonly alsoOption?: readonly string[];
  readonly notOption?: readonly string[];
  /** A positional argument is one of these, exactly. */
  readonly argument?: readonly string[];
  /** The first positional is one of these, exactly. */
  readonly first?: readonly string[];
  /** The arguments, joined by single blanks, match. Anchored or simple: no nested repetition. */
  readonly text?: RegExp;
  readonly notText?: RegExp;
  /** It deletes, writes, reads, or changes the permissions of a path of one of these classes. */
  readonly deletes?: readonly PathClass[];
  readonly writes?: readonly PathClass[];
  readonly reads?: readonly PathClass[];
  readonly perms?: readonly PathClass[];
  /** A redirection of its input or output names a path of one of these classes. */
  readonly redirects?: readonly PathClass[];
  readonly recursive?: true;
  /** It runs code that came from one of these. */
  readonly runs?: readonly TagName[];
  /** It sends data that came from one of these. */
  readonly sends?: readonly TagName[];
  /** Its standard input came from one of these. */
  readonly stdin?: readonly TagName[];
  readonly privilege?: true;
  /** A variable of one of these names is set for it. */
  readonly assigns?: RegExp;
}

/** A line of bash, or of another shell. */
export type Example = string | readonly [Shell, string];

/** One entry of the catalogue. */
export interface Rule {
  /** `family.name`; part of journals and of policies, so never given another meaning. */
  readonly id: string;
  readonly severity: 'block' | 'ask';
  readonly title: string;
  /** One or two sentences for the person who is asked or refused. */
  readonly explanation: string;
  readonly saferAlternative?: string;
  /** Any of these. Empty for rules that the analysis itself reports. */
  readonly when: readonly Condition[];
  /** Lines that this rule must find, and lines that look alike and must not be found. Checked by a test. */
  readonly match: readonly Example[];
  readonly noMatch: readonly Example[];
}
