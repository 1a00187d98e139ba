import { ACCESS_MODES } from '../model/events';
import { CHAT_CONTEXTS, type IdentityKey } from '../model/identity';
import { type AccessConfig, effectiveMode } from './config';
import type { ConversationEntry, UserEntry } from './entries';
import { type AccessState, slot } from './state';

export interface AccessDocumentInput {
  readonly state: AccessState;
  readonly config: AccessConfig;
  readonly users: readonly UserEntry[];
  readonly conversations: readonly ConversationEntry[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** One line for each standing grant of a user; grants are the policy's to know. */
  readonly grantsOf?: (key: IdentityKey) => readonly string[];
}

const CSV_COLUMNS = [
  'kind',
  'channel',
  'account',
  'id',
  'name',
  'role',
  'state',
  'admitted how',
  'admitted where',
  'admitted at',
  'pairing code',
  'first seen',
  'last seen',
  'approves remotely',
  'grants',
  'note',
] as const;

/** Who has access to what, how admitted and since when: one row for each person and each conversation. */
export function accessDocument(input: AccessDocumentInput, format: 'markdown' | 'csv'): string {
  return format === 'csv' ? asCsv(input) : asMarkdown(input);
}

function asCsv(input: AccessDocumentInput): string {
  const rows: readonly string[][] = [
    [...CSV_COLUMNS],
    ...input.users.map((user) => [
      'person',
      user.channel,
      user.account,
      user.sender,
      user.displayName,
      user.role,
      user.state,
      user.how,
      user.admissions.map(({ context }) => context).join(' '),
      time(user.admittedAt),
      user.codeId ?? '',
      time(user.firstSeenAt),
      time(user.lastSeenAt),
      user.remoteApproval.enabled ? 'yes' : 'no',
      (input.grantsOf?.(user.key) ?? []).join('; '),
      user.note,
    ]),
    ...input.conversations.map(({ ref, context, how, admittedAt, codeId }) => [
      'conversation',
      ref.channel,
      ref.account,
      ref.conversation,
      '',
      '',
      'active',
      how,
      context,
      time(admittedAt),
      codeId ?? '',
      '',
      '',
      '',
      '',
      '',
    ]),
  ];
  return `${rows.map((row) => row.map(csvCell).join(',')).join('\r\n')}\r\n`;
}

/** Quoted always, and with a quote mark before what a spreadsheet would take for a formula. */
function csvCell(value: string): string {
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return `"${text.replaceAll('"', '""')}"`;
}

function asMarkdown(input: AccessDocumentInput): string {
  const { state, config, users, conversations } = input;
  const inside = users.filter((user) => user.state === 'active');
  const outside = users.filter((user) => user.state !== 'active');
  const channels = new Set([
    ...users.map((user) => user.channel),
    ...conversations.map(({ ref }) => ref.channel),
    ...Object.keys(config.channels ?? {}),
  ]);
  const modes = [...channels].sort().map((channel) => [
    channel,
    ...CHAT_CONTEXTS.map((context) => {
      const list = state.allowlists[slot(channel, context)];
      const mode = effectiveMode(state, config, channel, context);
      return mode === 'allowlist' ? `${mode} (${list?.senders.length ?? 0} listed)` : mode;
    }),
  ]);
  const person = (user: UserEntry): string[] => [
    user.displayName,
    `${user.channel}, id ${user.sender}, account ${user.account}`,
    user.role + (user.remoteApproval.enabled ? ', approves remotely' : ''),
    user.admissions
      .map(
        ({ context, how, at, codeId }) =>
          `${how} in ${context}, ${time(at)}${codeId ? `, code ${codeId}` : ''}`,
      )
      .join('; '),
    time(user.lastSeenAt),
    (input.grantsOf?.(user.key) ?? []).join('; '),
    user.note,
  ];
  return [
    '# Who has access',
    '',
    `As of ${time(input.now)}. Let in: ${counted(inside.length, 'person', 'people')} and ${counted(conversations.length, 'conversation', 'conversations')}.`,
    '',
    '## People',
    '',
    ...table(['Name', 'Identity', 'Role', 'Admitted', 'Last seen', 'Grants', 'Note'], inside.map(person)),
    '',
    '## Conversations',
    '',
    ...table(
      ['Conversation', 'Kind', 'Admitted'],
      conversations.map(({ ref, context, how, admittedAt, codeId }) => [
        `${ref.channel}, id ${ref.conversation}, account ${ref.account}`,
        context,
        `${how}, ${time(admittedAt)}${codeId ? `, code ${codeId}` : ''}`,
      ]),
    ),
    '',
    '## Shut out',
    '',
    ...table(
      ['Name', 'Identity', 'State', 'Since', 'Why'],
      outside.map((user) => [
        user.displayName,
        `${user.channel}, id ${user.sender}, account ${user.account}`,
        user.state,
        time(user.stateSince),
        user.stateReason,
      ]),
    ),
    '',
    '## Modes',
    '',
    `A mode is one of ${ACCESS_MODES.join(', ')}.`,
    '',
    ...table(['Channel', ...CHAT_CONTEXTS], modes),
    '',
  ].join('\n');
}

function counted(count: number, one: string, more: string): string {
  return `${count} ${count === 1 ? one : more}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return ['None.'];
  const line = (cells: readonly string[]): string => `| ${cells.map(markdownCell).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)];
}

/** Names and notes are other people's words: they must not become markup, a link or another row. */
function markdownCell(value: string): string {
  return value
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_{}[\]<>()#!|~&]/g, (mark) => `\\${mark}`)
    .replace(/:\/\//g, ':\\//');
}

function time(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');
}
