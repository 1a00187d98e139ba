import type { Acknowledgement, PatternName, Severity, UpdateVerdict, UpkeepTask } from './checklist';
import type { Layer } from './decision';
import type { Effect } from './effect';
import type { Facts } from './facts';
import type { ChatContext, ConversationKey, IdentityKey, Role } from './identity';

/**
 * Every type of record that the journal can hold, with its data. The names are part of the file format:
 * one is never renamed or given another meaning; a new need is a new type or an optional field.
 * All state of the engine is a projection of these (law 3).
 */
export interface EventMap {
  // The engine's own life.
  'engine.started': { version: string; recovered?: { bytesCut: number; lastSeq: number } };
  'engine.stopped': { reason: string };
  /** Law 10: stays stopped after a restart until resumed. */
  'engine.paused': { reason: string };
  'engine.resumed': { reason: string };
  'engine.notice': { code: string; text: string };

  // The Checklist.
  /** A finding that was not there before, with its evidence; and that it is there no more. */
  'posture.found': {
    finding: string;
    ruleId: string;
    /** Of the facts that the rule looks at. */
    family: string;
    severity: Severity;
    evidence: string;
  };
  'posture.cleared': { finding: string; ruleId: string };
  /** When it is another one than before. Accepted findings are counted as open. */
  'posture.score': { score: number; open: Record<Severity, number>; accepted: number };
  /** The owner lives with a finding until then; milliseconds since the epoch. */
  'posture.accepted': {
    finding: string;
    ruleId: string;
    severity: Severity;
    evidence: string;
    reason: string;
    until: number;
  };
  'posture.reopened': { finding: string; reason: string };
  /** `before` and `after` as JSON; absent when there is no value. */
  'posture.fixed': {
    fixId: string;
    finding: string;
    kind: 'setting' | 'mode' | 'permissions';
    title: string;
    place: string;
    before?: string;
    after?: string;
  };
  'posture.fix.undone': { fixId: string; finding: string };
  /** A thing that the owner has to say once; `subject` is what it is about: a channel, an account. */
  'posture.acknowledged': { what: Acknowledgement; subject: string; statement: string };
  'posture.withdrawn': { what: Acknowledgement; subject: string };
  /** Regular work that was done, put off, or left out this time. */
  'upkeep.done': { task: UpkeepTask; detail: string };
  'upkeep.snoozed': { task: UpkeepTask; until: number };
  'upkeep.dismissed': { task: UpkeepTask; reason: string };
  /** What asking for a newer version came to; `latest` is absent when it is unknown. */
  'update.checked': {
    status: UpdateVerdict;
    source: string;
    installed: string;
    latest?: string;
    detail: string;
  };
  /** Something unusual in the record itself; `subject` of the record is whom or what it is about. */
  'pattern.noticed': {
    pattern: PatternName;
    text: string;
    count: number;
    user?: IdentityKey;
    channel?: string;
  };

  // Channels.
  'channel.enabled': { channel: string; account: string };
  'channel.disabled': { channel: string; reason: string };
  'channel.state': { channel: string; state: ChannelState; detail: string };
  'channel.identity': { channel: string; account: string; name: string; isBot: boolean | null };
  /** What the platform says of itself or of us, when it changed: all of it. */
  'channel.facts': { channel: string; facts: Facts };
  /** Something about a channel that the owner may want to look up: a member who joined, a program that was started. */
  'channel.event': {
    channel: string;
    code: string;
    text: string;
    sender?: IdentityKey;
    conversation?: ConversationKey;
  };

  /**
   * The access log of the webhook server: one record for each request that was accepted, and for refused ones their
   * number since the last record of the same kind.
   */
  'webhook.request': {
    /** Empty when no channel's door was found at that path. */
    channel: string;
    method: string;
    outcome: 'accepted' | 'refused';
    status: number;
    reason: string;
    count: number;
    /** The caller's address, as far as it is known. */
    source: string;
    /** Hashes of what makes the request unique, so that a replay is known after a restart. */
    replayKeys?: string[];
  };

