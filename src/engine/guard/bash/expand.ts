import { forEachChild, parse, type SyntaxNode, type Word, type WordPart } from 'unbash';
import type { ShellState } from '../state';
import {
  BRACKET,
  guessOf,
  QUESTION,
  STAR,
  type Stream,
  Tag,
  type Tags,
  UNKNOWN,
  unknownValue,
  type Value,
} from '../value';
import type { Expander } from './expander';
import { expandBraces, FieldBuilder } from './fields';
import { expandParameter } from './parameter';

/** All fields that a word becomes. */
export function expandWord(word: Word, on: Expander): Value[] {
  const parts = word.parts;
  if (parts?.some((part) => part.type === 'BraceExpansion')) {
    const texts = expandBraces(word.text);
    if (texts.length > 1 || texts[0] !== word.text) {
      return texts.flatMap((text) => reparsed(text, on));
    }
  }
  const builder = new FieldBuilder(word.text);
  if (parts === undefined) {
    builder.add(tilde(word.text, word.value, on.state));
    if (word.value === '' && !/['"]/.test(word.text)) return [];
  } else {
    for (const [index, part] of parts.entries()) addPart(builder, part, index === 0, false, on);
  }
  return builder.finish();
}

/** A word as one value, as in an assignment or a here-string: no splitting, globs stay text. */
export function expandSingle(word: Word, on: Expander): Value {
  const fields = expandWord(word, on);
  let shape = '';
  let tags: Tags = 0;
  for (const [index, field] of fields.entries()) {
    shape += (index > 0 ? ' ' : '') + field.shape;
    tags |= field.tags;
  }
  return { raw: word.text, shape: shape.replaceAll(STAR, '*').replaceAll(QUESTION, '?'), tags };
}

/** The body of a here-document: `$x` and `$(…)` are expanded unless its delimiter was quoted. */
export function expandBody(text: string, parts: readonly WordPart[] | undefined, on: Expander): Stream {
  if (parts === undefined) return { text, tags: 0 };
  const builder = new FieldBuilder(text);
  builder.keepEmpty();
  for (const part of parts) addPart(builder, part, false, true, on);
  const [value] = builder.finish();
  return { text: guessOf(value), tags: value?.tags ?? 0 };
}

function reparsed(text: string, on: Expander): Value[] {
  if (text === '') return [];
  const statement = parse(`: ${text}`).commands[0]?.command;
  const suffix = statement?.type === 'Command' ? statement.suffix : [];
  const only = suffix.length === 1 ? suffix[0] : undefined;
  if (only?.type !== 'Word') return [unknownValue(text)];
  const builder = new FieldBuilder(text);
  if (only.parts === undefined) builder.add(tilde(only.text, only.value, on.state));
  else for (const [index, part] of only.parts.entries()) addPart(builder, part, index === 0, false, on);
  return builder.finish();
}

/** `~`, `~/x`, `~+`, `~user` at the start of an unquoted word. */
function tilde(text: string, value: string, state: ShellState): string {
  if (!text.startsWith('~')) return value;
  const slash = value.indexOf('/');
  const head = slash < 0 ? value : value.slice(0, slash);
  const rest = slash < 0 ? '' : value.slice(slash);
  if (head === '~') return state.place.home + rest;
  if (head === '~+') return (state.cwd ?? UNKNOWN) + rest;
  if (head === '~root') return `/root${rest}`;
  if (/^~[a-z_][\w-]*$/i.test(head)) return `/home/${head.slice(1)}${rest}`;
  return UNKNOWN + rest;
}

const GLOBS = { star: STAR, question: QUESTION, bracket: BRACKET } as const;

function addPart(builder: FieldBuilder, part: WordPart, first: boolean, quoted: boolean, on: Expander): void {
  switch (part.type) {
    case 'Literal':
      builder.add(first && !quoted ? tilde(part.text, part.value, on.state) : part.value);
      return;
    case 'SingleQuoted':
    case 'AnsiCQuoted':
      builder.add(part.value);
      return;
    case 'DoubleQuoted':
    case 'LocaleString':
      // `"$@"` without arguments is no field at all; `""` is an empty one.
      if (part.parts.length === 0) builder.keepEmpty();
      for (const child of part.parts) addPart(builder, child, false, true, on);
      if (part.parts.some((child) => !isAllArguments(child))) builder.keepEmpty();
      return;
    case 'Glob':
      builder.add(quoted ? part.value : GLOBS[part.kind]);
      return;
    case 'ExtendedGlob':
      visitScripts(part, on);
      builder.add(STAR);
      return;
    case 'SimpleExpansion':
    case 'ParameterExpansion':
      expandParameter(builder, part, quoted, on, (word) => expandSingle(word, on));
      return;
    case 'CommandExpansion': {
      const printed = part.script === undefined ? undefined : on.substitute(part.script);
      addOutput(builder, printed, quoted);
      return;
    }
    case 'ArithmeticExpansion':
      visitScripts(part, on);
      builder.addUnknown(0);
      return;
    case 'ProcessSubstitution': {
      const stdin = part.operator === '>' ? on.stdin : undefined;
      const content = part.script === undefined ? undefined : on.substitute(part.script, stdin);
      builder.add(on.pseudoFile(content ?? { text: undefined, tags: Tag.file }));
      return;
    }
    case 'BraceExpansion':
      builder.add(part.text);
      return;
  }
}

function isAllArguments(part: WordPart): boolean {
  return part.type === 'SimpleExpansion' && part.text === '$@';
}

function addOutput(builder: FieldBuilder, printed: Stream | undefined, quoted: boolean): void {
  if (printed?.text === undefined) {
    builder.addUnknown(printed?.tags ?? 0);
    return;
  }
  const text = printed.text.replace(/\n{1,64}$/, '');
  if (quoted) builder.add(text, printed.tags);
  else builder.addSplit(text, printed.tags);
}

/** Runs every substitution somewhere inside a node whose own value is not followed, such as arithmetic. */
export function visitScripts(node: SyntaxNode, on: Expander): void {
  forEachChild(node, (child) => {
    if (child.type === 'Script') on.substitute(child);
    else visitScripts(child, on);
  });
}
