/** bash stands for sh, dash, ksh and zsh too. */
export type Shell = 'bash' | 'powershell' | 'cmd';

/** Where a command line would run; all absolute. Needed to tell `rm -rf .` from `rm -rf build`. */
export interface ShellPlace {
  readonly cwd: string;
  readonly workspace: string;
  readonly home: string;
}

/** One word of a command. `text` is undefined when it is only known when it runs (`$x`, `$(…)`, a glob). */
export interface Word {
  readonly raw: string;
  readonly text: string | undefined;
}

/** What one simple command may do. `unknown` means that nothing is known of the program. */
export interface CommandEffects {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly deletes: readonly string[];
  readonly network: readonly string[];
  /** Code that it runs which is not on this line: a script's path, `stdin`, a one-liner in another language. */
  readonly executes: readonly string[];
  readonly privilege: boolean;
  readonly process: boolean;
  readonly unknown: boolean;
}

/** A simple command after unwrapping: `env A=1 nice git status` gives `git status`, wrapped by `env`, `nice`. */
export interface AnalysedCommand {
  readonly words: readonly Word[];
  /** Static argv, or undefined when any word is dynamic. */
  readonly argv: readonly string[] | undefined;
  /** Name of the program as the catalogue knows it: last part of the path only when the path is a system one. */
  readonly program: string | undefined;
  readonly wrappers: readonly string[];
  /** Variables set for it (`A=1 cmd`), names only. */
  readonly assignments: readonly string[];
  readonly effects: CommandEffects;
  /** Plain words: what this part does, for the approval card. */
  readonly summary: string;
  /** Why no trusted pattern and no grant for its first words may cover it; absent when one may. */
  readonly uncoverable?: string;
  /** Positions in `words` that a pattern must name itself, not by a wildcard: `jest` of `npx jest`. */
  readonly mustName?: readonly number[];
  /** It only reads and prints: harmless at the end of somebody else's pipe. */
  readonly harmless?: boolean;
}

/** `block` never runs. `ask` is asked about even under a trusted pattern or grant for its first words. */
export interface GuardFinding {
  readonly ruleId: string;
  readonly severity: 'block' | 'ask';
  readonly title: string;
  readonly explanation: string;
  readonly saferAlternative?: string;
}

/** What a command line really does. Made by `guard`, read by `policy`, approvals and the views. */
export interface CommandAnalysis {
  readonly line: string;
  readonly shell: Shell;
  /** `parsed`: both parsers agree. Otherwise `why` says what was not understood, and the least effect is *ask*. */
  readonly status: 'parsed' | 'disagree' | 'unparsable' | 'too-long';
  readonly why?: string;
  readonly commands: readonly AnalysedCommand[];
  readonly findings: readonly GuardFinding[];
  /** Why no pattern may answer for the line though it was understood: only plain lines can be answered beforehand. */
  readonly notPlain?: string;
  /** Every command static, known, unfindinged, no write outside the grant: a trusted pattern may cover it. */
  readonly autoApprovable: boolean;
  /** Invisible, bidirectional or look-alike characters, for the approval to mark. */
  readonly marks: readonly { readonly offset: number; readonly name: string }[];
}
