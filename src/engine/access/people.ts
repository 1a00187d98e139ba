import { Emitter } from '../model/emitter';
import { EngineError } from '../model/error';
import type { AccessMode } from '../model/events';
import {
  type ChatContext,
  type ConversationKey,
  type ConversationRef,
  type IdentityKey,
  parseConversationKey,
  parseIdentityKey,
  type Role,
  roleAtLeast,
} from '../model/identity';
import { type Actor, OWNER_AT_DESK } from '../model/record';
import type { CodeDesk } from './code-desk';
import { allowedModes, effectiveMode } from './config';
import type { AccessDeps } from './deps';
import { type ConversationEntry, type UserEntry, userEntry } from './entries';
import { accessIn, hasAccess } from './standing';
import { type Allowlist, slot, type UserState } from './state';

/** Someone who may answer approvals from a chat, and where they are asked: never in a group. */
export interface RemoteApprover {
  readonly key: IdentityKey;
  readonly displayName: string;
  /** Also what they asked for themselves. */
  readonly ownRequests: boolean;
  readonly dm: ConversationRef;
}

const NOTE_MAX = 2000;
const LIST_MAX = 10_000;

/** What the owner does about people, conversations and modes. Every method resolves once it is on record. */
export class People {
  private readonly revoked = new Emitter<readonly IdentityKey[]>();
  private readonly left = new Emitter<ConversationKey>();
  /** Identities that have lost access somewhere. Everything that acts or speaks for them must stop. */
  readonly onRevoked = this.revoked.event;
  /** A conversation that is no longer admitted. */
  readonly onConversationRemoved = this.left.event;

  constructor(
    private readonly deps: AccessDeps,
    private readonly codes: CodeDesk,
    private readonly blocked: Set<IdentityKey>,
  ) {}

  dispose(): void {
    this.revoked.dispose();
    this.left.dispose();
  }

  hasAccess(key: IdentityKey): boolean {
    return !this.blocked.has(key) && hasAccess(this.deps.state(), this.deps.config(), key);
  }

  /** Who may answer approvals from a direct conversation now, and which one that is. */
  approver(key: IdentityKey): RemoteApprover | undefined {
    const user = this.deps.state().users[key];
    if (!user?.remoteApproval.enabled || user.dm === undefined || !this.hasAccess(key)) return undefined;
    if (!roleAtLeast(user.role, 'approver')) return undefined;
    const { channel, account } = parseIdentityKey(key);
    if (!accessIn(this.deps.state(), this.deps.config(), key).includes('dm')) return undefined;
    return {
      key,
      displayName: user.displayName,
      ownRequests: user.remoteApproval.ownRequests,
      dm: { channel, account, conversation: user.dm },
    };
  }

  list(): readonly UserEntry[] {
    return Object.values(this.deps.state().users).map(userEntry);
  }

  conversations(): readonly ConversationEntry[] {
    return Object.values(this.deps.state().conversations).map(({ key, context, at, how, codeId }) => ({
      key,
      ref: parseConversationKey(key),
      context,
      admittedAt: at,
      how,
      ...(codeId === undefined ? {} : { codeId }),
    }));
  }

  /** @throws EngineError when the channel or the profile does not allow the mode. */
  async setMode(
    channel: string,
    context: ChatContext,
    mode: AccessMode,
    by: Actor = OWNER_AT_DESK,
  ): Promise<void> {
    const allowed = allowedModes(this.deps.config(), channel);
    if (mode !== 'disabled' && !allowed.includes(mode)) {
      throw new EngineError(
        `${channel} may not use ${mode} mode here: this channel or the active profile allows only ${allowed.join(', ')}.`,
      );
    }
    await this.stoppingWhoLoses(by, async () => {
      await this.deps.records.append({
        type: 'access.mode',
        actor: by,
        subject: channel,
        data: { channel, context, mode },
      });
    });
    if (mode !== 'pairing') await this.codes.cancelAll(channel, context, by);
  }

