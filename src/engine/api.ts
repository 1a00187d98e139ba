import type { Decision } from './model/decision';
import type { Event } from './model/emitter';
import type { AccessMode, EventType, GrantScope, TaskState } from './model/events';
import type { ChatContext, ConversationKey, ConversationRef, IdentityKey, Role } from './model/identity';
import type { InboundMessage } from './model/message';
import type { AnyRecord } from './model/record';

/**
 * What the outside (channels, views, CLI) may call. Everything else is private to the engine.
 * Methods that change something return once the change is durable, and reject with an `EngineError`
 * whose message a person can read when it could not be made.
 */
export interface EngineApi {
  readonly users: UsersApi;
  readonly pairing: PairingApi;
  readonly approvals: ApprovalsApi;
  readonly tasks: TasksApi;
  readonly audit: AuditApi;

  /** Fires after a change, once per batch of records, with what to read again. */
  readonly onChange: Event<ReadonlySet<ChangeKind>>;

  status(): EngineStatus;
  /** A message from a gateway: admitted, answered or passed over in silence. Resolves once it is on the record. */
  receive(message: InboundMessage): Promise<void>;
  /** Law 10: cancels all work, withdraws all approvals, refuses everything until `resume()`, also after a restart. */
  pause(reason: string): Promise<void>;
  resume(reason: string): Promise<void>;
}

export type ChangeKind = 'users' | 'codes' | 'approvals' | 'tasks' | 'audit' | 'status' | 'channels';

/**
 * ready: working. paused: the owner stopped everything. failed: the journal cannot be written, nothing is done
 * until it can; `detail` says what to do.
 */
export interface EngineStatus {
  readonly phase: 'ready' | 'paused' | 'failed' | 'closed';
  readonly detail: string;
  readonly pendingApprovals: number;
  readonly activeTasks: number;
  readonly sandbox: { readonly label: string; readonly isolated: boolean };
}

/** An error whose message is written for the person who caused it: what happened, and what to do. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
}

// ── People ──────────────────────────────────────────────────────────────────────────────────────────────────

export interface UserView {
  readonly key: IdentityKey;
  readonly channel: string;
  readonly account: string;
  /** The platform's immutable id. */
  readonly sender: string;
  readonly displayName: string;
  readonly role: Role;
  readonly state: 'active' | 'suspended' | 'revoked';
  readonly how: 'paired' | 'allowlist' | 'open' | 'desk';
  readonly context: ChatContext;
  readonly codeId?: string;
  readonly admittedAt: number;
  readonly lastSeenAt: number;
  readonly note: string;
}

export interface UsersApi {
  list(): readonly UserView[];
  revoke(keys: readonly IdentityKey[], reason: string): Promise<void>;
  suspend(key: IdentityKey, reason: string): Promise<void>;
  restore(key: IdentityKey, reason: string): Promise<void>;
  setRole(key: IdentityKey, role: Role): Promise<void>;
  setNote(key: IdentityKey, note: string): Promise<void>;
  /** Who has access to what, how admitted and since when. */
  accessDocument(format: 'markdown' | 'csv'): string;
  mode(channel: string, context: ChatContext): AccessMode;
  setMode(channel: string, context: ChatContext, mode: AccessMode): Promise<void>;
  allowlist(
    channel: string,
    context: ChatContext,
  ): { senders: readonly string[]; conversations: readonly string[] };
  /** Replaces the list. Whoever is no longer on it is revoked. */
  setAllowlist(
    channel: string,
    context: ChatContext,
    list: { senders: readonly string[]; conversations: readonly string[] },
  ): Promise<void>;
  conversations(): readonly { key: ConversationKey; ref: ConversationRef; admittedAt: number; how: string }[];
  removeConversation(key: ConversationKey, reason: string): Promise<void>;
}

export interface CodeView {
  readonly codeId: string;
  readonly channel: string;
  readonly context: ChatContext;
  readonly role: Role;
  readonly expectedSender?: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly wrongTries: number;
}

export interface PairingApi {
  /** The only time the code itself is visible; it is stored as a salted hash. */
  issue(request: {
    channel: string;
    context: ChatContext;
    role?: Role;
    expectedSender?: string;
    ttlMs?: number;
  }): Promise<{ code: string; view: CodeView }>;
  live(): readonly CodeView[];
  rotate(codeId: string): Promise<{ code: string; view: CodeView }>;
  extend(codeId: string, ttlMs: number): Promise<void>;
  cancel(codeId: string): Promise<void>;
  readonly onWrongTry: Event<{
    sender: IdentityKey;
    channel: string;
    displayName: string;
    triesLeft: number;
  }>;
}

