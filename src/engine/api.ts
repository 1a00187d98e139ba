import type { Decision, Verdict } from './model/decision';
import type { Event } from './model/emitter';
import type { AccessMode, GrantScope } from './model/events';
import type { ChatContext, ConversationKey, ConversationRef, IdentityKey, Role } from './model/identity';
import type { InboundMessage } from './model/message';
import type {
  Acknowledgement,
  AppliedFix,
  ChecklistItem,
  FixPreview,
  PostureReport,
  ProfileChange,
  ProfileName,
  ScorePoint,
  UpdateStatus,
  UpkeepTask,
} from './model/posture';
import type {
  ApprovalView,
  AuditAggregates,
  AuditEntry,
  AuditFilter,
  AuditPage,
  AuditReceipt,
  CodeView,
  ExportFormat,
  ExportResult,
  TaskChangeView,
  TaskView,
  UserView,
  VaultHealth,
  VerifyResult,
} from './model/views';
import type { EffectiveLine } from './policy/effective';
import type { RuleUseReport } from './policy/rule-use';
import type { Candidate, Simulation } from './policy/simulate';

export type * from './model/views';
export type { EffectiveLine, PolicyOrigin } from './policy/effective';
export type { RuleUse, RuleUseReport } from './policy/rule-use';
export type { Candidate, SimulatedDecision, Simulation } from './policy/simulate';

/**
 * What the outside (channels, views, CLI) may call. Everything else is private to the engine.
 * Methods that change something return once the change is durable, and reject with an `EngineError`
 * whose message a person can read when it could not be made.
 */
export interface EngineApi {
  readonly users: UsersApi;
  readonly pairing: PairingApi;
  readonly stepUp: StepUpApi;
  readonly approvals: ApprovalsApi;
  readonly tasks: TasksApi;
  readonly audit: AuditApi;
  readonly policy: PolicyApi;
  readonly vault: VaultApi;
  readonly posture: PostureApi;

  /** Fires after a change, once per batch of records, with what to read again. */
  readonly onChange: Event<ReadonlySet<ChangeKind>>;

  status(): EngineStatus;
  /** A message from a gateway: admitted, answered or passed over in silence. Resolves once it is on the record. */
  receive(message: InboundMessage): Promise<void>;
  /** Law 10: cancels all work, withdraws all approvals, refuses everything until `resume()`, also after a restart. */
  pause(reason: string): Promise<void>;
  /** `code`: of the desk's second factor, when there is one; without it the engine stays stopped. */
  resume(reason: string, code?: string): Promise<void>;
}

export type ChangeKind =
  | 'users'
  | 'codes'
  | 'approvals'
  | 'tasks'
  | 'audit'
  | 'status'
  | 'channels'
  | 'posture';

/**
 * ready: working. paused: the owner stopped everything. failed: the journal cannot be written, nothing is done
 * until it can; `detail` says what to do.
 */
export interface EngineStatus {
  readonly phase: 'ready' | 'paused' | 'failed' | 'closed';
  readonly detail: string;
  readonly pendingApprovals: number;
  readonly activeTasks: number;
  readonly sandbox: SandboxStatus;
}

/** Where commands run, and why there. */
export interface SandboxStatus {
  readonly label: string;
  readonly isolated: boolean;
  /** What its self-test said; absent while none works. */
  readonly why?: string;
  /** Sentences on what the operating system keeps up. */
  readonly promises?: readonly string[];
  /** Those that would be stronger and were not taken. */
  readonly rejected?: readonly { readonly id: string; readonly why: string }[];
}

export { EngineError } from './model/error';

// ── People ──────────────────────────────────────────────────────────────────────────────────────────────────