  /** Replaces the list. Whoever is no longer on it loses access here. @throws EngineError on an empty entry. */
  async setAllowlist(
    channel: string,
    context: ChatContext,
    list: Readonly<Record<keyof Allowlist, readonly string[]>>,
    by: Actor = OWNER_AT_DESK,
  ): Promise<void> {
    const senders = checkList(list.senders, 'sender');
    const conversations = checkList(list.conversations, 'conversation');
    const before = new Set(this.deps.state().allowlists[slot(channel, context)]?.senders ?? []);
    await this.stoppingWhoLoses(by, async () => {
      await this.deps.records.append({
        type: 'access.allowlist',
        actor: by,
        subject: channel,
        data: { channel, context, senders, conversations },
      });
    });
    if (effectiveMode(this.deps.state(), this.deps.config(), channel, context) !== 'allowlist') return;
    // Putting someone on the list who had been shut out is the owner's word that they are back.
    const added = new Set(senders.filter((sender) => !before.has(sender)));
    const back = Object.values(this.deps.state().users).filter((user) => {
      const who = parseIdentityKey(user.key);
      return user.status === 'revoked' && who.channel === channel && added.has(who.sender);
    });
    await Promise.all(back.map((user) => this.record(user, 'member', 'allowlist', context, by)));
  }

  async setRole(key: IdentityKey, role: Role, by: Actor = OWNER_AT_DESK): Promise<void> {
    this.find(key);
    await this.deps.records.append({
      type: 'access.role',
      actor: by,
      subject: key,
      data: { user: key, role },
    });
    const { enabled } = this.find(key).remoteApproval;
    if (enabled && !roleAtLeast(role, 'approver')) await this.setRemoteApproval(key, false, false, by);
  }

  async setNote(key: IdentityKey, note: string, by: Actor = OWNER_AT_DESK): Promise<void> {
    this.find(key);
    if (note.length > NOTE_MAX) throw new EngineError(`A note has at most ${NOTE_MAX} characters.`);
    await this.deps.records.append({
      type: 'access.note',
      actor: by,
      subject: key,
      data: { user: key, note },
    });
  }

  /** Whether approvals may be answered from this identity's DM; `ownRequests`: also those it asked for itself. */
  async setRemoteApproval(
    key: IdentityKey,
    enabled: boolean,
    ownRequests: boolean,
    by: Actor = OWNER_AT_DESK,
  ): Promise<void> {
    const user = this.find(key);
    if (enabled && (user.status !== 'active' || !roleAtLeast(user.role, 'approver'))) {
      throw new EngineError('Only an active user with the role approver or owner can approve from a chat.');
    }
    await this.deps.records.append({
      type: 'access.remoteApproval',
      actor: by,
      subject: key,
      data: { user: key, enabled, ownRequests: enabled && ownRequests },
    });
  }

  /** Shuts them out at once. If it cannot be recorded they stay out until the program ends, and this rejects. */
  revoke(keys: readonly IdentityKey[], reason: string, by: Actor = OWNER_AT_DESK): Promise<void> {
    return this.shutOut('access.revoked', keys, reason, by);
  }

  suspend(key: IdentityKey, reason: string, by: Actor = OWNER_AT_DESK): Promise<void> {
    return this.shutOut('access.suspended', [key], reason, by);
  }

