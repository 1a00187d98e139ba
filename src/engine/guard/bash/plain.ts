import {
  type Assignment,
  type Command,
  type CommandNode,
  type CompoundList,
  type ParsedScript,
  type PipelineNode,
  parse,
  type Redirection,
  type Statement,
  type Word,
  type WordPart,
} from 'unbash';

/**
 * A pattern may answer for plain lines alone: those of which a person can say at a glance what runs. Whatever needs a
 * model of the shell to be understood (functions, arrays, arithmetic, loops that change variables, commands within
 * words) is analysed as well as that goes, and then asked about. What is plain is listed here; everything else is not.
 */
export function whyNotPlain(script: ParsedScript): string | undefined {
  const reader = new PlainReader();
  try {
    reader.script(script);
  } catch (error) {
    if (error instanceof NotPlain) return error.message;
    throw error;
  }
  return undefined;
}

class NotPlain extends Error {}

function not(what: string): never {
  throw new NotPlain(what);
}

/** Variables that change what is printed and nothing else. */
const HARMLESS =
  /^(?:LANG|LANGUAGE|LC_[A-Z]+|TZ|NO_COLOR|FORCE_COLOR|CLICOLOR|CLICOLOR_FORCE|CI|NODE_ENV|COLUMNS|LINES|RUST_BACKTRACE|PYTHONUNBUFFERED|PYTHONDONTWRITEBYTECODE|GOOS|GOARCH)$/;

/** Names in small letters are the line's own, apart from those that programs and zsh know. */
const OWN =
  /^(?!npm_|git_|path$|cdpath$|fpath$|manpath$|module_path$|argv$|\w+_proxy$|\w+_functions$|functions$|aliases$|commands$|options$|status$|prompt$|mailpath$)[a-z_][a-z0-9_]*$/;

/** Run what their arguments say, in ways of their own. */
const INDIRECT = new Set(
  'eval source . exec builtin sh bash dash zsh ksh mksh ash fish csh tcsh rbash busybox toybox setsid script watch parallel stdbuf ionice chrt taskset flock unbuffer faketime strace ltrace gdb valgrind chroot unshare nsenter trap alias unalias enable hash complete compgen bind mapfile readarray let declare typeset local readonly export read getopts shopt set unset'.split(
    ' ',
  ),
);

/** Run what comes after them; here only with nothing but the time or the priority that they take before it. */
const WRAPPERS: Readonly<Record<string, RegExp>> = {
  time: /^(?!-)/,
  nice: /^(?!-)/,
  nohup: /^(?!-)/,
  command: /^(?!-[^v]|-vV?.)/,
  timeout: /^\d+(?:\.\d+)?[smh]?$/,
  env: /^(?!-)/,
};

/** `$(pwd)`: one of the few programs that say where and who, which no word can be made of that is anything else. */
function saysWhere(script: ParsedScript | undefined): boolean {
  const only = script?.commands.length === 1 ? script.commands[0]?.command : undefined;
  return (
    only?.type === 'Command' &&
    only.prefix.length === 0 &&
    only.suffix.length === 0 &&
    /^(?:pwd|whoami|nproc)$/.test(only.name?.text ?? '')
  );
}

class PlainReader {
  /** Variables whose value is certain wherever they are named after this. */
  private readonly certain = new Set<string>();
  /** Variables that the line gives a value. */
  private readonly given = new Set<string>();

  script(script: ParsedScript): void {
    for (const statement of script.commands) this.statement(statement, true);
  }

  private list(list: CompoundList): void {
    for (const statement of list.commands) this.statement(statement, false);
  }

  private statement(statement: Statement, top: boolean): void {
    const { command } = statement;
    if (command.type !== 'AndOr') this.pipeline(command, top && statement.background !== true);
    else for (const part of command.commands) this.pipeline(part, false);
  }

  private pipeline(node: PipelineNode, top: boolean): void {
    if (node.type !== 'Pipeline') this.node(node, top);
    else for (const command of node.commands) this.node(command, false);
  }

