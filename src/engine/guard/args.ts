import type { ProgramSpec, Role, Style, SubSpec } from './programs/spec';
import { guessOf, STAR, UNKNOWN, type Value } from './value';

/** An option as given. `name` has its dashes: `-r`, `--force`, `/s`, `of`. */
export interface GivenOption {
  readonly name: string;
  readonly role: Role | undefined;
  readonly value: Value | undefined;
  /** Given before the subcommand: `git -c a=b log`. */
  readonly early: boolean;
}

/** A program's arguments, told apart. */
export interface ParsedArgs {
  readonly options: readonly GivenOption[];
  readonly positionals: readonly Value[];
  /** Words from the first positional on, options included: the inner command of a wrapper. */
  readonly rest: readonly Value[];
  /** The subcommand, when the program has them. */
  readonly sub: string | undefined;
  readonly subSpec: SubSpec | undefined;
  readonly style: Style;
}

type RoleTable = ReadonlyMap<string, Role>;
const TABLES = new WeakMap<object, RoleTable>();

function table(options: Readonly<Record<string, Role>> | undefined): RoleTable {
  if (options === undefined) return new Map();
  const known = TABLES.get(options);
  if (known !== undefined) return known;
  const made = new Map<string, Role>();
  for (const [names, role] of Object.entries(options))
    for (const name of names.split(' ')) made.set(name, role);
  TABLES.set(options, made);
  return made;
}

const TAKES_VALUE: ReadonlySet<Role> = new Set([
  'value',
  'read',
  'write',
  'delete',
  'exec',
  'run',
  'code',
  'host',
  'send',
  'upload',
  'cd',
]);

/** The role of a long option, which may be given by its beginning; the most consequential one that fits. */
function longRole(roles: RoleTable, given: string, fold: boolean): Role | undefined {
  const name = fold ? given.toLowerCase() : given;
  const exact = roles.get(name);
  if (exact !== undefined || name.length < 3) return exact;
  let found: Role | undefined;
  for (const [known, role] of roles) {
    if (known.length > name.length && (fold ? known.toLowerCase() : known).startsWith(name)) {
      if (found === undefined || found === 'value') found = role;
    }
  }
  return found;
}

/** Tells options from positionals as the program itself would. A word that may be either is a positional. */
export function parseArgs(
  spec: ProgramSpec | undefined,
  words: readonly Value[],
  stopAtFirst = false,
): ParsedArgs {
  const style = spec?.style ?? 'gnu';
  const options: GivenOption[] = [];
  const positionals: Value[] = [];
  let rest: readonly Value[] = [];
  let sub: string | undefined;
  let subSpec: SubSpec | undefined;
  let roles = table(spec?.options);
  let ended = style === 'plain';
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    if (word === undefined) break;
    const shape = word.shape;
    const marked = ended || shape.startsWith(UNKNOWN) || shape.startsWith(STAR);
    const next = words[at + 1];
    if (!marked && shape === '--' && style !== 'windows') {
      ended = true;
      continue;
    }
    const taken = marked ? undefined : takeOption(style, shape, word, next, roles, options);
    if (taken !== undefined) {
      at += taken;
      continue;
    }
    if (positionals.length === 0) rest = words.slice(at);
    if (spec?.subs !== undefined && sub === undefined && !ended) {
      sub = guessOf(word) ?? '';
      // `stash drop`, `container rm`: the longest known pair of words.
      const pair = `${sub} ${nextPlain(words, at)}`;
      if (spec.subs[pair] !== undefined) sub = pair;
      subSpec = Object.hasOwn(spec.subs, sub) ? spec.subs[sub] : undefined;
      if (sub === pair && subSpec !== undefined)
        at = words.findIndex((w, i) => i > at && !w.shape.startsWith('-'));
      for (const [index, option] of options.entries()) options[index] = { ...option, early: true };
      roles = spec.earlyOptions ? table(subSpec?.options) : new Map([...roles, ...table(subSpec?.options)]);
      continue;
    }
    positionals.push(word);
    if (stopAtFirst) break;
  }
  return { options, positionals, rest, sub, subSpec, style };
}

function nextPlain(words: readonly Value[], at: number): string {
  for (let i = at + 1; i < words.length; i++) {
    const text = guessOf(words[i]);
    if (text !== undefined && !text.startsWith('-')) return text;
  }
  return '';
}

