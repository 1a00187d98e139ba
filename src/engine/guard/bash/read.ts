import {
  type Assignment,
  type Command,
  type CommandNode,
  type CompoundList,
  type Function as FunctionNode,
  type ParsedScript,
  type Pipeline,
  type PipelineNode,
  parse,
  type Redirection as RedirectNode,
  type Statement,
  type Word,
} from 'unbash';
import { lookedAt } from '../builtins';
import { LIMITS } from '../limits';
import {
  type Assigned,
  type Inherited,
  type Redirection,
  type Runner,
  type ShellState,
  subshell,
} from '../state';
import {
  EMPTY_STREAM,
  joinStreams,
  literal,
  NO_STREAM,
  type Stream,
  Tag,
  unknownValue,
  type Value,
} from '../value';
import { expandBody, expandSingle, expandWord, visitScripts } from './expand';
import type { Expander } from './expander';
import { forksForever, forksItself, startsItself } from './fork';
import { visitVariables } from './parameter';

const DECLARES = new Set(['export', 'declare', 'typeset', 'readonly', 'local']);

/** Goes through a bash script in the order of execution and hands each simple command to the runner. */
export function readBash(text: string, state: ShellState, runner: Runner, from: Inherited): Stream {
  const script = parse(text);
  // What bash would refuse zsh may run.
  const broken = script.errors !== undefined && script.errors.length > 0;
  return readParsed(broken ? parse(asZsh(text)) : script, state, runner, from);
}

