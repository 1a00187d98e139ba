import { chmod, stat } from 'node:fs/promises';
import type { ChannelManager } from '../../channels/manager/manager';
import type { ChannelRegistry } from '../../channels/registry';
import type { EgressPort } from '../../engine/model/egress';
import { Emitter } from '../../engine/model/emitter';
import { EngineError } from '../../engine/model/error';
import type { Disposable } from '../../engine/model/ports';
import type { PolicySnapshot } from '../../engine/policy/snapshot';
import type { CredentialFacts, FamilyName, MachineFacts } from '../../engine/posture/facts';
import type { PostureSurroundings } from '../../engine/posture/ports';
import { surveyLoose, surveySynced } from '../../engine/posture/survey/places';
import type { SurveyMemory } from '../../engine/posture/survey/repository';
import { bitsOf, secretSettings } from '../../engine/posture/survey/secret-kinds';
import type { Vault } from '../../engine/vault/vault';
import type { PolicySource } from '../policy';
import type { ChecklistBundle, SessionPorts } from '../ports';
import type { SandboxHolder } from '../sandbox';
import { prototypesOf } from './prototypes';
import { checkForUpdates } from './updates';

/** The built-in chat on this machine. */
const BUILT_IN = 'local';

/** Below this a secret that a person made up can be guessed (BB-1). */
const BITS_LEAST = 60;

/** Secrets that a person may have made up, by what descriptors call them. */
const MADE_UP = /secret|password|passphrase/i;

export interface SurroundingParts {
  readonly ports: SessionPorts;
  readonly vault: Vault;
  readonly policy: PolicySource;
  readonly sandbox: SandboxHolder;
  readonly registry: ChannelRegistry;
  /** Undefined until the channels are there. */
  readonly channels: () => ChannelManager | undefined;
  /** The same for the gate to the network. */
  readonly egress: () => EgressPort | undefined;
}

/** What the Checklist knows of this window's channels, machine and folder. */
export class SessionSurroundings implements PostureSurroundings, Disposable {
  private readonly changes = new Emitter<readonly FamilyName[]>();
  private readonly subscriptions: Disposable[];
  private readonly surveyed: SurveyMemory = new Map();
  private bundle: ChecklistBundle | undefined;
  readonly onChange = this.changes.event;
  readonly settings: PostureSurroundings['settings'];

  readonly permissions: PostureSurroundings['permissions'] = {
    get: async (path) => (await stat(path)).mode & 0o777,
    set: (path, mode) => chmod(path, mode),
  };

  constructor(private readonly parts: SurroundingParts) {
    const { ports, policy } = parts;
    this.settings = ports.editor.settings;
    this.subscriptions = [
      policy.onChange(() => this.changes.fire(['policy', 'channels', 'machine', 'repository'])),
      ports.settings.onChange(() =>
        this.changes.fire(['policy', 'channels', 'machine', 'access', 'credentials']),
      ),
      ports.editor.onChange(() => this.changes.fire(['machine', 'policy'])),
    ];
  }

  dispose(): void {
    for (const one of this.subscriptions) one.dispose();
    this.changes.dispose();
  }

  /** Of the Checklist's bundle, without which nothing is evaluated. */
  rulesOf = (channel: string) => this.bundle?.CHANNEL_RULES[channel] ?? [];

  channels(): ReturnType<PostureSurroundings['channels']> {
    const { registry, ports } = this.parts;
    const manager = this.parts.channels();
    // None that are known is not the same as none.
    if (!manager) throw new EngineError('The channels are not there yet.');
    const views = new Map(manager.list().map((view) => [view.id, view]));
    return registry.descriptors().flatMap((descriptor) => {
      const view = views.get(descriptor.id);
      if (!view) return [];
      const parsed = descriptor.settings.safeParse(ports.settings.channel(descriptor.id) ?? {});
      return [
        {
          id: descriptor.id,
          name: descriptor.name,
          external: descriptor.id !== BUILT_IN,
          enabled: view.enabled,
          state: view.state,
          ...(view.account
            ? {
                account: {
                  account: view.account.account,
                  name: view.account.name,
                  isBot: view.account.isBot,
                },
              }
            : {}),
          settings: parsed.success ? (parsed.data as Readonly<Record<string, unknown>>) : {},
          reported: view.reported,
          contexts: descriptor.capabilities.contexts,
          noBots: descriptor.noBots === true,
        },
      ];
    });
  }

