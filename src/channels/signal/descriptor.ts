import * as z from 'zod';
import type { ChannelDescriptor, ChannelSettings } from '../contract';

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);
const DAEMON = 'must be an address on this machine such as http://127.0.0.1:8080';
const ACCOUNT = 'must be a phone number such as +491700000000, or an account id of Signal';
const GROUP = 'must be an id of a Signal group, as `signal-cli listGroups` shows it';

/** The daemon asks nobody for a password, so it may be on this machine only. */
function isLoopback(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, search, hash } = new URL(text);
  return protocol === 'http:' && LOOPBACK.has(hostname) && !username && !password && !search && !hash;
}

/** Settings of the Signal channel. Machine or user scope only (law 2). */
export const signalSettings = z.object({
  daemonUrl: z
    .string({ error: DAEMON })
    .refine(isLoopback, DAEMON)
    .transform((text) => text.replace(/\/+$/, ''))
    .default('http://127.0.0.1:8080')
    .meta({
      description: 'Address of the signal-cli daemon (`signal-cli daemon --http`). On this machine only.',
    }),
  account: z
    .string({ error: ACCOUNT })
    .regex(/^$|^\+[1-9]\d{5,14}$|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, ACCOUNT)
    .default('')
    .describe('The account in signal-cli: its phone number, such as `+491700000000`, or its account id.'),
  allowedGroups: z
    .array(z.string({ error: GROUP }).regex(/^[A-Za-z0-9+/]{16,88}={0,2}$/, GROUP))
    .default([])
    .describe(
      'Ids of the groups that the account takes part in, as `signal-cli listGroups` shows them. Empty: each group that is let in by its own code.',
    ),
  dataDirectory: z
    .string()
    .max(1_000)
    .default('~/.local/share/signal-cli')
    .describe(
      'Folder where signal-cli keeps its keys. It is not opened; the Checklist looks at who else may.',
    ),
});

export type SignalSettings = z.output<typeof signalSettings>;

export const signalDescriptor: ChannelDescriptor = {
  id: 'signal',
  name: 'Signal',
  icon: 'lock',
  summary:
    'A Signal account of its own, through signal-cli on this machine. Messages are encrypted from end to end; nothing reaches in.',
  secrets: [],
  settings: signalSettings,
  missing: (settings) =>
    typeof settings.account === 'string' && settings.account !== ''
      ? undefined
      : 'Set “cowork.channels.signal.account” to the phone number or id of the account in signal-cli.',
  capabilities: {
    // A message has 2,000 bytes of UTF-8 at most; the adapter cuts by bytes where that is less.
    maxLength: 2_000,
    edit: true,
    buttons: false,
    threads: true,
    typing: true,
    fileBytes: 25_000_000,
    contexts: ['dm', 'group'],
  },
  noBots: true,
  setup: [
    'Install signal-cli on this machine, and keep it up to date: releases older than three months stop working.',
    'Use a phone number of its own: `signal-cli -a NUMBER register`, then `signal-cli -a NUMBER verify CODE` with the code that comes. Linking your personal account would let the agent read all your chats.',
    'Leave “--trust-new-identities” at on-first-use. With “always”, a changed key is still noticed here, but signal-cli itself would send to it.',
    'Make its folder yours alone: `chmod -R go-rwx ~/.local/share/signal-cli`.',
    'Start the daemon: `signal-cli -a NUMBER daemon --http 127.0.0.1:8080` with that number. Every program of yours on this machine can then use the account, so stop it when you do not need it.',
    'Set “cowork.channels.signal.account” to the number, connect, and acknowledge that the account is a dedicated one.',
    'Generate a pairing code in VS Code and send it to the account from your phone.',
  ],
  links: [
    { label: 'signal-cli', url: 'https://github.com/AsamK/signal-cli' },
    {
      label: 'The daemon and its calls',
      url: 'https://github.com/AsamK/signal-cli/blob/master/man/signal-cli-jsonrpc.5.adoc',
    },
    {
      label: 'What a safety number is',
      url: 'https://support.signal.org/hc/en-us/articles/360007060632',
    },
  ],
  health: (reported) => [
    ...(typeof reported.identities === 'number' ? [`${reported.identities} safety numbers are known.`] : []),
    ...(reported.resumes === false
      ? [
          'This signal-cli does not number its events: what is said while the connection is lost is lost. Update it.',
        ]
      : []),
  ],
  hosts: daemonHosts,
};

function daemonHosts(settings: ChannelSettings): readonly string[] {
  const parsed = signalSettings.safeParse(settings);
  return parsed.success ? [new URL(parsed.data.daemonUrl).host] : [];
}
