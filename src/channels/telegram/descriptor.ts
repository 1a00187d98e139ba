import * as z from 'zod';
import { apiRoot } from '../api-root';
import type { ChannelDescriptor } from '../contract';

const DEFAULT_API = 'https://api.telegram.org';

/** A group's id is a negative number; a person may write it as a number or as text. */
const GROUP_ID = 'must be the id of a group, a negative number such as -1001234567890';
const groupId = z
  .union([z.string(), z.number().int()], { error: GROUP_ID })
  .transform(String)
  .refine((id) => /^-\d{1,20}$/.test(id), GROUP_ID);

/** Settings of the Telegram channel. Machine or user scope only (law 2). */
export const telegramSettings = z.object({
  mode: z
    .enum(['polling', 'webhook'], { error: 'must be “polling” or “webhook”' })
    .default('polling')
    .meta({
      description: 'Who calls whom.',
      choices: {
        polling: 'This machine asks Telegram for new messages, and nothing reaches in.',
        webhook: 'Telegram calls this machine, which needs a public address.',
      },
    }),
  allowedGroups: z
    .array(groupId)
    .default([])
    .describe(
      'Ids of the Telegram groups that the bot takes part in, such as `-1001234567890`. Empty: any group, but each one needs a pairing code.',
    ),
  apiRoot: apiRoot(
    DEFAULT_API,
    'Address of the Telegram Bot API. Change it only for a Bot API server of your own.',
  ),
});

export type TelegramSettings = z.output<typeof telegramSettings>;

export const telegramDescriptor: ChannelDescriptor = {
  id: 'telegram',
  name: 'Telegram',
  icon: 'send',
  summary:
    'A bot that you make with @BotFather. It asks Telegram for new messages, and nothing reaches in; or Telegram calls it.',
  secrets: [
    {
      name: 'botToken',
      label: 'Bot token',
      help: 'Write /newbot to @BotFather in Telegram. The token is in his last answer: digits, a colon, 35 characters.',
      validate: (value) =>
        /^\d{5,16}:[A-Za-z0-9_-]{30,64}$/.test(value)
          ? undefined
          : 'This is not a bot token. It is digits, a colon and 35 letters or digits, as @BotFather wrote it, with no spaces.',
    },
  ],
  settings: telegramSettings,
  capabilities: {
    maxLength: 4096,
    edit: true,
    buttons: true,
    threads: true,
    typing: true,
    // https://core.telegram.org/bots/api#sending-files
    fileBytes: 50 * 1024 * 1024,
    contexts: ['dm', 'group'],
  },
  health: ({ readsAllGroupMessages }) =>
    readsAllGroupMessages === true
      ? ['Privacy mode is off: Telegram sends the bot all that is said in its groups.']
      : [],
  setup: [
    'In Telegram, open a chat with @BotFather (the one with the blue tick) and write /newbot. Choose a name and a user name that ends in “bot”. Use a bot of its own for this; do not reuse one.',
    'Copy the bot token from his answer and paste it here. It is checked with Telegram and kept in the secret store.',
    'Leave privacy mode on (/setprivacy → Enable): in groups the bot then sees only what is meant for it.',
    'If the bot is not meant for groups, write /setjoingroups to @BotFather and choose Disable.',
    'To be called instead of asking, give this machine a public address (forward the port, or set cowork.webhook.publicUrl) and set the mode to webhook. Telegram is told the address by itself.',
    'Generate a pairing code in VS Code, open the bot’s chat in Telegram, press Start and send the code.',
  ],
  links: [
    { label: '@BotFather', url: 'https://t.me/BotFather' },
    { label: 'Bots: an introduction', url: 'https://core.telegram.org/bots' },
    { label: 'Webhooks', url: 'https://core.telegram.org/bots/webhooks' },
    { label: 'Privacy mode', url: 'https://core.telegram.org/bots/features#privacy-mode' },
  ],
  hosts: (settings) => {
    const parsed = telegramSettings.safeParse(settings);
    return [new URL(parsed.success ? parsed.data.apiRoot : DEFAULT_API).host];
  },
  pairingLink: ({ handle }, code) =>
    handle ? `https://t.me/${encodeURIComponent(handle)}?start=${encodeURIComponent(code)}` : undefined,
};