  async machine(): Promise<MachineFacts> {
    const { ports, sandbox, policy, registry } = this.parts;
    const chosen = sandbox.chosen();
    const { label, isolated } = sandbox.current().describe();
    const snapshot: PolicySnapshot = policy.current();
    const enabled = new Set(this.channels().flatMap((channel) => (channel.enabled ? [channel.id] : [])));
    return {
      profile: snapshot.profile,
      loose: await surveyLoose([ports.storage], process.platform),
      synced: surveySynced([
        { path: ports.storage, what: 'storage' },
        { path: ports.workspace, what: 'workspace' },
      ]),
      sandbox: {
        wanted: ports.settings.sandbox(),
        label,
        isolated,
        tested: chosen?.why,
        rejected: chosen?.rejected ?? [],
      },
      dockerHost: openDockerHost(ports.env.DOCKER_HOST),
      containerOptions: ports.settings.container().runOptions ?? [],
      environment: ports.settings.environment(),
      agents: ports.editor.agents(),
      listening: openDoors(ports.settings.webhook().publicUrl),
      secretSettings: secretSettings(this.ownSettings()),
      prototypes: prototypesOf(
        registry.descriptors().filter(({ id }) => enabled.has(id)),
        ports,
      ),
    };
  }

  /** What a person may have put a credential into. */
  private ownSettings(): readonly (readonly [string, unknown])[] {
    const { registry, ports } = this.parts;
    const channels = registry.descriptors().flatMap(({ id }) => {
      const set = ports.settings.channel(id);
      return typeof set === 'object' && set !== null
        ? Object.entries(set).map(([name, value]) => [`channels.${id}.${name}`, value] as const)
        : [];
    });
    return [
      ...channels,
      ...Object.entries(ports.settings.updates()).map(([name, value]) => [`updates.${name}`, value] as const),
    ];
  }

  load = async (): Promise<ChecklistBundle> => {
    this.bundle ??= await this.parts.ports.loadChecklist();
    return this.bundle;
  };

  async repository() {
    return (await this.load()).surveyRepository(this.parts.ports.workspace, this.surveyed);
  }

  problems() {
    return this.parts.policy.ownProblems();
  }

  logLevel(): string {
    return this.parts.ports.editor.logLevel();
  }

  accessRules(): Readonly<Record<string, unknown>> {
    const rules = this.settings.get('access.rules');
    return typeof rules === 'object' && rules !== null ? (rules as Record<string, unknown>) : {};
  }

  async secrets(): Promise<Pick<CredentialFacts, 'weak' | 'shared'>> {
    const issued = new Set(
      this.parts.registry
        .descriptors()
        .flatMap(({ id, secrets }) => secrets.map(({ name }) => `${id}/${name}`)),
    );
    const byValue = new Map<string, string[]>();
    const weak: { name: string; bits: number }[] = [];
    await this.parts.vault.survey((name, value) => {
      if (!issued.has(name)) return;
      byValue.set(value, [...(byValue.get(value) ?? []), name]);
      const bits = bitsOf(value);
      if (MADE_UP.test(name) && bits < BITS_LEAST) weak.push({ name, bits });
    });
    return { weak, shared: [...byValue.values()].filter((names) => names.length > 1) };
  }

  async settled(): Promise<void> {
    await this.parts.policy.settled();
    await this.parts.sandbox.settled();
  }

  checkForUpdates() {
    const { ports, egress } = this.parts;
    return checkForUpdates({ installed: ports.version, ...ports.settings.updates(), egress: egress() });
  }

  every() {
    const { reviewDays } = this.parts.ports.settings.maintenance();
    return {
      users: reviewDays,
      permissions: reviewDays,
      credentials: this.parts.ports.settings.rotateAfterDays(),
    };
  }

  staleDays(): number {
    return this.parts.ports.settings.maintenance().staleUserDays;
  }
}

/** The webhook server listens on this machine alone; its public address may still be one without encryption. */
function openDoors(publicUrl: string): MachineFacts['listening'] {
  if (!/^http:/i.test(publicUrl)) return [];
  const address = URL.canParse(publicUrl) ? new URL(publicUrl).host : publicUrl;
  return [{ what: 'The webhook server', address, encrypted: false }];
}

/** The address of a container engine that is reached over the network without TLS. */
function openDockerHost(host: string | undefined): string | undefined {
  if (host === undefined || !/^(tcp|http):/.test(host)) return undefined;
  try {
    const { hostname, host: shown } = new URL(host.replace(/^tcp:/, 'http:'));
    return hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]' ? undefined : shown;
  } catch {
    return undefined;
  }
}
