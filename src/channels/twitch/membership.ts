import * as z from 'zod';
import { type AdapterContext, ChannelError } from '../contract';
import type { TwitchClient, TwitchIdentity } from './client';
import type { TwitchSettings } from './descriptor';
import { neededScopes } from './scopes';

/** https://dev.twitch.tv/docs/api/reference/#get-moderated-channels */
const moderated = z.looseObject({
  data: z.array(z.looseObject({ broadcaster_id: z.string() })),
  pagination: z.looseObject({ cursor: z.string().optional() }).nullish(),
});
const PAGES_AT_MOST = 50;

/**
 * Reads whose token it is and its scopes: a token of another application, or one without a scope that is needed, does
 * not start; one with more than that is reported (TW-1). @throws ChannelError
 */
export async function proveToken(
  context: Pick<AdapterContext, 'report'>,
  client: TwitchClient,
  settings: TwitchSettings,
  renew: boolean,
  signal?: AbortSignal,
): Promise<TwitchIdentity> {
  const identity = await client.validate(renew, signal);
  if (identity.client_id !== settings.clientId) {
    throw new ChannelError(
      'fatal',
      'The token belongs to another application than the client id that is set. Get one for that application, or correct “cowork.channels.twitch.clientId”.',
    );
  }
  const scopes = identity.scopes ?? [];
  const needed = neededScopes(settings.whispers);
  const missing = needed.filter((scope) => !scopes.includes(scope));
  if (missing.length > 0) {
    throw new ChannelError(
      'fatal',
      `The token lacks the scope ${missing.join(', ')}. Get a new one with the scopes of the set-up guide and enter it again.`,
    );
  }
  context.report({ extraScopes: scopes.filter((scope) => !needed.includes(scope)) });
  return identity;
}

/** In which of the listed chats the bot is a moderator, or the broadcaster (TW-2). */
export class Membership {
  private joined: ReadonlySet<string> = new Set();

  constructor(
    private readonly context: Pick<AdapterContext, 'report'>,
    private readonly client: TwitchClient,
    private readonly settings: TwitchSettings,
    private readonly me: string,
  ) {}

  has(broadcaster: string): boolean {
    return this.joined.has(broadcaster);
  }

  get list(): readonly string[] {
    return [...this.joined];
  }

  /** Asks anew. Resolves with whether it has changed. @throws ChannelError */
  async read(signal: AbortSignal): Promise<boolean> {
    const { channels, whispers } = this.settings;
    const moderates = channels.length > 0 ? await this.moderates(signal) : new Set();
    const joined = new Set(channels.filter((id) => id === this.me || moderates.has(id)));
    const changed = joined.size !== this.joined.size || [...joined].some((id) => !this.joined.has(id));
    this.joined = joined;
    this.context.report({
      joined: [...joined],
      notModerated: channels.filter((id) => !joined.has(id)),
    });
    if (joined.size === 0 && !whispers) {
      throw new ChannelError(
        'fatal',
        'The bot is a moderator in none of the listed chats, so there is nothing to hear. Write /mod and its name in one of them, as the broadcaster.',
      );
    }
    return changed;
  }

  /** A chat that cannot be heard after all. */
  leave(broadcaster: string): void {
    const joined = new Set(this.joined);
    joined.delete(broadcaster);
    this.joined = joined;
    this.context.report({
      joined: [...joined],
      notModerated: this.settings.channels.filter((id) => !joined.has(id)),
    });
  }

  describe(login: string): string {
    const { channels, whispers } = this.settings;
    const where = `Connected as ${login}, in ${this.joined.size} of ${channels.length} listed ${channels.length === 1 ? 'chat' : 'chats'}.`;
    return whispers ? `${where} Whispers are taken.` : where;
  }

  private async moderates(signal: AbortSignal): Promise<Set<string>> {
    const found = new Set<string>();
    let after: string | undefined;
    for (let page = 0; page < PAGES_AT_MOST; page += 1) {
      const query = { user_id: this.me, first: '100', ...(after ? { after } : {}) };
      const answer = moderated.parse(
        await this.client.call('GET', '/moderation/channels', { query, signal }),
      );
      for (const { broadcaster_id: id } of answer.data) found.add(id);
      after = answer.pagination?.cursor;
      if (!after) break;
    }
    return found;
  }
}
