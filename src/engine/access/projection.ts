import type { EventMap } from '../model/events';
import {
  type ChatContext,
  type IdentityKey,
  parseConversationKey,
  parseIdentityKey,
} from '../model/identity';
import type { Projection } from '../model/projection';
import type { AnyRecord } from '../model/record';
import { CODE_HASH_COST } from './codes';
import {
  type AccessState,
  CODE_MAX_TRIES,
  emptyBag,
  FORGET_AFTER_MS,
  forget,
  isLive,
  keep,
  LOCK_AFTER_TRIES,
  lockMs,
  slot,
  TOLD_CHANNEL_WINDOW_MS,
  toldChannel,
  toldConversation,
  toldPerson,
  type UserState,
  type UserStatus,
} from './state';

/**
 * Who may talk, from the records. Consequences that must not be lost to a crash between two records are drawn
 * here and not by the service: a lock at the fifth wrong try, a code's end at its use, the end of open
 * admissions with the open mode, the loss of access with the place on the list. An admission that its own
 * record does not justify (a code that is not live, a mode that is not open, a sender not on the list) is
 * passed over: what the record does not confirm did not happen.
 */
export const accessProjection: Projection<AccessState> = {
  name: 'access',
  version: 2,
  initial: () => ({
    modes: {},
    allowlists: {},
    codes: {},
    users: {},
    conversations: {},
    tries: emptyBag(),
    told: emptyBag(),
  }),
  reduce(state, record) {
    switch (record.type) {
      case 'access.mode':
        return setMode(state, record.data, record);
      case 'access.allowlist':
        return setAllowlist(state, record.data, record);
      case 'access.code.issued':
        state.codes[record.data.codeId] = {
          ...record.data,
          cost: record.data.cost ?? CODE_HASH_COST,
          issuedAt: record.at,
          issuedSeq: record.seq,
          wrongTries: 0,
          triedBy: [],
        };
        return;
      case 'access.code.extended': {
        const code = state.codes[record.data.codeId];
        if (code) code.expiresAt = record.data.expiresAt;
        return;
      }
      case 'access.code.ended':
        delete state.codes[record.data.codeId];
        return;
      case 'access.attempt':
        return countAttempt(state, record.data, record.at);
      case 'access.locked': {
        const tries = state.tries.entries[record.data.sender];
        keep(state.tries, record.data.sender, {
          wrong: 0,
          level: record.data.level,
          lockedUntil: record.data.until,
          lastAt: record.at,
          firstAt: tries?.firstAt ?? record.at,
        });
        return;
      }
      case 'access.prompted':
        return countReply(state, record.data, record.at);
      case 'access.admitted':
        return admit(state, record.data, record);
      case 'access.conversation.admitted':
        return admitConversation(state, record.data, record.at);
      case 'access.conversation.removed':
        delete state.conversations[record.data.conversation];
        return;
      case 'access.suspended': {
        const user = state.users[record.data.user];
        if (user?.status === 'active') setStatus(user, 'suspended', record.data.reason, record);
        return;
      }
      case 'access.restored': {
        const user = state.users[record.data.user];
        if (user?.status === 'suspended') setStatus(user, 'active', record.data.reason, record);
        return;
      }
      case 'access.revoked': {
        const user = state.users[record.data.user];
        if (!user || (record.data.lapsed && user.status !== 'active')) return;
        setStatus(user, record.data.lapsed ? 'lapsed' : 'revoked', record.data.reason, record);
        user.remoteApproval = { enabled: false, ownRequests: false };
        return;
      }
      case 'access.role': {
        const user = state.users[record.data.user];
        if (user) user.role = record.data.role;
        return;
      }
      case 'access.note': {
        const user = state.users[record.data.user];
        if (user) user.note = record.data.note;
        return;
      }
      case 'access.remoteApproval': {
        const user = state.users[record.data.user];
        const { enabled, ownRequests } = record.data;
        if (user) user.remoteApproval = { enabled, ownRequests };
        return;
      }
      case 'message.received': {
        const user = state.users[record.data.sender];
        if (!user) return;
        user.lastSeenAt = Math.max(user.lastSeenAt, record.at);
        if (record.data.context === 'dm') user.dm = record.data.conversation;
        return;
      }
    }
  },
};

type Mark = Pick<AnyRecord, 'at' | 'seq'>;

function setStatus(user: UserState, status: UserStatus, reason: string, mark: Mark): void {
  user.status = status;
  user.statusAt = mark.at;
  user.statusSeq = mark.seq;
  user.statusReason = reason;
}

function setMode(state: AccessState, data: EventMap['access.mode'], mark: Mark): void {
  state.modes[slot(data.channel, data.context)] = data.mode;
  if (data.mode === 'open') return;
  for (const user of usersOf(state, data.channel)) {
    if (user.admissions[data.context]?.how !== 'open') continue;
    drop(user, data.context, 'lapsed', 'let in by open mode, which has ended', mark);
  }
  for (const conversation of Object.values(state.conversations)) {
    const here = conversation.channel === data.channel && conversation.context === data.context;
    if (here && conversation.how === 'open') delete state.conversations[conversation.key];
  }
}

