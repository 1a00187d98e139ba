import type { z } from 'zod';
import { nearest } from './nearest';

export type FieldPath = readonly (string | number)[];

/**
 * loosening: it would have let more happen; it was left out and nothing is lost by that. invalid: it was not
 * understood. syntax: the text is not JSON with comments.
 */
export type ProblemKind = 'loosening' | 'invalid' | 'syntax';

/** Something wrong with a policy, for a person: where, what is there, and what to write instead. */
export interface PolicyProblem {
  readonly kind: ProblemKind;
  /** The field, as `rules[2].tool`; empty for the whole file. */
  readonly path: string;
  /** What is there, as JSON, at most 80 characters; empty when nothing is. */
  readonly value: string;
  readonly message: string;
  readonly fix: string;
  /** The same field as its parts, for tools that change it. */
  readonly at?: FieldPath;
  /** What was probably meant instead: another value, or for a field that there is not, another name. */
  readonly meant?: { readonly value: string } | { readonly name: string };
  /** Place in the text, in UTF-16 units, when it was read from a text. */
  readonly offset?: number;
  readonly length?: number;
}

export function fieldName(path: FieldPath): string {
  let name = '';
  for (const part of path) name += typeof part === 'number' ? `[${part}]` : name === '' ? part : `.${part}`;
  return name;
}

export function valueAt(value: unknown, path: FieldPath): unknown {
  let current: unknown = value;
  for (const part of path) {
    if (current === null || typeof current !== 'object') return undefined;
    current = (current as Record<string | number, unknown>)[part];
  }
  return current;
}

export function shown(value: unknown): string {
  if (value === undefined) return '';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

/** Values that let things happen: in a workspace file they are not slips but attempts to loosen. */
const LOOSE_VALUES = new Set<unknown>(['allow', 'accept-edits', 'trusted', null, true]);

/** What a workspace file may not hold although the person's own policy may. */
const USER_ONLY = new Set([
  'profile',
  'trusted',
  'defaultTrusted',
  'allowedPaths',
  'channels',
  'exceptions',
  'grants',
]);

/** Turns zod's findings into problems. One of zod's may name several keys; each becomes a problem of its own. */
export function problemsOf(
  issues: readonly z.core.$ZodIssue[],
  root: unknown,
  scope: 'user' | 'workspace',
  knownKeys: readonly string[],
): readonly { readonly path: FieldPath; readonly problem: PolicyProblem }[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => {
        const full = [...path, key];
        return { path: full, problem: unknownKey(full, key, valueAt(root, full), scope, knownKeys) };
      });
    }
    const value = valueAt(root, path);
    const { message, fix, meant } = describe(issue, value);
    const loosening = scope === 'workspace' && LOOSE_VALUES.has(value) && issue.code === 'invalid_value';
    const problem: PolicyProblem = {
      kind: loosening ? 'loosening' : 'invalid',
      path: fieldName(path),
      at: path,
      value: shown(value),
      ...(meant === undefined || loosening ? {} : { meant: { value: meant } }),
      message: loosening
        ? 'A workspace can only tighten what your own settings allow; this was ignored.'
        : message,
      fix: loosening ? `${fix} To allow more, change your own settings.` : fix,
    };
    return [{ path, problem }];
  });
}

function unknownKey(
  path: FieldPath,
  key: string,
  value: unknown,
  scope: 'user' | 'workspace',
  knownKeys: readonly string[],
): PolicyProblem {
  const base = { path: fieldName(path), at: path, value: shown(value) };
  if (scope === 'workspace' && USER_ONLY.has(key)) {
    return {
      ...base,
      kind: 'loosening',
      message: `"${key}" is for your own settings: a workspace can only tighten; this was ignored.`,
      fix: `Remove "${key}" from this file, and set it in your own settings if you want it.`,
    };
  }
  const meant = nearest(key, knownKeys);
  return {
    ...base,
    kind: 'invalid',
    message: `"${key}" is not a field of a policy.`,
    fix: meant === undefined ? `Remove "${key}".` : `Write "${meant}", or remove it.`,
    ...(meant === undefined ? {} : { meant: { name: meant } }),
  };
}

interface Described {
  readonly message: string;
  readonly fix: string;
  readonly meant?: string;
}

function describe(issue: z.core.$ZodIssue, value: unknown): Described {
  switch (issue.code) {
    case 'invalid_value': {
      const values = issue.values.map(String);
      const meant = typeof value === 'string' ? nearest(value, values) : undefined;
      const list = values.map((one) => `"${one}"`).join(', ');
      return value === undefined
        ? { message: 'A value is missing.', fix: `Write one of ${list}.` }
        : {
            message: `${shown(value)} is not one of the values that this field takes.`,
            fix: meant === undefined ? `Write one of ${list}.` : `Write "${meant}" (of ${list}).`,
            ...(meant === undefined ? {} : { meant }),
          };
    }
    case 'invalid_type': {
      const have = value === undefined ? 'nothing is there' : `${shown(value)} is there`;
      return { message: `A ${issue.expected} is needed; ${have}.`, fix: example(issue.expected) };
    }
    case 'too_small':
      return {
        message: `${shown(value) || 'The value'} is too small.`,
        fix: `Write ${issue.origin === 'string' ? 'some text' : `${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`}.`,
      };
    case 'too_big':
      return {
        message: `${shown(value) || 'The value'} is too large.`,
        fix: `Write at most ${issue.maximum}.`,
      };
    case 'invalid_union':
      return {
        message: `${shown(value)} has the wrong form.`,
        fix: 'Write a text such as "git log *", or an object with a "pattern".',
      };
    default:
      return { message: `The value ${issue.message}.`, fix: 'Complete it, or remove this entry.' };
  }
}

function example(expected: string): string {
  if (expected === 'number' || expected === 'int') return 'Write a number without quotes, for instance 50.';
  if (expected === 'string') return 'Write a text in double quotes.';
  if (expected === 'array') return 'Write a list in square brackets: [ … ].';
  if (expected === 'boolean') return 'Write true or false, without quotes.';
  return 'Write an object in braces: { … }.';
}
