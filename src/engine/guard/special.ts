import { hasOption, optionValue } from './args';
import type { Facts, PathRef } from './facts';
import { pathRef, positional, secrecy } from './gather';
import { scanCode } from './oneliners';
import { resolvePath } from './paths';
import { ORIGINS, type ShellState } from './state';
import { BRACKET, guessOf, hasGlob, QUESTION, STAR, type Stream, Tag, UNKNOWN, type Value } from './value';

/** A script that a command runs and that stands on the line. */
export type RunScript = (text: string, stdin?: Stream) => Stream;

/** What option tables cannot say: programs whose arguments are a language of their own. */
export function specialise(facts: Facts, state: ShellState, run: RunScript): void {
  if (Object.hasOwn(SPECIAL, facts.name)) SPECIAL[facts.name]?.(facts, state, run);
  if (facts.spec?.wrapper === undefined) execOptions(facts, run);
  const kind = facts.args.subSpec?.kind ?? facts.spec?.kind;
  if (kind === 'interpreter') interpreter(facts, state, run);
}

/** Options whose value is a shell line: `--compress-program=…`, `-x …`. */
function execOptions(facts: Facts, run: RunScript): void {
  for (const option of facts.args.options) {
    const text = option.role === 'exec' ? guessOf(option.value)?.replace(/^(exec=|[:!]+)/, '') : undefined;
    if (text !== undefined && text !== '') run(text);
  }
  if (facts.args.subSpec?.positionals?.[0] === 'exec') {
    const line = facts.args.positionals.map((word) => guessOf(word) ?? '').join(' ');
    if (line !== '') run(line);
  }
}

/** `docker exec [options] container command…`, `kubectl exec pod -- command…`: the command inside. */
const inContainer: Special = (facts, _state, run) => {
  const at = facts.words.findIndex((word) => word.shape === 'exec');
  if (at < 0 || at > 4) return;
  let rest = facts.words.slice(at + 1);
  const dashes = rest.findIndex((word) => word.shape === '--');
  if (dashes >= 0) rest = rest.slice(dashes + 1);
  else {
    while (rest[0]?.shape.startsWith('-')) {
      const takes = /^(-[uewcn]|--(user|env|workdir|detach-keys|env-file|container|namespace|index))$/.test(
        rest[0].shape,
      );
      rest = rest.slice(takes ? 2 : 1);
    }
    rest = rest.slice(1);
  }
  if (rest.length > 0) run(rest.map(asShell).join(' '));
};

type Special = (facts: Facts, state: ShellState, run: RunScript) => void;

const chmod: Special = (facts, state) => {
  facts.recursive = hasOption(facts.args, ['-R', '--recursive']);
  // `chmod -x file` and `chmod u+s,-w file`: a mode may look like an option.
  const modes = facts.words.filter((word) => /^-[rwxXst]+$/.test(word.shape) && !/^-R$/.test(word.shape));
  const skip = modes.length > 0 || hasOption(facts.args, ['--reference']) ? 0 : 1;
  for (const word of facts.args.positionals.slice(skip))
    facts.perms.push(pathRef(word.shape, state, facts.shell));
};

