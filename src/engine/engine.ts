import type { AccessService } from './access/service';
import type { StepUp } from './access/step-up';
import type {
  ApprovalsApi,
  AuditApi,
  ChangeKind,
  EngineApi,
  EngineStatus,
  PairingApi,
  PolicyApi,
  PostureApi,
  StepUpApi,
  TasksApi,
  UsersApi,
  VaultApi,
} from './api';
import type { Approvals } from './approvals/approvals';
import type { RemoteApprovals } from './approvals/remote';
import type { Changes } from './changes';
import type { Conversation, Reply } from './conversation';
import type { Event } from './model/emitter';
import { EngineError } from './model/error';
import type { IdentityKey } from './model/identity';
import type { InboundMessage } from './model/message';
import type { Disposable } from './model/ports';
import { OWNER_AT_DESK, type RecordSink } from './model/record';
import type { CodeView } from './model/views';
import type { Grant } from './policy/grants';
import type { EngineState } from './projections';
import type { TaskChanges } from './tasks/changes';
import type { TaskEntry } from './tasks/projection';
import type { Tasks } from './tasks/tasks';

/** The rooms that the engine is made of; `assemble()` builds them. */
export interface EngineRooms {
  readonly records: RecordSink;
  readonly state: () => EngineState;
  readonly access: AccessService;
  readonly approvals: Approvals;
  readonly remote: RemoteApprovals;
  readonly stepUp: StepUp;
  readonly tasks: Tasks;
  readonly taskChanges: TaskChanges;
  readonly conversation: Conversation;
  readonly changes: Changes;
  readonly audit: AuditApi;
  readonly policy: PolicyApi;
  readonly vault: VaultApi;
  readonly posture: PostureApi;
  readonly status: () => EngineStatus;
  readonly say: (reply: Reply) => Promise<void>;
  /** Freed with the engine. */
  readonly owned: readonly Disposable[];
}

/** The engine as the outside sees it. Holds no state of its own. */
export class Engine implements EngineApi, Disposable {
  readonly users: UsersApi;
  readonly pairing: PairingApi;
  readonly stepUp: StepUpApi;
  readonly approvals: ApprovalsApi;
  readonly tasks: TasksApi;
  readonly audit: AuditApi;
  readonly policy: PolicyApi;
  readonly vault: VaultApi;
  readonly posture: PostureApi;
  readonly onChange: Event<ReadonlySet<ChangeKind>>;
  private readonly subscriptions: Disposable[];

  constructor(private readonly rooms: EngineRooms) {
    this.users = usersApi(rooms);
    this.pairing = pairingApi(rooms.access);
    this.stepUp = rooms.stepUp;
    this.approvals = approvalsApi(rooms);
    this.tasks = tasksApi(rooms);
    this.audit = rooms.audit;
    this.policy = rooms.policy;
    this.vault = rooms.vault;
    this.posture = rooms.posture;
    this.onChange = rooms.changes.onChange;
    this.subscriptions = [
      rooms.access.onRevoked((keys) => void this.cutOff(new Set(keys))),
      rooms.approvals.onChange(() => rooms.changes.add('approvals', 'status')),
      rooms.approvals.onAsked((view) => void rooms.remote.offer(view)),
      rooms.approvals.onClosed(({ id, outcome }) => void rooms.remote.closed(id, outcome)),
    ];
  }

  /** Puts right what the last end of the process left open, and tells the people whose work was interrupted. */
  async recover(): Promise<void> {
    const { access, approvals, tasks, say } = this.rooms;
    access.start();
    await approvals.recover();
    for (const task of await tasks.recover()) await say(interruptedReply(task));
  }

  status(): EngineStatus {
    return this.rooms.status();
  }

  async receive(message: InboundMessage): Promise<void> {
    await this.rooms.conversation.receive(message);
  }

  async pause(reason: string): Promise<void> {
    const { records, tasks, approvals } = this.rooms;
    const stop = { text: 'Everything was stopped.', force: true };
    const stopped = tasks.stopAll(() => true, stop);
    await records.append({ type: 'engine.paused', actor: OWNER_AT_DESK, subject: '', data: { reason } });
    await approvals.withdraw(() => true, 'everything was stopped');
    await stopped;
  }

  async resume(reason: string, code?: string): Promise<void> {
    const { state, stepUp } = this.rooms;
    if (state().tasks.paused === null) throw new EngineError('The engine is not stopped.');
    if (stepUp.isEnrolled(OWNER_AT_DESK)) {
      if (code === undefined)
        throw new EngineError('Going on is protected. Enter the code of the authenticator app.');
      const passed = await stepUp.verify(OWNER_AT_DESK, code);
      if (!passed.ok) throw new EngineError(passed.sentence);
    }
    await this.rooms.records.append({
      type: 'engine.resumed',
      actor: OWNER_AT_DESK,
      subject: '',
      data: { reason },
    });
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
    for (const one of this.rooms.owned) one.dispose();
    this.rooms.access.dispose();
    this.rooms.changes.dispose();
  }

