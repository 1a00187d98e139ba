import * as z from 'zod';
import { ChannelError } from '../contract';
import type { MissedSource } from '../missed';
import type { DiscordClient } from './client';

/** Messages of one answer, which is the most. */
const PAGE = 100;
/** The first moment of Discord's ids, in milliseconds: https://docs.discord.com/developers/reference#snowflakes */
const EPOCH_MS = 1_420_070_400_000n;

const SNOWFLAKE = /^\d{1,20}$/;
const page = z
  .array(z.looseObject({ id: z.string().regex(SNOWFLAKE), edited_timestamp: z.string().nullish() }))
  .max(PAGE);
export type Missed = z.output<typeof page>[number];

/**
 * The messages of a channel behind one of them. What is known about a conversation is its server.
 * https://docs.discord.com/developers/resources/message#get-channel-messages
 */
export function history(client: DiscordClient): Pick<MissedSource<Missed>, 'order' | 'idOf' | 'read'> {
  return {
    order: (id) => (SNOWFLAKE.test(id) ? BigInt(id) : undefined),
    idOf: (moment) => String((BigInt(moment) - EPOCH_MS) << 22n),
    async read(conversation, after, signal) {
      // With `after` it is the messages right behind that one, the newest of them first.
      const path = `/channels/${encodeURIComponent(conversation)}/messages?after=${after}&limit=${PAGE}`;
      const found = page.safeParse(await client.call('GET', path, { signal }));
      if (!found.success)
        throw new ChannelError('refused', 'What Discord answered is not a list of messages.');
      const messages = found.data.map((message) => ({
        id: message.id,
        edited: typeof message.edited_timestamp === 'string',
        message,
      }));
      return { messages, more: messages.length === PAGE };
    },
  };
}
