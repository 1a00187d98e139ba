import * as z from 'zod';
import { apiRoot } from '../api-root';
import type { ChannelDescriptor, ChannelSettings } from '../contract';
import { missedHealth } from '../missed-health';

const DEFAULT_API = 'https://discord.com/api/v10';
/** Where files that people send are. https://docs.discord.com/developers/reference#signed-attachment-cdn-urls */
export const FILE_HOSTS: readonly string[] = ['cdn.discordapp.com', 'media.discordapp.net'];

const ID = 'must be an id of Discord: 17 to 20 digits';
/** https://docs.discord.com/developers/reference#snowflakes */
const snowflake = z.string({ error: ID }).regex(/^\d{17,20}$/, ID);

/** Settings of the Discord channel. Machine or user scope only (law 2). */
export const discordSettings = z.object({
  applicationId: z
    .union([z.literal(''), snowflake], { error: ID })
    .default('')
    .meta({
      description:
        'Application id of the bot, from the page General Information. The channel does not start with the token of another application.',
    }),
  allowedGuilds: z
    .array(snowflake)
    .default([])
    .describe('Ids of the servers (guilds) whose channels are heard. Empty: direct messages only.'),
  messageContent: z
    .boolean()
    .default(false)
    .describe(
      'Ask for the privileged Message Content intent. Without it Discord shows the bot only what mentions it and direct messages; with it also answers to its messages whose mention was switched off.',
    ),
  slashCommand: z
    .boolean()
    .default(true)
    .describe(
      'Register the command /cowork in the listed servers. At first only their administrators may use it.',
    ),
  apiRoot: apiRoot(DEFAULT_API, 'Address of the Discord API. Change it only for tests.'),
});

export type DiscordSettings = z.output<typeof discordSettings>;

export const discordDescriptor: ChannelDescriptor = {
  id: 'discord',
  name: 'Discord',
  icon: 'comment-discussion',
  summary:
    'A bot of your own application, in direct messages and the servers that you list. It calls Discord; nothing reaches in.',
  secrets: [
    {
      name: 'token',
      label: 'Bot token',
      help: 'At discord.com/developers/applications, your application, Bot: Reset Token. It is shown once.',
      validate: tokenProblem,
    },
  ],
  settings: discordSettings,
  missing: (settings) =>
    typeof settings.applicationId === 'string' && settings.applicationId !== ''
      ? undefined
      : 'Set “cowork.channels.discord.applicationId” to the application id on the page General Information of your application.',
  capabilities: {
    maxLength: 2_000,
    edit: true,
    buttons: true,
    threads: true,
    typing: true,
    // https://docs.discord.com/developers/reference#uploading-files
    fileBytes: 10 * 1024 * 1024,
    contexts: ['dm', 'group'],
  },
  setup: [
    'At discord.com/developers/applications choose New Application. Use an application of its own for this.',
    'General Information: copy the Application ID into “cowork.channels.discord.applicationId”.',
    'Installation: switch User Install off. Bot: switch Public Bot off, so that nobody else can add it, and leave Presence and Server Members Intent off. Message Content Intent stays off too, unless “cowork.channels.discord.messageContent” is on.',
    'Bot: Reset Token, and paste the bot token here. It is checked with Discord and kept in the secret store.',
    'OAuth2, URL Generator: choose the scopes bot and applications.commands, and the permissions View Channels, Send Messages, Send Messages in Threads, Read Message History and, for files, Attach Files; no others. Open the address to add the bot to your server.',
    'In Discord, User Settings, Advanced: switch Developer Mode on. Right-click the server, Copy Server ID, and list it in “cowork.channels.discord.allowedGuilds”.',
    'For /cowork: only administrators may use it until you let others in the server’s settings, Integrations.',
    'Generate a pairing code in VS Code and send it to the bot in a direct message.',
  ],
  links: [
    { label: 'Your applications', url: 'https://discord.com/developers/applications' },
    {
      label: 'Intents',
      url: 'https://docs.discord.com/developers/events/gateway#gateway-intents',
    },
    { label: 'Permissions', url: 'https://docs.discord.com/developers/topics/permissions' },
  ],
  health: (reported) => [
    ...(Array.isArray(reported.guilds)
      ? [`In ${reported.guilds.length} ${reported.guilds.length === 1 ? 'server' : 'servers'}.`]
      : []),
    ...(typeof reported.startsLeft === 'number'
      ? [`${reported.startsLeft} new sessions are left for today.`]
      : []),
    ...(typeof reported.commandProblem === 'string' && reported.commandProblem !== ''
      ? [`/cowork could not be registered: ${reported.commandProblem}`]
      : []),
    ...missedHealth(reported),
  ],
  hosts: discordHosts,
};

function discordHosts(settings: ChannelSettings): readonly string[] {
  const parsed = discordSettings.safeParse(settings);
  const api = new URL(parsed.success ? parsed.data.apiRoot : DEFAULT_API);
  // The sessions that are taken up again have servers of their own below discord.gg.
  return api.host === new URL(DEFAULT_API).host ? [api.host, '*.discord.gg', ...FILE_HOSTS] : [api.host];
}

function tokenProblem(value: string): string | undefined {
  if (isToken(value)) return undefined;
  if (/^(bot|bearer) /i.test(value)) return 'Enter the token alone, without a word before it.';
  if (/^mfa\./.test(value)) {
    return 'This is the token of a person’s account: with it the bot would act as a person, which Discord forbids. Use the token from the page Bot.';
  }
  if (/^[A-Za-z0-9_-]{32}$/.test(value)) {
    return 'This looks like the client secret, which is not needed. Use the token from the page Bot.';
  }
  return 'This is not a bot token. It has three parts with dots between them, and no spaces.';
}

export function isToken(value: string): boolean {
  return /^[\w-]{20,40}\.[\w-]{5,10}\.[\w-]{25,110}$/.test(value);
}
