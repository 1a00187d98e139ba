import * as z from 'zod';
import type { InboundMessage } from '../../engine/model/message';
import { type AdapterContext, ChannelError } from '../contract';
import { jsonFrom } from '../json';
import { type DiscordClient, PLATFORM } from './client';
import { contextOf, type DiscordView, personSchema, senderOf } from './inbound';

/** https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object */
const id = z.string().min(1).max(100);
const interaction = z.looseObject({
  id,
  application_id: id,
  type: z.number(),
  token: z.string().min(1),
  guild_id: id.nullish(),
  channel_id: id.nullish(),
  user: personSchema.nullish(),
  member: z.looseObject({ user: personSchema }).nullish(),
  message: z.looseObject({ id, author: personSchema.nullish() }).nullish(),
  data: z
    .looseObject({
      name: z.string().optional(),
      custom_id: z.string().optional(),
      options: z.array(z.looseObject({ name: z.string(), value: z.unknown() })).nullish(),
    })
    .nullish(),
});

export const COMMAND = 'cowork';
const TEXT = 'text';

const COMMAND_PRESSED = 2;
const BUTTON_PRESSED = 3;
/** https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-callback-type */
const SHOW_MESSAGE = 4;
const CHANGE_NOTHING_YET = 6;
/** Shown to the caller alone. */
const EPHEMERAL = 64;

export interface ReadInteraction {
  readonly message: InboundMessage;
  readonly id: string;
  readonly token: string;
  readonly command: boolean;
  readonly guild: string | undefined;
}

/** A pressed button or the command /cowork: what the person says by it. Undefined when it is none of ours. Pure. */
export function readInteraction(data: unknown, view: DiscordView): ReadInteraction | undefined {
  const parsed = interaction.safeParse(data);
  if (!parsed.success) return undefined;
  const { data: content, channel_id: channel, guild_id: guild, member, user, message } = parsed.data;
  const who = member?.user ?? user;
  const context = contextOf(guild, view);
  if (!who || !channel || !context) return undefined;
  const command = parsed.data.type === COMMAND_PRESSED;
  const text = command ? commandText(content) : content?.custom_id;
  if (!text || (!command && (parsed.data.type !== BUTTON_PRESSED || message?.author?.id !== view.me)))
    return undefined;
  return {
    id: parsed.data.id,
    token: parsed.data.token,
    command,
    guild: guild ?? undefined,
    message: {
      channel: 'discord',
      account: view.me,
      conversation: channel,
      context,
      sender: senderOf(who, view.me, false),
      text,
      attachments: [],
      platformId: `press-${parsed.data.id}`,
      receivedAt: view.now,
      addressed: true,
      ...(message ? { inReplyTo: message.id } : {}),
    },
  };
}

function commandText(data: z.output<typeof interaction>['data']): string | undefined {
  if (data?.name !== COMMAND) return undefined;
  const value = data.options?.find(({ name }) => name === TEXT)?.value;
  return typeof value === 'string' ? value : undefined;
}

/** Tells Discord that it was taken, which it wants to know within three seconds. A failure is passed over. */
export async function acknowledge(
  client: DiscordClient,
  { id, token, command }: ReadInteraction,
): Promise<void> {
  const body = command
    ? {
        type: SHOW_MESSAGE,
        data: { content: 'Passed on. What there is to say to it follows here.', flags: EPHEMERAL },
      }
    : { type: CHANGE_NOTHING_YET };
  const path = `/interactions/${encodeURIComponent(id)}/${encodeURIComponent(token)}/callback`;
  await client.call('POST', path, { body }).catch(() => undefined);
}

/**
 * Registers /cowork in the servers that are listed, and takes it from those that no longer are. Only administrators of
 * a server may use it until they let others (`default_member_permissions`), and it is not there in direct messages.
 * What does not work is reported; the bot can be mentioned instead.
 * https://docs.discord.com/developers/interactions/application-commands#bulk-overwrite-guild-application-commands
 */
export async function registerCommands(
  context: Pick<AdapterContext, 'store' | 'report' | 'log'>,
  client: DiscordClient,
  applicationId: string,
  guilds: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const earlier = z
    .array(id)
    .catch([])
    .parse(jsonFrom(await context.store.load(BLOB).catch(() => undefined)));
  let problem = '';
  const put = async (guild: string, body: readonly unknown[]) => {
    const path = `/applications/${applicationId}/guilds/${encodeURIComponent(guild)}/commands`;
    try {
      await client.call('PUT', path, { body, signal });
      return true;
    } catch (error) {
      problem = error instanceof ChannelError ? error.message : `${PLATFORM} failed.`;
      return false;
    }
  };
  const have = new Set(earlier);
  for (const guild of earlier) if (!guilds.includes(guild) && (await put(guild, []))) have.delete(guild);
  problem = '';
  for (const guild of guilds) if (!have.has(guild) && (await put(guild, [DEFINITION]))) have.add(guild);
  context.report({ commandProblem: problem });
  await context.store
    .save(BLOB, Buffer.from(JSON.stringify([...have])))
    .catch(() => context.log.warn('Discord: where /cowork is registered could not be kept.'));
}

const BLOB = 'commands';
const DEFINITION = {
  name: COMMAND,
  type: 1,
  description: 'Ask CoWork OS, or give it a command',
  default_member_permissions: '0',
  contexts: [0],
  integration_types: [0],
  options: [
    {
      type: 3,
      name: TEXT,
      description: 'As in a message: a question, /status, /run npm test',
      required: true,
      max_length: 2_000,
    },
  ],
};
