import type { ChannelState } from '../../engine/model/events';
import type { InboundMessage } from '../../engine/model/message';
import type { Clock, Disposable, Logger, SecretStore } from '../../engine/model/ports';
import { Backoff, nextTry } from '../backoff';
import {
  type AdapterContext,
  type AdapterFactory,
  type ChannelAdapter,
  type ChannelDescriptor,
  ChannelError,
  type ConnectedAccount,
} from '../contract';
import type { Lease, LeasePort } from './lease';
import { readSettings } from './settings';

/** What one channel needs from around it. */
export interface SlotPorts {
  readonly secrets: SecretStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly lease: LeasePort;
  /** In [0, 1). */
  random(): number;
  settings(channel: string): unknown;
  /** A fetch that reaches these hosts (`host` or `host:port`) and no others. */
  fetchFor(channel: string, hosts: readonly string[]): typeof fetch;
  loadAdapter(channel: string): Promise<AdapterFactory>;
  /** Why no channel may run now, when that is so: the folder is not trusted, the owner stopped everything. */
  hold(): ChannelHold | undefined;
  receive(message: InboundMessage): Promise<void>;
  /** The account is there; what waits for it may be sent. */
  attached(descriptor: ChannelDescriptor, account: ConnectedAccount, adapter: ChannelAdapter): void;
  detached(channel: string): void;
  changed(slot: ChannelSlot): void;
}

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

  /** What an adapter of this channel may use. `secret` stands in for the store while a new one is checked. */
  contextFor(
    settings: Readonly<Record<string, unknown>>,
    hooks: Pick<AdapterContext, 'receive' | 'state'>,
    secret: AdapterContext['secret'],
  ): AdapterContext {
    const { clock, log, random } = this.ports;
    const hosts = this.descriptor.hosts?.(settings) ?? [];
    return {
      settings,
      secret,
      ...hooks,
      clock,
      log,
      fetch: this.ports.fetchFor(this.descriptor.id, hosts),
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
    for (const field of descriptor.secrets) {
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

    const adapter = factory(
      this.contextFor(settings.value, this.hooks(turn), (name) => this.storedSecret(name)),
    );
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
    ports.attached(descriptor, account, adapter);
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

  private hooks(turn: number): Pick<AdapterContext, 'receive' | 'state'> {
    return {
      receive: async (message) => {
        if (this.turn !== turn || message.channel !== this.descriptor.id) {
          throw new ChannelError('temporary', `${this.descriptor.name} is not connected.`);
        }
        await this.ports.receive(message);
      },
      state: (state, detail) => {
        if (this.turn !== turn) return;
        if (state === 'fatal') {
          this.turn += 1;
          void this.close();
        }
        this.set(state, detail);
      },
    };
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
    this.detail = detail;
    this.nextTryAt = nextTryAt;
    this.ports.changed(this);
  }
}
