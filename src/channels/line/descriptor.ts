import * as z from 'zod';
import { apiRoot } from '../api-root';
import type { ChannelDescriptor, ChannelSettings } from '../contract';

export const DEFAULT_API = 'https://api.line.me';
/** Files are handed out by another host. https://developers.line.biz/en/reference/messaging-api/#domain-name */
const DATA_API = 'https://api-data.line.me';
const GROUP_ID =
  'must be the id of a group (C…) or of a chat of several people (R…): that letter and 32 digits and letters';

/** Settings of the LINE channel. Machine or user scope only (law 2). */
export const lineSettings = z.object({
  allowedGroups: z
    .array(z.string({ error: GROUP_ID }).regex(/^[CR][0-9a-f]{32}$/, GROUP_ID))
    .default([])
    .describe(
      'Ids of the groups (`C…`) and chats of several people (`R…`) that the bot takes part in. Empty: direct messages only.',
    ),
  apiRoot: apiRoot(DEFAULT_API, 'Address of the LINE Messaging API. Change it only for tests.'),
});

export type LineSettings = z.output<typeof lineSettings>;

/** Where files are fetched from. */
export function dataRoot(root: string): string {
  return root === DEFAULT_API ? DATA_API : root;
}

export const lineDescriptor: ChannelDescriptor = {
  id: 'line',
  name: 'LINE',
  icon: 'comment',
  summary: 'A LINE Official Account. LINE calls this machine for each message, which takes a public address.',
  secrets: [
    {
      name: 'accessToken',
      label: 'Channel access token',
      help: 'In the LINE Developers Console, your channel, Messaging API: “Channel access token (long-lived)”, Issue.',
      validate: (value) =>
        /^[A-Za-z0-9+/=._-]{40,1000}$/.test(value)
          ? undefined
          : 'This is not a channel access token. It is one word of some 170 letters and digits; the channel secret is shorter.',
    },
    {
      name: 'channelSecret',
      label: 'Channel secret',
      help: 'In the LINE Developers Console, your channel, Basic settings: “Channel secret”, 32 letters and digits. What LINE sends is proved with it.',
      validate: (value) =>
        /^[0-9a-f]{32}$/.test(value)
          ? undefined
          : 'This is not a channel secret. It is 32 digits and letters from a to f, with no spaces.',
    },
  ],
  settings: lineSettings,
  capabilities: {
    // https://developers.line.biz/en/reference/messaging-api/#text-message, in UTF-16 code units
    maxLength: 5_000,
    edit: false,
    buttons: true,
    threads: true,
    typing: true,
    fileBytes: 0,
    contexts: ['dm', 'group'],
  },
  setup: [
    'Make a LINE Official Account at manager.line.biz, for this alone. Under Settings, Messaging API: Enable Messaging API.',
    'In the LINE Developers Console, your channel, Basic settings: copy the Channel secret. On the tab Messaging API issue a Channel access token (long-lived), and copy it. Paste both here; they go to the secret store.',
    'In LINE Official Account Manager, Response settings: switch Webhooks on, Greeting message and Auto-response messages off.',
    'Give this machine a public address (see the page on webhooks) and enable the channel: it enters its address at LINE by itself. On the tab Messaging API switch Use webhook on, and Webhook redelivery too, so that nothing is lost while this window is closed for a moment.',
    'For groups: switch Allow bot to join group chats on, invite the bot, and list the group’s id in the settings. The log of the channel names the id when somebody mentions the bot there.',
    'Generate a pairing code in VS Code and send it to the account in a direct message.',
  ],
  links: [
    { label: 'LINE Developers Console', url: 'https://developers.line.biz/console/' },
    {
      label: 'Verify webhook signature',
      url: 'https://developers.line.biz/en/docs/messaging-api/verify-webhook-signature/',
    },
    { label: 'Prices of messages', url: 'https://developers.line.biz/en/docs/messaging-api/pricing/' },
  ],
  health: ({ quotaLimit, quotaUsed }) => {
    if (typeof quotaUsed !== 'number') return [];
    return typeof quotaLimit === 'number'
      ? [`${quotaUsed} of the ${quotaLimit} messages of this month are used.`]
      : [`${quotaUsed} messages were sent this month; there is no limit.`];
  },
  hosts: lineHosts,
  // https://developers.line.biz/en/docs/messaging-api/using-line-url-scheme/
  pairingLink: ({ handle }, code) =>
    handle === undefined
      ? undefined
      : `https://line.me/R/oaMessage/${encodeURIComponent(handle)}/?${encodeURIComponent(code)}`,
};

function lineHosts(settings: ChannelSettings): readonly string[] {
  const parsed = lineSettings.safeParse(settings);
  const root = parsed.success ? parsed.data.apiRoot : DEFAULT_API;
  return [...new Set([root, dataRoot(root)].map((address) => new URL(address).host))];
}
