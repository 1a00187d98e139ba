import { hasOption, optionValue } from '../args';
import type { Facts } from '../facts';
import { pathRef } from '../gather';
import { scanCode } from '../oneliners';
import type { ShellState } from '../state';
import { guessOf, type Value, withoutMarkers } from '../value';
import type { RunScript, Special } from './types';
import { asShell } from './words';

/** `docker exec [options] container command…`, `kubectl exec pod -- command…`: the command inside. */
export const inContainer: Special = (facts, _state, run) => {
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

export const editor: Special = (facts, _state, run) => {
  for (const word of facts.words) {
    const shell = /^(?:-c)?[+:]*\s*(?::?(?:silent\s+)?!|:?r(?:ead)?\s*!|set shell=)(.+)$/.exec(
      guessOf(word) ?? '',
    )?.[1];
    if (shell !== undefined) run(shell);
    const call = /\bsystem(?:list)?\(\s*(?:"([^"]+)"|'([^']+)')/.exec(guessOf(word) ?? '');
    if (call !== null) run(call[1] ?? call[2] ?? '');
    const py = /(?:py3?|python3?|lua|perl|ruby)\s+(.+)$/.exec(guessOf(word) ?? '')?.[1];
    if (py !== undefined) for (const line of scanCode(py).shell) run(line);
  }
};

/** Statements that lose data, as they reach a client on its standard input. */
const LOSES =
  /\b(?:drop|truncate|delete|update|alter|flushall|flushdb|shutdown|dropDatabase|deleteMany|del|unlink)\b/i;

export const database: Special = (facts, _state, run) => {
  if (facts.simple.piped && LOSES.test(facts.stdin.text ?? '')) facts.reported.push('data.destroy');
  const statements = facts.words.map(guessOf);
  if (facts.simple.piped) statements.push(...(facts.stdin.text?.split('\n').slice(0, 50) ?? []));
  for (const text of statements) {
    const shell =
      text === undefined
        ? undefined
        : /(?:^|;)\s*(?:\\!|\.shell\s|\.system\s|system\s|!)\s*(\S.*)$/.exec(text)?.[1];
    if (shell !== undefined) run(shell);
    const program = text === undefined ? undefined : /\bPROGRAM\s+'((?:[^']|'')+)'/i.exec(text)?.[1];
    if (program !== undefined) run(program);
  }
};

export const crontab: Special = (facts, _state, run) => {
  if (facts.simple.piped) facts.runs |= facts.stdin.tags;
  const text = facts.simple.piped ? facts.stdin.text : undefined;
  if (text === undefined) return;
  for (const line of text.split('\n').slice(0, 20)) {
    const command = /^\s*(?:@\w+|(?:\S+\s+){4}\S+)\s+(.+)$/.exec(line)?.[1];
    if (command !== undefined) run(command);
    else if (!/^\s*(?:#|\w+\s*=|$)/.test(line)) run(line);
  }
};

export const stdinScript: Special = (facts, _state, run) => {
  if (facts.shell !== 'bash') {
    // Windows: `at 12:00 /every:M command…`.
    const from = facts.words.findIndex((word) => /\d:\d\d/.test(word.shape)) + 1;
    let rest = facts.words.slice(from);
    while (/^(?:\/(?:every|next|interactive).*|[MTWFS]|Th|Su|\d{1,2})$/i.test(rest[0]?.shape ?? ''))
      rest = rest.slice(1);
    const line = rest.map((word) => guessOf(word) ?? '').join(' ');
    if (from > 0 && line !== '') run(line, undefined, 'cmd');
    return;
  }
  if (facts.simple.piped) facts.runs |= facts.stdin.tags;
  if (facts.simple.piped && facts.stdin.text !== undefined) run(facts.stdin.text);
};

export const make: Special = (facts, _state, run) => {
  const text =
    facts.simple.piped && hasOption(facts.args, ['-f', '--file', '--makefile'])
      ? facts.stdin.text
      : undefined;
  for (const line of text?.split('\n').slice(0, 50) ?? []) {
    const recipe = /^(?:\t|[^:#=]+:[^=;]*;)\s*[@+-]*\s*(.+)$/.exec(line)?.[1];
    if (recipe !== undefined) run(recipe);
  }
  if (facts.simple.piped && hasOption(facts.args, ['-f'])) facts.runs |= facts.stdin.tags;
  for (const word of facts.words) {
    const shell = /^(?:SHELL|MAKE)=(.+)$/.exec(guessOf(word) ?? '')?.[1];
    if (shell !== undefined) run(shell);
  }
  for (const option of facts.args.options) {
    if (option.name !== '--eval' && option.name !== '-E') continue;
    const recipe = /(?:;|\n\t|\$\(shell\s)\s*([^)]+)/.exec(guessOf(option.value) ?? '')?.[1];
    if (recipe !== undefined) run(recipe);
  }
};

export const nc: Special = (facts) => {
  if (facts.args.options.some((option) => option.role === 'exec'))
    facts.reported.push('network.reverse-shell');
};

/** `tmux new -d 'line'`, `screen -dm command`: what runs inside. */
export const multiplexer: Special = (facts, _state, run) => {
  const { positionals: given } = facts.args;
  // After the first plain word everything belongs to the command inside, its options too.
  const inner = facts.name === 'screen' ? facts.args.rest : given.slice(1);
  const line = inner.map((word) => guessOf(word) ?? '').join(' ');
  if (line !== '') {
    facts.executes.push(line);
    run(line);
  }
};

export const date: Special = (facts) => {
  if (facts.args.positionals.some((word) => !word.shape.startsWith('+'))) facts.changes = true;
};

export function stdinEditor(facts: Facts, state: ShellState, run: RunScript): void {
  if (/^\s*(?:w|wq|\d*,?\$?w)\b/m.test(facts.stdin.text ?? ''))
    for (const word of facts.words)
      if (!word.shape.startsWith('-')) facts.writes.push(pathRef(word.shape, state, facts.shell));
  for (const line of facts.stdin.text?.split('\n').slice(0, 50) ?? []) {
    const shell = /^\s*!(.+)$/.exec(line)?.[1];
    if (shell !== undefined) run(shell);
  }
}

/** `jq -n env` and `$ENV` print the environment, with whatever secrets are in it. */
export const jq: Special = (facts, state) => {
  if (/(^|[^.\w])env\b|\$ENV\b/.test(facts.text))
    facts.reads.push(pathRef('/proc/self/environ', state, facts.shell));
};

/** `Start-Process cmd '/c rd /s /q C:\\'`: a program and its arguments, which stand in a text or in several. */
export const startProcess: Special = (facts, _state, run) => {
  const named = optionValue(facts.args, ['-filepath']);
  const given = named === undefined ? facts.args.positionals : [named, ...facts.args.positionals];
  const program = guessOf(given[0]);
  if (program === undefined) return;
  const list = facts.words.findIndex((word) => /^-(?:argumentlist|args|a\w{0,10})$/i.test(word.shape));
  const words = list < 0 ? given.slice(1) : untilOption(facts.words.slice(list + 1));
  const line = [program, ...words.map((word) => guessOf(word) ?? withoutMarkers(word.shape))].join(' ');
  run(line, undefined, 'powershell');
};

function untilOption(words: readonly Value[]): readonly Value[] {
  const end = words.findIndex((word) =>
    /^-(?:verb|wait|windowstyle|nonewwindow|passthru|credential|workingdirectory|redirect\w+)$/i.test(
      word.shape,
    ),
  );
  return end < 0 ? words : words.slice(0, end);
}