  private node(node: CommandNode, top: boolean): void {
    switch (node.type) {
      case 'Command':
        this.command(node, top);
        return;
      case 'Redirected':
        this.redirections(node.redirects);
        this.node(node.command, false);
        return;
      case 'Subshell':
      case 'BraceGroup':
        this.list(node.body);
        return;
      case 'If':
        for (const clause of [node, ...node.elif]) {
          this.list(clause.clause);
          this.list(clause.then);
        }
        if (node.else !== undefined) this.list(node.else);
        return;
      case 'For':
        if (node.wordlist === undefined) not('a loop over arguments');
        for (const word of node.wordlist) this.fixed(word, 'a loop over what is only known when it runs');
        this.gives(node.name.value, true);
        this.list(node.body);
        return;
      default:
        not(
          {
            Function: 'it defines a function',
            Coproc: 'it starts a coprocess',
            Case: 'it runs one of several ways',
            While: 'it repeats until something happens',
            Select: 'it asks in a loop',
            TestCommand: 'it has a test of bash’s own',
            ArithmeticFor: 'it calculates',
            ArithmeticCommand: 'it calculates',
          }[node.type],
        );
    }
  }

  private command(node: Command, top: boolean): void {
    for (const item of node.prefix)
      if (item.type === 'Assignment') this.assignment(item, node.name === undefined, top);
    this.redirections(node.redirects);
    if (node.name === undefined) return;
    const words: Word[] = [];
    for (const item of node.suffix) {
      if (item.type === 'Assignment') {
        // `env A=1 program`, `dd if=x`: a word that looks like one.
        if (item.append === true || item.index !== undefined || item.value.type === 'ArrayValue')
          not('it has an array');
        this.fixed(item.value, 'a value that is only known when it runs');
        if (node.name?.value === 'env' && !HARMLESS.test(item.name)) not(`it sets ${item.name}`);
      } else if (item.type === 'Word') words.push(item);
    }
    this.fixed(node.name, 'the program’s name is only known when it runs');
    for (const word of words) this.word(word);
    this.program(node, words);
  }

  /** What the program does with its arguments, where that is to run or to set something. */
  private program(node: Command, words: readonly Word[]): void {
    let name = node.name?.value ?? '';
    let rest = [...words];
    for (let depth = 0; depth < 8; depth++) {
      name = name.slice(name.lastIndexOf('/') + 1);
      if (this.shell(name, rest)) return;
      if (INDIRECT.has(name)) not(`${name} runs or sets what its arguments say`);
      const wanted = Object.hasOwn(WRAPPERS, name) ? WRAPPERS[name] : undefined;
      if (wanted === undefined) break;
      while (name === 'env' && rest[0] !== undefined && /^\w+=/.test(rest[0].text)) {
        const set = rest[0].text.slice(0, rest[0].text.indexOf('='));
        if (!HARMLESS.test(set)) not(`it sets ${set}`);
        rest = rest.slice(1);
      }
      if (rest[0] !== undefined && !wanted.test(rest[0].text)) not(`${name} with an option`);
      if (name === 'timeout') rest = rest.slice(1);
      const [next] = rest;
      if (next === undefined) break;
      this.fixed(next, 'the program’s name is only known when it runs');
      name = next.value;
      rest = rest.slice(1);
    }
    if (name === 'printf' && rest.some(({ value }) => /^-v/.test(value))) not('printf sets a variable');
    if ((name === 'test' || name === '[') && rest.some(({ value }) => /^-[vR]$/.test(value)))
      not('a test that evaluates a name');
  }

  /** `sh -c 'line'`, and nothing else, is as plain as the line. */
  private shell(name: string, words: readonly Word[]): boolean {
    const [option, line] = words;
    if (!/^(?:ba|da)?sh$/.test(name) || words.length !== 2 || option?.text !== '-c' || line === undefined)
      return false;
    this.fixed(line, 'a script that is only known when it runs');
    new PlainReader().script(parse(line.value));
    return true;
  }

