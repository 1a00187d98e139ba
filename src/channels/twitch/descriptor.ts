import * as z from 'zod';
import { apiRoot } from '../api-root';
import type { ChannelDescriptor, ChannelSettings } from '../contract';
import { SCOPES_FOR_WHISPERS, SCOPES_NEEDED } from './scopes';

export const DEFAULT_API = 'https://api.twitch.tv/helix';

const USER = 'must be a user id of Twitch: digits, not a name';

/** Settings of the Twitch channel. Machine or user scope only (law 2). */
export const twitchSettings = z.object({
  clientId: z
    .string({ error: 'must be the client id of an application' })
    .regex(/^([a-z0-9]{20,40})?$/, 'must be the client id of an application: small letters and digits')
    .default('')
    .describe('Client id of your application at dev.twitch.tv. Tokens of another application are refused.'),
  clientType: z
    .enum(['public', 'confidential'], { error: 'must be “public” or “confidential”' })
    .default('public')
    .meta({
      description: 'The kind of the application, as it is set at dev.twitch.tv.',
      choices: {
        public: 'It has no secret; tokens come from the device code flow.',
        confidential: 'It has a client secret, which is needed to renew tokens.',
      },
    }),
  channels: z
    .array(z.string({ error: USER }).regex(/^\d{1,20}$/, USER))
    .default([])
    .describe(
      'User ids of the broadcasters whose chats the bot takes part in. It must be a moderator there, or the chat is not joined. Empty: no chat.',
    ),
  whispers: z
    .boolean()
    .default(false)
    .describe('Take and answer whispers. Anybody on Twitch can whisper to the bot.'),
  apiRoot: apiRoot(
    DEFAULT_API,
    'Address of the Twitch API. Change it only for tests: logging in and events go to its host then, too.',
  ),
});

export type TwitchSettings = z.output<typeof twitchSettings>;

export const twitchDescriptor: ChannelDescriptor = {
  id: 'twitch',
  name: 'Twitch',
  icon: 'broadcast',
  summary:
    'A bot account in the chats that it moderates. It keeps a connection to Twitch; nothing reaches in. Chats are public.',
  secrets: [
    {
      name: 'accessToken',
      label: 'Access token',
      help: 'A user access token of the bot’s own account for your application, 30 letters and digits. It is renewed by itself.',
      validate: (value) => tokenProblem(value, 'access token'),
    },
    {
      name: 'refreshToken',
      label: 'Refresh token',
      help: 'It came with the access token. Each renewal gives a new one, which is kept in its place.',
      validate: (value) => tokenProblem(value, 'refresh token'),
    },
    {
      name: 'clientSecret',
      label: 'Client secret',
      help: 'At dev.twitch.tv/console, your application, New Secret. For confidential applications alone.',
      validate: (value) =>
        /^[a-z0-9]{20,40}$/.test(value)
          ? undefined
          : 'This is not a client secret. It is 30 small letters and digits.',
      neededWith: ({ clientType }) => clientType === 'confidential',
    },
  ],
  settings: twitchSettings,
  noBots: true,
  missing: ({ clientId, channels, whispers }) => {
    if (typeof clientId !== 'string' || clientId === '')
      return 'Set “cowork.channels.twitch.clientId” to the client id of your application at dev.twitch.tv.';
    if (whispers !== true && (!Array.isArray(channels) || channels.length === 0))
      return 'List the broadcasters whose chats the bot takes part in, in “cowork.channels.twitch.channels”.';
    return undefined;
  },
  capabilities: {
    // https://dev.twitch.tv/docs/api/reference/#send-chat-message
    maxLength: 500,
    edit: false,
    buttons: false,
    threads: true,
    typing: false,
    fileBytes: 0,
    contexts: ['dm', 'public'],
  },
  setup: [
    'Make a Twitch account for the bot, and switch two-factor authentication on. Use no account of a person.',
    'At dev.twitch.tv/console choose Register Your Application: client type Public (or Confidential, with a secret), category Chat Bot. Copy the client id into “cowork.channels.twitch.clientId”.',
    `Log in as the bot and get a user access token for the application, by the device code flow or the authorization code flow, with the scopes ${SCOPES_NEEDED.join(', ')} and no others; for whispers also ${SCOPES_FOR_WHISPERS.join(', ')}.`,
    'Paste the access token and the refresh token here, and the client secret if the application is confidential (“cowork.channels.twitch.clientType”). They are checked with Twitch and kept in the secret store.',
    'In each chat, as its broadcaster, write /mod and the bot’s name. List the broadcasters’ user ids in “cowork.channels.twitch.channels”.',
    'Let people in by hand in the Users view, or switch whispers on and send the pairing code in one: in a public chat everybody would read it.',
  ],
  links: [
    { label: 'Your applications', url: 'https://dev.twitch.tv/console/apps' },
    { label: 'Getting tokens', url: 'https://dev.twitch.tv/docs/authentication/getting-tokens-oauth/' },
    { label: 'Scopes', url: 'https://dev.twitch.tv/docs/authentication/scopes/' },
  ],
  health: (reported) => [
    ...(Array.isArray(reported.joined)
      ? [`In ${reported.joined.length} ${reported.joined.length === 1 ? 'chat' : 'chats'}.`]
      : []),
    ...(typeof reported.callsLeft === 'number'
      ? [`${reported.callsLeft} calls are left for this minute.`]
      : []),
  ],
  hosts: twitchHosts,
};

function twitchHosts(settings: ChannelSettings): readonly string[] {
  const parsed = twitchSettings.safeParse(settings);
  const api = new URL(parsed.success ? parsed.data.apiRoot : DEFAULT_API);
  // Twitch moves connections to servers of their own below wss.twitch.tv.
  return api.host === new URL(DEFAULT_API).host ? [api.host, 'id.twitch.tv', '*.wss.twitch.tv'] : [api.host];
}

function tokenProblem(value: string, label: string): string | undefined {
  if (isToken(value)) return undefined;
  if (/^(oauth:|bearer |oauth )/i.test(value)) return 'Enter the token alone, without “oauth:” before it.';
  return `This is not a Twitch ${label}. It is 30 to 60 small letters and digits.`;
}

export function isToken(value: string): boolean {
  return /^[a-z0-9]{30,60}$/.test(value);
}