export interface UsersApi {
  list(): readonly UserView[];
  revoke(keys: readonly IdentityKey[], reason: string): Promise<void>;
  suspend(key: IdentityKey, reason: string): Promise<void>;
  restore(key: IdentityKey, reason: string): Promise<void>;
  setRole(key: IdentityKey, role: Role): Promise<void>;
  setNote(key: IdentityKey, note: string): Promise<void>;
  /** Lets an owner or approver answer approvals from a direct message; `ownRequests` also those they asked for. */
  setRemoteApproval(key: IdentityKey, enabled: boolean, ownRequests: boolean): Promise<void>;
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

/**
 * A second factor (RFC 6238) for high-risk approvals from a chat, and for going on after everything was stopped.
 * The holder is an identity, or `desk`: the person at the editor.
 */
export interface StepUpApi {
  isEnrolled(holder: IdentityKey): boolean;
  /** For a QR code on the owner's screen; nothing is kept until `confirm`. */
  begin(holder: IdentityKey, label: string): { uri: string; secret: string };
  confirm(holder: IdentityKey, code: string): Promise<void>;
  /** Checks a code and uses it up. Never rejects; `sentence` says why it has not passed. */
  verify(
    holder: IdentityKey,
    code: string,
  ): Promise<{ readonly ok: true } | { readonly ok: false; readonly sentence: string }>;
  remove(holder: IdentityKey): Promise<void>;
}

// ── Work ────────────────────────────────────────────────────────────────────────────────────────────────────

export interface ApprovalsApi {
  pending(): readonly ApprovalView[];
  /** `bindingHash` is that of the card the person saw; another one is refused. */
  approve(id: string, bindingHash: string, choice?: { scope: GrantScope; pattern?: string }): Promise<void>;
  deny(id: string, consequence?: 'deny' | 'cancel-task' | 'revoke-user'): Promise<void>;
}

export interface TasksApi {
  /** Newest first, at most the last 500. */
  list(): readonly TaskView[];
  get(taskId: string): TaskView | undefined;
  /** Cooperative: the signal, then after a grace time the whole process tree. */
  cancel(taskId: string, reason: string): Promise<void>;
  /** The whole process tree, at once. */
  forceStop(taskId: string, reason: string): Promise<void>;
  /** What tools changed in files, newest first, as long as the copies are kept. Commands are not watched. */
  changes(taskId: string): Promise<readonly TaskChangeView[]>;
  /** The file as it was before a change, at most 5 MB of it; undefined when nothing is kept of it. */
  before(taskId: string, changeId: string): Promise<Uint8Array | undefined>;
  /**
   * Takes one change back. Resolves with the id of the change that undoes it, if there is one.
   * @throws EngineError when it is not there, was restored, or the file was changed by somebody since
   */
  restore(taskId: string, changeId: string): Promise<string | undefined>;
  /** Output of a running task as it comes: masked text. */
  readonly onOutput: Event<{ taskId: string; text: string }>;
}

// ── Looking back ────────────────────────────────────────────────────────────────────────────────────────────

export interface AuditApi {
  /** Newest first. `limit` 1…200, 100 by default. */
  query(filter: AuditFilter, page?: { beforeSeq?: number; limit?: number }): Promise<AuditPage>;
  verify(progress?: (records: number) => void, signal?: AbortSignal): Promise<VerifyResult>;
  /** One record with its line; undefined when there is none with that number. */
  record(seq: number): Promise<AuditEntry | undefined>;
  /**
   * Proof that a record stands in the journal, for someone who does not have it.
   * @throws EngineError when there is no such record, or nothing that could sign
   */
  receipt(seq: number): Promise<AuditReceipt>;
  /**
   * Writes the records that a filter takes, oldest first, to a file, which appears when it is whole.
   * `destination`: absolute path; a file that is there is replaced. `progress` gets the share done, 0 to 1.
   * @throws EngineError when the file cannot be written, or the export was stopped
   */
  export(
    filter: AuditFilter,
    format: ExportFormat,
    destination: string,
    progress?: (share: number) => void,
    signal?: AbortSignal,
  ): Promise<ExportResult>;
  /** Counts for charts over the records that a filter takes, by hour (UTC) unless said otherwise. */
  aggregates(
    filter: AuditFilter,
    options?: { readonly bucket?: 'hour' | 'day'; readonly signal?: AbortSignal },
  ): Promise<AuditAggregates>;
}

// ── Credentials ─────────────────────────────────────────────────────────────────────────────────────────────

/** How credentials are kept and how old they are; never a value. */
export interface VaultApi {
  health(): Promise<VaultHealth>;
}

// ── Policy ──────────────────────────────────────────────────────────────────────────────────────────────────

/** Looking at decisions, and answering some beforehand. Only `preApprove` changes anything. */
export interface PolicyApi {
  /** Fires when another policy is in force: settings, or the folder's file, were changed. */
  readonly onChange: Event<void>;
  /** The policy in force, value by value, with where each comes from. */
  effective(): readonly EffectiveLine[];
  /**
   * What became of the actions of the past `days` (1…365, 30 by default) that each of these rules is about. Rules are
   * as the folder's file holds them; what is none counts nothing.
   */
  ruleUse(
    rules: readonly unknown[],
    options?: { days?: number; signal?: AbortSignal },
  ): Promise<RuleUseReport & { readonly days: number }>;
  /**
   * What a rule would have run, asked and blocked in the past `days` (1…365, 30 by default). The rule is a line
   * such as `allow run "npm test *"`, or JSON.
   * @throws EngineError when it is not understood
   */
  simulate(
    rule: string,
    options?: { days?: number; signal?: AbortSignal; progress?: (considered: number) => void },
  ): Promise<SimulationReport>;
  /**
   * Why something was decided: the id of an approval that waits, or the number of a decision in the record.
   * @throws EngineError when there is none
   */
  explain(subject: string | number): Promise<ExplainedDecision>;
  /** Sets that are worth pre-approving: the built-in reading commands, and one for each script of the project. */
  commandSets(): Promise<readonly CommandSet[]>;
  /**
   * The pattern, or patterns, that let a command line through, with what they cover.
   * @throws EngineError when it must not be approved beforehand
   */
  commandSet(line: string): Promise<CommandSet>;
  /**
   * Lets these patterns run without asking for one person, in the workspace, until a time (milliseconds since the
   * epoch, at most 31 days ahead).
   * @throws EngineError when the person has no access, or a pattern is one that must not be approved beforehand
   */
  preApprove(request: { user: IdentityKey; patterns: readonly string[]; until: number }): Promise<void>;
}

export interface SimulationReport extends Simulation {
  readonly candidate: Candidate;
  readonly days: number;
}

export interface ExplainedDecision {
  readonly tool: string;
  readonly action: string;
  readonly at: number;
  readonly decided: Pick<Decision, 'effect' | 'layer' | 'ruleId' | 'reasons'>;
  /** `effect` and `layers` are of `then`, or, for a decision of the past, of the policy as it is today. */
  readonly asOf: 'then' | 'today';
  readonly effect: Decision['effect'];
  readonly layers: readonly Verdict[];
  /** Sentences: what would alter it, smallest first. */
  readonly alter: readonly string[];
}

/** Commands that can be approved together, in words of what is let through and what is not. */
export interface CommandSet {
  readonly kind: 'reading' | 'script' | 'line';
  readonly name: string;
  readonly patterns: readonly string[];
  readonly covers: readonly string[];
  readonly leavesOut: readonly string[];
}

// ── Posture ─────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * The Checklist: what is not as it should be, what the owner said about it, and the regular work. `onChange` of the
 * engine fires with `posture` when another answer can be had.
 */
export interface PostureApi {
  report(): PostureReport;
  /** At most one point a day, oldest first; the last is of now. Accepting a risk raises no score. */
  history(): readonly ScorePoint[];
  /** Looks at everything again. */
  refresh(): Promise<void>;
  /**
   * Lives with a finding until then (milliseconds since the epoch, at most a year ahead). It ends with its time, when
   * the finding gets worse, and when it goes away and comes back.
   * @throws EngineError without a reason, with another time, or when it is no longer found
   */
  accept(finding: string, risk: { readonly reason: string; readonly until: number }): Promise<void>;
  reopen(finding: string, reason: string): Promise<void>;
  acknowledge(what: Acknowledgement, subject: string, statement: string): Promise<void>;
  withdraw(what: Acknowledgement, subject: string): Promise<void>;
  isAcknowledged(what: Acknowledgement, subject: string): boolean;
  /** What the fix would change; undefined when it opens a place instead. */
  preview(finding: string): Promise<FixPreview | undefined>;
  fix(finding: string): Promise<AppliedFix>;
  /** @throws EngineError when it was changed since by somebody else. */
  undo(fixId: string): Promise<void>;
  /** What is to be done before this channel is connected; empty when nothing is, or it is the built-in one. */
  gate(channel: string): Promise<readonly ChecklistItem[]>;
  complete(task: UpkeepTask, detail: string): Promise<void>;
  snooze(task: UpkeepTask, until: number): Promise<void>;
  /** Leaves it out this time; the next date counts from now. */
  dismiss(task: UpkeepTask, reason: string): Promise<void>;
  /** What another profile would change here and now. */
  profileChanges(profile: ProfileName): Promise<readonly ProfileChange[]>;
  setProfile(profile: ProfileName): Promise<void>;
  /** Asks for the newest version; installs nothing. Never rejects for want of a network: that is `unknown`. */
  checkForUpdates(): Promise<UpdateStatus>;
  /** Ends a standing grant. @throws EngineError when it has ended */
  removeGrant(grantId: string): Promise<void>;
}
