/** Where a message was said. `public` is a room that anyone may join without being invited (a Twitch chat). */
export type ChatContext = 'dm' | 'group' | 'public';

export const CHAT_CONTEXTS: readonly ChatContext[] = ['dm', 'group', 'public'];

/**
 * owner: everything, and the only one for policy, users and panic. approver: may answer approvals.
 * member: may ask for work. observer: may look (`/status`, `/tasks`), nothing else.
 */
export type Role = 'owner' | 'approver' | 'member' | 'observer';

/** From the least to the most trusted. */
export const ROLES: readonly Role[] = ['observer', 'member', 'approver', 'owner'];

/** True when `role` is at least as trusted as `needed`. */
export function roleAtLeast(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/**
 * Who someone is: the platform's immutable id, on a named account (bot) of a named channel (law 5).
 * Display names, user names and the local part of an address are decoration and never part of it.
 */
export interface Identity {
  readonly channel: string;
  readonly account: string;
  readonly sender: string;
}

/** A room of a channel: the same platform id on two accounts is two conversations. */
export interface ConversationRef {
  readonly channel: string;
  readonly account: string;
  readonly conversation: string;
}

/** `Identity` as one string, for maps and records. Reversible: each part is percent-encoded. */
export type IdentityKey = string & { readonly __brand?: 'IdentityKey' };
export type ConversationKey = string & { readonly __brand?: 'ConversationKey' };

export function identityKey(identity: Identity): IdentityKey {
  return [identity.channel, identity.account, identity.sender].map(encodeURIComponent).join(':');
}

export function conversationKey(ref: ConversationRef): ConversationKey {
  return [ref.channel, ref.account, ref.conversation].map(encodeURIComponent).join(':');
}

/** @throws RangeError when the text is not three percent-encoded, non-empty parts joined by colons. */
export function parseIdentityKey(key: IdentityKey): Identity {
  const [channel, account, sender, ...rest] = key.split(':').map(decodeURIComponent);
  if (!channel || !account || !sender || rest.length > 0) throw new RangeError(`not an identity key: ${key}`);
  return { channel, account, sender };
}

/** @throws RangeError as `parseIdentityKey` does. */
export function parseConversationKey(key: ConversationKey): ConversationRef {
  const { channel, account, sender: conversation } = parseIdentityKey(key as string as IdentityKey);
  return { channel, account, conversation };
}

/** An admitted person, in the place they spoke from. Only `access.admit()` makes one. */
export interface Principal {
  readonly key: IdentityKey;
  readonly identity: Identity;
  /** Decoration, for people to read; never compared. */
  readonly displayName: string;
  readonly role: Role;
  readonly context: ChatContext;
  readonly conversation: ConversationRef;
}
