import type { ChannelGuide } from '../contract';

export const matrixGuide: ChannelGuide = {
  hears: [
    'Direct conversations (begun as such, with nobody but the two in them): every message. In rooms: what mentions the bot, begins with its id, or answers one of its messages.',
    'Never: what was said before the bot was there (the first connection only learns which rooms there are), notices (other bots write such), reactions, edited and removed messages, what is older than a day when it arrives, and rooms that are not listed, when a list is set.',
    'In an encrypted room nothing unencrypted is believed, since whoever runs a homeserver could put it there in anybody’s name.',
    'A message whose key is not here yet is heard when it comes. One that was encrypted by somebody else than its sender, or is delivered again as a new one, is not believed, and noted.',
    'A person is known by their Matrix id, never by display name. A room that everybody may enter or read is public, whatever else it is.',
  ],
  reach:
    'The token lets its holder do everything that the bot’s account may do, which is why it is an account of its own. It is put into each request when it is sent; it is in no log, record or error. Expired tokens are renewed where the homeserver gave a refresh token.',
  limits: [
    { what: 'rate', is: 'when the homeserver asks to wait, all replies of the bot wait that long' },
    {
      what: 'invitations',
      is: 'taken from people who are let in; direct ones of others too, ten an hour at most, so that they can pair (unless set otherwise); a room that was only called direct is left again; every other invitation is left alone and noted',
    },
    {
      what: 'members',
      is: 'when somebody who is not let in comes into a room that is, it is on record, and nobody is answered there until the room is let in again (unless set otherwise)',
    },
    {
      what: 'while away',
      is: 'what was said meanwhile is heard when the bot is back, at most a day back and two thousand messages a room; each is passed only once it is on the record here',
    },
    { what: 'files', is: 'up to 50 MB each, both ways, encrypted where the room is' },
    {
      what: 'keys',
      is: 'of encrypted rooms are kept sealed in the secret store’s file, with the login they belong to; nothing is sent before what it was encrypted with is kept. When they are lost, the bot must be logged in again',
    },
    {
      what: 'devices',
      is: 'messages of every device of a person are taken; one whose key is not listed is noted, and shown in the Channels view and the Checklist with its key. The bot cannot be verified by comparing pictures; compare the key of its device',
    },
    { what: 'mentions', is: 'a reply rings for nobody: it says that it mentions no one' },
  ],
  troubles: [
    {
      says: 'The homeserver refused the access token',
      do: 'Log the bot in again and enter the new token with Enter Token….',
    },
    { says: 'Set “cowork.channels.matrix.homeserver” …', do: 'Enter the address in the Settings.' },
    {
      says: 'What answers at the address of the homeserver does not speak Matrix',
      do: 'The address is that of the client API, which /.well-known/matrix/client of the domain names.',
    },
    {
      says: 'The homeserver has other keys for this login than this machine',
      do: 'Log the bot in again, which makes a new device, and enter the new token with Enter Token….',
    },
    {
      says: 'The thread that encrypts and decrypts for Matrix ended in the middle',
      do: 'Nothing: it is started again with the keys that are kept, and no message is lost. When it happens often, report it; the record names each time (encryption-restarted).',
    },
    {
      says: 'This Matrix account is in use by …',
      do: 'Another window on this machine has it; this one takes over when that one lets go.',
    },
    {
      says: 'Matrix cannot be reached … Next try at …',
      do: 'Nothing: it is tried again, after one second at first and five minutes at most.',
    },
  ],
};
