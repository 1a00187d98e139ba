import * as z from 'zod';
import type { ChannelDescriptor, ChannelSettings } from '../contract';
import { normaliseHandle } from './handles';

const HANDLE = 'must be a phone number with its country, such as +491701234567, or an email address';
const PROGRAM = 'must be the full path of the program imsg, such as /opt/homebrew/bin/imsg';

const handle = z
  .string({ error: HANDLE })
  .refine((text) => normaliseHandle(text) !== undefined, HANDLE)
  .transform((text) => normaliseHandle(text) ?? text);

/** Settings of the iMessage channel. Machine or user scope only (law 2). */
export const imessageSettings = z.object({
  program: z
    .string({ error: PROGRAM })
    .regex(/^\/[^\0]{1,1000}$/, PROGRAM)
    .default('/opt/homebrew/bin/imsg')
    .describe('Full path of the program `imsg`, which reads and sends the messages.'),
  account: z
    .union([z.literal(''), handle], { error: HANDLE })
    .default('')
    .describe('The phone number or email address with which Messages is signed in, such as `+491701234567`.'),
  allowedContacts: z
    .array(handle)
    .default([])
    .describe(
      'Phone numbers with their country, and email addresses, that are heard at all. Empty: everybody may come with a code.',
    ),
  name: z
    .string()
    .regex(/^\S{2,40}$/, 'must be one word of 2 to 40 characters')
    .default('@cowork')
    .describe('The word with which a message in a group is meant for the agent, at its beginning.'),
});

export type ImessageSettings = z.output<typeof imessageSettings>;

export const imessageDescriptor: ChannelDescriptor = {
  id: 'imessage',
  name: 'iMessage',
  icon: 'device-mobile',
  summary: 'Messages on this Mac, through the program imsg. macOS only; nothing reaches in.',
  secrets: [],
  settings: imessageSettings,
  missing: (settings) =>
    typeof settings.account === 'string' && settings.account !== ''
      ? undefined
      : 'Set “cowork.channels.imessage.account” to the number or address with which Messages is signed in.',
  capabilities: {
    maxLength: 4_000,
    edit: false,
    buttons: false,
    threads: false,
    typing: false,
    // Apple takes about 100 MB; what is larger than this takes minutes, and imsg is given one.
    fileBytes: 50_000_000,
    contexts: ['dm', 'group'],
  },
  noBots: true,
  health: ({ starts }) =>
    typeof starts === 'number' && starts > 1
      ? [
          `imsg ended and was started again, ${starts - 1 === 1 ? 'once' : `${starts - 1} times`} since the channel connected.`,
        ]
      : [],
  platforms: ['darwin'],
  setup: [
    'Use a Mac user or an Apple account of its own: imsg reads every conversation of the one that is signed in.',
    'Sign in to Messages, and send yourself one message to see that it works.',
    'Install imsg, and set “cowork.channels.imessage.program” to where it is (`which imsg`).',
    'System Settings, Privacy & Security: give the program that starts VS Code “Full Disk Access”, so that imsg may read the messages, and under Automation let it control Messages.',
    'Set “cowork.channels.imessage.account” to the number or address of the account.',
    'Connect, and acknowledge that the account is a dedicated one.',
    'Generate a pairing code in VS Code and send it to the account from your phone.',
  ],
  links: [{ label: 'imsg', url: 'https://github.com/steipete/imsg' }],
  hosts: () => [],
  programs: (settings: ChannelSettings) => {
    const parsed = imessageSettings.safeParse(settings);
    return parsed.success ? [parsed.data.program] : [];
  },
  folders: ['Library/Messages/Attachments'],
};
