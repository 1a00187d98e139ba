import { parseIdentityKey } from '../model/identity';
import type { AnyRecord } from '../model/record';

/** What a record can be found by. Undefined where it has none. */
export interface Columns {
  readonly user?: string;
  readonly channel?: string;
  readonly task?: string;
  readonly tool?: string;
  readonly effect?: string;
  readonly rule?: string;
  /** Words to search in, cut to `MAX_TEXT`. */
  readonly text: string;
}

/** Characters of a record that can be searched; the rest of a long output is in the record only. */
const MAX_TEXT = 2_000;

/** Fields whose text people search for. Ids and hashes are found by their own column, or not at all. */
const TEXT_FIELDS = [
  'text',
  'title',
  'action',
  'outcome',
  'reason',
  'reasons',
  'detail',
  'output',
  'error',
  'displayName',
  'note',
  'cwd',
  'name',
  'code',
  'key',
] as const;

/** Reads what a record can be found by from the names of its fields, so that a new type is found too. */
export function columnsOf(record: AnyRecord): Columns {
  const data = record.data as Readonly<Record<string, unknown>>;
  const user = text(data.user) ?? text(data.sender) ?? text(data.to) ?? identityOr(record.actor);
  const channel = text(data.channel) ?? channelOf(user) ?? channelOf(text(data.conversation));
  const columns: { -readonly [K in keyof Columns]: Columns[K] } = { text: words(data) };
  if (user !== undefined) columns.user = user;
  if (channel !== undefined) columns.channel = channel;
  const task = text(data.taskId);
  if (task !== undefined) columns.task = task;
  const tool = text(data.tool);
  if (tool !== undefined) columns.tool = tool;
  const effect = text(data.effect);
  if (effect !== undefined) columns.effect = effect;
  const rule = text(data.ruleId);
  if (rule !== undefined) columns.rule = rule;
  return columns;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function identityOr(actor: string): string | undefined {
  return channelOf(actor) === undefined ? undefined : actor;
}

function channelOf(key: string | undefined): string | undefined {
  if (key === undefined || !key.includes(':')) return undefined;
  try {
    return parseIdentityKey(key).channel;
  } catch {
    return undefined;
  }
}

function words(data: Readonly<Record<string, unknown>>): string {
  let found = '';
  for (const field of TEXT_FIELDS) {
    const value = data[field];
    const part = Array.isArray(value)
      ? value.filter((item) => typeof item === 'string').join('\n')
      : text(value);
    if (part) found += `${part}\n`;
    if (found.length >= MAX_TEXT) break;
  }
  return found.slice(0, MAX_TEXT);
}
