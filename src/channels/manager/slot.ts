import type { ChannelState } from '../../engine/model/events';
import type { Facts } from '../../engine/model/facts';
import { conversationKey, identityKey } from '../../engine/model/identity';
import type { InboundMessage } from '../../engine/model/message';
import type { Clock, Disposable, Logger, Masker, SecretStore } from '../../engine/model/ports';
import { Backoff, nextTry } from '../backoff';
import {
  type AdapterContext,
  type AdapterFactory,
  type ChannelAdapter,
  type ChannelDescriptor,
  ChannelError,
  type ChannelNote,
  type ChannelSettings,
  type ConnectedAccount,
} from '../contract';
import type { ChannelNetwork } from './egress';
import type { Lease, LeasePort } from './lease';
import { recordedPrograms } from './programs';
import type { ChannelServices } from './services';
import { readSettings } from './settings';
import { otherSystems } from './systems';

/** What one channel needs from around it. */
export interface SlotPorts {
  readonly secrets: SecretStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** What an adapter says of a failure may quote an address with a token in it. */
  readonly masker: Masker;
  readonly lease: LeasePort;
  /** In [0, 1). */
  random(): number;
  settings(channel: string): unknown;
  /** The network as far as the channel's hosts and no further. */
  network(descriptor: ChannelDescriptor, settings: ChannelSettings): ChannelNetwork;
  readonly services: ChannelServices;
  note(channel: string, event: ChannelNote): Promise<void>;
  loadAdapter(channel: string): Promise<AdapterFactory>;
  /** Why no channel may run now, when that is so: the folder is not trusted, the owner stopped everything. */
  hold(): ChannelHold | undefined;
  receive(message: InboundMessage): Promise<void>;
  /** The account is there; what waits for it may be sent. */
  attached(
    descriptor: ChannelDescriptor,
    account: ConnectedAccount,
    adapter: ChannelAdapter,
    onFatal: (error: ChannelError) => void,
  ): void;
  detached(channel: string): void;
  changed(slot: ChannelSlot): void;
  /** The platform said something else of itself than before. */
  reported(slot: ChannelSlot): void;
}

/** What of an adapter's context differs between a connection and a mere check of credentials. */
export type AdapterHooks = Pick<
  AdapterContext,
  'receive' | 'state' | 'report' | 'note' | 'webhook' | 'secret' | 'renewSecret'
>;

export interface ChannelHold {
  readonly state: Extract<ChannelState, 'restricted' | 'off'>;
  readonly detail: string;
}

interface Connection {
  readonly adapter: ChannelAdapter;
  lease: Extract<Lease, { held: true }> | undefined;
  /** The gateway sends through it. */
  attached: boolean;
}

/**
 * The life of one channel: off, connecting, online, waiting for the next try, or in need of a person.
 * Each try is a turn; whatever an earlier turn still has to say is not listened to.
 */
export class ChannelSlot {
  state: ChannelState = 'off';
  detail = 'Not enabled.';
  account: ConnectedAccount | undefined;
  /** What the adapter has reported since the channel was last started. */
  reported: Facts = {};
  /** Milliseconds since the epoch; only while waiting for a try of ours. */
  nextTryAt: number | undefined;
  enabled = false;

  private turn = 0;
  private connection: Connection | undefined;
  private timer: Disposable | undefined;
  private closing: Promise<void> = Promise.resolve();
  private readonly backoff: Backoff;

  constructor(
    readonly descriptor: ChannelDescriptor,
    private readonly ports: SlotPorts,
  ) {
    this.backoff = new Backoff(() => ports.random());
  }

  get adapter(): ChannelAdapter | undefined {
    return this.connection?.adapter;
  }

  /** Connects afresh. Resolves when the first try has come to an end, well or not. */
  async start(): Promise<void> {
    this.enabled = true;
    this.reported = {};
    this.backoff.succeeded();
    await this.attempt();
  }

  /** Resolves when every socket and timer is gone. */
  async stop(state: ChannelState, detail: string): Promise<void> {
    this.enabled = false;
    this.turn += 1;
    const closed = this.close();
    this.set(state, detail);
    await closed;
  }

