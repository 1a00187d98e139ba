import * as z from 'zod';
import type { AdapterContext } from '../contract';
import type { DiscordClient } from './client';
import { guildsOf } from './identity';

/** https://docs.discord.com/developers/events/gateway-events#guild-delete: `unavailable` is an outage, not a leaving. */
const guild = z.looseObject({ id: z.string().min(1), unavailable: z.boolean().optional() });

/** The servers that the bot is in, for the Checklist; which of them are heard is the settings' business. */
export class Guilds {
  private readonly ids = new Set<string>();

  constructor(
    private readonly context: Pick<AdapterContext, 'report' | 'note'>,
    private readonly listed: readonly string[],
  ) {}

  /** @throws ChannelError */
  async read(client: DiscordClient, signal: AbortSignal): Promise<void> {
    for (const id of await guildsOf(client, signal)) this.ids.add(id);
    this.report();
  }

  async joined(data: unknown): Promise<void> {
    const parsed = guild.safeParse(data);
    if (!parsed.success || this.ids.has(parsed.data.id)) return;
    const { id } = parsed.data;
    this.ids.add(id);
    this.report();
    if (this.listed.includes(id)) return;
    await this.context.note({
      code: 'server-joined',
      text: `The bot was added to the Discord server ${id}, which is not listed. Nobody is heard there.`,
    });
  }

  async left(data: unknown): Promise<void> {
    const parsed = guild.safeParse(data);
    if (!parsed.success || parsed.data.unavailable === true) return;
    if (this.ids.delete(parsed.data.id)) this.report();
  }

  /** A sentence for the tree. */
  describe(): string {
    if (this.listed.length === 0) return 'No server is listed: direct messages only.';
    const missing = this.listed.filter((id) => !this.ids.has(id));
    if (missing.length > 0) return `It is not in the listed server ${missing.join(', ')}; add it there.`;
    return `Heard in ${this.listed.length} listed ${this.listed.length === 1 ? 'server' : 'servers'}.`;
  }

  private report(): void {
    this.context.report({ guilds: [...this.ids] });
  }
}
