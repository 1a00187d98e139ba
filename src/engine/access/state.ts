import type { AccessMode, EventMap } from '../model/events';
import type { ChatContext, ConversationKey, IdentityKey, Role } from '../model/identity';
import type { HashedCode } from './codes';

/** What is known of who may talk. Plain JSON, derived from the journal alone; holds no code, only hashes. */
export interface AccessState {
  /** By `slot()`; a slot that is absent is in pairing mode. */
  modes: Record<string, AccessMode>;
  /** By `slot()`. */
  allowlists: Record<string, Allowlist>;
  /** Issued and not ended. Whether one is live also depends on the time and the tries: see `isLive`. */
  codes: Record<string, CodeState>;
  users: Record<IdentityKey, UserState>;
  conversations: Record<ConversationKey, ConversationState>;
  /** Wrong tries, by identity. */
  tries: Bag<TriesState>;
  /** Replies given to people who are not let in: by `told…()` key. */
  told: Bag<ToldState>;
}

export interface Allowlist {
  /** Platform ids, compared whole. */
  senders: string[];
  conversations: string[];
}

export interface CodeState extends HashedCode {
  codeId: string;
  channel: string;
  context: ChatContext;
  role: Role;
  expectedSender?: string;
  issuedAt: number;
  issuedSeq: number;
  expiresAt: number;
  wrongTries: number;
  /** Who tried it and was wrong. At most `CODE_MAX_TRIES`. */
  triedBy: IdentityKey[];
}

export type AdmittedHow = EventMap['access.admitted']['how'];

export interface AdmissionState {
  how: AdmittedHow;
  at: number;
  codeId?: string;
}

/**
 * lapsed: let in by an open mode that has ended, a stranger again. revoked and suspended: silence, until the
 * owner undoes it or gives them a code made after it.
 */
export type UserStatus = 'active' | 'suspended' | 'revoked' | 'lapsed';

export interface UserState {
  key: IdentityKey;
  displayName: string;
  role: Role;
  status: UserStatus;
  statusAt: number;
  statusSeq: number;
  statusReason: string;
  /** In which kinds of place they were let in, and how. */
  admissions: Partial<Record<ChatContext, AdmissionState>>;
  firstSeenAt: number;
  lastSeenAt: number;
  note: string;
  remoteApproval: { enabled: boolean; ownRequests: boolean };
  /** The platform's id of their direct conversation with the bot, once they have spoken there. */
  dm?: string;
}

export interface ConversationState {
  key: ConversationKey;
  channel: string;
  account: string;
  context: ChatContext;
  how: AdmittedHow;
  at: number;
  codeId?: string;
}

export interface TriesState {
  /** Wrong tries since the last lock. */
  wrong: number;
  /** How often they have been locked in a row. */
  level: number;
  /** Milliseconds since the epoch; 0 when never. */
  lockedUntil: number;
  lastAt: number;
  firstAt: number;
}

export interface ToldState {
  at: number;
  count: number;
}

/** Wrong codes by one identity before it is locked (ACC-2). */
export const LOCK_AFTER_TRIES = 5;
/** The first lock; each further one is twice as long (ACC-2). */
export const LOCK_FIRST_MS = 15 * 60_000;
/** Where the doubling stops. */
export const LOCK_MAX_MS = 7 * 24 * 3_600_000;
/** Wrong tries by anyone at all before a code dies (ACC-2). */
export const CODE_MAX_TRIES = 20;
/** Tries and replies older than this, counted from the end of the lock, are forgotten. */
export const FORGET_AFTER_MS = 24 * 3_600_000;
/** A channel answers at most this many strangers in `TOLD_CHANNEL_WINDOW_MS`, however many write. */
export const TOLD_CHANNEL_MAX = 30;
export const TOLD_CHANNEL_WINDOW_MS = 60_000;

/** Key of what is kept per channel and context. The colon keeps it from ever being `__proto__`. */
export function slot(channel: string, context: ChatContext): string {
  return `${encodeURIComponent(channel)}:${context}`;
}

export const toldPerson = (key: IdentityKey): string => `person:${key}`;
export const toldConversation = (key: ConversationKey): string => `conversation:${key}`;
export const toldChannel = (channel: string): string => `channel:${channel}`;

/** Length of the lock of this level, from 1, in milliseconds. */
export function lockMs(level: number): number {
  return Math.min(LOCK_MAX_MS, LOCK_FIRST_MS * 2 ** (level - 1));
}

/** A code that can still let someone in. Time and tries decide, not whether its end was recorded. */
export function isLive(code: CodeState, now: number): boolean {
  return code.expiresAt > now && code.wrongTries < CODE_MAX_TRIES;
}

/** A map that forgets its oldest entries, so that a crowd of strangers cannot fill the memory. */
export interface Bag<V> {
  size: number;
  entries: Record<string, V>;
}

/** The most strangers that are remembered; about 2 MB. Guessing with more is stopped by the cap per code. */
export const BAG_MAX = 10_000;

export function emptyBag<V>(): Bag<V> {
  return { size: 0, entries: {} };
}

/** Sets an entry and makes it the newest; drops the oldest tenth when there are more than `BAG_MAX`. */
export function keep<V>(bag: Bag<V>, key: string, value: V): void {
  forget(bag, key);
  bag.entries[key] = value;
  bag.size++;
  if (bag.size <= BAG_MAX) return;
  for (const oldest of Object.keys(bag.entries).slice(0, BAG_MAX / 10)) forget(bag, oldest);
}

export function forget<V>(bag: Bag<V>, key: string): void {
  if (!Object.hasOwn(bag.entries, key)) return;
  delete bag.entries[key];
  bag.size--;
}
