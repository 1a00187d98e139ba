import { optionValue } from './args';
import type { Facts } from './facts';
import { positional } from './gather';
import { resolvePath } from './paths';
import type { ShellState } from './state';
import { guessOf, textOf, unknownValue } from './value';

/** What the shell's own commands change for the commands after them: folder, variables, aliases. */
export function runBuiltin(facts: Facts, state: ShellState): void {
  switch (facts.name) {
    case 'cd':
    case 'pushd':
    case 'chdir':
    case 'set-location':
    case 'push-location':
      state.cwd = moved(facts, state);
      return;
    case 'popd':
    case 'pop-location':
      state.cwd = undefined;
      return;
    case 'alias':
      for (const word of facts.words) {
        const [, name, meaning] = /^([^=]+)=([\s\S]*)$/.exec(word.shape) ?? [];
        if (name !== undefined && meaning !== undefined) state.aliases.set(name, meaning);
      }
      return;
    case 'set-alias':
    case 'new-alias': {
      const name = optionValue(facts.args, ['-name']) ?? facts.args.positionals[0];
      const value = optionValue(facts.args, ['-value']) ?? facts.args.positionals.at(-1);
      const text = guessOf(name);
      if (text !== undefined && value !== undefined) state.aliases.set(text.toLowerCase(), value.shape);
      return;
    }
    case 'unalias':
      for (const word of facts.args.positionals) state.aliases.delete(word.shape);
      return;
    case 'hash': {
      const at = facts.words.findIndex((word) => word.shape === '-p');
      const [path, name] = at < 0 ? [] : facts.words.slice(at + 1);
      if (path !== undefined && name !== undefined) state.aliases.set(name.shape, path.shape);
      return;
    }
    case 'test':
    case '[':
      // What a line has looked at, it knows: an empty value is its own business.
      for (const word of facts.words) lookedAt(word.raw, state);
      return;
    case 'unset':
      for (const word of facts.args.positionals) state.vars.delete(word.shape);
      return;
    case 'set':
      if (facts.shell === 'bash') {
        const at = facts.words.findIndex((word) => word.shape === '--');
        if (at >= 0) state.args = facts.words.slice(at + 1);
        else if (facts.args.positionals.length > 0) state.args = facts.args.positionals;
      }
      return;
    case 'shift':
      state.args = state.args.slice(1);
      return;
    case 'read':
    case 'mapfile':
    case 'readarray':
      for (const word of facts.args.positionals) readInto(word.shape, facts, state);
      if (facts.args.positionals.length === 0) readInto('REPLY', facts, state);
      return;
    case 'printf': {
      const at = facts.words.findIndex((word) => word.shape === '-v');
      const name = at < 0 ? undefined : guessOf(facts.words[at + 1]);
      const format = facts.words.slice(at + 2);
      if (name === undefined) return;
      facts.changes = true;
      const [only] = format;
      const text = format.length === 1 && only !== undefined && !only.shape.includes('%') ? only : undefined;
      state.vars.set(name, text ?? formattedValue(format.map((word) => word)) ?? unknownValue(name));
      return;
    }
    default:
  }
}

/** Variables that a test names are no longer ones that nothing on the line knows of. */
export function lookedAt(text: string, state: ShellState): void {
  for (const [, name = ''] of text.matchAll(/\$\{?([A-Za-z_]\w*)/g))
    if (!state.vars.has(name)) state.vars.set(name, unknownValue(name));
}

function formattedValue(
  words: readonly { shape: string; raw: string; tags: number }[],
): { raw: string; shape: string; tags: number } | undefined {
  const [format, ...rest] = words;
  if (format === undefined || !/^(%s)+$/.test(format.shape)) return undefined;
  return {
    raw: format.raw,
    shape: rest.map((word) => word.shape).join(''),
    tags: rest.reduce((all, word) => all | word.tags, 0),
  };
}

function readInto(name: string, facts: Facts, state: ShellState): void {
  const { text, tags } = facts.stdin;
  const [line] = text?.split('\n') ?? [];
  const only = line !== undefined && facts.simple.piped && facts.args.positionals.length <= 1;
  state.vars.set(name, only ? { raw: name, shape: line, tags } : unknownValue(name, tags));
}

function moved(facts: Facts, state: ShellState): string | undefined {
  const words = facts.args.positionals.filter((word) => !/^\/d$/i.test(word.shape));
  const target = optionValue(facts.args, ['-path', '-literalpath']) ?? words[0];
  if (target === undefined) return facts.shell === 'cmd' ? state.cwd : state.place.home;
  if (textOf(target) === undefined || positional(facts, 0) === '-') return undefined;
  const shape = target.shape.startsWith('~') ? state.place.home + target.shape.slice(1) : target.shape;
  return resolvePath(shape, state.cwd, facts.shell);
}
