import type { AccessMode } from '../model/events';
import {
  CHAT_CONTEXTS,
  type ChatContext,
  type ConversationRef,
  conversationKey,
  type Identity,
  type IdentityKey,
  identityKey,
  parseIdentityKey,
  type Role,
  roleAtLeast,
} from '../model/identity';
import { type AccessConfig, contextPolicy, effectiveMode } from './config';
import { type AccessState, type CodeState, isLive, slot, type UserState } from './state';

/** Where something is said. */
export interface Place extends ConversationRef {
  readonly context: ChatContext;
}

/**
 * admitted: may talk here. enter: the mode lets them in, once that is recorded. out: not to be listened to;
 * `stranger` when a pairing code would help.
 */
export type Standing =
  | { readonly kind: 'admitted'; readonly user: UserState }
  | { readonly kind: 'enter'; readonly how: 'open' | 'allowlist' }
  | { readonly kind: 'out'; readonly reason: OutReason };

export type OutReason = 'disabled' | 'revoked' | 'suspended' | 'not-listed' | 'stranger' | 'conversation';

/**
 * Whether someone may talk in a place. Pure; the one rule for everyone:
 *
 * - Being let in at a more private kind of place holds in the less private ones of the same account
 *   (dm → group → public), never the other way round.
 * - In a group or public room the conversation must be admitted as well. Admitting it admits nobody: each
 *   member is let in for themselves, in a DM or with a code said in the room.
 * - In allowlist mode the list alone decides, for sender and conversation, whoever was let in before.
 * - What open mode let in counts while it is open and not a moment longer.
 */
export function standingOf(state: AccessState, config: AccessConfig, who: Identity, place: Place): Standing {
  const key = identityKey(who);
  const room = conversationKey(place);
  const { mode } = contextPolicy(state, config, place.channel, place.context, room);
  if (mode === 'disabled') return { kind: 'out', reason: 'disabled' };
  const user = state.users[key];
  if (user?.status === 'revoked' || user?.status === 'suspended') return { kind: 'out', reason: user.status };
  const roomHow = state.conversations[room]?.how;
  const roomIn = place.context === 'dm' || (roomHow !== undefined && (roomHow !== 'open' || mode === 'open'));

  if (mode === 'allowlist') {
    const list = state.allowlists[slot(place.channel, place.context)];
    const listed =
      list?.senders.includes(who.sender) === true &&
      (place.context === 'dm' || list.conversations.includes(place.conversation));
    if (!listed) return { kind: 'out', reason: 'not-listed' };
    const known = user?.status === 'active' && user.admissions[place.context] !== undefined;
    return known && roomIn ? { kind: 'admitted', user } : { kind: 'enter', how: 'allowlist' };
  }
  const personIn = user !== undefined && holdsIn(user, place.context, mode);
  if (mode === 'open') {
    return personIn && roomIn ? { kind: 'admitted', user } : { kind: 'enter', how: 'open' };
  }
  if (!personIn) return { kind: 'out', reason: 'stranger' };
  return roomIn ? { kind: 'admitted', user } : { kind: 'out', reason: 'conversation' };
}

/** True when an active user was let in here or at a more private kind of place. */
export function holdsIn(user: UserState, context: ChatContext, mode: AccessMode): boolean {
  if (user.status !== 'active') return false;
  return CHAT_CONTEXTS.slice(0, CHAT_CONTEXTS.indexOf(context) + 1).some((at) => {
    const how = user.admissions[at]?.how;
    return how !== undefined && (how !== 'open' || (mode === 'open' && at === context));
  });
}

/** The kinds of place where this identity may still talk, in at least one conversation. */
export function accessIn(state: AccessState, config: AccessConfig, key: IdentityKey): ChatContext[] {
  const user = state.users[key];
  if (user?.status !== 'active') return [];
  const { channel, account, sender } = parseIdentityKey(key);
  return CHAT_CONTEXTS.filter((context) => {
    const mode = effectiveMode(state, config, channel, context);
    if (mode === 'disabled') return false;
    if (mode === 'allowlist') {
      const list = state.allowlists[slot(channel, context)];
      if (!list?.senders.includes(sender)) return false;
      return context === 'dm' || list.conversations.length > 0;
    }
    if (!holdsIn(user, context, mode)) return false;
    return (
      context === 'dm' ||
      mode === 'open' ||
      Object.values(state.conversations).some(
        (room) => room.channel === channel && room.account === account && room.context === context,
      )
    );
  });
}

/** True when there is any place where this identity may still talk. What is false here must stop. */
export function hasAccess(state: AccessState, config: AccessConfig, key: IdentityKey): boolean {
  return accessIn(state, config, key).length > 0;
}

/**
 * True when a reply queued at that time may still go out to this identity. Strangers get the one reply that
 * was meant for them; whoever has lost access since gets nothing.
 */
export function mayReply(
  state: AccessState,
  config: AccessConfig,
  to: IdentityKey,
  queuedAt: number,
): boolean {
  const user = state.users[to];
  if (!user) return true;
  if (user.status === 'revoked' || user.status === 'suspended') return false;
  if (user.status === 'lapsed') return queuedAt > user.statusAt;
  const { channel } = parseIdentityKey(to);
  const pairs = CHAT_CONTEXTS.some((context) => effectiveMode(state, config, channel, context) === 'pairing');
  return pairs || hasAccess(state, config, to);
}

/** The live codes that this sender could use in this place. */
export function codesFor(state: AccessState, who: Identity, place: Place, now: number): CodeState[] {
  return Object.values(state.codes).filter(
    (code) =>
      isLive(code, now) &&
      code.channel === place.channel &&
      code.context === place.context &&
      (code.expectedSender === undefined || code.expectedSender === who.sender),
  );
}

/** True when the code would give the sender something there that they do not have. */
export function gives(
  state: AccessState,
  config: AccessConfig,
  code: CodeState,
  who: Identity,
  place: Place,
): boolean {
  const user = state.users[identityKey(who)];
  if (!user || user.status === 'lapsed') return true;
  // What was made before someone was shut out is not an invitation to come back.
  if (user.status !== 'active') return code.issuedSeq > user.statusSeq;
  return (
    standingOf(state, config, who, place).kind !== 'admitted' ||
    (code.role !== user.role && roleAtLeast(code.role, user.role))
  );
}

/** The role of an identity that has access somewhere, for whoever must check again later. */
export function roleOf(state: AccessState, config: AccessConfig, key: IdentityKey): Role | undefined {
  return hasAccess(state, config, key) ? state.users[key]?.role : undefined;
}
