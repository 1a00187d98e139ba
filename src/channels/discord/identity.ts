import * as z from 'zod';
import { type AdapterContext, ChannelError, type ConnectedAccount } from '../contract';
import { type DiscordClient, PLATFORM } from './client';

/** https://docs.discord.com/developers/resources/user#user-object */
const user = z.looseObject({
  id: z.string().min(1),
  username: z.string().default(''),
  bot: z.boolean().default(false),
});
/** https://docs.discord.com/developers/resources/application#application-object */
const application = z.looseObject({ id: z.string().min(1), bot_public: z.boolean().optional() });
const guilds = z.array(z.looseObject({ id: z.string().min(1) }));
/** Servers of one answer. https://docs.discord.com/developers/resources/user#get-current-user-guilds */
const GUILDS_AT_MOST = 200;

export interface DiscordIdentity {
  readonly applicationId: string;
  readonly userId: string;
  readonly name: string;
  readonly isBot: boolean;
}

/**
 * Asks whose token it is, and refuses that of another application (DC-1).
 * @throws ChannelError `fatal` when it is not the configured one
 */
export async function identify(
  context: Pick<AdapterContext, 'report'>,
  client: DiscordClient,
  wanted: string,
  signal?: AbortSignal,
): Promise<DiscordIdentity> {
  const more = signal ? { signal } : {};
  const app = application.safeParse(await client.call('GET', '/oauth2/applications/@me', more));
  const me = user.safeParse(await client.call('GET', '/users/@me', more));
  if (!app.success || !me.success) {
    throw new ChannelError(
      'temporary',
      `What answers at the address of ${PLATFORM} is not ${PLATFORM}. It is tried again.`,
    );
  }
  checkApplication(app.data.id, wanted);
  context.report({ botPublic: app.data.bot_public === true });
  const { id: userId, username: name, bot: isBot } = me.data;
  return { applicationId: app.data.id, userId, name, isBot };
}

/** @throws ChannelError `fatal` when the token is not that of the configured application */
export function checkApplication(actual: string, wanted: string): void {
  if (actual === wanted) return;
  throw new ChannelError(
    'fatal',
    `The bot token belongs to the application ${actual.slice(0, 30)}, and “cowork.channels.discord.applicationId” names ${wanted || 'none'}. Enter the token of that application, or correct the setting if the token is the right one.`,
  );
}

/** Ids of the servers that the bot is in; at most 200. @throws ChannelError */
export async function guildsOf(client: DiscordClient, signal?: AbortSignal): Promise<string[]> {
  const answer = await client.call(
    'GET',
    `/users/@me/guilds?limit=${GUILDS_AT_MOST}`,
    signal ? { signal } : {},
  );
  const parsed = guilds.safeParse(answer);
  return parsed.success ? parsed.data.map(({ id }) => id) : [];
}

export function accountOf({ userId, name, isBot }: DiscordIdentity): ConnectedAccount {
  return { account: userId, name, handle: name, isBot };
}
