import {
  forEachChild,
  type ParameterExpansionPart,
  type SimpleExpansionPart,
  type SyntaxNode,
  type Word,
} from 'unbash';
import type { ShellState } from '../state';
import {
  guessOf,
  hasUnknown,
  literal,
  STAR,
  shapeMatches,
  Tag,
  UNKNOWN,
  unknownValue,
  type Value,
} from '../value';
import type { Expander } from './expander';
import type { FieldBuilder } from './fields';

type Single = (word: Word) => Value;

/** Calls `found` with the name of each variable in a piece of syntax. */
export function visitVariables(node: SyntaxNode, found: (name: string) => void): void {
  if (node.type === 'SimpleExpansion') found(node.text.slice(1));
  if (node.type === 'ParameterExpansion') found(node.parameter);
  forEachChild(node, (child) => visitVariables(child, found));
}

/** The value of a variable, or undefined when the line does not tell. */
export function lookUp(name: string, state: ShellState): Value | undefined {
  const set = state.vars.get(name) ?? state.vars.get(`${name}[0]`);
  if (set !== undefined) return set;
  if (/^[1-9]$/.test(name)) return state.args[Number(name) - 1] ?? literal('');
  switch (name) {
    case 'HOME':
      return literal(state.place.home);
    case 'PWD':
      return state.cwd === undefined ? undefined : literal(state.cwd);
    case 'IFS':
      return literal(' \t\n');
    case 'SHELL':
    case 'BASH':
      return literal('/bin/bash');
    case '0':
      return literal('bash');
    case 'TMPDIR':
      return literal('/tmp');
    default:
      return undefined;
  }
}

/** Elements of an array that the line set, or the positional parameters. */
function elements(name: string, state: ShellState): readonly Value[] | undefined {
  if (name === '@' || name === '*') return state.args;
  const found: Value[] = [];
  for (let index = 0; index < 256; index++) {
    const element = state.vars.get(`${name}[${index}]`);
    if (element === undefined) break;
    found.push(element);
  }
  return found.length > 0 ? found : undefined;
}

/** Adds what `$x` or `${x…}` becomes to the field under construction. */
export function expandParameter(
  builder: FieldBuilder,
  part: SimpleExpansionPart | ParameterExpansionPart,
  quoted: boolean,
  on: Expander,
  single: Single,
): void {
  const simple = part.type === 'SimpleExpansion';
  const name = simple ? part.text.slice(1) : part.parameter;
  const wholeArray = !simple && (part.index?.text === '@' || part.index?.text === '*');
  if ((name === '@' || name === '*' || wholeArray) && (simple || (!part.prefix && !part.operation))) {
    addAll(builder, elements(name, on.state), quoted);
    return;
  }
  const value = simple ? lookUp(name, on.state) : operated(part, on, single);
  if (value === undefined) {
    const plain = simple || (part.operation === undefined && part.prefix === undefined);
    builder.addUnknown(plain && /^[A-Za-z_]\w*$/.test(name) && !on.state.vars.has(name) ? Tag.unset : 0);
    return;
  }
  if (quoted || hasUnknown(value.shape)) builder.add(value.shape, value.tags);
  else builder.addSplit(value.shape, value.tags, guessOf(on.state.vars.get('IFS')));
}

function addAll(builder: FieldBuilder, values: readonly Value[] | undefined, quoted: boolean): void {
  if (values === undefined) {
    builder.addUnknown(0);
    return;
  }
  for (const [index, value] of values.entries()) {
    if (index > 0) builder.break();
    if (quoted) builder.add(value.shape, value.tags);
    else builder.addSplit(value.shape, value.tags);
  }
}

