import { homedir } from 'node:os';
import type { AccessConfig } from './access/config';
import { AccessService } from './access/service';
import { StepUp } from './access/step-up';
import type { EngineStatus } from './api';
import { Approvals } from './approvals/approvals';
import { RemoteApprovals } from './approvals/remote';
import { auditOf } from './audit';
import { Changes } from './changes';
import { Conversation, type Reply } from './conversation';
import { Egress, type EgressPorts } from './egress/egress';
import { Engine } from './engine';
import { MaskedSink } from './masked-sink';
import type { CommandAnalysis, Shell, ShellPlace } from './model/analysis';
import type { Desk } from './model/desk';
import type { Event } from './model/emitter';
import { type ConversationRef, conversationKey, type IdentityKey, type Principal } from './model/identity';
import {
  type Clock,
  type Disposable,
  type Logger,
  type MaskingService,
  type SecretStore,
  silentLogger,
} from './model/ports';
import { ENGINE, type RecordSink } from './model/record';
import { NO_USAGE, type Usage } from './policy/facts';
import { grantsOf } from './policy/grants';
import type { PolicySnapshot } from './policy/snapshot';
import { policyApi } from './policy-api';
import { nothingAround } from './posture/nothing-around';
import type { PostureSurroundings } from './posture/ports';
import type { Posture } from './posture/posture';
import { auditWithUpkeep, postureRoom } from './posture-room';
import { type EngineState, LiveState } from './projections';
import type { SandboxBackend } from './sandbox/backend';
import type { SandboxChoice } from './sandbox/choose';
import { defaultShell } from './sandbox/shell';
import type { OpenReport, Store } from './store/types';
import { Actions } from './tasks/actions';
import { TaskChanges } from './tasks/changes';
import { offeredScopes, recordGrant } from './tasks/grants';
import { Preparation, type Surroundings } from './tasks/preparation';
import { Tasks } from './tasks/tasks';
import { historyOf } from './told';
import { PathGuard } from './tools/path-guard';
import type { ToolContext } from './tools/tool';
import { createTools } from './tools/tools';
import { UndoStore } from './tools/undo-store';
import { type HealthDeps, vaultHealth } from './vault/health';

/** What the engine is built from. Functions are read at each use, so that a changed setting counts at once. */
export interface EngineOptions {
  readonly version: string;
  /** Opened; `opened` is what it said. */
  readonly store: Store;
  readonly opened: OpenReport;
  readonly masker: MaskingService;
  readonly secrets: SecretStore & HealthDeps['vault'];
  readonly rotateAfterDays: () => number;
  readonly clock: Clock;
  /** May be slow the first time, when the parsers are loaded. */
  readonly analyse: (line: string, shell: Shell, place: ShellPlace) => Promise<CommandAnalysis>;
  readonly sandbox: () => SandboxBackend;
  /** Why that one; undefined while none works. */
  readonly sandboxChoice?: () => Pick<SandboxChoice, 'why' | 'rejected'> | undefined;
  readonly policy: () => PolicySnapshot;
  /** For decisions: the same, read again first when its file has changed unnoticed. `policy` when absent. */
  readonly latestPolicy?: () => Promise<PolicySnapshot>;
  /** Fires when `policy` answers with another one. */
  readonly policyChanged?: Event<void>;
  readonly access: () => AccessConfig;
  readonly workspace: { readonly root: string; readonly trusted: () => boolean };
  /** The engine's own folder, outside the workspace; absolute. */
  readonly storageDir: string;
  /** The editor, its clipboard and its screen; absent without an editor. */
  readonly desk?: Desk;
  /** How the network is reached from here: proxies, names. */
  readonly network: Omit<EgressPorts, 'records' | 'isKnown'>;
  /** Hosts that the user lets tools and commands reach. */
  readonly allowedHosts: () => readonly string[];
  /** Variables that the user lists for commands. */
  readonly environment: () => Readonly<Record<string, string>>;
  /** Names of all variables that a command gets. */
  readonly environmentNames: () => readonly string[];
  /** Milliseconds. */
  readonly approvalTtlMs: () => number;
  /** What the Checklist needs of the outside; without it nothing is known of that. */
  readonly posture?: PostureSurroundings;
  readonly log?: Pick<Logger, 'warn'>;
  /** Takes a reply over: on the record first, then on its way. */
  readonly say: (reply: Reply) => Promise<void>;
  /** Shows in a conversation that work is under way, until what is returned is disposed of. */
  readonly working?: (work: ConversationRef & { to: IdentityKey; taskId: string }) => Disposable;
}

