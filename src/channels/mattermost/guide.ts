import type { ChannelGuide } from '../contract';

export const mattermostGuide: ChannelGuide = {
  hears: [
    'Direct messages to the bot: every one. In channels and group messages that are listed: what mentions the bot or answers it in a thread that it began.',
    'Never: other bots, webhooks, notices of the server, edited and deleted messages, and teams and channels that are not listed.',
    'A person is known by Mattermost’s id for them, never by user name; a webhook that calls itself by a person’s name stays a webhook.',
  ],
  reach:
    'The token lets its holder do what the bot’s role lets it: with the role Member, read and write where it was added. It is put into each request when it is sent, and into the first message of each connection; it is in no log, record or error.',
  limits: [
    {
      what: 'rate',
      is: 'when the server asks to wait, or says that no call is left, all replies of the bot wait that long',
    },
    {
      what: 'while away',
      is: 'what was said meanwhile is asked for when the bot is back, in the channels where it is a member, at most 24 hours back; what was changed meanwhile is not run',
    },
    {
      what: 'mentions',
      is: 'names after an @ in a reply do not ring: an invisible character keeps them apart',
    },
  ],
  troubles: [
    {
      says: 'Mattermost refused the access token',
      do: 'Make a new one under Integrations, Bot Accounts, then Enter Token….',
    },
    { says: 'Set “cowork.channels.mattermost.serverUrl” …', do: 'Enter the address in the Settings.' },
    {
      says: 'This Mattermost account is in use by …',
      do: 'Another window on this machine has it; this one takes over when that one lets go.',
    },
    {
      says: 'Mattermost cannot be reached … Next try at …',
      do: 'Nothing: it is tried again, after one second at first and five minutes at most.',
    },
  ],
};
