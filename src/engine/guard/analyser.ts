import type { ParsedScript } from 'unbash';
import type { AnalysedCommand, Shell, ShellPlace } from '../model/analysis';
import { readBash, readParsed } from './bash/read';
import { runBuiltin } from './builtins';
import type { Rule } from './catalogue/types';
import { readCmd } from './cmd/read';
import { describeCommand } from './describe';
import type { Facts } from './facts';
import { gather, pathRef, secrecy } from './gather';
import { LIMITS, LimitError } from './limits';
import { type RuleIndex, rulesFor } from './match';
import { commandOutput, remember } from './output-tags';
import { resolvePath } from './paths';
import { readPowershell } from './powershell/read';
import { specOf } from './programs';
import type { ProgramSpec } from './programs/spec';
import { type Resolved, resolveProgram } from './resolve';
import { runShell } from './shells';
import { specialise } from './special';
import { runSteering } from './special/escapes';
import { asShell } from './special/words';
import {
  type FunctionBody,
  freshState,
  type Inherited,
  type Redirection,
  type Runner,
  type ShellState,
  type Simple,
  subshell,
} from './state';
import { unwrap } from './unwrap';
import { EMPTY_STREAM, joinStreams, NO_STREAM, type Stream, Tag, type Value } from './value';

/** How a group with redirections of its own is named, and what it does with its files: nothing but open them. */
const GROUP = '{ }';
const GROUP_SPEC: ProgramSpec = { names: [GROUP], kind: 'printer' };

/** Goes through one line, across all its shells, and keeps what it finds. One instance a line. */
export class Analyser implements Runner {
  readonly commands: AnalysedCommand[] = [];
  readonly rules = new Set<Rule>();
  readonly doubts: string[] = [];
  private depth = 0;
  private count = 0;
  /** Scripts, aliases and files that are being followed right now. */
  private readonly active = new Set<string>();
  private readonly running = new Set<FunctionBody>();

  constructor(
    private readonly index: RuleIndex,
    private readonly place: ShellPlace,
  ) {}

  /** Analyses the whole line. @throws LimitError */
  line(text: string, shell: Shell): void {
    const from: Inherited = { wrappers: [], stdin: NO_STREAM, piped: false, depth: 0 };
    this.read(text, shell, freshState(this.place), from);
  }

  /** The same for a line of bash that is already parsed. @throws LimitError */
  parsedLine(script: ParsedScript): void {
    const from: Inherited = { wrappers: [], stdin: NO_STREAM, piped: false, depth: 0 };
    readParsed(script, freshState(this.place), this, from);
  }

  report(ruleId: string): void {
    const rule = this.index.byId.get(ruleId);
    if (rule !== undefined) this.rules.add(rule);
  }

  doubt(why: string): void {
    if (!this.doubts.includes(why)) this.doubts.push(why);
  }

  script(text: string, shell: Shell, state: ShellState, from: Inherited): Stream {
    if (text.length > LIMITS.text) throw new LimitError('a script inside the line is too long');
    if (this.depth >= LIMITS.depth) throw new LimitError('commands are nested too deeply');
    // A script that runs itself again does nothing new.
    const key = `script:${shell}:${text}`;
    if (this.active.has(key)) return NO_STREAM;
    this.active.add(key);
    this.depth++;
    try {
      return this.read(text, shell, state, from);
    } finally {
      this.depth--;
      this.active.delete(key);
    }
  }

  private read(text: string, shell: Shell, state: ShellState, from: Inherited): Stream {
    if (shell === 'cmd') return readCmd(text, state, this, from);
    if (shell === 'powershell') return readPowershell(text, state, this, from);
    return readBash(text, state, this, from);
  }

  readFile(path: Value, state: ShellState): Stream {
    const ref = pathRef(path.shape, state, 'bash');
    const full = resolvePath(ref.shape, state.cwd, 'bash');
    const known = full === undefined ? undefined : state.files.get(full);
    if (known !== undefined) return known;
    if (ref.classes.has('socket')) return { text: undefined, tags: Tag.network };
    const noise = /^\/dev\/(zero|u?random|full)$/.test(ref.shape) ? Tag.noise : 0;
    if (ref.shape === '/dev/null') return EMPTY_STREAM;
    return { text: undefined, tags: Tag.file | secrecy(ref) | noise | path.tags };
  }

