import { hasOption } from '../args';
import type { Facts, PathRef } from '../facts';
import { pathRef, positional, secrecy } from '../gather';
import { scanCode } from '../oneliners';
import { resolvePath } from '../paths';
import type { ShellState } from '../state';
import { UNKNOWN, type Value } from '../value';
import type { RunScript, Special } from './types';

export const interpreter: Special = (facts, state, run) => {
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
  const modules = facts.words
    .filter((word) => /^-[Mr]\S/.test(word.shape))
    .map((word) => word.shape.slice(2));
  if (code.length > 0) applyScan([...modules, ...code].join('\n'), facts, state, run);
};

/** A program that the line itself has written and now has built and run: `go run /tmp/x.go`. */
export const writtenPrograms: Special = (facts, state, run) => {
  for (const word of facts.args.positionals) {
    if (
      !/\.(?:go|rs|java|kts?|swift|c|cc|cpp|cs|m|d|zig|nim|ts|mts|js|mjs|cjs|scala|hs|ex|exs|dart)$/.test(
        word.shape,
      )
    )
      continue;
    const full = resolvePath(word.shape, state.cwd, facts.shell);
    const content = full === undefined ? undefined : state.files.get(full)?.text;
    if (content !== undefined) applyScan(content, facts, state, run);
  }
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
  // In awk `$0` is the line that was read, not the program itself.
  const line = /awk$/.test(facts.name);
  facts.reported.push(
    ...scan.reported.filter((id) => !line || id !== 'process.fork-bomb' || /while\s*\(1\)/.test(text)),
  );
  if (scan.deletes.length > 0) facts.recursive = true;
  if (scan.network) {
    facts.hosts.push('hosts named in the code');
    for (const ref of read) facts.sends |= secrecy(ref);
  }
  for (const line of scan.shell) run(line);
}

const AWK_GIVEN = ['-f', '--file', '-e', '--source'];
const SED_GIVEN = ['-e', '-f', '--expression', '--file'];

/** The programs on the line of what takes one first, unless an option has given it: of awk and of sed. */
export function programsOf(facts: Facts): readonly (Value | undefined)[] {
  const options = /awk$/.test(facts.name) ? AWK_GIVEN : SED_GIVEN;
  return [
    ...facts.args.options.filter((option) => option.role === 'code').map((option) => option.value),
    ...(hasOption(facts.args, options) ? [] : [facts.args.positionals[0]]),
  ];
}

export const awk: Special = (facts, state, run) => {
  facts.executes.length = 0;
  if (/(^|\s)(-i\s?inplace|--include[= ]inplace)\b/.test(facts.text))
    for (const word of facts.args.positionals.slice(hasOption(facts.args, ['-f', '-e']) ? 0 : 1))
      facts.writes.push(pathRef(word.shape, state, facts.shell));
  for (const value of programsOf(facts)) {
    if (value === undefined) continue;
    const code = value.shape;
    const runs =
      /\bsystem\s*\(|\|\s*getline|\bgetline\s*<\s*cmd|\|&|print[^;}]*\|\s*"|printf[^;}]*\|\s*"|@load|\/inet\//.test(
        code,
      );
    if (runs) facts.executes.push('commands in its program');
    if (/print[^;}|]*>/.test(code.replace(/\([^)]*\)/g, '')))
      facts.writes.push(...redirectTargets(code).map((path) => pathRef(path, state, facts.shell)));
    if (runs) {
      applyScan(code, facts, state, run);
      // `cmd = "line"; cmd | getline`, `system(cmd)`.
      for (const match of code.matchAll(/\b\w{1,40}\s{0,4}=\s{0,4}"((?:[^"\\]|\\.)*)"/g)) run(match[1] ?? '');
    }
    for (const match of code.matchAll(/\|\s*"((?:[^"\\]|\\.)*)"|"((?:[^"\\]|\\.)*)"\s*\|\s*&?\s*getline/g)) {
      const line = match[1] ?? match[2];
      if (line !== undefined) run(line);
    }
    // What is printed into a shell is a script: `print "line" | "sh"`.
    for (const match of code.matchAll(
      /\bprintf?\s{0,4}\(?\s{0,4}"((?:[^"\\]|\\.)*)"\)?\s{0,4}\|&?\s{0,4}"\s*(?:\S*\/)?(?:ba|z|da|k)?sh\b/g,
    ))
      run((match[1] ?? '').replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c)));
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
export const sed: Special = (facts, state, run) => {
  facts.executes.length = 0;
  for (const value of programsOf(facts)) {
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
      const by = /s([/|#,@])(?:\\.|(?!\1)[^\\]){0,400}\1((?:\\.|(?!\1)[^\\]){0,400})\1/.exec(code)?.[2];
      if (by !== undefined) run(by.replace(/\\(.)/g, '$1').replace(/&/g, ' '));
    }
    const written = /(?:^|[;{}\n\d$/!\s|#@,gpI])[wW]\s+(\S+)/.exec(code)?.[1];
    const read = /(?:^|[;{}\n\d$/!])\s*[rR]\s*([\w./~-]\S*)/.exec(stripped(code))?.[1];
    if (read !== undefined) facts.reads.push(pathRef(read, state, facts.shell));
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
