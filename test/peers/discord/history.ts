import { z } from 'zod';
import { snowflakeAt } from './ids';
import type { Message } from './server';

/**
 * The messages of a channel, as a bot may ask for them. Written from
 *   https://docs.discord.com/developers/resources/message#get-channel-messages
 * and, for the order (newest first, whatever is asked for; with `after` the ones right behind it), from what Discord
 * does: the answer to `after` is a page that begins behind that id, turned round.
 */
const id = z.string().regex(/^\d{1,20}$/);
const query = z
  .strictObject({
    around: id.optional(),
    before: id.optional(),
    after: id.optional(),
    limit: z
      .string()
      .regex(/^\d{1,3}$/)
      .transform(Number)
      .refine((limit) => limit >= 1 && limit <= 100)
      .default(50),
  })
  .refine(({ around, before, after }) => [around, before, after].filter(Boolean).length <= 1);

export interface HistoryAnswer {
  readonly status: number;
  readonly code?: number;
  readonly messages?: readonly Message[];
}

/** What the bot may do in a channel of a server; everything in a direct message. */
export type Denied = 'view' | 'history';

export function messagesOf(
  all: Iterable<Message>,
  channel: { readonly id: string; readonly denied?: ReadonlySet<Denied> },
  search: URLSearchParams,
): HistoryAnswer {
  if (channel.denied?.has('view')) return { status: 403, code: 50001 };
  const asked = query.safeParse(Object.fromEntries(search));
  if (!asked.success) return { status: 400, code: 50035 };
  // “If the current user is missing the READ_MESSAGE_HISTORY permission, then no messages will be returned.”
  if (channel.denied?.has('history')) return { status: 200, messages: [] };
  const { around, before, after, limit } = asked.data;
  const rising = [...all]
    .filter((message) => message.channel_id === channel.id)
    .sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
  const among = (): Message[] => {
    if (after !== undefined) return rising.filter((one) => BigInt(one.id) > BigInt(after)).slice(0, limit);
    if (before !== undefined) return rising.filter((one) => BigInt(one.id) < BigInt(before)).slice(-limit);
    if (around === undefined) return rising.slice(-limit);
    const at = rising.findIndex((one) => BigInt(one.id) >= BigInt(around));
    const from = Math.max(0, (at < 0 ? rising.length : at) - Math.floor(limit / 2));
    return rising.slice(from, from + limit);
  };
  return { status: 200, messages: among().reverse() };
}

/** As though it had been said so long ago, in milliseconds. */
export function idOfEarlier(agoMs: number): string {
  return snowflakeAt(Date.now() - agoMs);
}
