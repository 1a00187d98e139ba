import type { EventMap } from '../model/events';
import {
  type ConversationRef,
  type IdentityKey,
  parseConversationKey,
  parseIdentityKey,
} from '../model/identity';
import type { Projection } from '../model/projection';

/** What has been heard lately, and what is still to be said. */
export interface MessagesState {
  /** Keys of the last messages that were looked at, oldest first: by `seenKey`. */
  seen: string[];
  /** Replies that are on record and neither sent nor given up. */
  unsent: Record<string, UnsentReply>;
}

type QueuedReply = EventMap['reply.queued'];

export interface UnsentReply extends QueuedReply {
  /** Milliseconds since the epoch. */
  queuedAt: number;
}

/** Enough for what a platform delivers again after a restart; about 1 MB. */
export const SEEN_MAX = 8_000;

/** One message of one conversation of one account, as a key. */
export function seenKey(at: ConversationRef, platformId: string): string {
  return JSON.stringify([at.channel, at.account, at.conversation, platformId]);
}

/**
 * Makes deduplication and unsent replies outlast a restart. A reply whose sending was not recorded is sent
 * again: at least once, never silently lost.
 */
export const messagesProjection: Projection<MessagesState> = {
  name: 'messages',
  version: 1,
  initial: () => ({ seen: [], unsent: {} }),
  reduce(state, record) {
    switch (record.type) {
      case 'message.received':
        return see(state, record.data, record.data.platformId);
      case 'message.refused': {
        const { channel, conversation, sender, platformId } = record.data;
        return see(state, { channel, conversation, account: accountOf(sender) }, platformId);
      }
      case 'access.attempt':
      case 'access.prompted': {
        const { conversation, platformId } = record.data;
        if (conversation === undefined || platformId === undefined) return;
        return see(state, parseConversationKey(conversation), platformId);
      }
      case 'reply.queued':
        state.unsent[record.data.replyId] = unsent(record.data, record.at);
        return;
      case 'reply.sent':
        delete state.unsent[record.data.replyId];
        return;
      case 'reply.failed':
        if (record.data.final) delete state.unsent[record.data.replyId];
        return;
    }
  },
};

function see(state: MessagesState, at: ConversationRef, platformId: string): void {
  state.seen.push(seenKey(at, platformId));
  // In bulk: shifting one by one would move the whole list for every message.
  if (state.seen.length > SEEN_MAX * 1.25) state.seen.splice(0, state.seen.length - SEEN_MAX);
}

function unsent(data: EventMap['reply.queued'], queuedAt: number): UnsentReply {
  return { ...data, queuedAt };
}

function accountOf(sender: IdentityKey): string {
  return parseIdentityKey(sender).account;
}
