import type { ChannelGuide } from '../contract';

export const discordGuide: ChannelGuide = {
  hears: [
    'Direct messages to the bot: every one. In servers that are listed, their threads included: what mentions the bot (@bot …), answers one of its messages, comes by the command /cowork, or presses one of its buttons.',
    'Never: servers that are not listed, other bots, webhooks, forwarded messages, notices of Discord, edited and deleted messages. To correct a command, send it again.',
    'Message Content is a privileged intent: with it Discord sends the bot the words of every message. It is not needed: without it the bot is sent the words of direct messages and of messages that mention it, and empty messages otherwise. An answer to the bot mentions it unless its author switched the mention off.',
    'A person is known by Discord’s number for them, never by user name, display name or nickname.',
  ],
  reach:
    'The token lets its holder act as the bot with the permissions that it has in its servers; no account of a person. It is put into each request when it is sent, and into the first message of each connection; it is in no log, record or error. Mentions in replies ring nobody, and links in them get no preview.',
  limits: [
    {
      what: 'rate',
      is: 'each kind of request waits as Discord’s headers say before it would be refused; when Discord asks to wait, all replies of the bot wait that long',
    },
    {
      what: 'while away',
      is: 'Discord keeps a session for some minutes and delivers what was said meanwhile when it is taken up again, also after the window was closed. After that it is asked for in the conversations in which somebody has spoken to the bot, at most 24 hours back and two thousand messages each; what was edited meanwhile is not run, and a button or /cowork that nobody answered in time has to be used again',
    },
    {
      what: 'sessions',
      is: 'Discord allows about 1,000 new ones a day; when none is left, the channel waits',
    },
    {
      what: 'files received',
      is: 'up to the limit of the quarantine, from Discord’s own file servers alone',
    },
    { what: 'files sent', is: 'up to 10 MB each' },
    {
      what: 'buttons',
      is: 'the commands of buttons may have 100 characters; a longer one is in the text only',
    },
    {
      what: '/cowork',
      is: 'registered in the listed servers only, at first for their administrators only, and taken away from servers that are no longer listed; that it was taken is shown to the caller alone',
    },
  ],
  troubles: [
    {
      says: 'Discord refused the bot token',
      do: 'At discord.com/developers/applications, Bot: Reset Token, then Enter Token….',
    },
    {
      says: 'The bot token belongs to the application …',
      do: 'Enter the token of the application that is set, or set the application id of the token’s.',
    },
    {
      says: 'Discord does not allow the intents',
      do: 'Switch “cowork.channels.discord.messageContent” off, or Message Content Intent on under Bot.',
    },
    {
      says: 'Some of what was said meanwhile could not be read',
      do: 'Give the bot View Channels and Read Message History in that channel again, or leave it as it is when the bot is to be out of it.',
    },
    {
      says: 'This Discord account is in use by …',
      do: 'Another window on this machine has it; this one takes over when that one lets go.',
    },
    {
      says: 'Discord cannot be reached … Next try at …',
      do: 'Nothing: it is tried again, after one second at first and five minutes at most.',
    },
  ],
};
