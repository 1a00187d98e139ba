import { LIMITS } from './limits';

/**
 * Where a text came from, as bits, so that `curl … | tee f; sh f` can be followed through a line.
 * A text has every tag of everything that went into it.
 */
export const Tag = {
  /** Came over the network. */
  network: 1,
  /** Went through a decoder: base64, hex, rot13, rev. */
  decoded: 2,
  /** Came out of a credential or another secret. */
  secret: 4,
  /** Came out of a file whose content is not on the line. */
  file: 8,
  /** Set on one of several branches: what is known may not be what runs. */
  maybe: 16,
  /** Came out of /dev/zero, /dev/urandom and the like. */
  noise: 32,
  /** Printed by a shell that obeys whatever arrives on its input. */
  shell: 64,
  /** A variable that nothing on the line sets: empty, if the environment does not set it either. */
  unset: 128,
  /** Names all processes or all services of the machine. */
  everything: 256,
  /** Names disks of the machine. */
  disk: 512,
} as const;
export type TagName = keyof typeof Tag;
export type Tags = number;

/** Stands in a shape for text that is only known when the command runs. Private-use characters. */
export const UNKNOWN = '\uE000';
/** Active glob characters in a shape: `*`, `?`, and `[…]` or an extended glob. */
export const STAR = '\uE001';
export const QUESTION = '\uE002';
export const BRACKET = '\uE003';

const MARKERS = /[\uE000-\uE003]/;
const ALL_MARKERS = /[\uE000-\uE003]/g;
const SHOWN: Readonly<Record<string, string>> = {
  [UNKNOWN]: '…',
  [STAR]: '*',
  [QUESTION]: '?',
  [BRACKET]: '[…]',
};

/** One word after expansion. `shape` is its text, with markers where something is not known yet. */
export interface Value {
  readonly raw: string;
  readonly shape: string;
  readonly tags: Tags;
}

/** What a command prints, or reads on its standard input. `text` when all of it is known. */
export interface Stream {
  readonly text: string | undefined;
  readonly tags: Tags;
}

export const NO_STREAM: Stream = { text: undefined, tags: 0 };
export const EMPTY_STREAM: Stream = { text: '', tags: 0 };

export function literal(text: string, tags: Tags = 0): Value {
  return { raw: text, shape: text, tags };
}

export function unknownValue(raw: string, tags: Tags = 0): Value {
  return { raw, shape: UNKNOWN, tags };
}

/** The text of a word that is certain, else undefined. */
export function textOf(value: Value | undefined): string | undefined {
  if (value === undefined || value.tags & Tag.maybe || MARKERS.test(value.shape)) return undefined;
  return value.shape;
}

/** The best guess at a word: its text even where a branch may have changed it. */
export function guessOf(value: Value | undefined): string | undefined {
  return value === undefined || MARKERS.test(value.shape) ? undefined : value.shape;
}

export function hasUnknown(shape: string): boolean {
  return shape.includes(UNKNOWN);
}

export function hasGlob(shape: string): boolean {
  return shape.includes(STAR) || shape.includes(QUESTION) || shape.includes(BRACKET);
}

/** A shape for people: markers become `…`, `*`, `?`. */
export function showShape(shape: string): string {
  return shape.replace(ALL_MARKERS, (marker) => SHOWN[marker] ?? marker);
}

/** Removes the markers' own code points from input, so that nothing on a line can pretend to be one. */
export function withoutMarkers(line: string): string {
  return line.replace(ALL_MARKERS, '\uFFFD');
}

/** Two outputs, one after the other. Texts longer than the limit are no longer followed. */
export function joinStreams(a: Stream, b: Stream): Stream {
  const text =
    a.text === undefined || b.text === undefined || a.text.length + b.text.length > LIMITS.text
      ? undefined
      : a.text + b.text;
  return { text, tags: a.tags | b.tags };
}

/**
 * Could `shape` become `text`? Linear in practice: the usual two-pointer walk with one step back, no regular
 * expression. UNKNOWN and STAR match any run, QUESTION and BRACKET one character.
 */
export function shapeMatches(shape: string, text: string): boolean {
  let s = 0;
  let t = 0;
  let star = -1;
  let mark = 0;
  while (t < text.length) {
    const c = shape[s];
    if (c === STAR || c === UNKNOWN) {
      star = s++;
      mark = t;
    } else if (c !== undefined && (c === text[t] || c === QUESTION || c === BRACKET)) {
      s++;
      t++;
    } else if (star >= 0) {
      s = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (shape[s] === STAR || shape[s] === UNKNOWN) s++;
  return s === shape.length;
}
