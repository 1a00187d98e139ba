import { LIMITS } from '../limits';
import { type Inherited, type Redirection, type Runner, type ShellState, subshell } from '../state';
import {
  EMPTY_STREAM,
  guessOf,
  joinStreams,
  literal,
  STAR,
  type Stream,
  Tag,
  UNKNOWN,
  unknownValue,
  type Value,
} from '../value';
import { inside, statements, terms } from './scan';
import { codeTags, evaluate, expression } from './value';

/** Goes through a PowerShell script and hands each command to the runner. */
export function readPowershell(text: string, state: ShellState, runner: Runner, from: Inherited): Stream {
  return new PowershellReader(state, runner, from).script(text);
}

const KEYWORDS =
  /^(if|elseif|else|while|do|until|for|foreach|switch|try|catch|finally|function|filter|param|begin|process|end|trap|data|class|workflow|using|return|throw|exit|break|continue)$/i;

/** A connection, and something that obeys: together a shell for whoever is at the other end. */
const SOCKET = /Net\.Sockets\.(?:Tcp(?:Client|Listener)|UdpClient|Socket)|Net\.WebSockets\.ClientWebSocket/i;
const OBEYS =
  /\b(?:iex|Invoke-Expression|cmd(?:\.exe)?|powershell(?:\.exe)?|pwsh|Diagnostics\.Process\w*|ScriptBlock\]::Create|InvokeScript|AddScript)\b/i;

