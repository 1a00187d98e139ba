import * as z from 'zod';
import { apiRoot } from '../api-root';
import type { ChannelDescriptor, ChannelSettings } from '../contract';

export const DEFAULT_API = 'https://graph.facebook.com';
/** Where files are handed out. https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media#download-media */
const FILES = 'https://lookaside.fbsbx.com';
const PHONE_ID =
  'must be the id of a phone number: digits, as under WhatsApp, API Setup; not the number itself';
const VERSION = 'must be a version of the Graph API, such as v24.0';

/** Settings of the WhatsApp channel. Machine or user scope only (law 2). */
export const whatsappSettings = z.object({
  phoneNumberId: z
    .string({ error: PHONE_ID })
    .regex(/^(\d{5,25})?$/, PHONE_ID)
    .default('')
    .describe('Id of the business phone number, from API Setup of your app. It is not the number itself.'),
  apiVersion: z
    .string({ error: VERSION })
    .regex(/^v\d{2,3}\.0$/, VERSION)
    .default('v24.0')
    .describe('Version of the Graph API that is asked for. Each is kept for about two years.'),
  apiRoot: apiRoot(DEFAULT_API, 'Address of the Graph API. Change it only for tests.'),
});

export type WhatsAppSettings = z.output<typeof whatsappSettings>;

/** The only place that files are fetched from. */
export function filesRoot(root: string): string {
  return root === DEFAULT_API ? FILES : root;
}

export const whatsappDescriptor: ChannelDescriptor = {
  id: 'whatsapp',
  name: 'WhatsApp',
  icon: 'device-mobile',
  summary:
    'A business phone number of the WhatsApp Cloud API. Meta calls this machine for each message, which takes a public address.',
  secrets: [
    {
      name: 'accessToken',
      label: 'Access token',
      help: 'In Meta Business Suite, Settings, System users: a token of a system user with the rights whatsapp_business_messaging and whatsapp_business_management. It starts with EAA.',
      validate: (value) =>
        /^EAA[A-Za-z0-9]{20,600}$/.test(value)
          ? undefined
          : 'This is not an access token of Meta. It starts with EAA and is one long word.',
    },
    {
      name: 'appSecret',
      label: 'App secret',
      help: 'At developers.facebook.com, your app, App settings, Basic: “App secret”, 32 letters and digits. What Meta sends is proved with it, and what is sent to Meta too.',
      validate: (value) =>
        /^[0-9a-f]{32}$/.test(value)
          ? undefined
          : 'This is not an app secret. It is 32 digits and letters from a to f, with no spaces.',
    },
    {
      name: 'verifyToken',
      label: 'Verify token',
      help: 'Twenty or more letters and digits of your own making. Enter the same at Meta as “Verify token” of the webhook; it is asked for once, when the address is entered.',
      validate: (value) =>
        /^[A-Za-z0-9_-]{20,200}$/.test(value)
          ? undefined
          : 'Take twenty or more letters and digits, with no spaces; a password manager makes such a text.',
    },
  ],
  settings: whatsappSettings,
  missing: ({ phoneNumberId }) =>
    typeof phoneNumberId === 'string' && phoneNumberId !== ''
      ? undefined
      : 'Set “cowork.channels.whatsapp.phoneNumberId” to the id of your business phone number.',
  capabilities: {
    // Of 4,096 characters; a mark that must not act takes a second one.
    maxLength: 2_000,
    edit: false,
    buttons: true,
    threads: true,
    typing: true,
    fileBytes: 50_000_000,
    contexts: ['dm'],
  },
  // WA-1: whoever knows the number can write to it, and numbers are handed on to others.
  allowedModes: () => ['pairing', 'disabled'],
  setup: [
    'At developers.facebook.com make an app with the use case “Connect with customers through WhatsApp”, for this alone. A number that is used in the WhatsApp app cannot be used here.',
    'WhatsApp, API Setup: add your phone number, and copy the Phone number ID into “cowork.channels.whatsapp.phoneNumberId”. The test number that Meta gives is good for trying only.',
    'App settings, Basic: copy the App secret. In Meta Business Suite, Settings, System users: add a system user, assign it the app and the WhatsApp account, and generate an access token with whatsapp_business_messaging and whatsapp_business_management and no other right. Make up a verify token. Paste all three here.',
    'App settings, Advanced: switch Require App Secret on, so that the token is worth nothing without the secret.',
    'Give this machine a public address (see the page on webhooks) and enable the channel. WhatsApp, Configuration, Webhook: enter its address (Copy Webhook Address in the Channels view) as Callback URL with your verify token, then subscribe to the field messages and to no other.',
    'Generate a pairing code in VS Code and send it to the number.',
  ],
  links: [
    { label: 'Your apps', url: 'https://developers.facebook.com/apps/' },
    {
      label: 'Cloud API, first steps',
      url: 'https://developers.facebook.com/docs/whatsapp/cloud-api/get-started',
    },
    {
      label: 'Webhooks and their signatures',
      url: 'https://developers.facebook.com/docs/graph-api/webhooks/getting-started',
    },
  ],
  health: ({ quality }) =>
    typeof quality === 'string' && quality !== '' && quality !== 'UNKNOWN'
      ? [`Meta rates the quality of the number ${quality.toLowerCase()}.`]
      : [],
  hosts: whatsappHosts,
  // https://faq.whatsapp.com/5913398998672934
  pairingLink: ({ handle }, code) =>
    handle === undefined ? undefined : `https://wa.me/${handle}?text=${encodeURIComponent(code)}`,
};

function whatsappHosts(settings: ChannelSettings): readonly string[] {
  const parsed = whatsappSettings.safeParse(settings);
  const root = parsed.success ? parsed.data.apiRoot : DEFAULT_API;
  return [...new Set([root, filesRoot(root)].map((address) => new URL(address).host))];
}
