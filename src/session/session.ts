import { join } from 'node:path';
import { Gateway } from '../channels/gateway/gateway';
import { FolderQuarantine } from '../channels/gateway/quarantine';
import { discoveryFolder } from '../channels/local/discovery';
import { LocalHub } from '../channels/local/hub';
import { LocalServer } from '../channels/local/server';
import { enabledChannels } from '../channels/manager/enabled';
import { OsLease } from '../channels/manager/lease';
import { ChannelManager } from '../channels/manager/manager';
import { ChannelRegistry } from '../channels/registry';
import type { Reach, WebhookServer } from '../channels/webhook/server';
import type { AccessConfig } from '../engine/access/config';
import type { EngineApi } from '../engine/api';
import { type Assembled, assemble, type EngineOptions, recordStart } from '../engine/assemble';
import type { Guard } from '../engine/guard/guard';
import type { EgressPort } from '../engine/model/egress';
import { ACCESS_MODES, type AccessMode } from '../engine/model/events';
import { maskedLogger } from '../engine/model/masked';
import type { Disposable } from '../engine/model/ports';
import { ENGINE, type RecordSink } from '../engine/model/record';
import { childEnvironment } from '../engine/sandbox/environment';
import { createStore } from '../engine/store/remote';
import type { Store } from '../engine/store/types';
import { SentFiles } from '../engine/tools/sent-files';
import { UndoStore } from '../engine/tools/undo-store';
import { Vault } from '../engine/vault/vault';
import { accessUnder } from './access-config';
import { CeilingLog } from './ceiling-log';
import { channelServices, webhookServer } from './channel-services';
import { PolicySource } from './policy';
import type { SessionPorts } from './ports';
import { SessionSurroundings } from './posture/surroundings';
import { SandboxHolder } from './sandbox';
import { signingKey } from './signing-key';

interface SessionParts {
  readonly engine: EngineApi;
  readonly channels: ChannelManager;
  readonly gateway: Gateway;
  readonly webhooks: WebhookServer;
  readonly hub: LocalHub;
  readonly vault: Vault;
  readonly policy: PolicySource;
  readonly access: () => AccessConfig;
  readonly egress: EgressPort;
  readonly records: RecordSink;
  readonly store: Store;
  /** Freed, in this order, when the session is closed. */
  readonly owned: readonly Disposable[];
}

/** One window's engine with its channels. */
export class Session {
  readonly engine: EngineApi;
  readonly channels: ChannelManager;
  readonly gateway: Gateway;
  readonly webhooks: WebhookServer;
  readonly hub: LocalHub;
  readonly vault: Vault;
  readonly policy: PolicySource;

  private constructor(private readonly parts: SessionParts) {
    this.engine = parts.engine;
    this.channels = parts.channels;
    this.gateway = parts.gateway;
    this.webhooks = parts.webhooks;
    this.hub = parts.hub;
    this.vault = parts.vault;
    this.policy = parts.policy;
  }

