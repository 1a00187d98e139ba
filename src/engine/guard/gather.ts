import type { Shell } from '../model/analysis';
import { hasOption, type ParsedArgs, parseArgs } from './args';
import type { Facts, PathRef } from './facts';
import { LIMITS } from './limits';
import { classify, resolvePath } from './paths';
import type { ProgramSpec, Role } from './programs/spec';
import type { Redirection, ShellState, Simple } from './state';
import { guessOf, showShape, Tag, type Value } from './value';

/** A path with what it is; `~` at its start is the home folder where the shell has not expanded it. */
export function pathRef(shape: string, state: ShellState, shell: Shell): PathRef {
  const expanded =
    shape === '~' || shape.startsWith('~/') || (shell !== 'bash' && shape.startsWith('~\\'))
      ? state.place.home + shape.slice(1)
      : shape;
  return { shape: expanded, classes: classify(expanded, state.cwd, state.place, shell) };
}

/** Tells what a program's arguments mean, from its description alone. */
export function gather(
  name: string,
  genuine: boolean,
  spec: ProgramSpec | undefined,
  simple: Simple,
  state: ShellState,
): Facts {
  const words = simple.words.slice(1);
  const args = parseArgs(spec, words);
  const facts: Facts = {
    name,
    genuine,
    shell: simple.shell,
    simple,
    words,
    args,
    spec,
    reads: [],
    writes: [],
    deletes: [],
    perms: [],
    hosts: [],
    executes: [],
    runs: 0,
    sends: 0,
    redirections: simple.redirections,
    stdin: simple.stdin,
    recursive: spec?.recursive === true || hasOption(args, RECURSIVE[args.style]),
    changes: false,
    privilege: false,
    reported: [],
    text: argumentText(words),
  };
  for (const option of args.options)
    if (option.role !== undefined) apply(option.role, option.value, facts, state);
  positionals(facts, state);
  redirections(simple.redirections, facts, state);
  secretsNamed(facts, state);
  const kind = args.subSpec?.kind ?? spec?.kind;
  if (kind === 'network' || facts.hosts.length > 0) sending(facts);
  return facts;
}

/** Arguments as text. Of very long ones the beginning and the end; the analyser has then already doubted the line. */
function argumentText(words: readonly Value[]): string {
  const text = words.map((word) => showShape(word.shape)).join(' ');
  if (text.length <= LIMITS.arguments) return text;
  return `${text.slice(0, LIMITS.arguments / 2)} ${text.slice(-LIMITS.arguments / 2)}`;
}

const RECURSIVE: Readonly<Record<ParsedArgs['style'], readonly string[]>> = {
  gnu: ['-r', '-R', '--recursive'],
  single: ['-r', '-R'],
  equals: [],
  windows: ['/s', '/e', '/mir', '/t', '/r'],
  powershell: ['-recurse'],
  plain: [],
};

function apply(role: Role, value: Value | undefined, facts: Facts, state: ShellState): void {
  const shape = value?.shape;
  const ref = (): PathRef => pathRef(shape ?? '', state, facts.shell);
  switch (role) {
    case 'read':
      if (shape !== undefined) facts.reads.push(ref());
      return;
    case 'write':
      if (shape !== undefined && shape !== '-') facts.writes.push(ref());
      return;
    case 'delete':
      if (shape !== undefined) facts.deletes.push(ref());
      return;
    case 'upload':
      if (shape !== undefined) {
        const file = ref();
        facts.reads.push(file);
        facts.sends |= secrecy(file) | Tag.file;
      }
      return;
    case 'send':
      if (value !== undefined && shape !== undefined) {
        facts.sends |= value.tags;
        const at = /(?:^|=)[@<](.+)$/.exec(shape)?.[1]?.replace(/;(type|filename)=.*$/, '');
        if (at !== undefined && at !== '-') {
          const file = pathRef(at, state, facts.shell);
          facts.reads.push(file);
          facts.sends |= secrecy(file) | Tag.file;
        }
      }
      return;
    case 'host':
      if (shape !== undefined) facts.hosts.push(showShape(shape));
      return;
    case 'run':
      if (shape !== undefined) {
        const full = resolvePath(shape, state.cwd, facts.shell);
        facts.runs |= (full === undefined ? 0 : state.files.get(full)?.tags) ?? 0;
        facts.executes.push(showShape(shape));
        facts.runs |= value?.tags ?? 0;
      }
      return;
    case 'exec':
    case 'code':
      if (value !== undefined) {
        facts.executes.push(showShape(value.shape));
        facts.runs |= value.tags;
      }
      return;
    case 'runs':
      facts.executes.push('what its options or configuration name');
      return;
    case 'changes':
    case 'inplace':
    case 'deletes':
      facts.changes = true;
      return;
    case 'cd':
    case 'value':
      return;
  }
}

