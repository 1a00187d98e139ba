import type { Shell } from '../model/analysis';
import type { ParsedArgs } from './args';
import type { PathClass } from './paths';
import type { ProgramSpec } from './programs/spec';
import type { Redirection, Simple } from './state';
import type { Stream, Tags, Value } from './value';

/** A path that a command touches, and what that path is. */
export interface PathRef {
  readonly shape: string;
  readonly classes: ReadonlySet<PathClass>;
}

/** Everything known of one simple command; what rules are matched against. */
export interface Facts {
  /** Canonical name: `rm` for `/bin/rm`, `python` for `python3.11`, `mkfs` for `mkfs.ext4`. */
  readonly name: string;
  /** Started by name or from a system folder, so that it is the program it is called. */
  readonly genuine: boolean;
  readonly shell: Shell;
  readonly simple: Simple;
  /** Arguments after the program's name. */
  readonly words: readonly Value[];
  readonly args: ParsedArgs;
  readonly spec: ProgramSpec | undefined;
  readonly reads: PathRef[];
  readonly writes: PathRef[];
  readonly deletes: PathRef[];
  /** Whose permissions or owner it changes. */
  readonly perms: PathRef[];
  readonly hosts: string[];
  /** Code it runs that is not analysed as a command of its own, for people. */
  readonly executes: string[];
  /** Where the code that it runs came from. */
  runs: Tags;
  /** Where the data that it sends came from. */
  sends: Tags;
  readonly redirections: readonly Redirection[];
  readonly stdin: Stream;
  /** Goes down folders. */
  recursive: boolean;
  /** Changes something that no path names. */
  changes: boolean;
  privilege: boolean;
  /** Ids of rules that the code in it broke; reported together with the command. */
  readonly reported: string[];
  /** The command as text, arguments joined by blanks, markers shown. For rules about languages such as SQL. */
  readonly text: string;
}