function setAllowlist(state: AccessState, data: EventMap['access.allowlist'], mark: Mark): void {
  const at = slot(data.channel, data.context);
  const before = new Set(state.allowlists[at]?.senders ?? []);
  const senders = new Set(data.senders);
  const conversations = new Set(data.conversations);
  state.allowlists[at] = { senders: [...senders], conversations: [...conversations] };
  for (const user of usersOf(state, data.channel)) {
    const { sender } = parseIdentityKey(user.key);
    const listed = user.admissions[data.context]?.how === 'allowlist' || before.has(sender);
    if (!listed || senders.has(sender)) continue;
    drop(user, data.context, 'revoked', 'removed from the allowlist', mark);
  }
  for (const conversation of Object.values(state.conversations)) {
    const here = conversation.channel === data.channel && conversation.context === data.context;
    if (!here || conversation.how !== 'allowlist') continue;
    if (!conversations.has(parseConversationKey(conversation.key).conversation)) {
      delete state.conversations[conversation.key];
    }
  }
}

/** Takes one kind of place from someone; with the last one, all access. */
function drop(user: UserState, context: ChatContext, status: UserStatus, reason: string, mark: Mark): void {
  delete user.admissions[context];
  if (user.status === 'active' && Object.keys(user.admissions).length === 0) {
    setStatus(user, status, reason, mark);
    user.remoteApproval = { enabled: false, ownRequests: false };
  }
}

function countAttempt(state: AccessState, data: EventMap['access.attempt'], at: number): void {
  for (const codeId of data.codeIds) {
    const code = state.codes[codeId];
    if (!code) continue;
    code.wrongTries++;
    if (!code.triedBy.includes(data.sender) && code.triedBy.length < CODE_MAX_TRIES) {
      code.triedBy.push(data.sender);
    }
  }
  const known = state.tries.entries[data.sender];
  const fresh = !known || at - Math.max(known.lastAt, known.lockedUntil) > FORGET_AFTER_MS;
  const tries = fresh ? { wrong: 0, level: 0, lockedUntil: 0, lastAt: at, firstAt: at } : { ...known };
  tries.lastAt = at;
  tries.wrong++;
  if (tries.wrong >= LOCK_AFTER_TRIES) {
    tries.wrong = 0;
    tries.level++;
    tries.lockedUntil = at + lockMs(tries.level);
  }
  keep(state.tries, data.sender, tries);
}

function countReply(state: AccessState, data: EventMap['access.prompted'], at: number): void {
  const count = (key: string, windowMs: number, restart: boolean): void => {
    const known = state.told.entries[key];
    if (!known || at - known.at > windowMs) keep(state.told, key, { at, count: 1 });
    else keep(state.told, key, { at: restart ? at : known.at, count: known.count + 1 });
  };
  count(toldPerson(data.sender), FORGET_AFTER_MS, true);
  if (data.context !== 'dm') count(toldConversation(data.conversation), FORGET_AFTER_MS, true);
  count(toldChannel(data.channel), TOLD_CHANNEL_WINDOW_MS, false);
}

function admit(state: AccessState, data: EventMap['access.admitted'], mark: Mark): void {
  const { channel, sender } = parseIdentityKey(data.user);
  const at = slot(channel, data.context);
  if (data.how === 'paired') {
    const code = data.codeId === undefined ? undefined : state.codes[data.codeId];
    if (!code || !isLive(code, mark.at)) return;
    delete state.codes[code.codeId];
  }
  if (data.how === 'open' && state.modes[at] !== 'open') return;
  if (data.how === 'allowlist' && !state.allowlists[at]?.senders.includes(sender)) return;
  const known = state.users[data.user];
  const user: UserState = known ?? {
    key: data.user,
    displayName: data.displayName,
    role: data.role,
    status: 'active',
    statusAt: mark.at,
    statusSeq: mark.seq,
    statusReason: '',
    admissions: {},
    firstSeenAt: firstSeen(state, data.user, mark.at),
    lastSeenAt: mark.at,
    note: '',
    remoteApproval: { enabled: false, ownRequests: false },
  };
  // Whoever was shut out starts again: what they once had does not come back with a new code.
  if (user.status !== 'active') {
    if (data.how !== 'desk') user.admissions = {};
    setStatus(user, 'active', '', mark);
  }
  user.displayName = data.displayName;
  user.role = data.role;
  user.lastSeenAt = Math.max(user.lastSeenAt, mark.at);
  user.admissions[data.context] = {
    how: data.how,
    at: mark.at,
    ...(data.codeId === undefined ? {} : { codeId: data.codeId }),
  };
  if (data.context === 'dm' && data.conversation !== undefined) {
    user.dm = parseConversationKey(data.conversation).conversation;
  }
  state.users[data.user] = user;
  forget(state.tries, data.user);
  forget(state.told, toldPerson(data.user));
}

function admitConversation(
  state: AccessState,
  data: EventMap['access.conversation.admitted'],
  at: number,
): void {
  const context = data.context ?? 'group';
  if (data.how === 'paired') {
    const code = data.codeId === undefined ? undefined : state.codes[data.codeId];
    if (!code || !isLive(code, at)) return;
  }
  if (data.how === 'open' && state.modes[slot(data.channel, context)] !== 'open') return;
  state.conversations[data.conversation] = {
    key: data.conversation,
    channel: data.channel,
    account: data.account,
    context,
    how: data.how,
    at,
    ...(data.codeId === undefined ? {} : { codeId: data.codeId }),
  };
  forget(state.told, toldConversation(data.conversation));
}

function firstSeen(state: AccessState, key: IdentityKey, at: number): number {
  const tried = state.tries.entries[key]?.firstAt ?? at;
  const told = state.told.entries[toldPerson(key)]?.at ?? at;
  return Math.min(at, tried, told);
}

function usersOf(state: AccessState, channel: string): UserState[] {
  return Object.values(state.users).filter((user) => parseIdentityKey(user.key).channel === channel);
}
