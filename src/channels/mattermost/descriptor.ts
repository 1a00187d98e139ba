import * as z from 'zod';
import { serverAddress } from '../api-root';
import type { ChannelDescriptor, ChannelSettings } from '../contract';

const ID = 'must be an id of Mattermost: 26 small letters and digits';
const id = z.string({ error: ID }).regex(/^[a-z0-9]{26}$/, ID);

/** So many calls left are worth a word. */
const FEW_CALLS = 10;

/** Settings of the Mattermost channel. Machine or user scope only (law 2). */
export const mattermostSettings = z.object({
  serverUrl: serverAddress(
    'https://mattermost.example.org',
    'Address of the Mattermost server, such as `https://mattermost.example.org`.',
  ),
  allowedTeams: z
    .array(id)
    .default([])
    .describe(
      'Ids of the teams whose channels the bot takes part in. Empty, with no channel listed either: direct messages only.',
    ),
  allowedChannels: z
    .array(id)
    .default([])
    .describe('Ids of single channels, or group messages, that the bot takes part in besides those teams.'),
});

export type MattermostSettings = z.output<typeof mattermostSettings>;

export const mattermostDescriptor: ChannelDescriptor = {
  id: 'mattermost',
  name: 'Mattermost',
  icon: 'organization',
  summary:
    'A bot account on your Mattermost server. It keeps a connection to the server; nothing reaches in.',
  secrets: [
    {
      name: 'token',
      label: 'Access token',
      help: 'The token of a bot account (Integrations, Bot Accounts), or a personal access token of an account made for this. It has 26 letters and digits.',
      validate: (value) =>
        /^[a-z0-9]{26}$/.test(value)
          ? undefined
          : 'This is not an access token. It is 26 small letters and digits; the token’s id, which is shown beside it, is not it.',
    },
  ],
  settings: mattermostSettings,
  missing: (settings) =>
    typeof settings.serverUrl === 'string' && settings.serverUrl !== ''
      ? undefined
      : 'Set “cowork.channels.mattermost.serverUrl” to the address of your Mattermost server.',
  capabilities: {
    // Of 16,383 characters that a post may have; escaping may double what a reply has.
    maxLength: 8_000,
    edit: true,
    buttons: false,
    threads: true,
    typing: true,
    fileBytes: 50_000_000,
    contexts: ['dm', 'group'],
  },
  setup: [
    'In Mattermost, as an administrator: System Console, Integrations, Bot Accounts: enable bot account creation.',
    'Product menu, Integrations, Bot Accounts, Add Bot Account. Choose a user name, leave the role Member, and leave “post:all” and “post:channels” off. Use a bot of its own for this.',
    'Copy the access token that is shown once, and paste it here. It is checked with the server and kept in the secret store.',
    'Set “cowork.channels.mattermost.serverUrl” to the address of the server.',
    'For channels: add the bot to a team and to the channels it is meant for, and list the team’s or the channels’ ids in the settings. A channel’s id is under its name, View Info.',
    'Generate a pairing code in VS Code and send it to the bot in a direct message.',
  ],
  links: [
    { label: 'Bot accounts', url: 'https://developers.mattermost.com/integrate/reference/bot-accounts/' },
    {
      label: 'Personal access tokens',
      url: 'https://developers.mattermost.com/integrate/reference/personal-access-token/',
    },
  ],
  health: (reported) => [
    ...(typeof reported.serverVersion === 'string' ? [`Server ${reported.serverVersion}.`] : []),
    ...(typeof reported.gaps === 'number' && reported.gaps > 0
      ? [`${reported.gaps} gaps in the connection were filled by asking for what was missed.`]
      : []),
    ...(typeof reported.callsLeft === 'number' && reported.callsLeft < FEW_CALLS
      ? [`${reported.callsLeft} calls are left until the server’s limit begins anew.`]
      : []),
  ],
  hosts: serverHosts,
};

function serverHosts(settings: ChannelSettings): readonly string[] {
  const parsed = mattermostSettings.safeParse(settings);
  return parsed.success && parsed.data.serverUrl !== '' ? [new URL(parsed.data.serverUrl).host] : [];
}