/** What is harmless apart and is not when both are said: an object of the system, and what is done to it. */
const TOGETHER: readonly (readonly [RegExp, RegExp, string])[] = [
  [/Win32_ShadowCopy/i, /\.\s*Delete\s*\(|Remove-(?:Wmi|Cim)\w+|\brwmi\b/i, 'delete.backups'],
  [
    /Win32_OperatingSystem/i,
    /\b(?:Win32Shutdown\w*|Reboot|Shutdown)\s*\(|-MethodName\s+\w*(?:Shutdown|Reboot)/i,
    'system.power',
  ],
  [
    /EventLogSession|Diagnostics\.EventLog/i,
    /\bClearLog\s*\(|\.\s*Clear\s*\(\)|::Delete\s*\(/i,
    'delete.logs',
  ],
  [
    /Assembly\]::\s*Load\w*\s*\(/i,
    /Download(?:Data|String|File)|https?:\/\/|\b(?:iwr|irm|curl|wget|Invoke-(?:WebRequest|RestMethod))\b/i,
    'run.download',
  ],
  [/Assembly\]::\s*Load\w*\s*\(/i, /FromBase64String|GZipStream|DeflateStream/i, 'run.decoded'],
  [/ShellExecute|ProcessStartInfo|\bVerb\b/i, /['"]runas['"]/i, 'privilege.escalate'],
];

class PowershellReader {
  constructor(
    private readonly state: ShellState,
    private readonly runner: Runner,
    private readonly from: Inherited,
  ) {}

  script(text: string): Stream {
    let output = EMPTY_STREAM;
    if (SOCKET.test(text.replace(/'[^']*'/g, '')) && OBEYS.test(text))
      this.runner.report('network.reverse-shell');
    for (const [pattern, also, ruleId] of TOGETHER)
      if (pattern.test(text) && also.test(text)) this.runner.report(ruleId);
    for (const pipeline of statements(text)) output = joinStreams(output, this.pipeline(pipeline));
    return output;
  }

  private nested(text: string, from: Inherited = this.from): Stream {
    return this.runner.script(text, 'powershell', subshell(this.state), from);
  }

  private pipeline(elements: readonly string[]): Stream {
    const [first = '', ...rest] = elements;
    const assigned = /^\$(?:\{([^}]{1,80})\}|((?:\w+:)?\w+))\s*(\+?)=(?!=)\s*([\s\S]*)$/.exec(first);
    if (assigned !== null) {
      const name = (assigned[1] ?? assigned[2] ?? '').toLowerCase();
      const printed = this.pipeline([assigned[4] ?? '', ...rest].filter((element) => element !== ''));
      const before = assigned[3] === '+' ? (this.state.vars.get(name)?.shape ?? '') : '';
      const shape = printed.text === undefined ? UNKNOWN : before + printed.text.replace(/\r?\n$/, '');
      const value = { raw: `$${name}`, shape, tags: printed.tags };
      this.state.vars.set(name, value);
      if (name.startsWith('env:')) this.environment(name.slice(4), value);
      return EMPTY_STREAM;
    }
    let from = this.from;
    let output: Stream = EMPTY_STREAM;
    for (const [index, element] of elements.entries()) {
      output = this.element(element, from);
      if (index < elements.length - 1) from = { ...from, stdin: output, piped: true };
    }
    return output;
  }

  /** `$env:PATH = …` sets a variable for everything after it. */
  private environment(name: string, value: Value): void {
    this.runner.command(
      {
        words: [],
        assigned: [{ name: /^path$/i.test(name) ? 'PATH' : name, value }],
        redirections: [],
        stdin: this.from.stdin,
        piped: false,
        background: false,
        shell: 'powershell',
        wrappers: this.from.wrappers,
      },
      this.state,
    );
  }

  private element(text: string, from: Inherited): Stream {
    const element = text.replace(/^@(?=\s)/, '').trim();
    const keyword = /^([a-z]+)\b/i.exec(element)?.[1] ?? '';
    if (KEYWORDS.test(keyword) && !(keyword.toLowerCase() === 'foreach' && from.piped))
      return this.keyword(element, keyword, from);
    if (/^['"$(@[{\d+!,-]/.test(element)) return this.expression(element, from);
    return this.command(element, from);
  }

  /** Everything in its brackets may run; what is defined is followed as if it did. */
  private keyword(element: string, keyword: string, from: Inherited): Stream {
    if (/^(return|throw|exit)$/i.test(keyword))
      return this.nestedElement(element.slice(keyword.length), from);
    let output = EMPTY_STREAM;
    const loop = /^foreach\s*\(\s*\$(\w+)\s+in\s+([\s\S]*?)\)\s*\{/i.exec(element);
    if (loop?.[1] !== undefined && loop[2] !== undefined) {
      const items = /^\s*[a-z]/i.test(loop[2])
        ? itemsOf(this.nested(loop[2]))
        : loop[2]
            .replace(/^\s*@?\(/, '')
            .split(',')
            .map((item) => evaluate(item.trim(), this.state, (inner) => this.nested(inner)));
      for (const item of items.slice(0, 24)) {
        this.state.vars.set(loop[1].toLowerCase(), item);
        for (const block of inside(element, '{')) output = joinStreams(output, this.nested(block, from));
      }
      return output;
    }
    if (!/^(param|function|filter|using|class)$/i.test(keyword))
      for (const condition of inside(element, '('))
        output = joinStreams(output, this.nested(condition, from));
    for (const block of inside(element, '{')) output = joinStreams(output, this.nested(block, from));
    if (
      /^(while|for|do)$/i.test(keyword) &&
      /\b(?:start-process|saps|start-job|sajb|start-threadjob|start)\s/i.test(element) &&
      /while\s*\(\s*(\$true|1)\s*\)|^for\s*\(\s*;\s*;\s*\)/i.test(element)
    )
      this.runner.report('process.fork-bomb');
    this.runner.doubt('a PowerShell statement whose course is only known when it runs');
    return { ...output, text: undefined };
  }

  private nestedElement(text: string, from: Inherited): Stream {
    return text.trim() === '' ? EMPTY_STREAM : this.element(text.trim(), from);
  }

  /** A value, a .NET call, a script block: `[IO.Directory]::Delete('C:\', $true)`. */
  private expression(element: string, from: Inherited): Stream {
    const tags = codeTags(element);
    // Reflection into what scans scripts before they run.
    if (/AmsiUtils|amsiInitFailed|AmsiScanBuffer|amsiContext/i.test(element))
      this.runner.report('system.protections-off');
    this.dotNet(element, from);
    if (/::|\)\s*\.\w|\$\w+\.\w+\s*\(/.test(element)) {
      for (const group of inside(element, '(')) this.quietly(group, from);
      for (const block of inside(element, '{')) this.nested(block, from);
      this.runner.doubt('it calls .NET methods');
      const folder =
        /::(?:Get|Enumerate)(?:Files|Directories|FileSystemEntries)\s*\(\s*('[^']*'|"[^"]*")/i.exec(
          element,
        )?.[1];
      const text = folder === undefined ? undefined : `${folder.slice(1, -1)}\\*\n`;
      return { text, tags };
    }
    const target = /^([\s\S]*?['"$)\w])\s*>{1,2}\s*('[^']*'|"[^"]*"|[^\s'"<>|;&=]+)$/.exec(element);
    if (target?.[1] !== undefined && target[2] !== undefined) {
      this.synthetic(
        ['set-content', '-path'],
        evaluate(target[2], this.state, (inner) => this.nested(inner, from)),
        from,
      );
      return this.expression(target[1].trim(), from);
    }
    const items = element.startsWith('(') ? [] : commas(element);
    if (items.length > 1) {
      const values = items.map((item) => this.term(item.trim(), from));
      const known = values.every((item) => !item.shape.includes(UNKNOWN));
      return {
        text: known ? `${values.map((item) => item.shape).join('\n')}\n` : undefined,
        tags: values.reduce((all, item) => all | item.tags, tags),
      };
    }
    const value = expression(element, this.state, (inner) => this.nested(inner, from));
    const text = value.shape.includes(UNKNOWN) ? undefined : `${value.shape}\n`;
    return { text, tags: value.tags | tags };
  }

  /** Arguments of a method: only what is itself a command in brackets is one. */
  private quietly(group: string, from: Inherited): void {
    if (/^\s*[a-z]+-[a-z]+\b|^\s*(iwr|irm|iex|gc|curl|wget)\b/i.test(group)) this.nested(group, from);
    else for (const inner of inside(group, '(')) this.quietly(inner, from);
  }

  private dotNet(element: string, from: Inherited): void {
    const gone =
      /\b(?:Get-Item|gi|Get-ChildItem|gci|(?:Directory|File)Info(?:\]::new)?)\s*\(?\s*(?:-\w+\s+)?('[^']*'|"[^"]*"|[^\s()'"]+)[^|;]*\)\s*\.Delete\s*\(/i.exec(
        element,
      )?.[1];
    if (gone !== undefined)
      this.synthetic(
        ['remove-item', '-recurse', '-path'],
        evaluate(gone, this.state, () => EMPTY_STREAM),
        from,
      );
    const cast = /\(\s*\[[\w.]{1,60}Info\]\s*('[^']*'|"[^"]*")\s*\)\s*\.Delete\s*\(/i.exec(element)?.[1];
    if (cast !== undefined)
      this.synthetic(
        ['remove-item', '-recurse', '-path'],
        evaluate(cast, this.state, () => EMPTY_STREAM),
        from,
      );
    const own = /^\$(\w+)(?:\.FullName)?\.Delete\s*\(/i.exec(element)?.[1];
    if (own !== undefined)
      this.synthetic(
        ['remove-item', '-recurse', '-path'],
        evaluate(`$${own}`, this.state, () => EMPTY_STREAM),
        from,
      );
    const argument = /\(\s*((?:'[^']*'|"[^"]*"|\$[\w:]+)[\s\S]*?)\)/.exec(element)?.[1];
    const [first, second] = (argument ?? '')
      .split(',')
      .map((item) => evaluate(item.trim(), this.state, () => EMPTY_STREAM));
    if (first === undefined) return;
    if (/ScriptBlock\]::Create\s*\(|InvokeScript\s*\(|AddScript\s*\(/i.test(element))
      this.synthetic(['invoke-expression'], first, from);
    else if (/\.Delete(?:Folder|File)\s*\(/i.test(element))
      this.synthetic(['remove-item', '-recurse', '-path'], first, from);
    else if (/GetProcess(?:esByName|ById)\s*\(/i.test(element) && /\.Kill\s*\(/i.test(element))
      this.synthetic(['stop-process', '-name'], first, from);
    else if (/::Delete\s*\(/i.test(element))
      this.synthetic(['remove-item', '-recurse', '-path'], first, from);
    else if (/Process\]::Start\s*\(/i.test(element))
      this.synthetic(
        second === undefined ? ['cmd', '/c'] : ['cmd', '/c', first.shape],
        second ?? first,
        from,
      );
    else if (/::(WriteAll\w+|AppendAll\w+|Create)\s*\(/i.test(element))
      this.synthetic(['set-content', '-path'], first, from);
    else if (/Upload(?:File|Data|String)\w*\s*\(/i.test(element) && second !== undefined)
      this.synthetic(['invoke-restmethod', first.shape, '-method', 'post', '-infile'], second, from);
    else if (/DownloadFile\s*\(/i.test(element) && second !== undefined)
      this.synthetic(['invoke-webrequest', first.shape, '-outfile'], second, from);
  }

  private synthetic(words: readonly string[], last: Value, from: Inherited): void {
    this.runner.command(
      {
        words: [...words.map((word) => literal(word)), last],
        assigned: [],
        redirections: [],
        stdin: from.stdin,
        piped: false,
        background: false,
        shell: 'powershell',
        wrappers: from.wrappers,
      },
      this.state,
    );
  }

  private command(element: string, from: Inherited): Stream {
    const [head = '', ...rest] = terms(element);
    const called = head === '&' || head === '.' || /^[&.](?=['"$({])/.test(head);
    const name = head === '&' || head === '.' ? (rest.shift() ?? '') : called ? head.slice(1) : head;
    if (called && /^\(\s*\[scriptblock\]::create\s*\(\s*['"]/i.test(name))
      return this.expression(name.slice(1, -1), from);
    const { plain, redirections } = this.redirections(rest, from);
    if (called && name.startsWith('{'))
      return this.runner.redirected(redirections, 'powershell', from, this.state, () =>
        this.nested(name.slice(1, -1), from),
      );
    const words: Value[] = [this.term(name, from)];
    for (const term of plain) {
      // `a, b` and `a,b` are two values of one parameter.
      const list = /^@\(([\s\S]*)\)$/.exec(term)?.[1] ?? term;
      for (const item of commas(list)) if (item.trim() !== '') words.push(this.term(item.trim(), from));
    }
    const blocks = rest.filter((term) => term.startsWith('{'));
    for (const item of from.piped && blocks.length > 0 ? itemsOf(from.stdin) : [undefined]) {
      const before = this.state.vars.get('_');
      if (item !== undefined) this.state.vars.set('_', item);
      for (const block of blocks) this.nested(block.slice(1, -1), from);
      if (before === undefined) this.state.vars.delete('_');
      else this.state.vars.set('_', before);
    }
    const printed = this.runner.command(
      {
        words,
        assigned: [],
        redirections,
        stdin: from.stdin,
        piped: from.piped,
        background: false,
        shell: 'powershell',
        wrappers: from.wrappers,
      },
      this.state,
    );
    return /^(%|foreach|foreach-object|where|where-object|\?|select|sort|out-string)$/i.test(
      guessOf(words[0]) ?? '',
    )
      ? {
          text: /out-string/i.test(name)
            ? from.stdin.text
            : /^(?:where|\?)/i.test(name)
              ? printed.text
              : undefined,
          tags:
            (printed.tags | from.stdin.tags) & (/^(?:where|\?|select)/i.test(name) ? ~Tag.everything : ~0),
        }
      : printed;
  }

  /** What of a command's terms is a redirection, and the others. */
  private redirections(
    all: readonly string[],
    from: Inherited,
  ): { plain: readonly string[]; redirections: readonly Redirection[] } {
    const plain: string[] = [];
    const redirections: Redirection[] = [];
    for (let at = 0; at < all.length; at++) {
      const term = all[at] ?? '';
      const redirect = /^([\d*]?)(>{1,2})(&\d)?(.*)$/.exec(term);
      if (redirect?.[2] === undefined) {
        plain.push(term);
        continue;
      }
      if (redirect[3] !== undefined) continue;
      const target = redirect[4] === '' ? all[++at] : redirect[4];
      if (target === undefined) continue;
      redirections.push({
        kind: redirect[2] === '>>' ? 'append' : 'write',
        fd: redirect[1] === '2' ? 2 : 1,
        target: this.term(target, from),
      });
    }
    return { plain, redirections };
  }

  private term(text: string, from: Inherited): Value {
    if (text.startsWith('{')) return unknownValue(text);
    if (text === '--%') return literal(text);
    return evaluate(text, this.state, (inner) => this.nested(inner, from));
  }
}

/** Splits at commas outside quotes and brackets. */
function commas(term: string): string[] {
  if (!term.includes(',')) return [term];
  const found: string[] = [];
  let current = '';
  let quote = '';
  let depth = 0;
  for (const c of term) {
    if (quote === '' && depth === 0 && c === ',') {
      found.push(current);
      current = '';
      continue;
    }
    if (quote === '' && (c === "'" || c === '"')) quote = c;
    else if (c === quote) quote = '';
    else if (quote === '' && /[({[]/.test(c)) depth++;
    else if (quote === '' && /[)}\]]/.test(c)) depth--;
    current += c;
  }
  found.push(current);
  return found;
}

/** The things that a pipe carries, one a line; one unknown thing when they are not known. */
function itemsOf(stream: Stream): Value[] {
  const names = stream.text?.split(/\r?\n/).filter((name) => name !== '') ?? [];
  if (names.length === 0) return [unknownValue('$_', stream.tags)];
  return names
    .slice(0, LIMITS.rounds)
    .map((name) => ({ raw: '$_', shape: name.replaceAll('*', STAR), tags: stream.tags }));
}
