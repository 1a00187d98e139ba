import * as z from 'zod';
import { apiRoot } from '../api-root';
import type { ChannelDescriptor, ChannelSettings } from '../contract';

const NUMBER = 'must be the number of a project at Google Cloud: digits only';
const ORGANISATION =
  'must be the domain of an organisation, such as example.org, or its id, such as C01abc2de';

/** Settings of the Google Chat channel. Machine or user scope only (law 2). */
export const googlechatSettings = z.object({
  projectNumber: z
    .string({ error: NUMBER })
    .regex(/^\d{0,20}$/, NUMBER)
    .default('')
    .describe('The number of the Google Cloud project that the Chat app belongs to.'),
  audience: z
    .enum(['project-number', 'app-url'])
    .default('project-number')
    .meta({
      description: 'The Authentication Audience that is chosen in the app’s configuration.',
      choices: {
        'project-number': 'Project Number: the token is for the number of the project.',
        'app-url': 'HTTP endpoint URL: the token is for the address of this channel’s webhook.',
      },
    }),
  allowedOrganisations: z
    .array(z.string().regex(/^([a-z0-9-]+(\.[a-z0-9-]+)+|[A-Za-z0-9]{4,40})$/, ORGANISATION))
    .default([])
    .describe(
      'Organisations whose people are heard: the domain of their addresses, or the id of the organisation that the Audit names for those who were refused.',
    ),
  chatUrl: apiRoot('https://chat.googleapis.com', 'Address of the Chat API. Change it only for tests.'),
  tokenUrl: apiRoot(
    'https://oauth2.googleapis.com',
    'Where the service account gets its tokens. Change it only for tests.',
  ),
  keysUrl: apiRoot(
    'https://www.googleapis.com',
    'Where Google’s public keys are, by which its calls are proved. Change it only for tests.',
  ),
});

export type GooglechatSettings = z.output<typeof googlechatSettings>;

export const googlechatDescriptor: ChannelDescriptor = {
  id: 'googlechat',
  name: 'Google Chat',
  icon: 'comment-discussion',
  summary:
    'A Chat app of your Google Workspace that Google calls. It needs a public address; each call is signed.',
  secrets: [
    {
      name: 'serviceAccount',
      label: 'Service account key',
      help: 'In the Google Cloud console, IAM & Admin, Service Accounts, the app’s own account, Keys, Add key, JSON: the whole content of the file.',
      validate: keyProblem,
    },
  ],
  settings: googlechatSettings,
  missing: (settings) => {
    if (!settings.projectNumber)
      return 'Set “cowork.channels.googlechat.projectNumber” to the number of the app’s Google Cloud project.';
    const organisations = settings.allowedOrganisations;
    return Array.isArray(organisations) && organisations.length > 0
      ? undefined
      : 'Set “cowork.channels.googlechat.allowedOrganisations” to the domain of your organisation: without one nobody is heard.';
  },
  capabilities: {
    // Of 4,096 characters that a message may have: invisible ones keep its markup from acting.
    maxLength: 2_000,
    edit: true,
    buttons: true,
    threads: true,
    typing: false,
    fileBytes: 0,
    contexts: ['dm', 'group'],
  },
  setup: [
    'In the Google Cloud console make a project for this app alone, and enable the Google Chat API. Note the project number.',
    'IAM & Admin, Service Accounts: create an account for this app and give it no role in the project. Keys, Add key, JSON: the content of the file is the service account key; paste it here. It is checked with Google and kept in the secret store; delete the file.',
    'Set “cowork.channels.googlechat.projectNumber”, and “cowork.channels.googlechat.allowedOrganisations” to your domain.',
    'Give the webhook server a public address (see docs/webhooks.md), connect the channel and run “Copy Webhook Address”.',
    'Google Chat API, Configuration: Connection settings HTTP endpoint URL with that address, Authentication Audience Project Number; choose the people and groups of your domain for whom the app is visible.',
    'Generate a pairing code in VS Code and send it to the app in a direct message; in a space, mention the app with a code of its own.',
  ],
  links: [
    { label: 'Configure a Chat app', url: 'https://developers.google.com/workspace/chat/configure-chat-api' },
    {
      label: 'How calls are verified',
      url: 'https://developers.google.com/workspace/chat/verify-requests-from-chat',
    },
    { label: 'Usage limits', url: 'https://developers.google.com/workspace/chat/limits' },
  ],
  health: (reported) =>
    typeof reported.limited === 'number' && reported.limited > 0
      ? [
          `Google asked to wait ${reported.limited} times since the start: its quota for messages was used up.`,
        ]
      : [],
  hosts: googlechatHosts,
};

function googlechatHosts(settings: ChannelSettings): readonly string[] {
  const parsed = googlechatSettings.safeParse(settings);
  const { chatUrl, tokenUrl, keysUrl } = parsed.success ? parsed.data : googlechatSettings.parse({});
  return [...new Set([chatUrl, tokenUrl, keysUrl].map((address) => new URL(address).host))];
}

function keyProblem(value: string): string | undefined {
  const wrong =
    'This is not the JSON key of a service account. Paste the whole content of the file, from { to }, with type “service_account”.';
  try {
    const key: unknown = JSON.parse(value);
    return serviceAccountKey.safeParse(key).success ? undefined : wrong;
  } catch {
    return wrong;
  }
}

/** https://developers.google.com/identity/protocols/oauth2/service-account#creatinganaccount */
export const serviceAccountKey = z.looseObject({
  type: z.literal('service_account'),
  client_email: z.string().regex(/^[^\s@]+@[^\s@]+$/),
  private_key: z.string().regex(/^-{5}BEGIN PRIVATE KEY-{5}/),
  private_key_id: z.string().optional(),
});
