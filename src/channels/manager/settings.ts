import type { z } from 'zod';
import type { ChannelDescriptor } from '../contract';

export type ReadSettings =
  | { readonly ok: true; readonly value: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly problem: string };

/** The name under which a person finds a channel's setting. */
export function settingKey(channel: string, path: readonly PropertyKey[]): string {
  return ['cowork', 'channels', channel, ...path.map(String)].join('.');
}

/**
 * A channel's settings, checked. Keys that nobody knows are left out, so that a newer or mistyped one does not
 * stop the channel. The problem is one sentence that names the key, what is wrong and what to do.
 */
export function readSettings(descriptor: ChannelDescriptor, raw: unknown): ReadSettings {
  const parsed = descriptor.settings.safeParse(raw ?? {});
  if (parsed.success) {
    // The adapter parses it again, so it is handed the input, whose transforms have not happened yet.
    return { ok: true, value: isRecord(raw) ? { ...raw } : {} };
  }
  const issue = parsed.error.issues[0];
  const path = issue?.path ?? [];
  // Inside a list the whole list is the setting that a person finds.
  const key = settingKey(descriptor.id, path.slice(0, 1));
  const wrong = issue ? describe(issue, valueAt(raw, path)) : 'is not understood';
  return {
    ok: false,
    problem: `The setting “${key}” ${wrong}. Correct it in the Settings; until then ${descriptor.name} stays off.`,
  };
}

function describe(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code !== 'invalid_type') return `${issue.message}, but holds ${show(value)}`;
  return `must be ${named(issue.expected)}, but holds ${show(value)}`;
}

function named(type: string): string {
  const names: Readonly<Record<string, string>> = {
    array: 'a list',
    string: 'a text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    object: 'a group of settings',
  };
  return names[type] ?? type;
}

/** The kind of a value, and the value itself when it is short and so of help. */
function show(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a group of settings';
  // An address may hold a password before its “@”.
  if (typeof value === 'string')
    return value.length <= 40 && !value.includes('@') ? `the text “${value}”` : 'a text';
  return `${typeof value === 'boolean' ? '' : `the ${typeof value} `}${String(value)}`;
}

function valueAt(raw: unknown, path: readonly PropertyKey[]): unknown {
  let at: unknown = raw;
  for (const key of path) {
    if (Array.isArray(at) && typeof key === 'number') at = at[key];
    else if (isRecord(at) && typeof key === 'string') at = at[key];
    else return undefined;
  }
  return at;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