  /** `own`: of the shell itself, for all that follows; else of one program. */
  private assignment(item: Assignment, own: boolean, top: boolean): void {
    if (own && !top) not('it sets a variable where that may not be reached, or is reached twice');
    if (item.append === true || item.index !== undefined || item.value.type === 'ArrayValue')
      not('it has an array');
    if (!HARMLESS.test(item.name) && !OWN.test(item.name)) not(`it sets ${item.name}`);
    this.fixed(item.value, 'a value that is only known when it runs');
    this.gives(item.name, own);
  }

  /** Given a value twice, or where it may not be reached, a variable is not certain. */
  private gives(name: string, certain: boolean): void {
    if (this.given.has(name) || !certain) this.certain.delete(name);
    else this.certain.add(name);
    this.given.add(name);
  }

  private redirections(list: readonly Redirection[]): void {
    for (const one of list) {
      if (one.descriptor?.type === 'FileDescriptorVariable') not('it gives a descriptor a name');
      if (one.type === 'HereDoc') {
        for (const part of one.body.parts ?? []) this.part(part);
        continue;
      }
      if (one.type === 'Redirect' && one.operator === '<>') not('it opens a file to read and to write');
      if (one.target === undefined) not('it redirects to nothing');
      if (one.type === 'HereString') this.word(one.target);
      else this.fixed(one.target, 'a file that is only known when it runs');
    }
  }

  /** A word that is what it says: no variable, no pattern. */
  private fixed(word: Word, otherwise: string): void {
    this.word(word);
    const changing = (parts: readonly WordPart[]): boolean =>
      parts.some((part) =>
        part.type === 'DoubleQuoted'
          ? changing(part.parts)
          : !['Literal', 'SingleQuoted', 'AnsiCQuoted'].includes(part.type),
      );
    if (changing(word.parts ?? [])) not(otherwise);
  }

  private word(word: Word): void {
    // zsh reads `=ls` as the path of ls, and `~[x]` as it likes.
    if (/^=[^=\s]|^~\[/.test(word.text)) not('a word that shells read in different ways');
    for (const part of word.parts ?? []) this.part(part);
    const [first] = word.parts ?? [];
    if (
      /^["']?-/.test(word.text) &&
      (word.parts ?? []).some(({ type }) => type === 'Glob' || type === 'BraceExpansion')
    )
      not('an option that a file’s name may complete');
    if (first?.type === 'BraceExpansion' && /\{-|,-/.test(first.text)) not('options in braces');
  }

  private part(part: WordPart): void {
    switch (part.type) {
      case 'Literal':
      case 'SingleQuoted':
        return;
      case 'DoubleQuoted':
        for (const inner of part.parts) this.part(inner);
        return;
      case 'AnsiCQuoted':
        if (!/^\$'(?:[^\\]|\\[nt\\'])*'$/.test(part.text)) not('characters that are written as numbers');
        return;
      case 'Glob':
        if (
          part.kind === 'bracket' &&
          (part.parts.some(({ type }) => type !== 'Literal') || /[$`]/.test(part.text))
        )
          not('a pattern with something in it that runs');
        return;
      case 'BraceExpansion':
        if (/\.\.|[$`]/.test(part.text)) not('a range in braces');
        return;
      case 'SimpleExpansion':
        this.variable(part.text.slice(1));
        return;
      case 'ParameterExpansion':
        if (part.prefix !== undefined || part.index !== undefined || part.operation !== undefined)
          not('a variable that is changed where it is named');
        this.variable(part.parameter);
        return;
      case 'CommandExpansion':
        if (!saysWhere(part.script)) not('a command within a word');
        return;
      case 'ProcessSubstitution':
        not('a command within a word');
        break;
      case 'ArithmeticExpansion':
        not('it calculates');
        break;
      default:
        not('a word that shells read in different ways');
    }
  }

  private variable(name: string): void {
    if (this.given.has(name) && !this.certain.has(name)) not(`what ${name} holds depends on what ran before`);
  }
}
