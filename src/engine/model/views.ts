import type { Decision } from './decision';
import type { EventType, GrantScope, TaskState } from './events';
import type { ChatContext, ConversationRef, IdentityKey, Role } from './identity';
import type { AnyRecord } from './record';

// What people are shown. Plain data, masked, made by the engine, read by views and channels.

export interface UserView {
  readonly key: IdentityKey;
  readonly channel: string;
  readonly account: string;
  /** The platform's immutable id. */
  readonly sender: string;
  readonly displayName: string;
  readonly role: Role;
  /** `revoked` also for those whom an open mode let in that has ended. */
  readonly state: 'active' | 'suspended' | 'revoked';
  /** Of the latest admission. */
  readonly how: 'paired' | 'allowlist' | 'open' | 'desk';
  readonly context: ChatContext;
  readonly codeId?: string;
  readonly admittedAt: number;
  readonly lastSeenAt: number;
  readonly note: string;
  /** Whether they may answer approvals from a direct message; `ownRequests`: also those they asked for. */
  readonly remoteApproval: { readonly enabled: boolean; readonly ownRequests: boolean };
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
  /** How many identities were wrong: more than one means that it is known more widely than it should be. */
  readonly triedByCount: number;
}

/** One part of an action, as the analysis understood it. */
export interface ActionPart {
  readonly text: string;
  readonly summary: string;
  readonly risk: 'none' | 'low' | 'medium' | 'high';
  readonly explanation?: string;
  readonly saferAlternative?: string;
}

export interface FileCount {
  readonly files: number;
  readonly bytes: number;
  /** The first few, absolute. */
  readonly examples: readonly string[];
}

/** What an action would touch, as far as it can be told without running anything of it. */
export interface BlastRadius {
  readonly deleted: FileCount;
  /** Files that are there and would be written over. */
  readonly overwritten: FileCount;
  readonly commitsLost: number;
  /** Files whose changes are in no commit and would be lost. */
  readonly uncommitted: readonly string[];
  readonly stashesLost: number;
  readonly hosts: readonly string[];
  /** Parts whose reach cannot be told before they run. */
  readonly unknown: readonly string[];
  /** False when time ran out, it was cancelled, or something could not be read. */
  readonly complete: boolean;
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
  /** Sentences: the smallest change that alters the decision, and the one after which it is asked no more. */
  readonly alter?: { readonly now?: string; readonly standing?: string };
  /** What it would touch; absent when there is nothing to tell. */
  readonly blast?: BlastRadius;
  readonly sandbox: { readonly label: string; readonly isolated: boolean };
  readonly bindingHash: string;
  /** Scopes that may be granted here, with what each would allow next time. `once` is always first. */
  readonly scopes: readonly {
    readonly scope: GrantScope;
    readonly pattern?: string;
    readonly allows: string;
  }[];
}

export interface TaskView {
  readonly id: string;
  readonly user: IdentityKey;
  readonly displayName: string;
  readonly channel: string;
  readonly account: string;
  readonly conversation: string;
  readonly title: string;
  readonly state: TaskState;
  readonly detail: string;
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly denials: number;
  /** How long it may last, in milliseconds, under the policy of now. */
  readonly timeLimitMs?: number;
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

/** What a tool, or the restore of an earlier change, did to one file or folder. */
export interface TaskChangeView {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly kind: 'overwritten' | 'deleted' | 'created' | 'moved';
  /** Absolute: where it was, or for `created` where it is. */
  readonly path: string;
  /** As it is shown: from the workspace down. */
  readonly name: string;
  readonly movedTo?: string;
  readonly movedToName?: string;
  readonly restored: boolean;
  /** Made by a restore: restoring it undoes that restore. */
  readonly byRestore: boolean;
}

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

/** Counts for charts, of the records that a filter takes. */
export interface AuditAggregates {
  readonly total: number;
  /** `start` is the beginning of the hour or day (UTC), in milliseconds since the epoch; oldest first. */
  readonly byChannel: readonly { readonly start: number; readonly channel: string; readonly count: number }[];
  /** Decisions by what they said. */
  readonly byEffect: readonly { readonly start: number; readonly effect: string; readonly count: number }[];
  /** Most frequent first, as the lists below. */
  readonly byType: readonly { readonly type: string; readonly count: number }[];
  /** Whom the records concern, with what was denied to them; at most 100. */
  readonly byUser: readonly { readonly user: string; readonly count: number; readonly denied: number }[];
  /** What denied, and how often; at most 100. */
  readonly denials: readonly { readonly ruleId: string; readonly count: number }[];
}

/** Lines of JSON, a table, or events for a SIEM. */
export type ExportFormat = 'jsonl' | 'csv' | 'ocsf' | 'cef';

/** What an export wrote. */
export interface ExportResult {
  readonly records: number;
  /**
   * Those that held a credential known now, given away before it was one: it is masked in the file, and such a line
   * does not match its hash any more.
   */
  readonly masked: number;
}

/** One record as it is shown, with the very line that stands in the journal. */
export interface AuditEntry {
  readonly record: AnyRecord;
  readonly raw: string;
}

/** Proof that one record stands in the journal (RFC 6962); it verifies without the journal and without this product's window. */
export interface AuditReceipt extends AuditEntry {
  /** Hashes along the path from the record to the root of the tree, in hex. */
  readonly proof: readonly string[];
  /** The signed head: of how many records, their root, and when (milliseconds since the epoch). */
  readonly head: { readonly seq: number; readonly at: number; readonly root: string; readonly key: string };
  /** SPKI, DER in base64. */
  readonly publicKey: string;
  /** What to save: `cowork audit receipt --check FILE` verifies it. */
  readonly file: string;
}

/** Where secrets are kept, from the best to the last resort. */
export type VaultLevel = 'editor' | 'keychain' | 'file';

/** One credential, by name only. Times in milliseconds since the epoch. */
export interface CredentialHealth {
  /** `<channel or provider>/<field>`, for instance `telegram/botToken`. */
  readonly name: string;
  /** `issued` by a platform, which can issue another; `own` ones were made here and are not rotated. */
  readonly kind: 'issued' | 'own';
  readonly createdAt: number;
  /** When it last got another value. */
  readonly rotatedAt: number;
  /** To the hour. */
  readonly lastUsedAt?: number;
  /** Whole days since `rotatedAt`. */
  readonly ageDays: number;
  /** Issued, and as old as `rotateAfterDays` or older. */
  readonly overdue: boolean;
}

/** How credentials are kept. */
export interface VaultHealth {
  readonly level: VaultLevel;
  /** Why better places are not used; best first. */
  readonly passedOver: readonly { readonly level: VaultLevel; readonly why: string }[];
  readonly rotateAfterDays: number;
  /** Oldest first. */
  readonly credentials: readonly CredentialHealth[];
}
