import type { ChannelGuide } from '../contract';

export const twitchGuide: ChannelGuide = {
  hears: [
    'Chats that are listed and that the bot moderates: what mentions it (@bot …) or answers one of its messages. In a chat, ! stands for /, as in “@bot !status”, because Twitch keeps lines that begin with / for itself.',
    'Whispers: only when they are switched on.',
    'Never: chats where the bot is no moderator, other chats of a shared one, accounts with the badge of chat bots, notices of Twitch. Messages on Twitch cannot be edited.',
    'A person is known by Twitch’s number for them, never by name. Every chat counts as public: people are let in by hand, and no pairing code is answered there.',
  ],
  reach:
    'The token lets its holder do what its scopes allow in the name of the bot’s account. It is put into each request when it is sent; it is in no log, record or error. Twitch renews it by the refresh token, and both new ones are kept in the secret store before they are used. It is validated when the channel starts and every hour, as Twitch demands.',
  limits: [
    {
      what: 'length',
      is: 'a message has 500 characters and one line; longer replies come in parts, line breaks become spaces',
    },
    { what: 'rate', is: 'when Twitch asks to wait, all replies of the bot wait that long' },
    {
      what: 'repeats',
      is: 'Twitch drops a message like one of the last 30 seconds; such a reply is told apart by a character that is not seen',
    },
    {
      what: 'while away',
      is: 'Twitch keeps nothing: what is said while the bot is not connected is not heard',
    },
    {
      what: 'abuse',
      is: 'somebody who writes to the bot more than 20 times in ten minutes, or five times without being let in, is noted in the audit and named in the Checklist',
    },
  ],
  troubles: [
    {
      says: 'Twitch no longer takes the tokens',
      do: 'Get new ones for the bot’s account, then Enter Token….',
    },
    {
      says: 'The token lacks the scope …',
      do: 'Get a new token with the scopes of the set-up guide.',
    },
    {
      says: 'The token belongs to another application',
      do: 'Get a token for the application whose client id is set.',
    },
    {
      says: 'The bot is a moderator in none of the listed chats',
      do: 'Write /mod and its name in one of them, as the broadcaster.',
    },
    {
      says: 'This Twitch account is in use by …',
      do: 'Another window on this machine has it; this one takes over when that one lets go.',
    },
    {
      says: 'Twitch cannot be reached … Next try at …',
      do: 'Nothing: it is tried again, after one second at first and five minutes at most.',
    },
  ],
};