  // Messages. Text is masked and capped; `sha256` and `length` are those of the whole.
  'message.received': {
    messageId: string;
    channel: string;
    account: string;
    conversation: string;
    context: ChatContext;
    sender: IdentityKey;
    platformId: string;
    text: string;
    length: number;
    sha256: string;
    attachments: number;
    marks?: string[];
  };
  'message.refused': {
    channel: string;
    conversation: string;
    sender: IdentityKey;
    platformId: string;
    reason: string;
  };
  'message.dropped': { channel: string; reason: string; count: number };
  'reply.queued': {
    replyId: string;
    channel: string;
    account: string;
    conversation: string;
    to: IdentityKey;
    text: string;
    format: 'text' | 'markdown';
    inReplyTo?: string;
    taskId?: string;
    /** Files that go with it and outlive a restart. */
    files?: { id: string; name: string; mediaType: string; size: number; sha256: string }[];
  };
  'reply.sent': { replyId: string; platformIds: string[] };
  'reply.failed': { replyId: string; error: string; final: boolean };

  // Access.
  'access.mode': { channel: string; context: ChatContext; mode: AccessMode };
  'access.allowlist': { channel: string; context: ChatContext; senders: string[]; conversations: string[] };
  'access.code.issued': {
    codeId: string;
    channel: string;
    context: ChatContext;
    salt: string;
    hash: string;
    expiresAt: number;
    role: Role;
    expectedSender?: string;
    /** log2 of scrypt's N; 14 when absent. */
    cost?: number;
  };
  'access.code.extended': { codeId: string; expiresAt: number };
  'access.code.ended': { codeId: string; reason: 'used' | 'expired' | 'rotated' | 'cancelled' | 'exhausted' };
  /** A wrong try; the text tried is not kept. `codeIds` are the live codes that it was tried against. */
  'access.attempt': {
    sender: IdentityKey;
    channel: string;
    context: ChatContext;
    codeIds: string[];
    displayName?: string;
    conversation?: ConversationKey;
    platformId?: string;
  };
  /** Someone who is not let in is about to be answered; keeps it to one reply per window across restarts. */
  'access.prompted': {
    sender: IdentityKey;
    channel: string;
    context: ChatContext;
    conversation: ConversationKey;
    reason: 'pairing' | 'wrong-code' | 'locked' | 'role';
    platformId?: string;
  };
  'access.locked': { sender: IdentityKey; until: number; level: number };
  'access.admitted': {
    user: IdentityKey;
    displayName: string;
    role: Role;
    how: 'paired' | 'allowlist' | 'open' | 'desk';
    context: ChatContext;
    codeId?: string;
    conversation?: string;
  };
  'access.conversation.admitted': {
    conversation: string;
    channel: string;
    account: string;
    codeId?: string;
    how: 'paired' | 'allowlist' | 'open' | 'desk';
    /** `group` when absent. */
    context?: ChatContext;
  };
  'access.conversation.removed': { conversation: string; reason: string };
  'access.suspended': { user: IdentityKey; reason: string };
  'access.restored': { user: IdentityKey; reason: string };
  /** `lapsed`: the open mode that let them in has ended; they are a stranger again, not shut out. */
  'access.revoked': { user: IdentityKey; reason: string; lapsed?: true };
  'access.role': { user: IdentityKey; role: Role };
  'access.note': { user: IdentityKey; note: string };
  'access.remoteApproval': { user: IdentityKey; enabled: boolean; ownRequests: boolean };