  /** Applies redirections to what was printed: output that goes to a file is remembered and no longer printed. */
  private redirect(redirections: readonly Redirection[], printed: Stream, state: ShellState): Stream {
    let output = printed;
    for (const { kind, fd, target } of redirections) {
      if (kind === 'read' || kind === 'dup' || (fd !== 1 && fd !== -1)) continue;
      const full = resolvePath(target.shape, state.cwd, 'bash');
      if (full?.match(/^\/dev\/(tcp|udp)\//) && printed.tags & Tag.secret) this.report('network.secrets-out');
      if (full !== undefined && full !== '/dev/null') {
        const before = kind === 'append' ? (state.files.get(full) ?? EMPTY_STREAM) : EMPTY_STREAM;
        state.files.set(full, joinStreams(before, printed));
        this.startedLater(full, printed, state);
      }
      output = EMPTY_STREAM;
    }
    return output;
  }

  redirected(
    redirections: readonly Redirection[],
    shell: Shell,
    from: Inherited,
    state: ShellState,
    run: () => Stream,
  ): Stream {
    const opened = redirections.filter(({ kind }) => kind !== 'dup');
    if (opened.length === 0) return run();
    const simple: Simple = {
      words: [],
      assigned: [],
      redirections: opened,
      stdin: NO_STREAM,
      piped: false,
      background: false,
      shell,
      wrappers: from.wrappers,
    };
    // What it reads is only of interest where a rule is about the file; what it writes counts as a write always.
    const writes = opened.some(({ kind }) => kind !== 'read');
    this.record(gather(GROUP, true, GROUP_SPEC, simple, state), !writes);
    return this.redirect(redirections, run(), state);
  }

  /** Text that goes into a start-up file or a hook is looked at as if it ran now. */
  private startedLater(path: string, printed: Stream, state: ShellState): void {
    if (
      printed.text === undefined ||
      !/(^|\/)\.?(?:\w*profile|\w*rc|zshenv|\w*_login|\w*_logout|hooks\/[\w-]+)$/.test(path)
    )
      return;
    if (!/(^|\/)(?:\.(?:bash|zsh|profile|xinit|xprofile|ksh|z|k|c|tcs)\w*|hooks\/[\w-]+|rc)$/.test(path))
      return;
    const from = { wrappers: ['(start-up file)'], stdin: NO_STREAM, piped: false, depth: this.depth };
    const own = subshell(state);
    this.script(printed.text, 'bash', own, from);
    for (const [name, meaning] of own.aliases)
      if (!state.aliases.has(name)) this.script(meaning, 'bash', own, from);
  }

  command(simple: Simple, state: ShellState): Stream {
    if (simple.words.length > LIMITS.words) throw new LimitError('a command has too many words');
    if (++this.count > LIMITS.commands) throw new LimitError('too many commands on one line');
    const [first] = simple.words;
    if (first === undefined) return this.withoutProgram(simple, state);
    const called = this.defined(first, simple, state);
    if (called !== undefined) return called;
    const resolved = resolveProgram(first, simple.shell);
    const facts = this.factsOf(simple, resolved, state);
    if (resolved.name === undefined || first.tags & (Tag.network | Tag.decoded)) facts.runs |= first.tags;
    try {
      this.runPath(facts, resolved, state);
      return this.follow(facts, state);
    } catch (error) {
      // What is inside goes past a limit; the command itself is still what it is.
      this.record(facts, false);
      throw error;
    }
  }

  private factsOf(simple: Simple, resolved: Resolved, state: ShellState): Facts {
    const name = resolved.name ?? '';
    const length = simple.words.reduce((sum, word) => sum + word.shape.length, 0);
    if (length > LIMITS.arguments) this.doubt('a command has more arguments than are checked');
    return gather(name, resolved.genuine, specOf(name, simple.shell), simple, state);
  }

  /** Unwraps, runs what the command itself runs, and records it. */
  private follow(facts: Facts, state: ShellState): Stream {
    const { simple } = facts;
    runBuiltin(facts, state);
    const inner: Inherited = {
      wrappers: [...simple.wrappers, facts.name],
      stdin: simple.stdin,
      piped: simple.piped,
      depth: this.depth,
    };
    specialise(facts, state, (text, stdin, shell = 'bash') =>
      this.script(text, shell, subshell(state), { ...inner, stdin: stdin ?? inner.stdin }),
    );
    let output: Stream | undefined;
    let transparent = false;
    const ranShell = runShell(facts, state, this, inner);
    if (ranShell !== undefined) {
      output = ranShell.output;
      transparent = ranShell.transparent;
    }
    for (const found of unwrap(facts)) {
      const split = facts.args.options.some((option) => option.role === 'exec');
      transparent = transparent || (facts.spec?.wrapper?.transparent === true && !split);
      if (found.line !== undefined) {
        facts.runs |= found.tags;
        const own = facts.name === 'eval' ? state : subshell(state);
        output = this.script(found.line, 'bash', own, inner);
      } else if (found.words !== undefined) {
        this.nested(() => {
          output = this.command(
            {
              ...simple,
              words: found.words ?? [],
              assigned: [...simple.assigned, ...(found.assigned ?? [])],
              wrappers: inner.wrappers,
              redirections: [],
            },
            state,
          );
        });
      }
    }
    this.record(facts, transparent && facts.redirections.length === 0);
    remember(facts, state);
    if (output !== undefined && facts.spec?.wrapper?.remote)
      output = { text: undefined, tags: output.tags | Tag.network };
    const printed = output ?? commandOutput(facts, state, this);
    return this.redirect(simple.redirections, printed, state);
  }

  private nested(run: () => void): void {
    if (this.depth >= LIMITS.depth) throw new LimitError('commands are nested too deeply');
    this.depth++;
    try {
      run();
    } finally {
      this.depth--;
    }
  }

  /** Finds what is wrong with a command; adds it to the list unless it only wraps what is on the list already. */
  private record(facts: Facts, transparent: boolean): void {
    const rules = rulesFor(facts, this.index);
    for (const rule of rules) this.rules.add(rule);
    if (!transparent || rules.size > 0) this.commands.push(describeCommand(facts));
  }

  /** Only assignments, or only redirections: `> file`. */
  private withoutProgram(simple: Simple, state: ShellState): Stream {
    const facts = gather('', true, undefined, simple, state);
    runSteering(facts, (text, stdin, shell = 'bash') =>
      this.script(text, shell, subshell(state), {
        wrappers: simple.wrappers,
        stdin: stdin ?? NO_STREAM,
        piped: false,
        depth: this.depth,
      }),
    );
    this.record(facts, false);
    const input = simple.redirections.find((one) => one.kind === 'read');
    // `$(< file)` prints the file.
    const printed = input === undefined ? EMPTY_STREAM : this.readFile(input.target, state);
    return this.redirect(simple.redirections, printed, state);
  }

  /** Functions and aliases of the line itself. */
  private defined(first: Value, simple: Simple, state: ShellState): Stream | undefined {
    const name = first.shape;
    const key = `${this.depth}:${name}`;
    const body = state.functions.get(name);
    if (body !== undefined && !this.running.has(body)) {
      if (this.depth >= LIMITS.depth) throw new LimitError('commands are nested too deeply');
      this.running.add(body);
      this.depth++;
      try {
        return this.redirected(simple.redirections, simple.shell, this.inside(simple), state, () =>
          body(simple.words.slice(1), simple.stdin, simple.piped),
        );
      } finally {
        this.running.delete(body);
        this.depth--;
      }
    }
    if (body !== undefined) return NO_STREAM;
    const alias = state.aliases.get(name);
    if (alias === undefined || this.active.has(key)) return undefined;
    this.active.add(key);
    try {
      this.doubt(`${name} was given another meaning on this line`);
      const line = [alias, ...simple.words.slice(1).map(asShell)].join(' ');
      const from = this.inside(simple);
      return this.redirected(simple.redirections, simple.shell, from, state, () =>
        this.script(line, simple.shell, state, from),
      );
    } finally {
      this.active.delete(key);
    }
  }

  /** What a function or an alias takes over from its call. */
  private inside({ wrappers, stdin, piped }: Simple): Inherited {
    return { wrappers, stdin, piped, depth: this.depth };
  }

  /** A program given by path: what the line put into that file is what runs. */
  private runPath(facts: Facts, resolved: Resolved, state: ShellState): void {
    // cmd.exe looks into the current folder first.
    const path = resolved.path ?? (facts.shell === 'cmd' ? facts.simple.words[0]?.shape : undefined);
    if (path === undefined) return;
    const full = resolvePath(path, state.cwd, facts.shell);
    const content = full === undefined ? undefined : state.files.get(full);
    if (resolved.path !== undefined) facts.executes.push(path);
    if (content === undefined) return;
    facts.runs |= content.tags;
    if (content.text !== undefined && !this.active.has(path)) {
      this.active.add(path);
      this.script(content.text, facts.shell, subshell(state), {
        wrappers: [...facts.simple.wrappers, path],
        stdin: facts.stdin,
        piped: facts.simple.piped,
        depth: this.depth,
      });
      this.active.delete(path);
    }
  }
}
