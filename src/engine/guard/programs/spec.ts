/**
 * What an option or a positional argument of a program is. This is the vocabulary in which programs are
 * described; everything that is not described is an option without consequences, or plain text.
 */
export type Role =
  /** Plain text or number. As an option: takes a value that has no consequences. */
  | 'value'
  | 'read'
  | 'write'
  | 'delete'
  /** Takes a shell command line as its value, and runs it. */
  | 'exec'
  /** Names a program or a script that is run. */
  | 'run'
  /** Code of the interpreter itself: `python -c`. */
  | 'code'
  /** A host or URL that is contacted. */
  | 'host'
  /** Data that is sent; `@file` names a file to send. */
  | 'send'
  /** A file that is sent. */
  | 'upload'
  /** A flag, without a value, that makes the program write its positional files in place. */
  | 'inplace'
  /** A flag, without a value, that makes the program run something it was not named for. */
  | 'runs'
  /** A flag, without a value, that makes the program change something that no path names. */
  | 'changes'
  /** A flag, without a value, that makes the program delete what it has read or moved. */
  | 'deletes'
  /** Where the program moves before it works: `git -C`, `make -C`. */
  | 'cd';

/** How a program reads its own arguments. */
export type Style =
  /** `-abc`, `-o value`, `--long=value`, `--` (and any unambiguous beginning of a long option). */
  | 'gnu'
  /** `-name value`, as in find, java, openssl. */
  | 'single'
  /** `if=a of=b`. */
  | 'equals'
  /** `/s /q`, and `-s`. */
  | 'windows'
  /** `-Name value`, case-insensitive, any unambiguous beginning. */
  | 'powershell'
  /** No options at all: everything is a positional. */
  | 'plain';

/** How the command inside a wrapper is found. */
export interface WrapperSpec {
  /** Positionals before the inner command: 1 for `timeout 5 cmd`. */
  readonly skip?: number;
  /** `A=1` words come before the inner command. */
  readonly assignments?: boolean;
  /** The inner command is one shell line, its words joined by blanks: `eval`, `ssh host …`, `watch`. */
  readonly line?: boolean;
  /** Runs somewhere else: what it does to paths is not done here. */
  readonly remote?: boolean;
  /** More arguments arrive on standard input: `xargs`. */
  readonly stdinArgs?: boolean;
  /** Harmless in itself: a trusted pattern for the inner command may cover it. */
  readonly transparent?: boolean;
  readonly privilege?: boolean;
}

/** One program, as the guard knows it. */
export interface ProgramSpec {
  readonly names: readonly string[];
  readonly style?: Style;
  /**
   * reader: reads, prints, nothing else, apart from what its options say. shell and interpreter: run code.
   * runner: runs a program or a package that its arguments name. build: runs what the project defines.
   * network: contacts hosts. filter: its output is its input, changed. admin: changes the machine.
   */
  readonly kind?:
    | 'reader'
    | 'shell'
    | 'interpreter'
    | 'runner'
    | 'build'
    | 'network'
    | 'filter'
    | 'writer'
    | 'admin'
    | 'decoder'
    | 'printer';
  /** Option names, separated by blanks, to what they are. */
  readonly options?: Readonly<Record<string, Role>>;
  /** Roles of the positionals; the last one goes on. None means plain text. */
  readonly positionals?: readonly Role[];
  /** The last positional has this role instead, when there are at least two. */
  readonly last?: Role;
  /** With one of these options, the positionals shift: `grep -e x file` has no pattern word. */
  readonly shiftedBy?: readonly string[];
  /** Options that come before a subcommand; the subcommand's own are in `subs`. */
  readonly subs?: Readonly<Record<string, SubSpec>>;
  /** `options` count only before the subcommand: `git -p log` is not `git log -p`. */
  readonly earlyOptions?: boolean;
  /** Takes subcommands; one that is not in `subs` is not known. */
  readonly commanding?: boolean;
  readonly wrapper?: WrapperSpec;
  /** Deletes, moves and permission changes go down folders without being told. */
  readonly recursive?: boolean;
}

/** A subcommand: the same words as a program, without names of its own. */
export type SubSpec = Omit<ProgramSpec, 'names' | 'subs' | 'style' | 'commanding' | 'earlyOptions'>;