function operated(part: ParameterExpansionPart, on: Expander, single: Single): Value | undefined {
  const key = part.index === undefined ? part.parameter : `${part.parameter}[${part.index.value}]`;
  let value = lookUp(key, on.state);
  if (part.prefix === '!') {
    const target = guessOf(value);
    value = target === undefined ? undefined : lookUp(target, on.state);
    if (part.operation?.type === 'Names') return unknownValue(part.text);
  } else if (part.prefix === '#') {
    const text = guessOf(value);
    return text === undefined ? undefined : literal(String(text.length));
  }
  const operation = part.operation;
  if (operation === undefined) return value;
  switch (operation.type) {
    case 'Default':
      return defaulted(operation.operator, single(operation.operand), value);
    case 'Remove':
      return removed(operation.operator, single(operation.operand), value);
    case 'Replace':
      return replaced(operation.operator, single(operation.pattern), single(operation.replacement), value);
    case 'Slice': {
      const length = operation.length === undefined ? undefined : single(operation.length);
      return sliced(part.parameter, single(operation.offset), length, value);
    }
    case 'CaseModification': {
      const text = guessOf(value);
      if (text === undefined || value === undefined) return undefined;
      const change = operation.operator.startsWith('^') ? upper : lower;
      const shape = operation.operator.length === 2 ? change(text) : change(text.slice(0, 1)) + text.slice(1);
      return { ...value, shape };
    }
    case 'Transform':
      if (!/^[QULuk]$/.test(operation.operand.value))
        on.doubt('a variable is expanded as a prompt or as code');
      return unknownValue(part.text, value?.tags);
    default:
      return unknownValue(part.text, value?.tags);
  }
}

const upper = (text: string): string => text.toUpperCase();
const lower = (text: string): string => text.toLowerCase();

function defaulted(operator: string, operand: Value, value: Value | undefined): Value | undefined {
  if (operator.includes('?')) return value;
  if (operator.includes('+'))
    return value === undefined ? { ...operand, tags: operand.tags | Tag.maybe } : operand;
  if (value === undefined) return { ...operand, tags: operand.tags | Tag.maybe };
  return operator.startsWith(':') && value.shape === '' ? operand : value;
}

/** `${x#p}`, `${x##p}`, `${x%p}`, `${x%%p}` for a known text and a pattern of text and `*`. */
function removed(operator: string, operand: Value, value: Value | undefined): Value | undefined {
  const text = guessOf(value);
  if (value === undefined || text === undefined || text.length > 512) return value && unknownValue(value.raw);
  const pattern = operand.shape.replaceAll('*', STAR);
  const longest = operator.length === 2;
  for (let step = 0; step <= text.length; step++) {
    const size = longest ? text.length - step : step;
    const cut = operator.startsWith('#') ? text.slice(0, size) : text.slice(text.length - size);
    if (!shapeMatches(pattern, cut)) continue;
    return {
      ...value,
      shape: operator.startsWith('#') ? text.slice(size) : text.slice(0, text.length - size),
    };
  }
  return value;
}

function replaced(
  operator: string,
  pattern: Value,
  replacement: Value,
  value: Value | undefined,
): Value | undefined {
  const text = guessOf(value);
  const from = guessOf(pattern);
  if (value === undefined || text === undefined || from === undefined || from === '') return undefined;
  if (/[*?[]/.test(from)) return unknownValue(value.raw, value.tags);
  const to = replacement.shape;
  const tags = value.tags | replacement.tags;
  if (operator === '//') return { ...value, shape: text.split(from).join(to), tags };
  if (operator === '/#')
    return text.startsWith(from) ? { ...value, shape: to + text.slice(from.length), tags } : value;
  if (operator === '/%')
    return text.endsWith(from) ? { ...value, shape: text.slice(0, -from.length) + to, tags } : value;
  const at = text.indexOf(from);
  return at < 0 ? value : { ...value, shape: text.slice(0, at) + to + text.slice(at + from.length), tags };
}

/** `${x:offset:length}`. The first character of PATH is `/` on every system with a bash. */
function sliced(
  name: string,
  offset: Value,
  length: Value | undefined,
  value: Value | undefined,
): Value | undefined {
  const from = Number(guessOf(offset)?.trim() || Number.NaN);
  const size = length === undefined ? undefined : Number(guessOf(length)?.trim() || Number.NaN);
  if (name === 'PATH' && value === undefined && from === 0 && size === 1) return literal('/');
  const text = guessOf(value);
  if (value === undefined || text === undefined || !Number.isInteger(from)) return undefined;
  if (size !== undefined && !Number.isInteger(size)) return unknownValue(value.raw, value.tags);
  const start = from < 0 ? Math.max(0, text.length + from) : from;
  const end = size === undefined ? text.length : size < 0 ? text.length + size : start + size;
  const shape = text.slice(start, end);
  return shape === '' && text.includes(UNKNOWN) ? unknownValue(value.raw) : { ...value, shape };
}