/** Tasks at the same time; more wait in order. Two cores run two test suites. */
const CONCURRENT_TASKS = 4;

/** The engine with what its surroundings need beside the api: the masked way into the journal. */
export interface Assembled {
  readonly engine: Engine;
  readonly records: RecordSink;
  readonly access: AccessService;
  readonly egress: Egress;
  readonly state: () => EngineState;
  /** To be started once the channels are there. */
  readonly posture: Posture;
}

/** Builds the rooms and joins them. Call `engine.recover()` once replies can be taken over. */
export function assemble(options: EngineOptions): Assembled {
  const { store, clock, masker } = options;
  const live = new LiveState(options.opened.states);
  const changes = new Changes();
  store.onRecord((record) => {
    live.reduce(record);
    changes.recorded(record.type);
  });
  store.onState(() => changes.add('status'));
  const records = new MaskedSink(store, masker);
  const say = (reply: Reply) => options.say({ ...reply, text: masker.mask(reply.text) });
  const egress = new Egress({
    ...options.network,
    records,
    isKnown: (key) => Object.hasOwn(live.now.egress.contacted, key),
  });
  const access = new AccessService({ records, clock, state: () => live.now.access, config: options.access });
  const approvals = new Approvals({
    records,
    clock,
    state: () => live.now.approvals,
    ttlMs: options.approvalTtlMs,
  });
  const tasks = new Tasks({
    records,
    state: () => live.now.tasks,
    displayName: (user) => live.now.access.users[user]?.displayName ?? user,
    timeLimitMs: () => options.policy().limits.taskTimeoutMs,
    ...(options.working === undefined ? {} : { working: options.working }),
    concurrency: () => CONCURRENT_TASKS,
  });
  const surroundings = surroundingsOf(options, live);
  const toolContext = toolContextOf(options);
  const preparation = new Preparation({
    tools: createTools({
      egress,
      history: historyOf(store),
      ...(options.desk ? { desk: options.desk } : {}),
    }),
    analyse: options.analyse,
    policy: options.latestPolicy ?? options.policy,
    grants: (user) => grantsOf(live.now.grants, user, clock.now()),
    contextPolicy: (principal: Principal) => {
      const { channel } = principal.conversation;
      return access.contextPolicy(channel, principal.context, conversationKey(principal.conversation));
    },
    usage: (taskId) => usageOf(live, taskId, clock.now()),
    allowedHosts: options.allowedHosts,
    surroundings,
    toolContext,
    scopes: offeredScopes,
    masker,
    clock,
  });
  const actions = new Actions({
    records,
    preparation,
    approvals,
    masker,
    clock,
    grant: (prepared, choice) => recordGrant(records, clock, prepared, choice),
    toolContext,
    onOutput: (taskId, text) => tasks.reportOutput(taskId, text),
    egress,
  });
  const stepUp = new StepUp({ records, clock, secrets: options.secrets, state: () => live.now.stepUp });
  const remote = new RemoteApprovals({ approvals, access, stepUp, say });
  const status = (): EngineStatus => statusOf(options, live, approvals.pending().length, tasks.active());
  const rooms = {
    records,
    state: () => live.now,
    access,
    approvals,
    remote,
    stepUp,
    tasks,
    taskChanges: taskChangesOf(options, records),
    changes,
    status,
    say,
  };
  const conversation: Conversation = new Conversation({
    records,
    admit: (message) => access.admit(message),
    tasks,
    tasksState: () => live.now.tasks,
    actions,
    say,
    status,
    pause: (reason) => engine.pause(reason),
    answerApproval: (principal, text) => remote.answer(principal, text),
  });
  const { root } = options.workspace;
  const policy = policyApi({
    store,
    records,
    root,
    now: () => clock.now(),
    policy: options.policy,
    ...(options.policyChanged === undefined ? {} : { policyChanged: options.policyChanged }),
    pending: () => approvals.pending(),
    analyse: (line) => {
      const { shell, place } = surroundings();
      return options.analyse(line, shell, place);
    },
    channelOf: (user) => access.users().find(({ key, state }) => key === user && state === 'active')?.channel,
  });
  const health = () =>
    vaultHealth({ vault: options.secrets, masker, clock, rotateAfterDays: options.rotateAfterDays });
  const checklist = postureRoom({
    store,
    records,
    clock,
    log: options.log ?? silentLogger,
    state: () => live.now,
    access,
    stepUp,
    policy: options.policy,
    health,
    surroundings: options.posture ?? nothingAround,
    changed: () => changes.add('posture'),
  });
  const engine = new Engine({
    ...rooms,
    conversation,
    audit: auditWithUpkeep(auditOf(store, masker), () => checklist.posture),
    policy,
    vault: { health },
    posture: checklist.api,
    owned: [checklist.subscription, checklist.posture],
  });
  return { engine, records, access, egress, state: () => live.now, posture: checklist.posture };
}