/** Reads one option into `options`; returns how many further words it took, or undefined if it is none. */
function takeOption(
  style: Style,
  shape: string,
  word: Value,
  next: Value | undefined,
  roles: RoleTable,
  options: GivenOption[],
): number | undefined {
  switch (style) {
    case 'equals': {
      const at = shape.indexOf('=');
      if (at <= 0) return undefined;
      const name = shape.slice(0, at);
      options.push({
        early: false,
        name,
        role: roles.get(name),
        value: { ...word, shape: shape.slice(at + 1) },
      });
      return 0;
    }
    case 'windows': {
      if (!/^[/-][a-z?]/i.test(shape) || /^\/[^:]*\//.test(shape)) return undefined;
      const colon = shape.indexOf(':');
      const name = `/${(colon < 0 ? shape : shape.slice(0, colon)).slice(1).toLowerCase()}`;
      const role = roles.get(name);
      const behind = colon < 0 ? undefined : { ...word, shape: shape.slice(colon + 1) };
      return give(options, name, role, behind, next);
    }
    case 'powershell': {
      const match = /^[-\u2013\u2014]([a-z][\w-]*)(:?)/i.exec(shape);
      if (match === null) return undefined;
      const name = `-${(match[1] ?? '').toLowerCase()}`;
      const role = name.length > 1 ? powershellRole(roles, name) : undefined;
      const behind = match[2] === ':' ? { ...word, shape: shape.slice(match[0].length) } : undefined;
      return give(options, name, role, behind, next);
    }
    case 'single': {
      if (!/^-./.test(shape)) return undefined;
      const equals = shape.indexOf('=');
      const given = equals > 0 ? shape.slice(0, equals) : shape;
      const name = given.startsWith('--') && !roles.has(given) ? given.slice(1) : given;
      const behind = equals > 0 ? { ...word, shape: shape.slice(equals + 1) } : undefined;
      return give(options, name, roles.get(name), behind, next);
    }
    default:
      return takeGnu(shape, word, next, roles, options);
  }
}

/**
 * Adds an option with the value that stands behind it in its word, or else, when it takes one, with the next word.
 * Returns how many further words that took.
 */
function give(
  options: GivenOption[],
  name: string,
  role: Role | undefined,
  behind: Value | undefined,
  next: Value | undefined,
): number {
  const takesNext = behind === undefined && role !== undefined && TAKES_VALUE.has(role);
  options.push({ early: false, name, role, value: takesNext ? next : behind });
  return takesNext ? 1 : 0;
}

function powershellRole(roles: RoleTable, name: string): Role | undefined {
  const exact = roles.get(name);
  if (exact !== undefined) return exact;
  for (const [known, role] of roles) if (known.startsWith(name)) return role;
  return undefined;
}

function takeGnu(
  shape: string,
  word: Value,
  next: Value | undefined,
  roles: RoleTable,
  options: GivenOption[],
): number | undefined {
  if (shape.startsWith('--')) {
    const equals = shape.indexOf('=');
    const name = equals < 0 ? shape : shape.slice(0, equals);
    const role = longRole(roles, name, false);
    const behind = equals < 0 ? undefined : { ...word, shape: shape.slice(equals + 1) };
    return give(options, name, role, behind, next);
  }
  if (!/^-./.test(shape)) return undefined;
  // A long option with one dash, where the program has one: `-print0`, `-delete`.
  const whole = roles.get(shape);
  if (whole !== undefined && shape.length > 2) return give(options, shape, whole, undefined, next);
  for (let at = 1; at < shape.length; at++) {
    const name = `-${shape[at]}`;
    const role = roles.get(name);
    if (role === undefined || !TAKES_VALUE.has(role)) {
      options.push({ early: false, name, role, value: undefined });
      continue;
    }
    const attached = shape.slice(at + 1);
    options.push({ early: false, name, role, value: attached === '' ? next : { ...word, shape: attached } });
    return attached === '' ? 1 : 0;
  }
  return 0;
}

/** True when one of `names` was given: short ones exactly, long ones by any beginning of three characters. */
export function hasOption(parsed: ParsedArgs, names: readonly string[]): boolean {
  return parsed.options.some((option) => names.some((name) => sameOption(option.name, name, parsed.style)));
}

/** The value of the first of `names` that was given. */
export function optionValue(parsed: ParsedArgs, names: readonly string[]): Value | undefined {
  return parsed.options.find((option) => names.some((name) => sameOption(option.name, name, parsed.style)))
    ?.value;
}

function sameOption(given: string, name: string, style: Style): boolean {
  if (given === name) return true;
  if (style === 'powershell')
    return name.startsWith('-') && given.length > 1 && name.toLowerCase().startsWith(given);
  if (style === 'windows') return given.toLowerCase() === name.toLowerCase();
  return given.length > 3 && name.startsWith('--') && name.startsWith(given);
}