  /** Everyone of a channel, or of all: their codes, conversations and access. */
  async revokeAll(reason: string, by: Actor = OWNER_AT_DESK, channel?: string): Promise<void> {
    const mine = (of: string): boolean => channel === undefined || of === channel;
    const users = Object.values(this.deps.state().users).filter(
      (user) => user.status !== 'revoked' && mine(parseIdentityKey(user.key).channel),
    );
    const rooms = Object.values(this.deps.state().conversations).filter((room) => mine(room.channel));
    const results = await Promise.allSettled([
      this.revoke(
        users.map((user) => user.key),
        reason,
        by,
      ),
      this.codes.cancelAll(channel, undefined, by),
      ...rooms.map((room) => this.removeConversation(room.key, reason, by)),
    ]);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  /** Ends a suspension. */
  async restore(key: IdentityKey, reason: string, by: Actor = OWNER_AT_DESK): Promise<void> {
    const user = this.find(key);
    if (user.status !== 'suspended' && !this.blocked.has(key)) {
      throw new EngineError('This user is not suspended. To let a revoked user back in, admit them again.');
    }
    await this.deps.records.append({
      type: 'access.restored',
      actor: by,
      subject: key,
      data: { user: key, reason },
    });
    this.blocked.delete(key);
  }

  /**
   * Lets someone back in who was revoked, by the owner's own hand and at most as a member unless `role` says more.
   * @throws EngineError when the mode would keep them out all the same.
   */
  async readmit(key: IdentityKey, role?: Role, by: Actor = OWNER_AT_DESK): Promise<void> {
    const user = this.find(key);
    const { channel, sender } = parseIdentityKey(key);
    const context = userEntry(user).context;
    const mode = effectiveMode(this.deps.state(), this.deps.config(), channel, context);
    const list = this.deps.state().allowlists[slot(channel, context)]?.senders;
    if (mode === 'disabled' || (mode === 'allowlist' && !list?.includes(sender))) {
      throw new EngineError(
        mode === 'disabled'
          ? `${channel} is switched off for ${context} messages. Switch its mode first.`
          : `${channel} listens only to its allowlist for ${context} messages. Put them on the list instead.`,
      );
    }
    await this.record(user, role ?? (user.role === 'observer' ? 'observer' : 'member'), 'desk', context, by);
    this.blocked.delete(key);
  }

  /** Its members keep what they have elsewhere; here nobody is listened to any more. */
  async removeConversation(key: ConversationKey, reason: string, by: Actor = OWNER_AT_DESK): Promise<void> {
    await this.deps.records.append({
      type: 'access.conversation.removed',
      actor: by,
      subject: key,
      data: { conversation: key, reason },
    });
    this.left.fire(key);
  }

  private async shutOut(
    type: 'access.revoked' | 'access.suspended',
    keys: readonly IdentityKey[],
    reason: string,
    by: Actor,
  ): Promise<void> {
    const known = [...new Set(keys)].filter((key) => Object.hasOwn(this.deps.state().users, key));
    if (known.length === 0) return;
    // Before the record, not after it: shutting out is the one change that must not wait for a slow disk.
    for (const key of known) this.blocked.add(key);
    this.revoked.fire(known);
    const results = await Promise.allSettled(
      known.map(async (user) => {
        await this.deps.records.append({ type, actor: by, subject: user, data: { user, reason } });
        this.blocked.delete(user);
      }),
    );
    const failed = results.filter((result) => result.status === 'rejected').length;
    if (failed === 0) return;
    throw new EngineError(
      `${failed} of ${known.length} could not be recorded, so it will not outlast a restart: the journal cannot be written. They are shut out for now. Make room on the disk and do it again.`,
    );
  }

  /** Makes a change by which some may lose access, tells everyone about those, and records it. */
  private async stoppingWhoLoses(by: Actor, change: () => Promise<void>): Promise<void> {
    const before = this.access();
    const rooms = Object.keys(this.deps.state().conversations);
    await change();
    const after = this.access();
    const lost = [...before].flatMap(([key, contexts]) =>
      contexts.every((context) => after.get(key)?.includes(context)) ? [] : [key],
    );
    if (lost.length > 0) this.revoked.fire(lost);
    for (const room of rooms) if (!this.deps.state().conversations[room]) this.left.fire(room);
    await Promise.all(
      lost.map(async (key) => {
        const user = this.deps.state().users[key];
        // The change itself has taken their access; this says so where one looks for it, at the user.
        if (user?.status !== 'revoked' && user?.status !== 'lapsed') return;
        const lapsed = user.status === 'lapsed' ? { lapsed: true as const } : {};
        await this.deps.records.append({
          type: 'access.revoked',
          actor: by,
          subject: key,
          data: { user: key, reason: user.statusReason, ...lapsed },
        });
      }),
    );
  }

  private access(): ReadonlyMap<IdentityKey, readonly ChatContext[]> {
    const state = this.deps.state();
    const config = this.deps.config();
    return new Map(Object.keys(state.users).map((key) => [key, accessIn(state, config, key)]));
  }

  private async record(
    user: UserState,
    role: Role,
    how: 'desk' | 'allowlist',
    context: ChatContext,
    by: Actor,
  ): Promise<void> {
    await this.deps.records.append({
      type: 'access.admitted',
      actor: by,
      subject: user.key,
      data: { user: user.key, displayName: user.displayName, role, how, context },
    });
  }

  private find(key: IdentityKey): UserState {
    const users = this.deps.state().users;
    const user = Object.hasOwn(users, key) ? users[key] : undefined;
    if (!user) throw new EngineError('There is no such user. The list may have changed; look again.');
    return user;
  }
}

function checkList(values: readonly string[], what: string): string[] {
  const list = [...new Set(values.map((value) => value.trim()))];
  if (list.includes('')) {
    throw new EngineError(
      `The allowlist has an empty ${what}. An empty entry would match nobody; remove it.`,
    );
  }
  if (list.length > LIST_MAX) throw new EngineError(`An allowlist holds at most ${LIST_MAX} entries.`);
  return list;
}