/** The first record of a run of the engine, with what opening the journal had to mend. */
export async function recordStart(records: RecordSink, { version, opened }: EngineOptions): Promise<void> {
  const { recovered, damage } = opened;
  await records.append({
    type: 'engine.started',
    actor: ENGINE,
    subject: '',
    data: {
      version,
      ...(recovered ? { recovered: { bytesCut: recovered.bytesCut, lastSeq: recovered.lastSeq } } : {}),
    },
  });
  const [first] = damage;
  if (first) {
    // Law 4: a record that is not what was written is looked at by a person before anything goes on.
    const reason = `the record does not verify: ${first.text}`;
    await records.append({ type: 'engine.paused', actor: ENGINE, subject: '', data: { reason } });
  }
  for (const { text } of damage) {
    await records.append({
      type: 'engine.notice',
      actor: ENGINE,
      subject: '',
      data: { code: 'journal.damage', text },
    });
  }
}

function surroundingsOf(options: EngineOptions, live: LiveState): () => Surroundings {
  const { root, trusted } = options.workspace;
  const place: ShellPlace = { cwd: root, workspace: root, home: homedir() };
  const shell = defaultShell(process.platform);
  return () => {
    const sandbox = options.sandbox();
    const { label, isolated } = sandbox.describe();
    return {
      place,
      shell,
      workspaceTrusted: trusted(),
      paused: live.now.tasks.paused !== null,
      envNames: options.environmentNames(),
      sandbox: { id: sandbox.id, label, isolated },
    };
  };
}

function toolContextOf(options: EngineOptions): (taskId: string, signal: AbortSignal) => ToolContext {
  const { root } = options.workspace;
  return (taskId, signal) => ({
    workspace: root,
    cwd: root,
    storageDir: options.storageDir,
    sandbox: options.sandbox(),
    signal,
    clock: options.clock,
    taskId,
    env: options.environment(),
    ...(options.desk ? { desk: options.desk } : {}),
    allowedHosts: options.allowedHosts(),
  });
}

function taskChangesOf({ storageDir, clock, workspace }: EngineOptions, records: RecordSink): TaskChanges {
  return new TaskChanges({
    records,
    undo: new UndoStore(storageDir, clock),
    guard: () => PathGuard.create({ workspace: workspace.root }),
    workspace: workspace.root,
  });
}

function usageOf(live: LiveState, taskId: string, now: number): Usage {
  const startedAt = live.now.tasks.tasks[taskId]?.startedAt;
  return startedAt === undefined
    ? NO_USAGE
    : { ...NO_USAGE, task: { ...NO_USAGE.task, elapsedMs: Math.max(0, now - startedAt) } };
}

function statusOf(options: EngineOptions, live: LiveState, pending: number, active: number): EngineStatus {
  const choice = options.sandboxChoice?.();
  const sandbox = {
    ...options.sandbox().describe(),
    ...(choice ? { why: choice.why, rejected: choice.rejected } : {}),
  };
  const base = { pendingApprovals: pending, activeTasks: active, sandbox };
  const { state } = options.store;
  if (state.state === 'failed') {
    const detail =
      state.code === 'EWORKER'
        ? `Nothing can be recorded, so nothing runs. ${state.reason}`
        : `Nothing can be recorded (${state.reason}), so nothing runs. Free the disk or mend its permissions; work goes on by itself.`;
    return { ...base, phase: 'failed', detail };
  }
  const { paused } = live.now.tasks;
  if (paused !== null) {
    return {
      ...base,
      phase: 'paused',
      detail: `Everything is stopped (${paused}). The owner can start it again in VS Code.`,
    };
  }
  return { ...base, phase: 'ready', detail: 'Ready.' };
}
