import type { ChannelGuide } from '../contract';

export const whatsappGuide: ChannelGuide = {
  hears: [
    'What a person writes to the number: text, pictures, sounds and documents with what is written under them, and the buttons of approvals.',
    'Never: groups, whatever is set; reactions, stickers, places and contacts; notices of delivery; numbers of the same app other than the one that is set.',
    'A person is known by WhatsApp’s id for them, which is their phone number, never by the name of their profile. A number can be handed on: who stops using theirs should be removed here.',
    'Only pairing codes let somebody in: the modes “open” and “allowlist” are not to be had, because anybody can find a business number.',
  ],
  reach:
    'The access token lets its holder write as the number. It is put into each request when it is sent, with a proof that only the app secret can make. The secrets are in no setting, log, record or error. Each call of Meta is proved by its signature over the bytes that came, before anything of it is read. Meta is asked not to fetch the addresses that a reply mentions.',
  limits: [
    {
      what: '24 hours',
      is: 'WhatsApp delivers free text only within 24 hours of the person’s last message; a later one is refused and says so',
    },
    { what: 'rate', is: 'when Meta asks to go slower, replies wait' },
    {
      what: 'marks',
      is: 'stars, underscores and the like in a reply do not act: an invisible character keeps them apart',
    },
    {
      what: 'buttons',
      is: 'at most three, and under at most 1,024 characters, so a text with buttons is cut shorter',
    },
    {
      what: 'kinds of files sent',
      is: 'text, PDF and office documents, pictures, sounds and films that WhatsApp takes; others are refused and say so',
    },
    { what: 'files received', is: 'up to 20 MB of each file of a person who is let in, put into quarantine' },
    {
      what: 'repetitions',
      is: 'a message is taken once, however often Meta delivers it; one that is older than a day is not taken at all',
    },
    { what: 'while away', is: 'Meta delivers again for hours what was not taken' },
  ],
  troubles: [
    {
      says: 'Meta refused the access token',
      do: 'Generate a new one for the system user, then Enter Token….',
    },
    {
      says: 'The app secret is not that of the app',
      do: 'Copy it from App settings, Basic, then Enter Token….',
    },
    {
      says: 'WhatsApp cannot reach this machine yet',
      do: 'Forward the port in the Ports view with public visibility, or set cowork.webhook.publicUrl to the address of your own reverse proxy; then enter the address at Meta.',
    },
    {
      says: 'The callback URL or verify token could not be validated (at Meta)',
      do: 'Connect the channel first, and enter the verify token exactly as it was entered here.',
    },
    {
      says: 'more than 24 hours ago',
      do: 'Ask the person to write to the number; then answers are delivered again.',
    },
    {
      says: 'WhatsApp cannot be reached … Next try at …',
      do: 'Nothing: it is tried again, after one second at first and five minutes at most.',
    },
  ],
};