const find: Special = (facts, state, run) => {
  const starts: Value[] = [];
  for (const word of facts.words) {
    if (/^(-[HLPDO]|-Olevel)/.test(word.shape) && !/^-(perm|path|print|prune)/.test(word.shape)) continue;
    if (/^[-(!]/.test(word.shape)) break;
    starts.push(word);
  }
  if (starts.length === 0) starts.push({ raw: '.', shape: '.', tags: 0 });
  facts.reads.length = 0;
  facts.deletes.length = 0;
  for (const start of starts) facts.reads.push(pathRef(start.shape, state, facts.shell));
  const filtered = hasFilter(facts);
  const targets = starts.slice(0, 8).map((start) => {
    const root = pathRef(start.shape, state, facts.shell).classes.has('root');
    return filtered && !root ? `${start.shape}/${UNKNOWN}` : start.shape;
  });
  if (facts.words.some((word) => word.shape === '-delete')) {
    for (const target of targets) facts.deletes.push(pathRef(target, state, facts.shell));
    facts.recursive = true;
  }
  for (const [at, word] of facts.words.entries()) {
    if (!/^-(exec|execdir|ok|okdir)$/.test(word.shape)) continue;
    const rest = facts.words.slice(at + 1);
    const end = rest.findIndex((inner) => inner.shape === ';' || inner.shape === '+');
    const inner = end < 0 ? rest : rest.slice(0, end);
    for (const target of targets) {
      run(inner.map((piece) => asShell({ ...piece, shape: piece.shape.replaceAll('{}', target) })).join(' '));
    }
    facts.executes.push(inner.map((piece) => piece.raw).join(' '));
  }
};

/** Whether `find` is told to look for something in particular. */
export function hasFilter(facts: Facts): boolean {
  return facts.words.some((word, at) => {
    if (/^-(i?name|i?path|i?regex|wholename)$/.test(word.shape))
      return !/^[*.]*$/.test(facts.words[at + 1]?.shape ?? '');
    return /^-(mtime|mmin|atime|amin|ctime|cmin|size|empty|newer\w*|user|group|perm|uid|gid|inum|xtype|samefile|links)$/.test(
      word.shape,
    );
  });
}

/** A value as a word of bash again: text in quotes, what is unknown as a variable, globs as globs. */
export function asShell(value: Value): string {
  let out = '';
  let text = '';
  const flush = (): void => {
    if (text !== '') out += /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
    text = '';
  };
  for (const c of value.shape) {
    if (c !== UNKNOWN && c !== STAR && c !== QUESTION && c !== BRACKET) text += c;
    else {
      flush();
      out += c === STAR ? '*' : c === QUESTION ? '?' : c === BRACKET ? '[a-z]' : unknownAsShell(value.tags);
    }
  }
  flush();
  return out === '' ? "''" : out;
}

function unknownAsShell(tags: number): string {
  const name = Object.entries(ORIGINS).find(([, tag]) => (tags & tag) !== 0)?.[0] ?? '__cowork_text';
  return `"\${${name}}"`;
}

const interpreter: Special = (facts, state, run) => {
  const code: string[] = [];
  const inline = facts.args.options.filter((option) => option.role === 'code');
  for (const option of inline) {
    const value = option.value;
    if (value !== undefined) code.push(value.shape.replaceAll(UNKNOWN, ' '));
  }
  if (facts.args.subSpec?.positionals?.[0] === 'code') {
    const text = positional(facts, 0);
    if (text !== undefined) code.push(text);
  }
  // `perl -i -pe …`, `ruby -i -ne …`: the files after the code are rewritten.
  if (inline.length > 0 && facts.args.options.some((option) => option.name === '-i')) {
    for (const word of facts.args.positionals) facts.writes.push(pathRef(word.shape, state, facts.shell));
  }
  const script = facts.args.positionals[0];
  const named = inline.length > 0 || facts.args.options.some((option) => option.role === 'run');
  const fromInput = !named && (script === undefined || script.shape === '-' || script.shape === '/dev/stdin');
  if (fromInput && facts.simple.piped) {
    facts.runs |= facts.stdin.tags;
    facts.executes.push('standard input');
    if (facts.stdin.text !== undefined) code.push(facts.stdin.text);
  }
  if (script !== undefined && !fromInput) {
    const full = resolvePath(script.shape, state.cwd, facts.shell);
    const content = full === undefined ? undefined : state.files.get(full)?.text;
    if (content !== undefined) code.push(content);
  }
  // `perl -MLWP::Simple`, `ruby -ropen-uri`: the modules are part of the code.
  const modules = facts.words.filter((word) => /^-[Mr]\S/.test(word.shape)).map((word) => word.shape);
  if (code.length > 0) applyScan([...modules, ...code].join('\n'), facts, state, run);
};

/** Adds to the facts what a piece of code in another language is seen to do. */
export function applyScan(text: string, facts: Facts, state: ShellState, run: RunScript): void {
  const scan = scanCode(text);
  const refs = (paths: readonly string[]): PathRef[] =>
    paths.map((path) => pathRef(path, state, facts.shell));
  facts.deletes.push(...refs(scan.deletes));
  facts.writes.push(...refs(scan.writes));
  const read = refs(scan.reads);
  facts.reads.push(...read);
  facts.reported.push(...scan.reported);
  if (scan.deletes.length > 0) facts.recursive = true;
  if (scan.network) {
    facts.hosts.push('hosts named in the code');
    for (const ref of read) facts.sends |= secrecy(ref);
  }
  for (const line of scan.shell) run(line);
}

const awk: Special = (facts, state, run) => {
  const programs = [
    ...facts.args.options.filter((option) => option.role === 'code').map((option) => option.value),
    ...(hasOption(facts.args, ['-f', '--file', '-e', '--source']) ? [] : [facts.args.positionals[0]]),
  ];
  facts.executes.length = 0;
  for (const value of programs) {
    if (value === undefined) continue;
    const code = value.shape;
    const runs =
      /\bsystem\s*\(|\|\s*getline|\bgetline\s*<\s*cmd|\|&|print[^;}]*\|\s*"|printf[^;}]*\|\s*"|@load|\/inet\//.test(
        code,
      );
    if (runs) facts.executes.push('commands in its program');
    if (/print[^;}|]*>/.test(code.replace(/\([^)]*\)/g, '')))
      facts.writes.push(...redirectTargets(code).map((path) => pathRef(path, state, facts.shell)));
    if (runs) applyScan(code, facts, state, run);
    for (const match of code.matchAll(/\|\s*"((?:[^"\\]|\\.)*)"|"((?:[^"\\]|\\.)*)"\s*\|\s*&?\s*getline/g)) {
      const line = match[1] ?? match[2];
      if (line !== undefined) run(line);
    }
    if (/\/inet\//.test(code)) {
      facts.hosts.push('hosts named in the code');
      if (/getline/.test(code) && /\|&/.test(code)) facts.reported.push('network.reverse-shell');
    }
    if (code.includes(UNKNOWN)) facts.executes.push('a program that is only known when it runs');
  }
  if (facts.args.options.some((option) => option.role === 'run'))
    facts.executes.push('a program file or an extension');
};

