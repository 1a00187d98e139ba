import * as z from 'zod';
import { apiRoot } from '../api-root';
import type { ChannelDescriptor } from '../contract';
import { missedHealth } from '../missed-health';
import { FILES_HOST } from './files-host';
import { SCOPES_FOR_FILES, SCOPES_NEEDED } from './rules';

const DEFAULT_API = 'https://slack.com/api';
const TEAM_ID = 'must be the id of a workspace or an organisation, such as T0123ABCD or E0123ABCD';

/** Settings of the Slack channel. Machine or user scope only (law 2). */
export const slackSettings = z.object({
  mode: z
    .enum(['socket', 'http'], { error: 'must be “socket” or “http”' })
    .default('socket')
    .meta({
      description: 'Who calls whom.',
      choices: {
        socket:
          'This machine calls Slack, and nothing reaches in (Socket Mode). It takes the app-level token.',
        http: 'Slack calls this machine. It takes a public address and the signing secret.',
      },
    }),
  allowedTeams: z
    .array(z.string().regex(/^[TE][A-Z0-9]{2,20}$/, TEAM_ID))
    .default([])
    .describe(
      'Ids of the Slack workspaces (`T…`) and organisations (`E…`) whose people are heard. Empty: only the workspace that the app is installed in.',
    ),
  apiRoot: apiRoot(DEFAULT_API, 'Address of the Slack Web API. Change it only for tests.'),
});

export type SlackSettings = z.output<typeof slackSettings>;

export const slackDescriptor: ChannelDescriptor = {
  id: 'slack',
  name: 'Slack',
  icon: 'comment-discussion',
  summary:
    'An app of your workspace: by Socket Mode it calls Slack and nothing reaches in; by HTTP Slack calls it.',
  secrets: [
    {
      name: 'botToken',
      label: 'Bot token',
      help: 'At api.slack.com/apps, your app, OAuth & Permissions: “Bot User OAuth Token”. It starts with xoxb-.',
      validate: botTokenProblem,
    },
    {
      name: 'appToken',
      label: 'App-level token',
      help: 'At api.slack.com/apps, your app, Basic Information, App-Level Tokens: one with the scope connections:write. It starts with xapp-.',
      validate: appTokenProblem,
      neededWith: ({ mode }) => mode !== 'http',
    },
    {
      name: 'signingSecret',
      label: 'Signing secret',
      help: 'At api.slack.com/apps, your app, Basic Information, App Credentials: “Signing Secret”, 32 letters and digits. For the mode http alone.',
      validate: (value) =>
        /^[0-9a-f]{32}$/.test(value)
          ? undefined
          : 'This is not a signing secret. It is 32 digits and letters from a to f, with no spaces.',
      neededWith: ({ mode }) => mode === 'http',
    },
  ],
  settings: slackSettings,
  capabilities: {
    maxLength: 3_500,
    edit: true,
    buttons: true,
    threads: true,
    typing: false,
    fileBytes: 50 * 1024 * 1024,
    contexts: ['dm', 'group'],
  },
  health: ({ connections, ...reported }) => [
    ...(typeof connections === 'number' && connections > 1
      ? [
          `${connections} connections of this app were open when this one began. Slack gives each a part of what is said: end the others.`,
        ]
      : []),
    ...missedHealth(reported),
  ],
  setup: [
    'At api.slack.com/apps choose Create New App, From scratch, and pick the workspace. Use an app of its own for this.',
    'Socket Mode: switch it on. It makes an app-level token with the scope connections:write; copy it (xapp-…).',
    `OAuth & Permissions, Bot Token Scopes: add ${SCOPES_NEEDED.join(', ')} and no others. For files also ${SCOPES_FOR_FILES.join(' (to read those that people send) and ')} (to send some).`,
    'Event Subscriptions: switch on, and subscribe to the bot events app_mention and message.im.',
    'App Home: switch on the Messages Tab and allow messages in it. Interactivity: switch on, for the buttons of approvals.',
    'Install App to the workspace and copy the bot token (xoxb-…). Paste both tokens here; they are checked with Slack.',
    'Instead of Socket Mode, for the mode http: leave Socket Mode off, copy the Signing Secret from Basic Information, enable the channel, and enter its address (Copy Webhook Address in the Channels view) as the Request URL of both Event Subscriptions and Interactivity.',
    'Generate a pairing code in VS Code and send it to the app in a direct message.',
  ],
  links: [
    { label: 'Your apps', url: 'https://api.slack.com/apps' },
    { label: 'Socket Mode', url: 'https://docs.slack.dev/apis/events-api/using-socket-mode' },
    {
      label: 'Signing secret',
      url: 'https://docs.slack.dev/authentication/verifying-requests-from-slack',
    },
  ],
  hosts: (settings) => {
    const parsed = slackSettings.safeParse(settings);
    const api = new URL(parsed.success ? parsed.data.apiRoot : DEFAULT_API);
    return api.host === new URL(DEFAULT_API).host ? [api.host, FILES_HOST] : [api.host];
  },
};

function botTokenProblem(value: string): string | undefined {
  if (/^xoxb-[A-Za-z0-9-]{10,250}$/.test(value)) return undefined;
  if (/^xapp-/.test(value)) return 'This is the app-level token. The bot token starts with xoxb-.';
  if (/^(xoxe\.)?xoxp-/.test(value)) {
    return 'This is a user token: with it the bot would act as a person. Use the bot token, which starts with xoxb-.';
  }
  if (/^xox[aosrcd]-/.test(value)) {
    return 'This is a legacy or session token. They open far more than the bot needs and are not accepted. Make an app and use its bot token, which starts with xoxb-.';
  }
  return 'This is not a bot token. It starts with xoxb- and has no spaces.';
}

function appTokenProblem(value: string): string | undefined {
  if (/^xapp-[A-Za-z0-9-]{10,250}$/.test(value)) return undefined;
  if (/^xox/.test(value)) {
    return 'This is not an app-level token but another one. Under Basic Information, App-Level Tokens, make one with connections:write; it starts with xapp-.';
  }
  return 'This is not an app-level token. It starts with xapp- and has no spaces.';
}
