import type { Effect } from '../model/effect';
import {
  type ChatContext,
  type IdentityKey,
  type Principal,
  parseIdentityKey,
  type Role,
} from '../model/identity';
import type { AnyRecord } from '../model/record';

/** A decision of the past with who asked, as far as the journal tells. */
export interface PastDecision {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly taskId: string;
  readonly tool: string;
  readonly action: string;
  readonly effect: Effect;
  readonly principal: Principal;
}

interface TaskOrigin {
  readonly user: IdentityKey;
  readonly conversation: string;
  readonly context: ChatContext;
}

/**
 * Picks the decisions made at or after `since` (milliseconds since the epoch) out of the journal's records,
 * oldest first, and joins to each who asked and where. Records must start early enough to hold the
 * admissions of these people; someone of whom nothing is known counts as a member in a direct message.
 */
export async function* pastDecisions(
  records: AsyncIterable<AnyRecord>,
  since: number,
): AsyncGenerator<PastDecision> {
  const tasks = new Map<string, TaskOrigin>();
  const contexts = new Map<string, ChatContext>();
  const roles = new Map<IdentityKey, Role>();
  for await (const record of records) {
    switch (record.type) {
      case 'access.admitted':
      case 'access.role':
        roles.set(record.data.user, record.data.role);
        break;
      case 'message.received':
        contexts.set(record.data.messageId, record.data.context);
        break;
      case 'task.created': {
        const { taskId, user, conversation, messageId } = record.data;
        tasks.set(taskId, { user, conversation, context: contexts.get(messageId) ?? 'dm' });
        contexts.delete(messageId);
        break;
      }
      case 'decision.made': {
        if (record.at < since) break;
        const { taskId, tool, action, effect } = record.data;
        const principal = principalOf(tasks.get(taskId), roles);
        yield { at: record.at, taskId, tool, action, effect, principal };
        break;
      }
      default:
        break;
    }
  }
}

const NOBODY = { channel: 'unknown', account: 'unknown', sender: 'unknown' };

function principalOf(origin: TaskOrigin | undefined, roles: ReadonlyMap<IdentityKey, Role>): Principal {
  const key = origin?.user ?? 'unknown:unknown:unknown';
  let identity = NOBODY;
  try {
    identity = parseIdentityKey(key);
  } catch {
    // An actor of the product's own, such as the desk, is no identity of a channel.
  }
  return {
    key,
    identity,
    displayName: identity.sender,
    role: roles.get(key) ?? 'member',
    context: origin?.context ?? 'dm',
    conversation: { ...identity, conversation: origin?.conversation ?? '' },
  };
}