  /** Names of the secrets that it needs under the settings of now. */
  get needs(): readonly string[] {
    const settings = readSettings(this.descriptor, this.ports.settings(this.descriptor.id));
    return neededSecrets(this.descriptor, settings.ok ? settings.value : {}).map(({ name }) => name);
  }

  /** Names of those that it does without, and could use. */
  get mayUse(): readonly string[] {
    const settings = readSettings(this.descriptor, this.ports.settings(this.descriptor.id));
    const { needs } = this;
    return this.descriptor.secrets
      .filter(
        ({ name, usefulWith }) => !needs.includes(name) && usefulWith?.(settings.ok ? settings.value : {}),
      )
      .map(({ name }) => name);
  }

  /** What an adapter of this channel may use. */
  contextFor(settings: Readonly<Record<string, unknown>>, hooks: AdapterHooks): AdapterContext {
    const { clock, log, services, random } = this.ports;
    const { id } = this.descriptor;
    const { people } = services;
    const { fetch, admit } = this.ports.network(this.descriptor, settings);
    const who = (account: string, sender: string) => identityKey({ channel: id, account, sender });
    const where = (account: string, conversation: string) =>
      conversationKey({ channel: id, account, conversation });
    return {
      settings,
      ...hooks,
      people: {
        isKnown: (account, sender) => people.isKnown(who(account, sender)),
        suspend: (account, sender, reason) => people.suspend(who(account, sender), reason),
        isOpen: (account, conversation) => people.isOpen(where(account, conversation)),
        closeConversation: (account, conversation, reason) =>
          people.closeConversation(where(account, conversation), reason),
      },
      store: services.store(id),
      machine: services.machine,
      program: recordedPrograms(this.descriptor, settings, services, hooks.note),
      readFile: (path, limitBytes) => services.readFile(this.descriptor.folders ?? [], path, limitBytes),
      withFile: (name, bytes, use) => services.withFile(name, bytes, use),
      clock,
      log,
      fetch,
      admit,
      random: () => random(),
    };
  }

  storedSecret(name: string): Promise<string | undefined> {
    return this.ports.secrets.get(`${this.descriptor.id}/${name}`);
  }

  private async attempt(): Promise<void> {
    this.turn += 1;
    const turn = this.turn;
    const closed = this.close();
    const held = this.ports.hold();
    if (held) {
      this.set(held.state, held.detail);
      await closed;
      return;
    }
    this.set('connecting', `Connecting to ${this.descriptor.name}…`);
    await closed;
    try {
      await this.connect(turn);
    } catch (error) {
      if (this.turn === turn) this.failed(error);
    }
  }

  private async connect(turn: number): Promise<void> {
    const { descriptor, ports } = this;
    const settings = readSettings(descriptor, ports.settings(descriptor.id));
    if (!settings.ok) {
      this.set('unconfigured', settings.problem);
      return;
    }
    const systems = otherSystems(descriptor, ports.services.machine.platform);
    if (systems) {
      this.set('unconfigured', wrongSystem(descriptor.name, systems));
      return;
    }
    const missing = descriptor.missing?.(settings.value);
    if (missing !== undefined) {
      this.set('unconfigured', missing);
      return;
    }
    for (const field of neededSecrets(descriptor, settings.value)) {
      if ((await this.storedSecret(field.name)) !== undefined) continue;
      if (this.turn === turn) {
        this.set('unconfigured', `${descriptor.name} needs its ${field.label.toLowerCase()}. ${field.help}`);
      }
      return;
    }
    const factory = await ports.loadAdapter(descriptor.id).catch(() => {
      throw new ChannelError(
        'fatal',
        `The code of ${descriptor.name} could not be loaded. Reinstall the extension, or look into its log.`,
      );
    });
    if (this.turn !== turn) return;

    const adapter = factory(this.contextFor(settings.value, this.hooks(turn)));
    const connection: Connection = { adapter, lease: undefined, attached: false };
    this.connection = connection;
    if (adapter.check) {
      // An account that can be asked about before connecting can be used by two windows at once, so it is leased.
      const { account } = await adapter.check();
      if (this.turn !== turn) return;
      if (!(await this.lease(turn, connection, account))) return;
    }
    const account = await adapter.connect();
    if (this.turn !== turn) return;
    this.account = account;
    this.backoff.succeeded();
    if (this.state !== 'online' && this.state !== 'waiting')
      this.set('online', `Connected as ${account.name}.`);
    else this.ports.changed(this);
    connection.attached = true;
    ports.attached(descriptor, account, adapter, (error) => this.adapterState(turn, 'fatal', error.message));
  }