function redirectTargets(code: string): string[] {
  const found = [...code.matchAll(/>{1,2}\s*"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1] ?? '');
  return found.length > 0 ? found : [UNKNOWN];
}

/** sed's `e` and `w` commands and flags; everything that is not clearly one of the common commands is doubted. */
const sed: Special = (facts, state, run) => {
  const scripts = [
    ...facts.args.options.filter((option) => option.role === 'code').map((option) => option.value),
    ...(hasOption(facts.args, ['-e', '-f', '--expression', '--file']) ? [] : [facts.args.positionals[0]]),
  ];
  facts.executes.length = 0;
  for (const value of scripts) {
    if (value === undefined) continue;
    const code = value.shape;
    for (const match of code.matchAll(
      /(?:^|[;{}\n])\s*(?:[\d$]+(?:[,~+][\d$]+)?|\/[^/\n]*\/I?)?\s*!?\s*e\s+([^;\n}]+)/g,
    ))
      run(match[1] ?? '');
    if (/(?:^|[;{}\n\d$/!\s])e(?:\s|$|;)/.test(stripped(code)) || /^\s*[\d$]*e\b/.test(code))
      facts.executes.push('commands in its script');
    if (
      /^\s*(?:[\d$,]+|\/[^/]*\/)?\s*s(.)(?:\\.|(?!\1)[^\\])*\1(?:\\.|(?!\1)[^\\])*\1[gipIMm\d]*e/.test(
        code,
      ) ||
      /(?:^|[;}\n])\s*[\d,$]*s([/|#,@])[^;]*\1[gipIMm\d]*e/.test(code)
    ) {
      facts.executes.push('the result of a replacement');
    }
    const written = /(?:^|[;{}\n\d$/!\s|#@,gpI])[wW]\s+(\S+)/.exec(code)?.[1];
    if (written !== undefined) facts.writes.push(pathRef(written, state, facts.shell));
    if (code.includes(UNKNOWN)) facts.executes.push('a script that is only known when it runs');
  }
  if (hasOption(facts.args, ['-f', '--file'])) facts.executes.push('a script file');
};

function stripped(code: string): string {
  return code
    .replace(/s([/|#,@])(?:\\.|(?!\1)[^\\]){0,400}\1(?:\\.|(?!\1)[^\\]){0,400}\1\w*/g, 's')
    .replace(/\/(?:\\.|[^/\n\\]){0,400}\//g, '/');
}

const mv: Special = (facts) => {
  if (facts.writes.some((ref) => ref.shape === '/dev/null' || ref.classes.has('sink')))
    facts.recursive = true;
  // Moved away is gone from where it was, whole folders included.
  facts.recursive = true;
};

const rsync: Special = (facts, state) => {
  const remote = facts.args.positionals.filter((word) => /^[^/]*:/.test(word.shape));
  if (remote.length > 0) {
    facts.hosts.push(...remote.map((word) => guessOf(word) ?? 'unknown'));
    for (const word of facts.args.positionals.slice(0, -1))
      facts.sends |= wholeSecrecy(pathRef(word.shape, state, facts.shell)) | Tag.file;
  }
  if (facts.words.some((word) => /^--del/.test(word.shape))) {
    const target = facts.args.positionals.at(-1);
    if (target !== undefined) facts.deletes.push(pathRef(target.shape, state, facts.shell));
    facts.recursive = true;
  }
};

function wholeSecrecy(ref: PathRef): number {
  return ref.classes.has('home') || ref.classes.has('root') || ref.classes.has('homedata')
    ? Tag.secret
    : secrecy(ref);
}

const scp: Special = (facts, state) => {
  facts.writes.length = 0;
  const target = facts.args.positionals.at(-1);
  for (const word of facts.args.positionals) {
    if (/^[^/]*:/.test(word.shape)) facts.hosts.push(guessOf(word) ?? 'unknown');
  }
  if (target !== undefined && !/^[^/]*:/.test(target.shape)) {
    facts.writes.push(pathRef(target.shape, state, facts.shell));
    facts.sends = 0;
  } else {
    for (const word of facts.args.positionals.slice(0, -1))
      facts.sends |= wholeSecrecy(pathRef(word.shape, state, facts.shell));
  }
};

const archive: Special = (facts, state, run) => {
  const first = facts.words[0]?.shape ?? '';
  const letters =
    (/^-?[a-zA-Z]+$/.test(first) ? first : '') + facts.args.options.map((option) => option.name).join('');
  const named = optionValue(facts.args, ['-f', '--file']);
  const extracting =
    /x/.test(first.replace(/^--.*/, '')) || hasOption(facts.args, ['-x', '--extract', '--get']);
  if (extracting) {
    const into = optionValue(facts.args, ['-C', '--directory']);
    facts.writes.push(pathRef(into?.shape ?? '.', state, facts.shell));
    facts.reads.length = 0;
  } else if (named !== undefined && !/t/.test(letters.replace(/^--.*/, '')) && named.shape !== '-') {
    facts.writes.push(pathRef(named.shape, state, facts.shell));
  }
  if (facts.words.some((word) => /^--(remove-files|move)/.test(word.shape))) facts.recursive = true;
  for (const word of facts.words) {
    const action = /^--checkpoint-action=exec=(.*)$/.exec(guessOf(word) ?? '')?.[1];
    if (action !== undefined) run(action);
  }
};

const dd: Special = (facts) => {
  for (const read of facts.reads) if (read.shape === '/dev/zero') facts.changes = true;
};

const gitConfig: Special = (facts, _state, run) => {
  for (const [at, word] of facts.words.entries()) {
    if (word.shape !== '-c' && !word.shape.startsWith('--config-env')) continue;
    const setting = guessOf(facts.words[at + 1]) ?? '';
    const match =
      /^(?:alias\.[^=]+=!|core\.(?:pager|editor|sshcommand|fsmonitor|askpass|gitproxy)=|diff\.external=|sequence\.editor=|gpg\.program=|credential\.helper=!?|pager\.\w+=|difftool\.[^=]*cmd=|mergetool\.[^=]*cmd=|filter\.[^=]*=|protocol\.ext\.allow=)(.*)$/i.exec(
        setting,
      );
    if (match?.[1]) run(match[1]);
  }
  // Clone and fetch from `ext::sh -c …`.
  for (const word of facts.words) {
    const ext = /^ext::(.+)$/.exec(guessOf(word) ?? '')?.[1];
    if (ext !== undefined) {
      facts.executes.push(ext);
      run(ext.replaceAll('% ', ' '));
    }
  }
};

const gitBranch: Special = (facts, state, run) => {
  gitConfig(facts, state, run);
  const { sub, positionals: given, options } = facts.args;
  const listing = options.some((option) =>
    /^(-l|--list|-a|-r|-v|-vv|--contains|--merged|--no-merged|--points-at|--no-contains|-n)$/.test(
      option.name,
    ),
  );
  if ((sub === 'branch' || sub === 'tag') && given.length > 0 && !listing) facts.changes = true;
  if (sub === 'config' && given.length > 1 && !options.some((option) => /^--(get|list)/.test(option.name)))
    facts.changes = true;
  if (sub === 'remote' && given.length > 0 && !['show', 'get-url'].includes(guessOf(given[0]) ?? ''))
    facts.changes = true;
  if (sub === 'worktree') facts.changes = true;
  if (sub === 'reflog' && ['expire', 'delete'].includes(guessOf(given[0]) ?? '')) facts.changes = true;
  if (facts.words.some((word) => /^--output(-directory)?=/.test(word.shape))) facts.changes = true;
  // `git grep -Osh`: the pager's name is glued to the letter.
  if (sub === 'grep' && facts.words.some((word) => /^-[a-zA-Z]*O/.test(word.shape)))
    facts.executes.push('a pager named on the line');
};

const editor: Special = (facts, _state, run) => {
  for (const word of facts.words) {
    const shell = /^(?:-c)?[+:]*\s*(?::?(?:silent\s+)?!|:?r(?:ead)?\s*!|set shell=)(.+)$/.exec(
      guessOf(word) ?? '',
    )?.[1];
    if (shell !== undefined) run(shell);
    const py = /(?:py3?|python3?|lua|perl|ruby)\s+(.+)$/.exec(guessOf(word) ?? '')?.[1];
    if (py !== undefined) for (const line of scanCode(py).shell) run(line);
  }
};

const database: Special = (facts, _state, run) => {
  for (const word of facts.words) {
    const text = guessOf(word);
    const shell =
      text === undefined ? undefined : /(?:^|;)\s*(?:\\!|\.shell|\.system|!)\s*(\S.*)$/.exec(text)?.[1];
    if (shell !== undefined) run(shell);
    const program = text === undefined ? undefined : /\bPROGRAM\s+'((?:[^']|'')+)'/i.exec(text)?.[1];
    if (program !== undefined) run(program);
  }
};

const crontab: Special = (facts, _state, run) => {
  if (facts.simple.piped) facts.runs |= facts.stdin.tags;
  const text = facts.simple.piped ? facts.stdin.text : undefined;
  if (text === undefined) return;
  for (const line of text.split('\n').slice(0, 20)) {
    const command = /^\s*(?:@\w+|(?:\S+\s+){4}\S+)\s+(.+)$/.exec(line)?.[1];
    if (command !== undefined) run(command);
  }
};

const stdinScript: Special = (facts, _state, run) => {
  if (facts.simple.piped) facts.runs |= facts.stdin.tags;
  if (facts.simple.piped && facts.stdin.text !== undefined) run(facts.stdin.text);
};

const make: Special = (facts, _state, run) => {
  const text =
    facts.simple.piped && hasOption(facts.args, ['-f', '--file', '--makefile'])
      ? facts.stdin.text
      : undefined;
  for (const line of text?.split('\n').slice(0, 50) ?? []) {
    const recipe = /^(?:\t|[^:#=]+:[^=;]*;)\s*[@+-]*\s*(.+)$/.exec(line)?.[1];
    if (recipe !== undefined) run(recipe);
  }
  if (facts.simple.piped && hasOption(facts.args, ['-f'])) facts.runs |= facts.stdin.tags;
  for (const option of facts.args.options) {
    if (option.name !== '--eval' && option.name !== '-E') continue;
    const recipe = /(?:;|\n\t|\$\(shell\s)\s*([^)]+)/.exec(guessOf(option.value) ?? '')?.[1];
    if (recipe !== undefined) run(recipe);
  }
};

const nc: Special = (facts) => {
  if (facts.args.options.some((option) => option.role === 'exec'))
    facts.reported.push('network.reverse-shell');
};

/** `Get-ChildItem C:\\ | Remove-Item`: what is deleted or emptied arrives through the pipe. */
const fromPipe: Special = (facts, state) => {
  if (!facts.simple.piped || facts.deletes.length > 0 || facts.writes.length > 0) return;
  const into = facts.name === 'clear-content' ? facts.writes : facts.deletes;
  const names = facts.stdin.text?.split('\n').filter((name) => name !== '') ?? [UNKNOWN];
  for (const name of names.slice(0, 32)) into.push(pathRef(name.replaceAll('*', STAR), state, facts.shell));
};

/** `tmux new -d 'line'`, `screen -dm command`: what runs inside. */
const multiplexer: Special = (facts, _state, run) => {
  const { positionals: given } = facts.args;
  // After the first plain word everything belongs to the command inside, its options too.
  const inner = facts.name === 'screen' ? facts.args.rest : given.slice(1);
  const line = inner.map((word) => guessOf(word) ?? '').join(' ');
  if (line !== '') {
    facts.executes.push(line);
    run(line);
  }
};

const date: Special = (facts) => {
  if (facts.args.positionals.some((word) => !word.shape.startsWith('+'))) facts.changes = true;
};

const SPECIAL: Readonly<Record<string, Special>> = {
  chmod,
  chown: chmod,
  chgrp: chmod,
  find,
  gfind: find,
  bfs: find,
  awk,
  gawk: awk,
  mawk: awk,
  nawk: awk,
  sed,
  gsed: sed,
  mv,
  rsync,
  scp,
  tmux: multiplexer,
  screen: multiplexer,
  byobu: multiplexer,
  date,
  'remove-item': fromPipe,
  'move-item': fromPipe,
  'clear-content': fromPipe,
  docker: inContainer,
  podman: inContainer,
  nerdctl: inContainer,
  'docker-compose': inContainer,
  kubectl: inContainer,
  oc: inContainer,
  tar: archive,
  gtar: archive,
  bsdtar: archive,
  zip: archive,
  dd,
  git: gitBranch,
  vim: editor,
  vi: editor,
  nvim: editor,
  ex: editor,
  ed: stdinEditor,
  view: editor,
  psql: database,
  sqlite3: database,
  mysql: database,
  crontab,
  at: stdinScript,
  batch: stdinScript,
  make,
  gmake: make,
  nc,
  ncat: nc,
  netcat: nc,
  'nc.traditional': nc,
};

function stdinEditor(facts: Facts, _state: ShellState, run: RunScript): void {
  for (const line of facts.stdin.text?.split('\n').slice(0, 50) ?? []) {
    const shell = /^\s*!(.+)$/.exec(line)?.[1];
    if (shell !== undefined) run(shell);
  }
}

/** Whether a word could turn into an option when it is expanded: `*` may find a file called `-rf`. */
export function mayBecomeOption(value: Value): boolean {
  const first = value.shape[0] ?? '';
  return first === UNKNOWN || hasGlob(first);
}