  /**
   * Opens the vault and the journal, builds the engine, and connects what was connected before.
   * @throws JournalHeldError when another window works in this folder, EngineError when credentials or the
   * journal cannot be kept.
   */
  static async start(given: SessionPorts): Promise<Session> {
    const { masking } = given;
    const log = new CeilingLog(maskedLogger(given.log, masking));
    const ports: SessionPorts = { ...given, log };
    const vault = await Vault.open(ports.secretBackends, masking, ports.clock);
    await vault.warmMasking();
    ports.log.info(`Credentials are kept by: ${VAULT_LEVELS[vault.level]}.`);
    for (const { level, why } of vault.passedOver) ports.log.info(`Not by ${VAULT_LEVELS[level]}: ${why}.`);
    const store = createStore({
      directory: join(ports.storage, 'journal'),
      label: ports.label,
      ...(ports.leaseToken === undefined ? {} : { leaseToken: ports.leaseToken }),
      workerPath: join(ports.bundles, 'store-worker.cjs'),
      keys: signingKey(vault),
      heads: ports.heads,
      onError: (error) => ports.log.error(`The record: ${String(error)}`),
    });
    const opened = await store.open();
    try {
      return await Session.build(ports, log, vault, store, opened);
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  private static async build(
    ports: SessionPorts,
    log: CeilingLog,
    vault: Vault,
    store: Store,
    opened: EngineOptions['opened'],
  ): Promise<Session> {
    const policy = await PolicySource.open(ports);
    log.under(() => policy.current().ceiling.debugLogging);
    const sandbox = await SandboxHolder.open(ports, () => policy.current());
    const analyse = lazyGuard(ports);
    const hub: LocalHub = new LocalHub({
      open: (context, room) => server.open(context, room),
      close: () => server.close(),
    });
    const registry = new ChannelRegistry(
      (id) => ports.loadChunk(id),
      new Map([['local', hub.createAdapter]]),
    );
    const running: { channels?: ChannelManager; engine?: EngineApi; egress?: EgressPort } = {};
    const surroundings: SessionSurroundings = new SessionSurroundings({
      ports,
      vault,
      policy,
      sandbox,
      registry,
      channels: () => running.channels,
      egress: () => running.egress,
    });
    const options: EngineOptions = {
      version: ports.version,
      store,
      opened,
      masker: ports.masking,
      secrets: vault,
      clock: ports.clock,
      analyse,
      sandbox: () => sandbox.current(),
      sandboxChoice: () => sandbox.chosen(),
      policy: () => policy.current(),
      latestPolicy: () => policy.latest(),
      policyChanged: policy.onChange,
      access: () =>
        accessUnder({
          base: ports.settings.access(),
          ceiling: policy.current().ceiling,
          descriptors: registry.descriptors(),
          settings: (id) => ports.settings.channel(id),
          acknowledged: (id) => running.engine?.posture.isAcknowledged('open-access', id) ?? false,
        }),
      workspace: { root: ports.workspace, trusted: ports.trusted },
      storageDir: ports.storage,
      ...(ports.desk ? { desk: ports.desk } : {}),
      network: ports.network,
      allowedHosts: () => ports.settings.allowedHosts(),
      environment: () => listedVariables(ports),
      environmentNames: () => variableNames(ports),
      approvalTtlMs: () => ports.settings.approvalTtlMs(),
      rotateAfterDays: () => ports.settings.rotateAfterDays(),
      posture: surroundings,
      log: ports.log,
      say: (reply) => gateway.say(reply),
      working: (work) => gateway.working(work),
    };
    const assembled = assemble(options);
    const { engine, records, access, egress, posture } = assembled;
    running.engine = engine;
    running.egress = egress;
    const server = new LocalServer({
      folder: discoveryFolder(ports.env, process.platform, ports.home),
      workspace: ports.label,
      records,
    });
    const gateway: Gateway = gatewayOf(ports, assembled);
    await recordStart(records, options);
    await new UndoStore(ports.storage, ports.clock).prune(UNDO_KEPT_MS);
    await engine.recover();
    const policyProblems = reportProblems(ports, policy, records);
    const webhooks = webhookServer(ports, records, engine.audit, vault);
    running.channels = new ChannelManager({
      registry,
      gateway,
      secrets: vault,
      records,
      lease: new OsLease(ports.label, ports.storage),
      masking: ports.masking,
      clock: ports.clock,
      log: ports.log,
      egress,
      services: channelServices(ports, access, vault, webhooks),
      random: Math.random,
      settings: (id) => ports.settings.channel(id),
      hold: () => (ports.trusted() ? undefined : RESTRICTED),
    });
    const { channels } = running;
    await channels.restore(await startingChannels(engine, channels, registry));
    // Behind the start: nobody waits for the first look at everything.
    posture.start();
    const owned = [
      channels,
      engine,
      policyProblems,
      surroundings,
      policy,
      sandbox,
      channels.onChange(() => posture.touch('channels')),
      access.onRevoked((keys) => void gateway.revoked(keys)),
      gateway.onSent(({ replyId, platformIds }) => engine.replySent(replyId, platformIds)),
      ports.settings.onChange((changed) => {
        const ids = registry.descriptors().map(({ id }) => id);
        void channels.refresh(ids.filter((id) => changed(`channels.${id}`)));
      }),
    ];
    return new Session({
      engine,
      channels,
      gateway,
      webhooks,
      hub,
      vault,
      policy,
      access: options.access,
      egress,
      records,
      store,
      owned,
    });
  }

  /** The access modes that may be chosen for a channel under the profile in force. */
  allowedModes(channel: string): readonly AccessMode[] {
    return this.parts.access().channels?.[channel]?.allowedModes ?? ACCESS_MODES;
  }

  /** Whether the outside reaches a channel's door, asked through the gate as everything is. */
  checkReach(channel: string): Promise<Reach> {
    return this.webhooks.checkReach(channel, async (url) => {
      const client = this.parts.egress.client('webhook-check', [url.host]);
      try {
        return await client.fetch(url);
      } finally {
        client.close();
      }
    });
  }

  /** Puts something on the record that the person was told about their settings. */
  note(text: string): Promise<void> {
    return noteOnRecord(this.parts.records, 'settings.problem', text);
  }

  isAdmitted(channel: string, sender: string): boolean {
    return this.engine.users
      .list()
      .some((user) => user.channel === channel && user.sender === sender && user.state === 'active');
  }

  /** Disconnects, stops all work and closes the journal with a signed head. */
  async close(): Promise<void> {
    await this.channels.close();
    await this.webhooks.close();
    await this.gateway.close();
    for (const one of this.parts.owned) one.dispose();
    await this.parts.store.close();
    await this.vault.idle();
  }
}

/** Copies of what tools replaced or deleted: long enough to notice a mistake. */
const UNDO_KEPT_MS = 30 * 24 * 3_600_000;

/** What people sent is theirs to send again; a month is long enough to look into an incident. */
const ATTACHMENTS_KEPT_MS = 30 * 24 * 3_600_000;

/** Tells the person, and the record, of what is wrong with the policy; of each thing once. */
function reportProblems(ports: SessionPorts, policy: PolicySource, records: RecordSink): Disposable {
  const told = new Set<string>();
  const report = () => {
    for (const { path, message, fix } of policy.problems()) {
      const text = `Policy, ${path || 'the file'}: ${message} ${fix}`;
      if (told.has(text)) continue;
      told.add(text);
      ports.problem(text);
      noteOnRecord(records, 'policy.problem', text).catch((error) => ports.log.error(String(error)));
    }
  };
  report();
  return policy.onChange(report);
}

async function noteOnRecord(records: RecordSink, code: string, text: string): Promise<void> {
  await records.append({ type: 'engine.notice', actor: ENGINE, subject: '', data: { code, text } });
}

/** The levels of the vault in words. */
const VAULT_LEVELS = {
  editor: 'the secret storage of VS Code',
  keychain: 'the keychain of the system',
  file: 'a file encrypted with your passphrase',
} as const;

const RESTRICTED = {
  state: 'restricted',
  detail: 'This folder is not trusted, so no channel runs. Trust it to go on.',
} as const;

/** Loads the parsers with the first command; a failure is tried again with the next one. */
function lazyGuard(ports: SessionPorts): EngineOptions['analyse'] {
  let guard: Promise<Guard> | undefined;
  return async (line, shell, place) => {
    guard ??= ports.loadGuard().then(({ createGuard }) => createGuard({ wasmDir: ports.bundles }));
    try {
      return (await guard).analyse({ line, shell, ...place });
    } catch (error) {
      guard = undefined;
      throw error;
    }
  };
}

function gatewayOf(ports: SessionPorts, { engine, records, access, state }: Assembled): Gateway {
  const quarantine = new FolderQuarantine(join(ports.storage, 'attachments'), ports.clock);
  quarantine
    .purge(ATTACHMENTS_KEPT_MS)
    .catch((error) => ports.log.warn(`Old attachments stay: ${String(error)}`));
  const sentFiles = new SentFiles(ports.storage, ports.clock);
  sentFiles
    .prune(ATTACHMENTS_KEPT_MS)
    .catch((error) => ports.log.warn(`Old files that were sent stay: ${String(error)}`));
  return new Gateway({
    deliver: (message) => engine.receive(message),
    records,
    clock: ports.clock,
    log: ports.log,
    random: Math.random,
    access: {
      isKnown: (key) => access.hasAccess(key),
      mentionRequired: (channel, context, conversation) =>
        access.contextPolicy(channel, context, conversation).mentionRequired,
      mayReply: (to, queuedAt) => access.mayReply(to, queuedAt),
    },
    earlier: { seen: [...state().messages.seen], unsent: Object.values(state().messages.unsent) },
    quarantine,
    readFile: ({ id, sha256 }) => sentFiles.read(id, sha256),
  });
}

/** What was enabled last; and the local chat, which is there from the start until somebody switches it off. */
async function startingChannels(
  engine: EngineApi,
  channels: ChannelManager,
  registry: ChannelRegistry,
): Promise<readonly string[]> {
  const enabled = await enabledChannels(
    engine.audit,
    registry.descriptors().map(({ id }) => id),
  );
  if (enabled.includes('local')) return enabled;
  const { records } = await engine.audit.query(
    { types: ['channel.disabled'], channel: 'local' },
    { limit: 1 },
  );
  if (records.length === 0) await channels.enable('local');
  return enabled;
}

function listedVariables({ settings, env }: SessionPorts): Record<string, string> {
  const listed = settings.environment().flatMap((name) => {
    const value = env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return Object.fromEntries(listed);
}

function variableNames(ports: SessionPorts): readonly string[] {
  const { env } = childEnvironment({
    host: ports.env,
    workspace: ports.workspace,
    listed: listedVariables(ports),
    platform: process.platform,
  });
  return Object.keys(env).sort();
}
