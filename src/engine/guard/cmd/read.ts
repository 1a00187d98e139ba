import { LIMITS, LimitError } from '../limits';
import type { Inherited, Redirection, Runner, ShellState } from '../state';
import { subshell } from '../state';
import {
  EMPTY_STREAM,
  joinStreams,
  literal,
  NO_STREAM,
  STAR,
  type Stream,
  Tag,
  UNKNOWN,
  unknownValue,
  type Value,
} from '../value';
import { type CmdToken, expandVariables, tokenise } from './tokens';

/** Goes through a line of cmd.exe. Its syntax has no second parser; what is unusual is doubted instead. */
export function readCmd(text: string, state: ShellState, runner: Runner, from: Inherited): Stream {
  if (/(?:^|[&|(]\s*)%0\s*\|\s*%0|:\w*\s[^\n]{0,80}start\s[^\n]{0,40}(?:%0|goto)/i.test(text))
    runner.report('process.fork-bomb');
  return new CmdReader(tokenise(text), state, runner, from).all();
}

const OPERATORS = new Set(['&', '&&', '||', '\n', ')']);

class CmdReader {
  private at = 0;

  constructor(
    private readonly tokens: readonly CmdToken[],
    private readonly state: ShellState,
    private readonly runner: Runner,
    private readonly from: Inherited,
    private readonly level = 0,
  ) {}

  all(): Stream {
    let output = EMPTY_STREAM;
    while (this.at < this.tokens.length) {
      const before = this.at;
      output = joinStreams(output, this.pipeline());
      const token = this.tokens[this.at];
      if (token?.kind === 'op' && OPERATORS.has(token.op)) this.at++;
      if (this.at === before) this.at++;
    }
    return output;
  }

  private peekOp(): string | undefined {
    const token = this.tokens[this.at];
    return token?.kind === 'op' ? token.op : undefined;
  }

  private pipeline(): Stream {
    let from = this.from;
    let output = this.element(from);
    while (this.peekOp() === '|') {
      this.at++;
      from = { ...from, stdin: output, piped: true };
      output = this.element(from);
    }
    return output;
  }

  /** One command, or a group in brackets. */
  private element(from: Inherited): Stream {
    if (this.peekOp() === '(') {
      this.at++;
      const inner = this.group();
      const { redirections } = this.collect();
      return this.runner.redirected(redirections, 'cmd', from, this.state, () => this.nested(inner, from));
    }
    const { words, redirections } = this.collect();
    return this.words(words, redirections, from);
  }

  private nested(tokens: readonly CmdToken[], from: Inherited): Stream {
    if (this.level >= LIMITS.nesting) throw new LimitError('it is nested too deeply');
    return new CmdReader(tokens, this.state, this.runner, from, this.level + 1).all();
  }

  /** Tokens up to the closing bracket of a group that is open. */
  private group(): CmdToken[] {
    const inner: CmdToken[] = [];
    let depth = 1;
    for (; this.at < this.tokens.length; this.at++) {
      const token = this.tokens[this.at];
      if (token === undefined) break;
      if (token.kind === 'op' && token.op === '(') depth++;
      if (token.kind === 'op' && token.op === ')' && --depth === 0) {
        this.at++;
        return inner;
      }
      inner.push(token);
    }
    this.runner.doubt('a bracket is not closed');
    return inner;
  }

  private collect(): { words: CmdToken[]; redirections: Redirection[] } {
    const words: CmdToken[] = [];
    const redirections: Redirection[] = [];
    for (; this.at < this.tokens.length; this.at++) {
      const token = this.tokens[this.at];
      if (token === undefined || (token.kind === 'op' && token.op !== '(')) break;
      if (token.kind === 'op') {
        // `for %i in (…)`, `if x (…)`: the bracket is part of the command.
        words.push(token);
        this.at++;
        words.push(...this.group(), { kind: 'op', op: ')' });
        this.at--;
        continue;
      }
      if (token.kind === 'redirect') {
        const target = this.tokens[this.at + 1];
        if (target?.kind !== 'word') continue;
        this.at++;
        const value = this.value(target);
        const kind = target.shape.startsWith('&')
          ? 'dup'
          : token.op === '<'
            ? 'read'
            : token.op === '>>'
              ? 'append'
              : 'write';
        redirections.push({ kind, fd: token.fd, target: value });
        continue;
      }
      words.push(token);
    }
    return { words, redirections };
  }

  private value(token: CmdToken): Value {
    if (token.kind !== 'word') return literal('');
    // In a line that is handed on, `!name!` is for the shell that gets it.
    const line = /^"[^"]*\s[^"]*"$/.test(token.raw) && /![A-Za-z_]\w{0,40}!/.test(token.shape);
    const shape = line
      ? token.shape
          .split('!')
          .map((piece) => expandVariables(piece, this.state))
          .join('!')
      : expandVariables(token.shape, this.state);
    // `%i` of a `for`: known while its body is followed.
    const looped = shape.replace(
      /%{1,2}~?[a-z]*([a-zA-Z])/g,
      (whole, letter: string) => this.state.vars.get(`%${letter}`)?.shape ?? whole,
    );
    const tags = [...token.shape.matchAll(/%{1,2}~?[a-z]*([a-zA-Z])/g)].reduce(
      (all, match) => all | (this.state.vars.get(`%${match[1] ?? ''}`)?.tags ?? 0),
      0,
    );
    return { raw: token.raw, shape: /^".*"$/.test(token.raw) ? looped : looped.replaceAll('*', STAR), tags };
  }

  private words(tokens: readonly CmdToken[], redirections: readonly Redirection[], from: Inherited): Stream {
    const [first] = tokens;
    const around = (run: () => Stream): Stream =>
      this.runner.redirected(redirections, 'cmd', from, this.state, run);
    if (first === undefined)
      return redirections.length > 0 ? this.run(tokens, redirections, from) : NO_STREAM;
    if (first.kind !== 'word') return around(() => this.nested(tokens, from));
    const name = first.shape.replace(/^@+/, '').toLowerCase();
    if (name === '') return this.words(tokens.slice(1), redirections, from);
    if (name === 'rem' || name.startsWith(':')) return around(() => EMPTY_STREAM);
    if (name === 'if') return around(() => this.conditional(tokens.slice(1), from));
    if (name === 'else' || name === 'do') return around(() => this.nested(tokens.slice(1), from));
    if (name === 'for') return around(() => this.loop(tokens.slice(1), from));
    if (name === 'call') {
      // It expands once more: of `%%d%%` is left `%d%`, and that is what it means.
      const again = tokens
        .slice(1)
        .map((token) =>
          token.kind === 'word' ? { ...token, shape: token.shape.replaceAll('%%', '%') } : token,
        );
      return this.words(again, redirections, { ...from, wrappers: [...from.wrappers, 'call'] });
    }
    if (name === 'start') return this.start(tokens.slice(1), redirections, from);
    if (name === 'set') this.set(tokens.slice(1));
    return this.run(tokens, redirections, from);
  }

  private run(tokens: readonly CmdToken[], redirections: readonly Redirection[], from: Inherited): Stream {
    const words: Value[] = [];
    for (const token of tokens)
      if (token.kind === 'word') words.push(...split(this.value(token), words.length === 0));
    const [program] = words;
    if (program !== undefined) words[0] = { ...program, shape: program.shape.replace(/^@+/, '') };
    const input = redirections.find((one) => one.kind === 'read');
    const stdin = input === undefined ? from.stdin : this.runner.readFile(input.target, this.state);
    return this.runner.command(
      {
        words,
        assigned: [],
        redirections,
        stdin,
        piped: from.piped || input !== undefined,
        background: false,
        shell: 'cmd',
        wrappers: from.wrappers,
      },
      this.state,
    );
  }

  private conditional(tokens: readonly CmdToken[], from: Inherited): Stream {
    let at = 0;
    const text = (index: number): string => {
      const token = tokens[index];
      return token?.kind === 'word' ? token.shape.toLowerCase() : '';
    };
    while (/^(\/i|not)$/.test(text(at))) at++;
    if (/^(exist|errorlevel|defined|cmdextversion)$/.test(text(at))) at += 2;
    else if (/[^=]==[^=]/.test(text(at))) at += 1;
    else if (/^==|==$/.test(text(at)) || /^==/.test(text(at + 1)))
      at += /==$/.test(text(at)) ? 2 : text(at + 1) === '==' ? 3 : 2;
    else at += 3;
    const rest = tokens.slice(at);
    const other = rest.findIndex((token) => token.kind === 'word' && token.shape.toLowerCase() === 'else');
    const output = this.nested(other < 0 ? rest : rest.slice(0, other), from);
    return other < 0 ? output : joinStreams(output, this.nested(rest.slice(other + 1), from));
  }

  /** `for /f "…" %i in ('command') do …`, `for /r C:\ %i in (*) do …`. */
  private loop(tokens: readonly CmdToken[], from: Inherited): Stream {
    const inAt = tokens.findIndex((token) => token.kind === 'word' && token.shape.toLowerCase() === 'in');
    const doAt = tokens.findIndex(
      (token, index) => index > inAt && token.kind === 'word' && token.shape.toLowerCase() === 'do',
    );
    if (inAt < 0 || doAt < 0) {
      this.runner.doubt('a loop that is not complete');
      return this.nested(tokens, from);
    }
    const head = tokens.slice(0, inAt).flatMap((token) => (token.kind === 'word' ? [this.value(token)] : []));
    const set = tokens
      .slice(inAt + 1, doAt)
      .filter((token) => token.kind === 'word' || (token.kind === 'op' && !/[()]/.test(token.op)));
    const letter = /%{1,2}([a-zA-Z])/.exec(head.map((word) => word.shape).join(' '))?.[1] ?? 'i';
    const isCommand = head.some((word) => /^\/f$/i.test(word.shape));
    const walk = head.findIndex((word) => /^\/[rd]$/i.test(word.shape));
    const counts = set.map((token) => (token.kind === 'word' ? token.shape : ''));
    const body = tokens
      .slice(doAt + 1)
      .some((token) => token.kind === 'word' && /^@?start$/i.test(token.shape));
    // `for /l %i in (1,0,2)`: counts by nothing, so for ever.
    if (head.some((word) => /^\/l$/i.test(word.shape)) && counts[1] === '0' && body)
      this.runner.report('process.fork-bomb');
    const values: Value[] = [];
    if (isCommand) {
      const line = set
        .map((token) => (token.kind === 'word' ? token.raw : token.kind === 'op' ? token.op : token.op))
        .join(' ');
      const command =
        /^['`]([\s\S]*)['`]$/.exec(line.trim())?.[1] ?? /^"?'([\s\S]*)'"?$/.exec(line.trim())?.[1];
      const printed =
        command === undefined
          ? { text: undefined, tags: Tag.file }
          : this.runner.script(command.replaceAll('^', ''), 'cmd', subshell(this.state), {
              ...this.from,
              wrappers: [...from.wrappers, 'for'],
            });
      const [firstLine] = printed.text?.trim().split('\n') ?? [];
      values.push(
        firstLine === undefined ? unknownValue(`%${letter}`, printed.tags) : literal(firstLine, printed.tags),
      );
    } else {
      const root = walk >= 0 ? head[walk + 1] : undefined;
      const base = root !== undefined && !root.shape.startsWith('%') ? `${root.shape}\\` : '';
      for (const token of set) {
        if (token.kind !== 'word') continue;
        const value = this.value(token);
        // A whole drive is walked: what matches in it is anything.
        const drive = base !== '' && /^[a-zA-Z]:[\\/]*$/.test(base) && value.shape.includes(STAR);
        values.push({ ...value, shape: drive ? base + STAR : base + value.shape });
      }
    }
    let output = EMPTY_STREAM;
    for (const value of values.slice(0, 24)) {
      this.state.vars.set(`%${letter}`, value);
      output = joinStreams(output, this.nested(tokens.slice(doAt + 1), from));
    }
    return output;
  }

  /** `start "title" /b program args`. */
  private start(tokens: readonly CmdToken[], redirections: readonly Redirection[], from: Inherited): Stream {
    let rest = tokens;
    if (rest[0]?.kind === 'word' && rest[0].raw.startsWith('"') && rest.length > 1) rest = rest.slice(1);
    while (rest[0]?.kind === 'word' && /^\/(?!\/)/.test(rest[0].shape)) rest = rest.slice(1);
    return this.words(rest, redirections, { ...from, wrappers: [...from.wrappers, 'start'] });
  }

  private set(tokens: readonly CmdToken[]): void {
    const text = tokens.map((token) => (token.kind === 'word' ? token.shape : '')).join(' ');
    const [, name, value] = /^(?:\/[ap]\s+)?([A-Za-z_][\w]*)\s*=?\s*([\s\S]*)$/i.exec(text) ?? [];
    if (name !== undefined && value !== undefined) {
      const asked = /^\/p\b/i.test(text);
      this.state.vars.set(
        name.toLowerCase(),
        asked ? unknownValue(name) : literal(expandVariables(value, this.state)),
      );
    }
  }
}

const GLUED = /^(rd|rmdir|del|erase|dir|copy|xcopy|move|cd|md|echo|type|format|attrib)(?=[/\\.])/i;

/** `rd/s/q c:\` is `rd /s /q c:\`; `/s/q` is `/s /q`. */
function split(value: Value, isName: boolean): Value[] {
  if (isName) {
    const name = GLUED.exec(value.shape)?.[1];
    if (name === undefined) return [value];
    return [{ ...value, shape: name }, ...split({ ...value, shape: value.shape.slice(name.length) }, false)];
  }
  if (!/^(\/[a-zA-Z?][^/\\]{0,24}){2,8}$/.test(value.shape) || value.shape.includes(UNKNOWN)) return [value];
  return value.shape
    .split('/')
    .slice(1)
    .map((flag) => ({ ...value, shape: `/${flag}` }));
}
