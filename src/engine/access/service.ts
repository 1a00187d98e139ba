import type { Event } from '../model/emitter';
import type { AccessMode } from '../model/events';
import type { ChatContext, ConversationKey, IdentityKey, Role } from '../model/identity';
import type { InboundMessage } from '../model/message';
import type { Disposable } from '../model/ports';
import type { Actor } from '../model/record';
import { CodeDesk, type CodeRequest, type IssuedCode, type LiveCode } from './code-desk';
import { type ContextPolicy, contextPolicy, effectiveMode } from './config';
import type { AccessDeps } from './deps';
import { accessDocument } from './document';
import { type Admission, Door, type WrongTry } from './door';
import type { ConversationEntry, UserEntry } from './entries';
import { People, type RemoteApprover } from './people';
import { mayReply, roleOf } from './standing';
import { type Allowlist, slot } from './state';

/**
 * Who may talk: modes, pairing, users, lockout. Everything it knows is `AccessState`; everything it changes it
 * records first. `by` is the actor of the record, the person at the desk when absent. Methods that change
 * something reject with `EngineError` when the change is not allowed, and with the journal's error when it
 * could not be recorded; then it has not been made, except that whoever was to be shut out stays out.
 */
export class AccessService implements Disposable {
  private readonly blocked = new Set<IdentityKey>();
  private readonly codes: CodeDesk;
  private readonly people: People;
  private readonly door: Door;
  readonly onWrongTry: Event<WrongTry>;
  /** Identities that have lost access, here or altogether: stop their tasks, approvals, grants and replies. */
  readonly onRevoked: Event<readonly IdentityKey[]>;
  readonly onConversationRemoved: Event<ConversationKey>;

  constructor(private readonly deps: AccessDeps) {
    this.codes = new CodeDesk(deps);
    this.people = new People(deps, this.codes, this.blocked);
    this.door = new Door(deps, this.codes, this.blocked);
    this.onWrongTry = this.door.onWrongTry;
    this.onRevoked = this.people.onRevoked;
    this.onConversationRemoved = this.people.onConversationRemoved;
  }

  /** Call once when the state has been restored: records the end of codes that ran out meanwhile. */
  start(): void {
    this.codes.start();
  }

  dispose(): void {
    this.codes.dispose();
    this.people.dispose();
    this.door.dispose();
  }

  /** What becomes of a message. Unless it is a principal's, its text is not to be recorded. Never rejects. */
  admit(message: InboundMessage): Promise<Admission> {
    return this.door.admit(message);
  }

  issueCode(request: CodeRequest, by?: Actor): Promise<IssuedCode> {
    return this.codes.issue(request, by);
  }

  rotateCode(codeId: string, by?: Actor): Promise<IssuedCode> {
    return this.codes.rotate(codeId, by);
  }

  cancelCode(codeId: string, by?: Actor): Promise<void> {
    return this.codes.cancel(codeId, by);
  }

  extendCode(codeId: string, ttlMs: number, by?: Actor): Promise<void> {
    return this.codes.extend(codeId, ttlMs, by);
  }

  liveCodes(): readonly LiveCode[] {
    return this.codes.live();
  }

  mode(channel: string, context: ChatContext): AccessMode {
    return effectiveMode(this.deps.state(), this.deps.config(), channel, context);
  }

  setMode(channel: string, context: ChatContext, mode: AccessMode, by?: Actor): Promise<void> {
    return this.people.setMode(channel, context, mode, by);
  }

  allowlist(channel: string, context: ChatContext): Readonly<Allowlist> {
    const list = this.deps.state().allowlists[slot(channel, context)];
    return { senders: [...(list?.senders ?? [])], conversations: [...(list?.conversations ?? [])] };
  }

  setAllowlist(
    channel: string,
    context: ChatContext,
    list: Readonly<Record<keyof Allowlist, readonly string[]>>,
    by?: Actor,
  ): Promise<void> {
    return this.people.setAllowlist(channel, context, list, by);
  }

  /** Rules of a context, or of one conversation in it. */
  contextPolicy(channel: string, context: ChatContext, conversation?: ConversationKey): ContextPolicy {
    return contextPolicy(this.deps.state(), this.deps.config(), channel, context, conversation);
  }

  users(): readonly UserEntry[] {
    return this.people.list();
  }

  conversations(): readonly ConversationEntry[] {
    return this.people.conversations();
  }

  removeConversation(key: ConversationKey, reason: string, by?: Actor): Promise<void> {
    return this.people.removeConversation(key, reason, by);
  }

  /** True while this identity may talk anywhere. To be asked again before each step done for it. */
  hasAccess(key: IdentityKey): boolean {
    return this.people.hasAccess(key);
  }

  /** The role of an identity that has access; undefined once it has none. */
  roleOf(key: IdentityKey): Role | undefined {
    return this.blocked.has(key) ? undefined : roleOf(this.deps.state(), this.deps.config(), key);
  }

  /** Who may answer approvals from a chat now. To be asked again when an answer comes. */
  approver(key: IdentityKey): RemoteApprover | undefined {
    return this.people.approver(key);
  }

  approvers(): readonly RemoteApprover[] {
    return Object.keys(this.deps.state().users).flatMap((key) => this.people.approver(key) ?? []);
  }

  /** True when a reply queued at that time may still be sent to this identity. */
  mayReply(to: IdentityKey, queuedAt: number): boolean {
    return !this.blocked.has(to) && mayReply(this.deps.state(), this.deps.config(), to, queuedAt);
  }

  revoke(keys: readonly IdentityKey[], reason: string, by?: Actor): Promise<void> {
    return this.people.revoke(keys, reason, by);
  }

  /** Everyone of a channel, with its conversations and codes. */
  revokeChannel(channel: string, reason: string, by?: Actor): Promise<void> {
    return this.people.revokeAll(reason, by, channel);
  }

  revokeAll(reason: string, by?: Actor): Promise<void> {
    return this.people.revokeAll(reason, by);
  }

  suspend(key: IdentityKey, reason: string, by?: Actor): Promise<void> {
    return this.people.suspend(key, reason, by);
  }

  restore(key: IdentityKey, reason: string, by?: Actor): Promise<void> {
    return this.people.restore(key, reason, by);
  }

  readmit(key: IdentityKey, role?: Role, by?: Actor): Promise<void> {
    return this.people.readmit(key, role, by);
  }

  setRole(key: IdentityKey, role: Role, by?: Actor): Promise<void> {
    return this.people.setRole(key, role, by);
  }

  setNote(key: IdentityKey, note: string, by?: Actor): Promise<void> {
    return this.people.setNote(key, note, by);
  }

  setRemoteApproval(key: IdentityKey, enabled: boolean, ownRequests: boolean, by?: Actor): Promise<void> {
    return this.people.setRemoteApproval(key, enabled, ownRequests, by);
  }

  /** For the checklist's "document who has access". */
  accessDocument(format: 'markdown' | 'csv', grantsOf?: (key: IdentityKey) => readonly string[]): string {
    return accessDocument(
      {
        state: this.deps.state(),
        config: this.deps.config(),
        users: this.users(),
        conversations: this.conversations(),
        now: this.deps.clock.now(),
        ...(grantsOf ? { grantsOf } : {}),
      },
      format,
    );
  }
}