function positionals(facts: Facts, state: ShellState): void {
  const { args, spec } = facts;
  const shape = args.subSpec ?? spec;
  const roles = shape?.positionals;
  if (roles === undefined) return;
  const skipped = shape?.shiftedBy !== undefined && hasOption(args, shape.shiftedBy) ? 1 : 0;
  const inplace = args.options.some((option) => option.role === 'inplace');
  const deleting = args.options.some((option) => option.role === 'deletes');
  const many = args.positionals.length >= 2;
  for (const [index, word] of args.positionals.entries()) {
    const isLast = many && index === args.positionals.length - 1;
    const role = (isLast && shape?.last) || roles[Math.min(index + skipped, roles.length - 1)];
    if (role === undefined) continue;
    apply(role, word, facts, state);
    if (role !== 'read') continue;
    if (inplace) apply('write', word, facts, state);
    if (deleting) apply('delete', word, facts, state);
  }
}

function redirections(list: readonly Redirection[], facts: Facts, state: ShellState): void {
  for (const { kind, target } of list) {
    if (kind === 'dup') continue;
    const ref = pathRef(target.shape, state, facts.shell);
    if (kind === 'read') facts.reads.push(ref);
    else facts.writes.push(ref);
  }
}

/**
 * Programs that read take files in many places: after options whose meaning differs from program to program, behind
 * `=`, in a revision of git. Wherever a word of theirs is the name of a secret, it is read.
 */
function secretsNamed(facts: Facts, state: ShellState): void {
  const kind = facts.args.subSpec?.kind ?? facts.spec?.kind;
  if (kind !== 'reader' && kind !== 'filter' && facts.name !== 'git') return;
  for (const word of facts.words) {
    const inside = /^(?:-[\w-]*=|[\w./~^@{}-]+:(?!\/\/))(.+)$/.exec(word.shape)?.[1];
    for (const shape of inside === undefined ? [word.shape] : [word.shape, inside]) {
      if (shape.startsWith('-') || !/[./~\\]/.test(shape) || /\s/.test(shape)) continue;
      const ref = pathRef(shape, state, facts.shell);
      if (
        (ref.classes.has('secret') || ref.classes.has('credential')) &&
        !facts.reads.some((one) => one.shape === ref.shape)
      )
        facts.reads.push(ref);
    }
  }
}

/** Everything that reaches a program which talks to the network may leave the machine. */
function sending(facts: Facts): void {
  if (facts.simple.piped) facts.sends |= facts.stdin.tags;
  for (const word of facts.words) facts.sends |= word.tags;
  for (const read of facts.reads) facts.sends |= secrecy(read);
}

/** The tag of what a file holds, judged by its path. */
export function secrecy(ref: PathRef): number {
  if (ref.classes.has('credential')) return Tag.secret;
  return ref.classes.has('secret') ? Tag.secret : 0;
}

/** The text of the n-th positional, when it is static. */
export function positional(facts: Facts, index: number): string | undefined {
  return guessOf(facts.args.positionals[index]);
}
