import * as z from 'zod';
import { serverAddress } from '../api-root';
import type { ChannelDescriptor, ChannelSettings } from '../contract';
import { PASSWORD_BITS, passwordBits } from './password';
import { placeProblem } from './place';

const CHAT = 'must be the guid of a group chat, such as iMessage;+;chat831174';
const CALL = 'must be one word of at most 40 characters, such as @agent';

/** Settings of the BlueBubbles channel. Machine or user scope only (law 2). */
export const bluebubblesSettings = z.object({
  serverUrl: serverAddress(
    'https://mac.local:1234',
    'Address of your BlueBubbles server. Plain `http` only on this machine, for instance through `ssh -L`.',
  ),
  allowPublicServer: z
    .boolean()
    .default(false)
    .describe('Use the server although its address is public, and not in the local network.'),
  allowedGroups: z
    .array(z.string({ error: CHAT }).regex(/^[A-Za-z]{1,20};\+;\S{1,200}$/, CHAT))
    .default([])
    .describe('Guids of the group chats that the agent takes part in. Empty: direct messages only.'),
  callSign: z
    .string({ error: CALL })
    .regex(/^\S{2,40}$/, CALL)
    .default('@agent')
    .describe('Word with which a message in a group begins when it is meant for the agent.'),
});

export type BlueBubblesSettings = z.output<typeof bluebubblesSettings>;

export const bluebubblesDescriptor: ChannelDescriptor = {
  id: 'bluebubbles',
  name: 'BlueBubbles',
  icon: 'comment-unresolved',
  summary: 'iMessage by way of a BlueBubbles server on a Mac of yours, in the local network.',
  secrets: [
    {
      name: 'password',
      label: 'Server password',
      help: 'In BlueBubbles Server on the Mac, Connection: “Password”. Let a password manager make one of 20 characters.',
      validate: (value) =>
        passwordBits(value) < PASSWORD_BITS
          ? `This password can be guessed. Take one of at least ${PASSWORD_BITS} bits: 14 characters or more, of several kinds, without words or runs; set it on the Mac first.`
          : undefined,
    },
  ],
  settings: bluebubblesSettings,
  missing: (settings) => {
    const parsed = bluebubblesSettings.safeParse(settings);
    if (!parsed.success || parsed.data.serverUrl === '')
      return 'Set “cowork.channels.bluebubbles.serverUrl” to the address of your BlueBubbles server.';
    return placeProblem(parsed.data.serverUrl, parsed.data.allowPublicServer);
  },
  capabilities: {
    maxLength: 4_000,
    edit: false,
    buttons: false,
    threads: false,
    typing: false,
    fileBytes: 50_000_000,
    contexts: ['dm', 'group'],
  },
  noBots: true,
  setup: [
    'On a Mac with an Apple account made for this, sign in to Messages. Install BlueBubbles Server from bluebubbles.app and give it the rights that it asks for.',
    'In BlueBubbles Server, Connection: set a long server password. Leave the proxy service off, or on LAN URL; Ngrok, Cloudflare and the like make the server public.',
    'Set “cowork.channels.bluebubbles.serverUrl” to its address. With no certificate on the Mac, forward its port to this machine, `ssh -L 1234:127.0.0.1:1234 MAC` with the name of the Mac, and take http://127.0.0.1:1234.',
    'Enter the server password here. The channel registers its own webhook at the server, and takes it back when it is disconnected.',
    'For groups: list the chat’s guid in the settings. The log of the channel names it when somebody calls the agent there.',
    'Generate a pairing code in VS Code and send it to the account by iMessage.',
  ],
  links: [
    { label: 'BlueBubbles Server', url: 'https://docs.bluebubbles.app/server' },
    {
      label: 'REST API and webhooks',
      url: 'https://docs.bluebubbles.app/server/developer-guides/rest-api-and-webhooks',
    },
  ],
  health: ({ serverVersion }) =>
    typeof serverVersion === 'string' && serverVersion !== '' ? [`Server ${serverVersion}.`] : [],
  hosts: serverHosts,
};

function serverHosts(settings: ChannelSettings): readonly string[] {
  const parsed = bluebubblesSettings.safeParse(settings);
  if (!parsed.success || parsed.data.serverUrl === '') return [];
  const { serverUrl, allowPublicServer } = parsed.data;
  return placeProblem(serverUrl, allowPublicServer) ? [] : [new URL(serverUrl).host];
}
