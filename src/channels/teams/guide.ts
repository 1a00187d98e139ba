import type { ChannelGuide } from '../contract';

export const teamsGuide: ChannelGuide = {
  hears: [
    'Personal chats with the bot: every message. In group chats and channels: what mentions the bot.',
    'Never: other bots, edited and deleted messages, and tenants that are not listed.',
    'A person is known by their tenant and their Microsoft Entra object id, never by name. Who has none, such as an anonymous guest of a meeting, is not heard.',
  ],
  reach:
    'The app password gets tokens with which its holder can write as the bot, where the bot is installed, and nothing else. It is sent to the address of `loginUrl` alone, when a token is needed; it is in no log, record or error. Answers go to the service that called, and only if it is the one of `serviceUrl`.',
  limits: [
    { what: 'rate', is: 'when Teams asks to wait, all replies of the bot wait that long' },
    { what: 'files received', is: 'named, not fetched' },
    { what: 'rooms', is: 'a channel of a team is one room, with all of its threads' },
    {
      what: 'truth of a call',
      is: 'issuer, audience, key, endorsement, times and service address are checked. Microsoft’s signature is over the token and not over the message, so the message itself is protected by TLS and the secret address',
    },
  ],
  troubles: [
    {
      says: 'Microsoft refused the app id or its password',
      do: 'Make a new client secret and enter its Value with Enter Token…; check appId and tenantId.',
    },
    {
      says: 'Teams cannot reach this machine yet',
      do: 'Give the webhook server a public address, then enter the one that Copy Webhook Address gives.',
    },
    {
      says: 'Nothing arrives, and the Audit has type:webhook.request refused',
      do: 'Its reason says why: token audience means another appId, tenant means a tenant that is not listed.',
    },
    {
      says: 'The bot is not in that conversation',
      do: 'It was removed there; install it again.',
    },
  ],
};
