import {
  CHAT_CONTEXTS,
  type ChatContext,
  type ConversationKey,
  type ConversationRef,
  parseIdentityKey,
} from '../model/identity';
import type { UserView } from '../model/views';
import type { AdmittedHow, UserState } from './state';

/** Someone who was let in at some time, for the owner. */
export interface UserEntry extends UserView {
  readonly stateReason: string;
  readonly stateSince: number;
  readonly admissions: readonly {
    readonly context: ChatContext;
    readonly how: AdmittedHow;
    readonly at: number;
    readonly codeId?: string;
  }[];
  readonly firstSeenAt: number;
}

export interface ConversationEntry {
  readonly key: ConversationKey;
  readonly ref: ConversationRef;
  readonly context: ChatContext;
  readonly admittedAt: number;
  readonly how: AdmittedHow;
  readonly codeId?: string;
}

/** What is known of one user, for people to read. */
export function userEntry(user: UserState): UserEntry {
  const admissions = CHAT_CONTEXTS.flatMap((context) => {
    const admission = user.admissions[context];
    return admission ? [{ context, ...admission }] : [];
  }).sort((a, b) => a.at - b.at);
  const latest = admissions.at(-1);
  return {
    key: user.key,
    ...parseIdentityKey(user.key),
    displayName: user.displayName,
    role: user.role,
    state: user.status === 'lapsed' ? 'revoked' : user.status,
    stateReason: user.statusReason,
    stateSince: user.statusAt,
    how: latest?.how ?? (user.status === 'lapsed' ? 'open' : 'allowlist'),
    context: latest?.context ?? 'dm',
    ...(latest?.codeId === undefined ? {} : { codeId: latest.codeId }),
    admittedAt: latest?.at ?? user.firstSeenAt,
    admissions,
    firstSeenAt: user.firstSeenAt,
    lastSeenAt: user.lastSeenAt,
    note: user.note,
    remoteApproval: { ...user.remoteApproval },
  };
}
