import * as z from 'zod';
import type { ChannelDescriptor } from '../contract';

/** Settings of the local channel. */
export const localSettings = z.object({
  port: z
    .number()
    .int('must be a whole number')
    .min(0, 'must be 0 (any free port) or a port up to 65535')
    .max(65_535, 'must be 0 (any free port) or a port up to 65535')
    .default(0)
    .describe(
      'Port on this machine for the local chat outside the editor (`npm run chat`). `0` takes any free one. Nothing listens beyond this machine.',
    ),
});

export type LocalSettings = z.output<typeof localSettings>;

/** The middle part of every identity of the local channel: there is one account on this machine. */
export const LOCAL_ACCOUNT = 'this-machine';

export const localDescriptor: ChannelDescriptor = {
  id: 'local',
  name: 'Local chat',
  icon: 'terminal',
  summary: 'A chat on this machine that plays a remote user: in a VS Code terminal, or by “npm run chat”.',
  secrets: [],
  settings: localSettings,
  capabilities: {
    maxLength: 16_384,
    edit: true,
    buttons: false,
    threads: true,
    typing: false,
    fileBytes: 0,
    contexts: ['dm', 'group'],
  },
  setup: [
    'Enable the channel. Nothing listens beyond this machine, and every window has its own key.',
    'Run “Open Local Chat” in VS Code, or “npm run chat” in a terminal outside it.',
    'Generate a pairing code in VS Code and type it into the chat.',
  ],
  links: [],
  hosts: () => [],
};