/** zsh's `=(command)`, which is an error to bash, is a file with what the command prints. */
export function asZsh(text: string): string {
  return text.replace(/(^|\s)=\((?=\S)/g, '$1<(');
}

/** The same for a script that is already parsed. */
export function readParsed(script: ParsedScript, state: ShellState, runner: Runner, from: Inherited): Stream {
  return new BashReader(state, runner, from).script(script);
}

class BashReader implements Expander {
  private background = false;

  constructor(
    readonly state: ShellState,
    private readonly runner: Runner,
    private readonly from: Inherited,
  ) {}

  get stdin(): Stream {
    return this.from.stdin;
  }

  doubt(why: string): void {
    this.runner.doubt(why);
  }

  substitute(script: ParsedScript, stdin?: Stream): Stream {
    const from = stdin === undefined ? this.from : { ...this.from, stdin, piped: true };
    return new BashReader(subshell(this.state), this.runner, from).script(script);
  }

  pseudoFile(content: Stream): string {
    const path = `/dev/fd/${63 - (this.state.files.size % 50)}`;
    this.state.files.set(path, content);
    return path;
  }

  script(script: ParsedScript): Stream {
    if (script.errors !== undefined && script.errors.length > 0) {
      this.runner.doubt(`not complete shell syntax (${script.errors[0]?.message ?? 'unknown error'})`);
    }
    if (startsItself(script)) this.runner.report('process.fork-bomb');
    return this.statements(script.commands);
  }

  private statements(list: readonly Statement[]): Stream {
    let output = EMPTY_STREAM;
    for (const statement of list) {
      const before = this.background;
      this.background = before || statement.background === true;
      output = joinStreams(output, this.chain(statement.command));
      this.background = before;
    }
    return output;
  }

  private list(list: CompoundList | undefined): Stream {
    return list === undefined ? EMPTY_STREAM : this.statements(list.commands);
  }

  private chain(node: Statement['command']): Stream {
    if (node.type !== 'AndOr') return this.pipeline(node);
    let output = EMPTY_STREAM;
    for (const [index, part] of node.commands.entries()) {
      const run = (): Stream => this.pipeline(part);
      // After `&&` everything before has run; after `||` it is one way of two.
      const printed = node.operators[index - 1] === '||' ? this.maybe(run) : run();
      output = joinStreams(output, printed);
    }
    return output;
  }

  private pipeline(node: PipelineNode): Stream {
    if (node.type !== 'Pipeline') return this.node(node, this.from);
    if (node.commands.length === 1) {
      const [only] = node.commands;
      return only === undefined ? EMPTY_STREAM : this.node(only, this.timed(node));
    }
    let from = this.timed(node);
    let printed: Stream = EMPTY_STREAM;
    for (const stage of node.commands) {
      const reader = new BashReader(subshell(this.state), this.runner, from);
      reader.background = this.background;
      printed = reader.node(stage, from);
      from = { ...from, stdin: printed, piped: true };
    }
    return printed;
  }

  private timed(node: Pipeline): Inherited {
    return node.prefixes.some((prefix) => prefix.type === 'Time')
      ? { ...this.from, wrappers: [...this.from.wrappers, 'time'] }
      : this.from;
  }

  private node(node: CommandNode, from: Inherited): Stream {
    if (from !== this.from) {
      const reader = new BashReader(this.state, this.runner, from);
      reader.background = this.background;
      return reader.node(node, from);
    }
    switch (node.type) {
      case 'Command':
        return this.command(node);
      case 'Redirected':
        return this.redirected(node.redirects, (inner) => this.node(node.command, inner));
      case 'Function':
        this.define(node);
        return EMPTY_STREAM;
      case 'Subshell': {
        const reader = new BashReader(subshell(this.state), this.runner, this.from);
        reader.background = this.background;
        return reader.list(node.body);
      }
      case 'BraceGroup':
        return this.list(node.body);
      case 'If': {
        const clauses = [node, ...node.elif];
        let output = EMPTY_STREAM;
        for (const clause of clauses) {
          output = joinStreams(output, this.list(clause.clause));
          output = joinStreams(
            output,
            this.maybe(() => this.list(clause.then)),
          );
        }
        return joinStreams(
          output,
          this.maybe(() => this.list(node.else)),
        );
      }
      case 'For':
      case 'Select':
        return this.loop(node.name.value, node.wordlist, node.body);
      case 'While':
        if (forksForever(node)) this.runner.report('process.fork-bomb');
        return joinStreams(
          this.list(node.clause),
          this.maybe(() => this.list(node.body)),
        );
      case 'ArithmeticFor':
        if (forksForever(node)) this.runner.report('process.fork-bomb');
        for (const part of [node.initialize, node.test, node.update]) if (part) visitScripts(part, this);
        return this.maybe(() => this.list(node.body));
      case 'Case': {
        expandWord(node.word, this);
        let output: Stream = EMPTY_STREAM;
        for (const item of node.items) {
          for (const pattern of item.pattern) expandWord(pattern, this);
          output = joinStreams(
            output,
            this.maybe(() => this.list(item.body)),
          );
        }
        return { ...output, text: undefined };
      }
      case 'TestCommand':
        visitVariables(node, (name) => lookedAt(`$${name}`, this.state));
        visitScripts(node, this);
        return EMPTY_STREAM;
      case 'ArithmeticCommand':
        visitScripts(node, this);
        return EMPTY_STREAM;
      case 'Coproc':
        return node.body.type === 'CompoundList' ? this.list(node.body) : this.node(node.body, this.from);
    }
  }

  /** Runs something that may not run: what it sets afterwards is only a guess. */
  private maybe(run: () => Stream): Stream {
    const before = new Map(this.state.vars);
    const cwd = this.state.cwd;
    const output = run();
    for (const [name, value] of this.state.vars) {
      if (before.get(name) !== value) this.state.vars.set(name, { ...value, tags: value.tags | Tag.maybe });
    }
    if (this.state.cwd !== cwd) this.state.cwd = undefined;
    return { ...output, tags: output.tags | (output.text ? Tag.maybe : 0) };
  }

  private loop(name: string, words: readonly Word[] | undefined, body: CompoundList): Stream {
    const values = words === undefined ? this.state.args : words.flatMap((word) => expandWord(word, this));
    let output = EMPTY_STREAM;
    if (values.length > LIMITS.rounds) {
      const tags = values.reduce((all, value) => all | value.tags, 0);
      this.runner.doubt('a loop over more words than are followed');
      this.state.vars.set(name, unknownValue(name, tags));
      return this.maybe(() => this.list(body));
    }
    for (const value of values) {
      this.state.vars.set(name, value);
      output = joinStreams(output, this.list(body));
    }
    return output;
  }

  private define(node: FunctionNode): void {
    const name = node.name.value;
    if (forksItself(node)) this.runner.report('process.fork-bomb');
    const { body } = node;
    const defined = this.state;
    defined.functions.set(name, (args, stdin, piped) => {
      const outer = defined.args;
      defined.args = args;
      const reader = new BashReader(defined, this.runner, { ...this.from, stdin, piped });
      const output = body.type === 'CompoundList' ? reader.list(body) : reader.node(body, reader.from);
      defined.args = outer;
      return output;
    });
  }

  private redirected(nodes: readonly RedirectNode[], run: (from: Inherited) => Stream): Stream {
    const { redirections, from } = this.redirections(nodes);
    return this.runner.redirected(redirections, 'bash', from, this.state, () => run(from));
  }

  private redirections(nodes: readonly RedirectNode[]): { redirections: Redirection[]; from: Inherited } {
    const redirections: Redirection[] = [];
    let from = this.from;
    for (const node of nodes) {
      if (node.type === 'HereDoc') {
        const stdin = expandBody(node.body.text, node.delimiter?.quoted ? undefined : node.body.parts, this);
        from = { ...from, stdin, piped: true };
        continue;
      }
      if (node.target === undefined) continue;
      const target = expandSingle(node.target, this);
      if (node.type === 'HereString') {
        const text = /[\uE000-\uE003]/.test(target.shape) ? undefined : `${target.shape}\n`;
        from = { ...from, stdin: { text, tags: target.tags }, piped: true };
        continue;
      }
      const given = node.descriptor?.type === 'FileDescriptor' ? node.descriptor.value : undefined;
      switch (node.operator) {
        case '<':
          redirections.push({ kind: 'read', fd: given ?? 0, target });
          if ((given ?? 0) === 0)
            from = { ...from, stdin: this.runner.readFile(target, this.state), piped: true };
          break;
        case '<>':
          redirections.push({ kind: 'read', fd: 0, target }, { kind: 'write', fd: given ?? 0, target });
          if ((given ?? 0) === 0)
            from = { ...from, stdin: this.runner.readFile(target, this.state), piped: true };
          break;
        case '>&':
        case '<&':
          redirections.push({
            kind: /^(\d+-?|-)$/.test(target.shape) ? 'dup' : 'write',
            fd: given ?? (node.operator === '<&' ? 0 : -1),
            target,
          });
          break;
        case '&>':
        case '&>>':
          redirections.push({ kind: node.operator === '&>' ? 'write' : 'append', fd: -1, target });
          break;
        default:
          redirections.push({ kind: node.operator === '>>' ? 'append' : 'write', fd: given ?? 1, target });
      }
    }
    return { redirections, from };
  }

  private assign(node: Assignment): Assigned[] {
    const name = node.index === undefined ? node.name : `${node.name}[${node.index.value}]`;
    if (node.index !== undefined) visitScripts(node.index, this);
    if (node.value.type === 'ArrayValue') {
      const values = node.value.elements.flatMap((element) => expandWord(element, this));
      for (const [index, value] of values.entries()) this.state.vars.set(`${name}[${index}]`, value);
      return [{ name: node.name, value: unknownValue(node.text) }];
    }
    const value = expandSingle(node.value, this);
    if (!node.append) return [{ name, value }];
    const before = this.state.vars.get(name) ?? literal('');
    const shape = before.shape + value.shape;
    if (shape.length > LIMITS.text)
      return [{ name, value: unknownValue(node.text, before.tags | value.tags) }];
    return [{ name, value: { raw: node.text, shape, tags: before.tags | value.tags } }];
  }

  private command(node: Command): Stream {
    const assigned: Assigned[] = [];
    for (const item of node.prefix) if (item.type === 'Assignment') assigned.push(...this.assign(item));
    const words: Value[] = node.name === undefined ? [] : expandWord(node.name, this);
    const declares = node.name !== undefined && DECLARES.has(node.name.value);
    for (const item of node.suffix) {
      if (item.type === 'Word') words.push(...expandWord(item, this));
      else if (item.type === 'Assignment') {
        for (const { name, value } of this.assign(item)) {
          words.push({ raw: item.text, shape: `${name}=${value.shape}`, tags: value.tags });
          if (declares) this.state.vars.set(name, value);
        }
      }
    }
    const { redirections, from } = this.redirections(node.redirects);
    if (words.length === 0) {
      for (const { name, value } of assigned) this.state.vars.set(name, value);
    }
    if (words.length === 0 && redirections.length === 0 && assigned.length === 0) return NO_STREAM;
    return this.runner.command(
      {
        words,
        assigned,
        redirections,
        stdin: from.stdin,
        piped: from.piped,
        background: this.background,
        shell: 'bash',
        wrappers: from.wrappers,
      },
      this.state,
    );
  }
}
