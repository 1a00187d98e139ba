import { WebAPIPlatformError, type WebClient } from '@slack/web-api';
import * as z from 'zod';
import { ChannelError } from '../contract';
import type { MissedMessage, MissedSource } from '../missed';
import { asChannelError } from '../reception';
import { toChannelError } from './client';

/** Messages of one answer, and answers that are put together. https://docs.slack.dev/reference/methods/conversations.history */
const PAGE = 200;
const PAGES_AT_MOST = 10;

const TS = /^(\d{1,12})\.(\d{6})$/;
const said = z.looseObject({ ts: z.string().regex(TS), edited: z.unknown().optional() });
const answer = z.looseObject({
  messages: z.array(said).default([]),
  response_metadata: z.looseObject({ next_cursor: z.string().default('') }).nullish(),
});
export type Missed = z.output<typeof said>;

/**
 * The messages of a direct conversation behind one of them, which the scope im:history opens; what is said in channels
 * would take one more. Answers in threads are not among them. What is known about a conversation is who it is with.
 */
export function history(web: WebClient): Pick<MissedSource<Missed>, 'order' | 'idOf' | 'read'> {
  return {
    order: (id) => {
      const [, seconds, more] = TS.exec(id) ?? [];
      return seconds === undefined ? undefined : BigInt(`${seconds}${more}`);
    },
    idOf: (moment) => `${Math.floor(moment / 1000)}.000000`,
    async read(conversation, after, signal) {
      const messages: MissedMessage<Missed>[] = [];
      let cursor = '';
      for (let pages = 0; pages < PAGES_AT_MOST; pages += 1) {
        const found = await ask(web, {
          channel: conversation,
          oldest: after,
          limit: PAGE,
          ...(cursor && { cursor }),
        });
        for (const message of found.messages)
          messages.push({ id: message.ts, edited: message.edited != null, message });
        cursor = found.response_metadata?.next_cursor ?? '';
        if (cursor === '') return { messages, more: false };
        if (signal.aborted) throw new ChannelError('temporary', 'Slack is no longer wanted.');
      }
      throw new ChannelError(
        'refused',
        `More than ${PAGE * PAGES_AT_MOST} messages were missed in one conversation, so none of them were read.`,
      );
    },
  };
}

async function ask(web: WebClient, body: Record<string, unknown>): Promise<z.output<typeof answer>> {
  const raw = await asChannelError(
    () => web.apiCall('conversations.history', body),
    (error) =>
      // Without the scope nothing is heard in direct messages either; that it is missing is no reason to stop.
      error instanceof WebAPIPlatformError && error.data.error === 'missing_scope'
        ? new ChannelError('refused', 'The app lacks the permission im:history at Slack.')
        : toChannelError(error),
  );
  const found = answer.safeParse(raw);
  if (!found.success) throw new ChannelError('refused', 'What Slack answered is not a list of messages.');
  return found.data;
}
