import type { ChannelGuide } from '../contract';

export const googlechatGuide: ChannelGuide = {
  hears: [
    'Direct messages to the app: every one. In spaces: what mentions the app, and nothing else is sent to it.',
    'Never: other apps, edited and deleted messages, and people of organisations that are not listed.',
    'A person is known by Google’s name for them (users/123…), never by display name or address. A space is let in by a code of its own, like a person.',
  ],
  reach:
    'The key of the service account gets tokens with the scope chat.bot alone: with them its holder can write as the app, where the app was added. It is used to sign a request for a token and is sent nowhere; it is in no log, record or error.',
  limits: [
    {
      what: 'rate',
      is: 'Google allows about one message a second in a space; when it asks to wait, replies wait',
    },
    { what: 'files', is: 'named, not fetched; Google lets no app send any' },
    {
      what: 'truth of a call',
      is: 'issuer, audience, key and times are checked. Google’s signature is over the token and not over the message, so the message itself is protected by TLS and the secret address',
    },
  ],
  troubles: [
    {
      says: 'Google refused the service account key',
      do: 'Make a new key under IAM & Admin, Service Accounts, then Enter Token….',
    },
    {
      says: 'Google Chat cannot reach this machine yet',
      do: 'Give the webhook server a public address, then enter the one that Copy Webhook Address gives.',
    },
    {
      says: 'Nothing arrives, and the Audit has type:webhook.request refused',
      do: 'Its reason says why: token audience means another project number or audience, organisation means one that is not listed.',
    },
  ],
};