  // Work.
  'task.created': {
    taskId: string;
    user: IdentityKey;
    channel: string;
    account: string;
    conversation: string;
    title: string;
    messageId: string;
  };
  'task.state': { taskId: string; state: TaskState; detail: string };
  'decision.made': {
    taskId: string;
    tool: string;
    /** One line for a person: the command, or the tool and its main argument. Masked, never cut. */
    action: string;
    effect: Effect;
    layer: Layer;
    ruleId: string;
    reasons: string[];
    policyVersion: string;
    grantedBy?: string;
  };
  'approval.requested': {
    approvalId: string;
    taskId: string;
    user: IdentityKey;
    tool: string;
    action: string;
    bindingHash: string;
    expiresAt: number;
  };
  'approval.resolved': {
    approvalId: string;
    outcome: 'approved' | 'denied' | 'expired' | 'withdrawn';
    by: string;
    scope?: GrantScope;
    reason?: string;
  };
  /** `grant` is the JSON of the rule as `policy` understands it; never broader than what was shown. */
  'grant.added': {
    grantId: string;
    scope: GrantScope;
    user: IdentityKey;
    taskId?: string;
    until?: number;
    grant: string;
  };
  'grant.used': { grantId: string; taskId: string };
  'grant.removed': { grantId: string; reason: string };
  /** The intent: durable before the action starts. */
  'action.started': {
    actionId: string;
    taskId: string;
    tool: string;
    action: string;
    cwd: string;
    argv?: string[];
    envNames?: string[];
    sandbox: string;
    bindingHash: string;
    approvalId?: string;
  };
  /** The outcome: durable before the reply is sent. Output is masked and capped; the hash is of the whole. */
  'action.finished': {
    actionId: string;
    taskId: string;
    ok: boolean;
    exitCode?: number | null;
    signal?: string | null;
    durationMs: number;
    output: string;
    outputLength: number;
    outputSha256: string;
    error?: string;
  };
  /** Written at start-up for each intent without an outcome: it may have run, it is not run again. */
  'action.interrupted': { actionId: string; taskId: string };
  /** The owner takes back what a task changed in a file. Durable before anything is touched. */
  'restore.started': {
    taskId: string;
    changeId: string;
    kind: 'overwritten' | 'deleted' | 'created' | 'moved';
    path: string;
  };
  /** `undoneBy`: the change that undoes this restore. */
  'restore.finished': {
    taskId: string;
    changeId: string;
    path: string;
    ok: boolean;
    undoneBy?: string;
    error?: string;
  };

  // The network.
  /** A destination that was contacted for the first time for this purpose; durable before the first byte. */
  'egress.destination': { purpose: string; host: string; port: number; secure: boolean };
  'egress.refused': { purpose: string; host: string; port: number; reason: string };

  // The owner's own acts that are none of the above.
  'settings.changed': { key: string; scope: string };
  'secret.event': {
    name: string;
    event: 'stored' | 'checked' | 'refused' | 'deleted' | 'rotated';
    detail: string;
    /** For a second factor: whose it is, an identity key or `desk`. `checked` then means that a code passed. */
    holder?: string;
    /** The 30-second step of the code that was used, or used again. */
    counter?: number;
  };
}

export type EventType = keyof EventMap;

export type AccessMode = 'pairing' | 'allowlist' | 'open' | 'disabled';
export const ACCESS_MODES: readonly AccessMode[] = ['pairing', 'allowlist', 'open', 'disabled'];

/**
 * off: not enabled. restricted: the workspace is not trusted. unconfigured: something is missing.
 * waiting: lost, the next try is scheduled. fatal: a person must act (token refused, bot in use elsewhere).
 */
export type ChannelState =
  | 'off'
  | 'restricted'
  | 'unconfigured'
  | 'connecting'
  | 'online'
  | 'waiting'
  | 'fatal';

export type TaskState =
  | 'queued'
  | 'running'
  | 'waiting-approval'
  | 'done'
  | 'failed'
  | 'cancelled'
  | 'denied'
  | 'interrupted';

/** Task states in which nothing more will happen. */
export const FINAL_TASK_STATES: readonly TaskState[] = [
  'done',
  'failed',
  'cancelled',
  'denied',
  'interrupted',
];

export type GrantScope = 'once' | 'task' | 'until' | 'always';
