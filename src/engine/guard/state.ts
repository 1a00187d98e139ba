import type { Shell, ShellPlace } from '../model/analysis';
import { type Stream, Tag, unknownValue, type Value } from './value';

/** A redirection of one simple command. `read` and `write` name files; `dup` closes or copies a descriptor. */
export interface Redirection {
  readonly kind: 'read' | 'write' | 'append' | 'dup';
  /** Descriptor: 0 input, 1 output, 2 errors; -1 output and errors (`&>`). */
  readonly fd: number;
  readonly target: Value;
}

/** A variable set for one command or for the shell. */
export interface Assigned {
  readonly name: string;
  readonly value: Value;
}

/** One simple command as a shell would run it: expanded words, where its input comes from. */
export interface Simple {
  readonly words: readonly Value[];
  readonly assigned: readonly Assigned[];
  readonly redirections: readonly Redirection[];
  readonly stdin: Stream;
  /** True when something is connected to its standard input: a pipe, a here-document, `<`. */
  readonly piped: boolean;
  readonly background: boolean;
  readonly shell: Shell;
  readonly wrappers: readonly string[];
}

/** Runs the body of a function that the line itself defines. */
export type FunctionBody = (args: readonly Value[], stdin: Stream, piped: boolean) => Stream;

/** What a shell knows while it goes through a line. A subshell gets a copy. */
export interface ShellState {
  readonly vars: Map<string, Value>;
  readonly functions: Map<string, FunctionBody>;
  readonly aliases: Map<string, string>;
  /** Files written on this line, by absolute path: what a later command would read or run from them. */
  readonly files: Map<string, Stream>;
  /** Positional parameters, `$1` first. */
  args: readonly Value[];
  /** Absolute, or undefined once a `cd` went somewhere that is only known when it runs. */
  cwd: string | undefined;
  readonly place: ShellPlace;
}

/**
 * Variables that stand for unknown text of a certain origin in a script that is put together here from words
 * which are not all known, for instance the argument of `eval`.
 */
export const ORIGINS: Readonly<Record<string, number>> = {
  __cowork_network: Tag.network,
  __cowork_decoded: Tag.decoded,
  __cowork_secret: Tag.secret,
  __cowork_file: Tag.file,
};

export function freshState(place: ShellPlace): ShellState {
  return {
    vars: new Map(Object.entries(ORIGINS).map(([name, tag]) => [name, unknownValue(name, tag)])),
    functions: new Map(),
    aliases: new Map(),
    files: new Map(),
    args: [],
    cwd: place.cwd,
    place,
  };
}

/** A subshell: sees everything, changes nothing outside. Files are real and therefore shared. */
export function subshell(state: ShellState): ShellState {
  return {
    vars: new Map(state.vars),
    functions: new Map(state.functions),
    aliases: new Map(state.aliases),
    files: state.files,
    args: state.args,
    cwd: state.cwd,
    place: state.place,
  };
}

/** What the readers of the three shells need from the analyser. */
export interface Runner {
  /** Handles one simple command: unwraps it, records it, finds what is wrong with it; says what it prints. */
  command(simple: Simple, state: ShellState): Stream;
  /** Reads `text` as a script of `shell`; returns what it prints. */
  script(text: string, shell: Shell, state: ShellState, from: Inherited): Stream;
  /** Runs something whose redirections hold for all of it, as in `{ date; uptime; } > file`: they alone open the file. */
  redirected(
    redirections: readonly Redirection[],
    shell: Shell,
    from: Inherited,
    state: ShellState,
    run: () => Stream,
  ): Stream;
  /** What reading the file gives, as far as the line tells. */
  readFile(path: Value, state: ShellState): Stream;
  /** A finding that no single command shows, by rule id. */
  report(ruleId: string): void;
  /** Something on the line that was not understood: the line can no longer be approved by a pattern. */
  doubt(why: string): void;
}

/** What a nested script takes over from the command that runs it. */
export interface Inherited {
  readonly wrappers: readonly string[];
  readonly stdin: Stream;
  readonly piped: boolean;
  readonly depth: number;
}