  /** A platform has taken a reply: a card that was sent to an approver can be changed later. */
  replySent(replyId: string, platformIds: readonly string[]): void {
    this.rooms.remote.sent(replyId, platformIds);
  }

  /** INC-1: work, questions and replies of these people end now; their grants are void by the same record. */
  private async cutOff(keys: ReadonlySet<IdentityKey>): Promise<void> {
    const { tasks, approvals } = this.rooms;
    await Promise.all([
      approvals.withdraw((view) => keys.has(view.who.key), 'access was revoked'),
      tasks.stopAll((user) => keys.has(user), { text: 'Access was revoked.', force: true }),
    ]);
  }
}

function interruptedReply(task: TaskEntry): Reply {
  return {
    channel: task.channel,
    account: task.account,
    conversation: task.conversation,
    to: task.user,
    text: `${task.id} (${task.title}) was interrupted. ${task.detail}`,
    format: 'text',
    taskId: task.id,
  };
}

function usersApi({ access, state }: EngineRooms): UsersApi {
  const grantsOf = (key: IdentityKey) =>
    Object.values(state().grants.held).flatMap(({ grant }) => (grant.user === key ? [grantText(grant)] : []));
  return {
    list: () => access.users(),
    revoke: (keys, reason) => access.revoke(keys, reason),
    suspend: (key, reason) => access.suspend(key, reason),
    restore: (key, reason) => access.restore(key, reason),
    setRole: (key, role) => access.setRole(key, role),
    setNote: (key, note) => access.setNote(key, note),
    setRemoteApproval: (key, enabled, own) => access.setRemoteApproval(key, enabled, own),
    accessDocument: (format) => access.accessDocument(format, grantsOf),
    mode: (channel, context) => access.mode(channel, context),
    setMode: (channel, context, mode) => access.setMode(channel, context, mode),
    allowlist: (channel, context) => access.allowlist(channel, context),
    setAllowlist: (channel, context, list) => access.setAllowlist(channel, context, list),
    conversations: () => access.conversations(),
    removeConversation: (key, reason) => access.removeConversation(key, reason),
  };
}

/** A grant as the access document lists it. */
function grantText({ scope, matcher }: Grant): string {
  switch (matcher.kind) {
    case 'exact':
      return `${scope}: one exact use of ${matcher.tool}`;
    case 'command':
      return `${scope}: ${[matcher.pattern, ...(matcher.also ?? [])].join(', ')}`;
    case 'path':
      return `${scope}: ${matcher.tool} on ${matcher.glob}`;
    case 'host':
      return `${scope}: ${matcher.tool} on ${matcher.domain}`;
  }
}

function pairingApi(access: AccessService): PairingApi {
  const shown = (codeId: string): CodeView => {
    const view = access.liveCodes().find((code) => code.codeId === codeId);
    if (!view) throw new EngineError('The code has ended already. Make a new one.');
    return view;
  };
  return {
    issue: async (request) => {
      const { code, codeId } = await access.issueCode(request);
      return { code, view: shown(codeId) };
    },
    live: () => access.liveCodes(),
    rotate: async (old) => {
      const { code, codeId } = await access.rotateCode(old);
      return { code, view: shown(codeId) };
    },
    extend: (codeId, ttlMs) => access.extendCode(codeId, ttlMs),
    cancel: (codeId) => access.cancelCode(codeId),
    onWrongTry: access.onWrongTry,
  };
}

function approvalsApi({ approvals, tasks, access }: EngineRooms): ApprovalsApi {
  return {
    pending: () => approvals.pending(),
    approve: (id, bindingHash, choice = { scope: 'once' }) => approvals.approve(id, bindingHash, choice),
    deny: async (id, consequence = 'deny') => {
      const view = approvals.pending().find((one) => one.id === id);
      await approvals.deny(id);
      if (!view) return;
      if (consequence === 'cancel-task') {
        await tasks
          .stop(view.taskId, { text: 'The owner denied it and cancelled the task.', force: false })
          .catch(ended);
      }
      if (consequence === 'revoke-user')
        await access.revoke([view.who.key], 'denied and revoked from an approval');
    },
  };
}

/** A task that ends by itself while it is being cancelled is as good as cancelled. */
function ended(error: unknown): void {
  if (!(error instanceof EngineError)) throw error;
}

function tasksApi({ tasks, taskChanges }: EngineRooms): TasksApi {
  const text = (reason: string) => reason || 'Stopped by the owner.';
  return {
    list: () => tasks.list(),
    get: (taskId) => tasks.get(taskId),
    cancel: (taskId, reason) => tasks.stop(taskId, { text: text(reason), force: false }),
    forceStop: (taskId, reason) => tasks.stop(taskId, { text: text(reason), force: true }),
    changes: (taskId) => taskChanges.list(taskId),
    before: (taskId, changeId) => taskChanges.before(taskId, changeId),
    restore: (taskId, changeId) => taskChanges.restore(taskId, changeId),
    onOutput: tasks.onOutput,
  };
}
