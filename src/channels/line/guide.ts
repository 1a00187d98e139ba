import type { ChannelGuide } from '../contract';

export const lineGuide: ChannelGuide = {
  hears: [
    'Direct messages to the account: every one. In groups that are listed: only what mentions the account or quotes one of its messages.',
    'Never: what is taken back, stickers and places, groups that are not listed, and messages that LINE gives to another service first (standby).',
    'A person is known by LINE’s id for them (U…), which is theirs at this provider alone, never by name. Who has not agreed that LINE gives out their id has none, and is not heard.',
  ],
  reach:
    'The channel access token lets its holder write as the account and read what it is sent. It is put into each request when it is sent; the channel secret only proves what LINE sends. Neither is in a setting, log, record or error. Each call of LINE is proved by its signature over the bytes that came, before anything of it is read.',
  limits: [
    {
      what: 'messages a month',
      is: 'answers within a minute of the question are free; later ones count towards the plan’s number, which is shown on the channel. Up to five parts go in one call',
    },
    { what: 'rate', is: 'when LINE asks to wait, all replies of the account wait' },
    { what: 'code', is: 'LINE shows text only, so code is set off by lines of its own' },
    {
      what: 'approvals',
      is: 'buttons are shown on phones, until the next message; the answer can be typed as well',
    },
    { what: 'files received', is: 'up to 20 MB of each file of a person who is let in, put into quarantine' },
    {
      what: 'repetitions',
      is: 'an event is taken once, however often LINE delivers it; one that is older than a day is not taken at all. A reply that may have arrived is sent again with the same retry key, so that LINE delivers it once',
    },
    {
      what: 'while away',
      is: 'LINE delivers again for some time what was not taken, when Webhook redelivery is on',
    },
  ],
  troubles: [
    {
      says: 'LINE refused the channel access token',
      do: 'Issue a new one on the tab Messaging API, then Enter Token….',
    },
    {
      says: 'LINE cannot reach this machine yet',
      do: 'Forward the port in the Ports view with public visibility, or set cowork.webhook.publicUrl to the address of your own reverse proxy.',
    },
    { says: 'Switch “Use webhook” on', do: 'It is on the tab Messaging API of your channel.' },
    {
      says: 'the messages of this month are used up',
      do: 'Answers within a minute still work. Choose another plan in LINE Official Account Manager for the rest.',
    },
    {
      says: 'Nobody is heard, and the Audit says “signature”',
      do: 'The channel secret is not that of this channel: copy it from Basic settings, then Enter Token….',
    },
    {
      says: 'LINE cannot be reached … Next try at …',
      do: 'Nothing: it is tried again, after one second at first and five minutes at most.',
    },
  ],
};