// ── Work ────────────────────────────────────────────────────────────────────────────────────────────────────

/** One part of an action, as the analysis understood it. */
export interface ActionPart {
  readonly text: string;
  readonly summary: string;
  readonly risk: 'none' | 'low' | 'medium' | 'high';
  readonly explanation?: string;
  readonly saferAlternative?: string;
}

/** Everything a person needs to decide. Masked, but complete: nothing is cut. */
export interface ApprovalView {
  readonly id: string;
  readonly taskId: string;
  readonly requestedAt: number;
  readonly expiresAt: number;
  readonly who: { readonly key: IdentityKey; readonly displayName: string; readonly role: Role };
  readonly where: ConversationRef & { readonly context: ChatContext };
  /** The message that led to it. */
  readonly message: string;
  readonly tool: string;
  readonly action: string;
  readonly cwd: string;
  readonly envNames: readonly string[];
  readonly files: readonly { readonly path: string; readonly access: 'read' | 'write' | 'delete' }[];
  readonly hosts: readonly string[];
  readonly parts: readonly ActionPart[];
  /** Invisible, bidirectional or look-alike characters in `action`. */
  readonly marks: readonly { readonly offset: number; readonly name: string }[];
  readonly taint: readonly string[];
  readonly decision: Decision;
  readonly sandbox: { readonly label: string; readonly isolated: boolean };
  readonly bindingHash: string;
  /** Scopes that may be granted here, with what each would allow next time. `once` is always first. */
  readonly scopes: readonly {
    readonly scope: GrantScope;
    readonly pattern?: string;
    readonly allows: string;
  }[];
}

export interface ApprovalsApi {
  pending(): readonly ApprovalView[];
  /** `bindingHash` is that of the card the person saw; another one is refused. */
  approve(id: string, bindingHash: string, choice?: { scope: GrantScope; pattern?: string }): Promise<void>;
  deny(id: string, consequence?: 'deny' | 'cancel-task' | 'revoke-user'): Promise<void>;
}

export interface TaskView {
  readonly id: string;
  readonly user: IdentityKey;
  readonly displayName: string;
  readonly channel: string;
  readonly conversation: string;
  readonly title: string;
  readonly state: TaskState;
  readonly detail: string;
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly denials: number;
  readonly actions: readonly TaskActionView[];
}

export interface TaskActionView {
  readonly actionId: string;
  readonly tool: string;
  readonly action: string;
  readonly sandbox: string;
  readonly startedAt: number;
  readonly state: 'running' | 'ok' | 'failed' | 'interrupted';
  readonly exitCode?: number | null;
  readonly durationMs?: number;
  /** Head and tail; the whole is only hashed. */
  readonly output?: string;
}

export interface TasksApi {
  /** Newest first, at most the last 500. */
  list(): readonly TaskView[];
  get(taskId: string): TaskView | undefined;
  /** Cooperative: the signal, then after a grace time the whole process tree. */
  cancel(taskId: string, reason: string): Promise<void>;
  /** The whole process tree, at once. */
  forceStop(taskId: string, reason: string): Promise<void>;
  /** Output of a running task as it comes: masked text. */
  readonly onOutput: Event<{ taskId: string; text: string }>;
}

// ── Looking back ────────────────────────────────────────────────────────────────────────────────────────────

export interface AuditFilter {
  readonly types?: readonly EventType[];
  readonly user?: IdentityKey;
  readonly channel?: string;
  readonly taskId?: string;
  readonly tool?: string;
  readonly effect?: Decision['effect'];
  readonly ruleId?: string;
  /** Milliseconds since the epoch, inclusive. */
  readonly after?: number;
  readonly before?: number;
  /** Words, all of which must occur. */
  readonly text?: string;
}

export interface AuditPage {
  readonly records: readonly AnyRecord[];
  /** Pass it as `beforeSeq` to get the next, older page. Absent on the last. */
  readonly nextBeforeSeq?: number;
  /** Records that match in all. */
  readonly total: number;
}

/** `intact` with the last sequence number, or the first place where the record is not what was written. */
export type VerifyResult =
  | { readonly intact: true; readonly records: number; readonly lastSeq: number; readonly headHash: string }
  | {
      readonly intact: false;
      readonly records: number;
      readonly problem: string;
      readonly segment: string;
      readonly line: number;
      readonly seq: number | null;
    };

export interface AuditApi {
  /** Newest first. `limit` 1…500, 100 by default. */
  query(filter: AuditFilter, page?: { beforeSeq?: number; limit?: number }): Promise<AuditPage>;
  verify(progress?: (records: number) => void, signal?: AbortSignal): Promise<VerifyResult>;
}