  /** False when the turn is over or another window has the account; the next try is scheduled then. */
  private async lease(turn: number, connection: Connection, account: string): Promise<boolean> {
    const lease = await this.ports.lease.acquire(`${this.descriptor.id}:${account}`);
    if (!lease.held) {
      if (this.turn === turn) {
        this.failed(
          new ChannelError(
            'temporary',
            `This ${this.descriptor.name} account is in use by ${lease.holder}. Only one window may use it at a time; this one takes over when that one lets go.`,
          ),
        );
      }
      return false;
    }
    if (this.turn !== turn) {
      await lease.release();
      return false;
    }
    connection.lease = lease;
    return true;
  }

  private hooks(turn: number): AdapterHooks {
    const { id, name: platform } = this.descriptor;
    const { ports } = this;
    const gone = () => new ChannelError('temporary', `${platform} is not connected.`);
    return {
      receive: async (message) => {
        if (this.turn !== turn || message.channel !== id) throw gone();
        await ports.receive(message);
      },
      state: (state, detail, nextTryAt) => this.adapterState(turn, state, detail, nextTryAt),
      report: (facts) => {
        if (this.turn !== turn) return;
        const merged = { ...this.reported, ...facts };
        if (JSON.stringify(merged) === JSON.stringify(this.reported)) return;
        this.reported = merged;
        ports.reported(this);
      },
      note: (event) => ports.note(id, event),
      webhook: async (options, handler) => {
        if (this.turn !== turn) throw gone();
        return ports.services.webhook(id, options, handler);
      },
      secret: (name) => this.storedSecret(name),
      renewSecret: (name, value) => ports.secrets.set(`${id}/${name}`, value),
    };
  }

  private adapterState(turn: number, state: ChannelState, detail: string, nextTryAt?: number): void {
    if (this.turn !== turn) return;
    if (state === 'fatal') {
      this.turn += 1;
      void this.close();
    }
    this.set(state, detail, state === 'waiting' ? nextTryAt : undefined);
  }

  private failed(error: unknown): void {
    this.turn += 1;
    void this.close();
    const known = error instanceof ChannelError ? error : undefined;
    if (!known)
      this.ports.log.error(
        `${this.descriptor.name}: unexpected ${error instanceof Error ? error.name : 'failure'}`,
      );
    if (known?.kind === 'fatal' || known?.kind === 'refused') {
      this.set('fatal', known.message);
      return;
    }
    const delay = this.backoff.next(known?.retryAfterMs);
    const at = this.ports.clock.now() + delay;
    this.timer = this.ports.clock.after(delay, () => void this.attempt());
    const why = known?.message ?? `${this.descriptor.name} failed in an unexpected way; its log says more.`;
    this.set('waiting', `${why} ${nextTry(at)}`, at);
  }

  /** Frees what the last turn held. Turns wait for it, so that two connections never overlap. */
  private close(): Promise<void> {
    this.timer?.dispose();
    this.timer = undefined;
    const { connection } = this;
    this.connection = undefined;
    if (connection) {
      if (connection.attached) this.ports.detached(this.descriptor.id);
      const before = this.closing;
      this.closing = before.then(async () => {
        await connection.adapter.disconnect().catch(() => undefined);
        await connection.lease?.release();
      });
    }
    return this.closing;
  }

  private set(state: ChannelState, detail: string, nextTryAt?: number): void {
    this.state = state;
    this.detail = this.ports.masker.mask(detail);
    this.nextTryAt = nextTryAt;
    this.ports.changed(this);
  }
}

/** The secrets without which a channel cannot run under these settings. */
export function neededSecrets(
  { secrets }: ChannelDescriptor,
  settings: Readonly<Record<string, unknown>>,
): ChannelDescriptor['secrets'] {
  return secrets.filter((field) => field.neededWith?.(settings) ?? true);
}

function wrongSystem(name: string, systems: readonly string[]): string {
  return `${name} works on ${systems.join(' and ')} only. On this machine it stays off; use another channel here.`;
}
