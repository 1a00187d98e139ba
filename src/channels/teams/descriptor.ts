import * as z from 'zod';
import { apiRoot } from '../api-root';
import type { ChannelDescriptor, ChannelSettings } from '../contract';

const ID = 'must be an id such as 11111111-2222-3333-4444-555555555555';
const guid = z
  .string({ error: ID })
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i, ID)
  .transform((text) => text.toLowerCase());
const guidOrEmpty = z.union([z.literal(''), guid], { error: `${ID}, or empty` });

/** Settings of the Microsoft Teams channel. Machine or user scope only (law 2). */
export const teamsSettings = z.object({
  appId: guidOrEmpty
    .default('')
    .describe('The Microsoft App ID of the Azure Bot: “Application (client) ID” of its app registration.'),
  tenantId: guidOrEmpty
    .default('')
    .describe(
      'The directory (tenant) of a single-tenant bot. Empty: the bot is multi-tenant, and people are let in by pairing only.',
    ),
  allowedTenants: z
    .array(guid)
    .default([])
    .describe(
      'Of a multi-tenant bot: the tenants whose people are heard. Empty: those of every tenant, and each needs a pairing code.',
    ),
  loginUrl: apiRoot(
    'https://login.microsoftonline.com',
    'Where the bot gets its own tokens. Another one only for national clouds, or for tests.',
  ),
  metadataUrl: apiRoot(
    'https://login.botframework.com/v1/.well-known/openidconfiguration',
    'Where the keys are named by which Microsoft signs its calls. Another one only for national clouds, or for tests.',
  ),
  serviceUrl: apiRoot(
    'https://smba.trafficmanager.net',
    'The service of Teams that calls the bot and takes its answers. A call that names another one is refused.',
  ),
});

export type TeamsSettings = z.output<typeof teamsSettings>;

export const teamsDescriptor: ChannelDescriptor = {
  id: 'teams',
  name: 'Microsoft Teams',
  icon: 'organization',
  summary: 'An Azure Bot that Teams calls. It needs a public address; each call is signed by Microsoft.',
  secrets: [
    {
      name: 'appPassword',
      label: 'App password',
      help: 'In the Azure portal, the bot’s app registration, Certificates & secrets, New client secret: its Value (not its Secret ID).',
      validate: (value) =>
        /^[\x21-\x7e]{16,200}$/.test(value) && !/^[0-9a-f-]{36}$/i.test(value)
          ? undefined
          : 'This is not a client secret. Copy the Value, which is shown once, not the Secret ID; it has no spaces.',
    },
  ],
  settings: teamsSettings,
  missing: (settings) =>
    typeof settings.appId === 'string' && settings.appId !== ''
      ? undefined
      : 'Set “cowork.channels.teams.appId” to the Microsoft App ID of your Azure Bot.',
  capabilities: {
    // Of 28 kB that a message may have; its markup may make five characters of one.
    maxLength: 4_000,
    edit: true,
    buttons: true,
    threads: true,
    typing: true,
    fileBytes: 0,
    contexts: ['dm', 'group'],
  },
  // MT-3: whoever may install a multi-tenant bot can write to it, so only a code proves anything.
  allowedModes: (settings) =>
    typeof settings.tenantId === 'string' && settings.tenantId !== ''
      ? ['pairing', 'allowlist', 'open', 'disabled']
      : ['pairing', 'disabled'],
  setup: [
    'In the Azure portal create an Azure Bot. Type of App: Single Tenant, unless people of other organisations must reach it. Use a bot of its own for this.',
    'Configuration: copy the Microsoft App ID into “cowork.channels.teams.appId” and the App Tenant ID into “cowork.channels.teams.tenantId”.',
    'Manage Password, New client secret: copy its Value and paste it here as the app password. It is checked with Microsoft and kept in the secret store.',
    'Channels: add Microsoft Teams.',
    'Give the webhook server a public address (see docs/webhooks.md), connect the channel, run “Copy Webhook Address”, and paste it as the Messaging endpoint under Configuration.',
    'In the Teams Developer Portal make an app with this bot (scopes Personal, and Team or Group chat if it is meant for them) and install it.',
    'Generate a pairing code in VS Code and send it to the bot in Teams.',
  ],
  links: [
    {
      label: 'Register a bot with Azure',
      url: 'https://learn.microsoft.com/azure/bot-service/bot-service-quickstart-registration',
    },
    { label: 'Teams Developer Portal', url: 'https://dev.teams.microsoft.com' },
    {
      label: 'How calls are authenticated',
      url: 'https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication',
    },
  ],
  hosts: teamsHosts,
};

function teamsHosts(settings: ChannelSettings): readonly string[] {
  const parsed = teamsSettings.safeParse(settings);
  const { loginUrl, metadataUrl, serviceUrl } = parsed.success ? parsed.data : teamsSettings.parse({});
  const hosts = [loginUrl, metadataUrl, serviceUrl].map((address) => new URL(address).host);
  return [...new Set(hosts)];
}
