import type { ChannelGuide } from '../contract';

export const telegramGuide: ChannelGuide = {
  hears: [
    'Private chats: every message. A deep link t.me/your_bot?start=CODE counts as sending the code.',
    'Groups: only what mentions the bot (@your_bot …), answers one of its messages, or is a command with its name (/run@your_bot npm test, as Telegram’s own menu writes it). A command without the name is left alone, because other bots may be meant. To pair a group, send the code with the bot’s name before it.',
    'Never: channel posts, messages of bots, messages in the name of a group or channel (anonymous administrators), and edited messages. To correct a command, send it again.',
    'A person is known by Telegram’s number for them, never by name or user name.',
  ],
  reach:
    'The token lets its holder read and write as the bot, and nothing else: no account of a person, no other chat. It is put into each request when it is sent; it is in no log, record or error. Link previews are switched off, so Telegram does not fetch the addresses that a reply mentions.',
  limits: [
    { what: 'rate', is: 'when Telegram asks to wait, all replies of the bot wait that long' },
    {
      what: 'files received',
      is: 'metadata, and up to 20 MB of each file of a person who is let in, put into quarantine',
    },
    { what: 'files sent', is: 'up to 50 MB each' },
    {
      what: 'webhook',
      is: 'each call shows a secret of 256 bits that is made anew with every connection and compared in constant time; each update is taken once; the webhook stays set while the window is closed, so Telegram keeps what is said meanwhile for a day, and it is taken back when the mode is polling again',
    },
    { what: 'buttons', is: 'the commands of buttons may have 64 bytes; a longer one is in the text only' },
    {
      what: 'growing groups',
      is: 'when Telegram makes a supergroup of a group its id changes: list it and pair it again',
    },
    {
      what: 'while away',
      is: 'Telegram keeps messages for up to 24 hours and delivers them afterwards; each is confirmed only once it is on the record here, and one that is delivered twice is taken once',
    },
  ],
  troubles: [
    { says: 'Telegram refused the bot token', do: 'Write /token to @BotFather, then Enter Token….' },
    {
      says: 'Another program is receiving this bot’s messages',
      do: 'Stop that one, or make a bot of its own, then Connect.',
    },
    { says: 'This bot has a webhook set', do: 'Call deleteWebhook, or make a bot of its own, then Connect.' },
    {
      says: 'Telegram calls only public addresses',
      do: 'Forward the port in the Ports view with public visibility, or set cowork.webhook.publicUrl to the address of your own reverse proxy.',
    },
    {
      says: 'This Telegram account is in use by …',
      do: 'Another window on this machine has it; this one takes over when that one lets go.',
    },
    {
      says: 'Telegram cannot be reached … Next try at …',
      do: 'Nothing: it is tried again, after one second at first and five minutes at most.',
    },
  ],
};
