/** Deepest nesting that is accepted, so that a hostile value cannot exhaust the stack. */
const MAX_DEPTH = 64;

/** A value that is not plain JSON; `path` says where in it. */
export class CanonicalError extends TypeError {
  constructor(
    readonly path: string,
    what: string,
  ) {
    super(`This record cannot be written: ${path} is ${what}. Records hold plain JSON only.`);
    this.name = 'CanonicalError';
  }
}

/**
 * JSON in the one form that RFC 8785 allows: keys by UTF-16 code unit, numbers and strings as ECMAScript writes
 * them, no white space.
 * @throws CanonicalError for undefined, NaN, infinities, bigint, functions, class instances, array holes,
 *   lone surrogates (RFC 8785 §3.2.2.2), cycles and nesting deeper than 64.
 */
export function canonicalJson(value: unknown): string {
  return write(value, '$', 0);
}

function write(value: unknown, path: string, depth: number): string {
  if (typeof value === 'string') return writeString(value, path);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new CanonicalError(path, String(value));
    return JSON.stringify(value);
  }
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value !== 'object')
    throw new CanonicalError(path, value === undefined ? 'undefined' : `a ${typeof value}`);
  if (depth >= MAX_DEPTH) throw new CanonicalError(path, 'nested too deeply');
  if (Array.isArray(value)) return writeArray(value, path, depth);
  return writeObject(value, path, depth);
}

function writeString(value: string, path: string): string {
  const text = JSON.stringify(value);
  // JSON.stringify escapes a lone surrogate, and nothing else, as \udXXX; an escaped backslash looks the same.
  if (text.includes('\\ud') && hasLoneSurrogate(value))
    throw new CanonicalError(path, 'not well-formed Unicode');
  return text;
}

function writeArray(value: readonly unknown[], path: string, depth: number): string {
  let text = '[';
  for (let i = 0; i < value.length; i += 1) {
    if (i > 0) text += ',';
    text += write(value[i], `${path}[${i}]`, depth + 1);
  }
  return `${text}]`;
}

function writeObject(value: object, path: string, depth: number): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype && !isForeignPlain(prototype)) {
    throw new CanonicalError(path, `a ${value.constructor?.name ?? 'class instance'}`);
  }
  const keys = Object.keys(value).sort();
  let text = '{';
  let first = true;
  for (const key of keys) {
    if (!first) text += ',';
    first = false;
    const place = `${path}.${key}`;
    text += `${writeString(key, place)}:${write((value as Record<string, unknown>)[key], place, depth + 1)}`;
  }
  return `${text}}`;
}

/** A plain object made in another realm (a `vm` context, a test harness): its prototype has no prototype. */
function isForeignPlain(prototype: unknown): boolean {
  return (
    typeof prototype === 'object' &&
    prototype !== null &&
    Object.getPrototypeOf(prototype) === null &&
    Object.hasOwn(prototype, 'hasOwnProperty')
  );
}

const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

/** True when the text holds half of a surrogate pair. */
export function hasLoneSurrogate(text: string): boolean {
  return LONE_SURROGATE.test(text);
}

/**
 * The same value with each half of a surrogate pair, in any string or key, replaced by U+FFFD. A chat message that
 * was cut in the middle of an emoji is thus recorded instead of refused.
 */
export function toWellFormed<T>(value: T): T {
  return repair(value, 0) as T;
}

function repair(value: unknown, depth: number): unknown {
  if (typeof value === 'string') {
    return hasLoneSurrogate(value) ? value.replace(new RegExp(LONE_SURROGATE, 'g'), '\ufffd') : value;
  }
  if (typeof value !== 'object' || value === null || depth >= MAX_DEPTH) return value;
  if (Array.isArray(value)) return value.map((item) => repair(item, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return value;
  const copy: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    Object.defineProperty(copy, String(repair(key, depth)), {
      value: repair(item, depth + 1),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return copy;
}
