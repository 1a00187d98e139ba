import type { Facts } from '../facts';
import { pathRef } from '../gather';
import { guessOf } from '../value';
import type { RunScript, Special } from './types';
import { asShell } from './words';

/** Variables whose value another program runs as a line of a shell. */
const LINES =
  /^(?:(?:GIT_|MAN|BAT_|DELTA_|SYSTEMD_)?PAGER|(?:GIT_|SEQUENCE_|GIT_SEQUENCE_)?EDITOR|VISUAL|BROWSER|PROMPT_COMMAND|LESSOPEN|LESSCLOSE|GIT_(?:SSH_COMMAND|SSH|EXTERNAL_DIFF|ASKPASS|PROXY_COMMAND)|(?:SSH|SUDO)_ASKPASS|RSYNC_RSH|CVS_RSH|SVN_SSH|RUSTC_WRAPPER)$/;

/** `GIT_SSH_COMMAND='…' git fetch`: the value is run, by something else. */
export function runSteering(facts: Facts, run: RunScript): void {
  for (const { name, value } of facts.simple.assigned) {
    const line = LINES.test(name) ? guessOf(value) : undefined;
    if (line !== undefined && line !== '') run(line.replace(/^\|/, ''));
  }
  if (!/^(?:export|declare|typeset|readonly)$/.test(facts.name)) return;
  for (const word of facts.words) {
    const [, name = '', line = ''] = /^(\w+)=([\s\S]+)$/.exec(guessOf(word) ?? '') ?? [];
    if (LINES.test(name)) run(line.replace(/^\|/, ''));
  }
}

/** `less '+!id'`, `gdb -ex 'shell id'`: lines that a program hands to a shell when its arguments say so. */
export const shellEscape: Special = (facts, _state, run) => {
  for (const word of facts.words) {
    const line = /^\+{0,2}\s*(?:[!|]{1,2}|(?:shell|exec|spawn|system|platform shell)\s+)\s*(\S.*)$/.exec(
      guessOf(word) ?? '',
    )?.[1];
    if (line !== undefined) run(line);
  }
};

/** `echo line | ssh host`: without a command, the shell over there obeys what arrives. */
const remoteInput: Special = (facts, _state, run) => {
  const { text } = facts.stdin;
  if (facts.name === 'ssh' && facts.simple.piped && text !== undefined && facts.args.positionals.length === 1)
    run(text);
};

/** `ssh -o ProxyCommand=…`: run here, before anything is run there. */
export const sshOptions: Special = (facts, state, run) => {
  remoteInput(facts, state, run);
  for (const word of facts.words) {
    const line = /^(?:-o)?\s*(?:Proxy|Local|KnownHosts)Command(?:\s*=\s*|\s+)(.+)$/i.exec(
      guessOf(word) ?? '',
    )?.[1];
    if (line !== undefined && line.toLowerCase() !== 'none') run(line);
  }
};

/** `npm pkg set scripts.postinstall='…'`, `npm set-script prepare '…'`: what a later command of npm runs. */
export const packageScripts: Special = (facts, _state, run) => {
  for (const [at, word] of facts.words.entries()) {
    const text = guessOf(word) ?? '';
    const line = /^scripts\.[\w:.-]+=(.+)$/.exec(text)?.[1];
    if (line !== undefined) run(line);
    if (text === 'set-script') run(guessOf(facts.words[at + 2]) ?? '');
  }
};

/** Tcl's way to call: `exec rm -rf x`, `spawn rm -rf x`, one a line. */
export const tcl: Special = (facts, state, run) => {
  shellEscape(facts, state, run);
  const code = facts.simple.piped ? facts.stdin.text : undefined;
  for (const line of code?.split(/[\n;]/).slice(0, 50) ?? []) {
    const inner = /^\s*(?:exec|spawn|system)\s+(\S.*)$/.exec(line)?.[1];
    if (inner !== undefined) run(inner);
    const gone = /^\s*file\s+delete\s+(?:-force\s+)?(?:--\s+)?(\S+)/.exec(line)?.[1];
    if (gone !== undefined) run(`rm -rf ${gone}`);
  }
};

/** `fd pattern folder -x command`: the command gets each name that was found. */
export const fd: Special = (facts, state, run) => {
  const at = facts.words.findIndex((word) => /^(-x|-X|--exec|--exec-batch)$/.test(word.shape));
  if (at < 0) return;
  const inner = facts.words.slice(at + 1).map(asShell);
  facts.executes.push(inner.join(' '));
  const before = facts.words.slice(0, at).filter((word) => !word.shape.startsWith('-'));
  const all = before.length === 0 || /^(\.|\.\*|\*|)$/.test(before[0]?.shape ?? '');
  const starts = before.length < 2 ? ['.'] : before.slice(1).map(asShell);
  for (const start of starts.slice(0, 8)) {
    const target = all ? start : `${start}/"\${__cowork_text}"`;
    facts.reads.push(pathRef(start, state, facts.shell));
    const line = inner.join(' ');
    run(line.includes('{}') ? line.replaceAll("'{}'", target).replaceAll('{}', target) : `${line} ${target}`);
  }
};

/** `forfiles /p C:\ /s /c "cmd /c del @path"`: its line, for everything below the folder. */
export const forfiles: Special = (facts, _state, run) => {
  const words = facts.words.map((word) => guessOf(word) ?? '');
  const after = (letter: string): string | undefined => {
    const at = words.findIndex((word) => word.toLowerCase() === `/${letter}`);
    return at < 0 ? undefined : words[at + 1];
  };
  const line = after('c');
  if (line === undefined) return;
  const chosen = !/^[*.]*$/.test(after('m') ?? '') || after('d') !== undefined;
  const folder = (after('p') ?? '.').replace(/["\\]+$/, '');
  facts.executes.push(line);
  run(line.replace(/@(?:path|file)/gi, `${folder}\\${chosen ? 'chosen-file' : '*'}`), undefined, 'cmd');
};

/** `tcpdump -z script`: run on each file that is full. */
export const afterRotation: Special = (facts, _state, run) => {
  const at = facts.words.findIndex((word) => word.shape === '-z');
  const line = at < 0 ? undefined : guessOf(facts.words[at + 1]);
  if (line === undefined) return;
  facts.executes.push(line);
  run(line);
};
