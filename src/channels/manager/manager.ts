import type { EgressPort } from '../../engine/model/egress';
import { Emitter, type Event } from '../../engine/model/emitter';
import type { ChannelState, EventMap, EventType } from '../../engine/model/events';
import type { Facts } from '../../engine/model/facts';
import { conversationKey, identityKey } from '../../engine/model/identity';
import type { InboundMessage } from '../../engine/model/message';
import type { Clock, Disposable, Logger, MaskingService, SecretStore } from '../../engine/model/ports';
import { ENGINE, OWNER_AT_DESK, type RecordSink } from '../../engine/model/record';
import type {
  ChannelAdapter,
  ChannelDescriptor,
  ChannelError,
  ChannelNote,
  ConnectedAccount,
} from '../contract';
import type { ChannelRegistry } from '../registry';
import { ChannelCredentials } from './credentials';
import { ChannelNetworks } from './egress';
import type { LeasePort } from './lease';
import type { ChannelServices } from './services';
import { type ChannelHold, ChannelSlot, type SlotPorts } from './slot';

/** The gateway, as far as connections concern it. */
export interface GatewayPort {
  receive(message: InboundMessage): Promise<void>;
  /**
   * From now on messages for this account go through this adapter. `onFatal` is to be called when a sending finds that
   * nothing will pass until a person acts.
   */
  attach(
    descriptor: ChannelDescriptor,
    account: ConnectedAccount,
    adapter: ChannelAdapter,
    onFatal: (error: ChannelError) => void,
  ): void;
  detach(channel: string): void;
}

export interface ChannelManagerDeps {
  readonly registry: ChannelRegistry;
  readonly gateway: GatewayPort;
  readonly secrets: SecretStore;
  readonly records: RecordSink;
  readonly lease: LeasePort;
  readonly clock: Clock;
  readonly log: Logger;
  readonly masking: Pick<MaskingService, 'learn' | 'mask'>;
  readonly egress: EgressPort;
  readonly services: ChannelServices;
  /** In [0, 1). */
  random(): number;
  /** What the person set for a channel, unchecked. */
  settings(channel: string): unknown;
  /** Why no channel may run now, when that is so. After it changed, call `refresh()`. */
  hold(): ChannelHold | undefined;
}

/** One channel, as the views show it. */
export interface ChannelView {
  readonly id: string;
  readonly name: string;
  /** Name of a codicon. */
  readonly icon: string;
  readonly summary: string;
  readonly enabled: boolean;
  readonly state: ChannelState;
  /** A sentence: what happened, why, what to do. */
  readonly detail: string;
  readonly account?: ConnectedAccount;
  /** What the platform said of itself and of us since the last start. */
  readonly reported: Facts;
  /** Names of the secrets that it needs under the settings of now. */
  readonly needs: readonly string[];
  /** Names of those that it does without, and could use. */
  readonly mayUse: readonly string[];
  /** Milliseconds since the epoch. */
  readonly nextTryAt?: number;
}

/** All channels of a window: which are on, how they are, and how to stop them. */
export class ChannelManager implements Disposable {
  private readonly slots: ReadonlyMap<string, ChannelSlot>;
  /** Counts what the owner wanted of a channel: the last word counts, however long the record of the first takes. */
  private readonly orders = new Map<string, number>();
  private readonly recorded = new Map<string, { state: ChannelState; detail: string; identity: string }>();
  private readonly emitter: Emitter<void>;
  private readonly networks: ChannelNetworks;
  /** Fires after any change of what `list()` answers. */
  readonly onChange: Event<void>;
  /** What a person enters so that a channel may connect. */
  readonly credentials: ChannelCredentials;

  constructor(private readonly deps: ChannelManagerDeps) {
    this.emitter = new Emitter((error) =>
      deps.log.error(`A listener to the channels failed: ${String(error)}`),
    );
    this.onChange = this.emitter.event;
    this.networks = new ChannelNetworks(deps.egress);
    const ports: SlotPorts = {
      secrets: deps.secrets,
      clock: deps.clock,
      log: deps.log,
      masker: deps.masking,
      lease: deps.lease,
      random: () => deps.random(),
      settings: (channel) => deps.settings(channel),
      network: (descriptor, settings) => this.networks.of(descriptor, settings),
      services: deps.services,
      note: (channel, event) => this.recordNote(channel, event),
      reported: (slot) => this.recordFacts(slot),
      loadAdapter: (channel) => deps.registry.loadAdapter(channel),
      hold: () => deps.hold(),
      receive: (message) => deps.gateway.receive(message),
      attached: (descriptor, account, adapter, onFatal) => {
        this.recordIdentity(descriptor.id, account);
        deps.gateway.attach(descriptor, account, adapter, onFatal);
      },
      detached: (channel) => deps.gateway.detach(channel),
      changed: (slot) => {
        this.recordState(slot);
        this.emitter.fire();
      },
    };
    this.slots = new Map(
      deps.registry.descriptors().map((descriptor) => [descriptor.id, new ChannelSlot(descriptor, ports)]),
    );
    this.credentials = new ChannelCredentials({
      secrets: deps.secrets,
      records: deps.records,
      masking: deps.masking,
      settings: (channel) => deps.settings(channel),
      loadAdapter: (channel) => deps.registry.loadAdapter(channel),
      slot: (channel) => this.slot(channel),
      reconnect: (channel) => this.reconnect(channel),
    });
  }

  list(): readonly ChannelView[] {
    return [...this.slots.values()].map((slot) => ({
      id: slot.descriptor.id,
      name: slot.descriptor.name,
      icon: slot.descriptor.icon,
      summary: slot.descriptor.summary,
      enabled: slot.enabled,
      state: slot.state,
      detail: slot.detail,
      reported: slot.reported,
      needs: slot.needs,
      mayUse: slot.mayUse,
      ...(slot.account ? { account: slot.account } : {}),
      ...(slot.nextTryAt === undefined ? {} : { nextTryAt: slot.nextTryAt }),
    }));
  }

  /** Connects what was enabled when the window was last closed. Unknown ids are passed over. */
  async restore(enabled: readonly string[]): Promise<void> {
    const slots = enabled.flatMap((id) => this.slots.get(id) ?? []);
    await Promise.all(slots.map((slot) => slot.start()));
  }

  /** Stays enabled after a restart. Resolves when the first try has ended. @throws RangeError for an unknown id. */
  async enable(id: string): Promise<void> {
    const slot = this.slot(id);
    const order = this.order(id);
    if (!slot.enabled) {
      await this.append('channel.enabled', OWNER_AT_DESK, id, {
        channel: id,
        account: slot.account?.account ?? '',
      });
    }
    if (this.orders.get(id) === order) await slot.start();
  }

  /** Law 10: stops at once, and stays off after a restart. @throws RangeError for an unknown id. */
  async disable(id: string, reason: string): Promise<void> {
    const slot = this.slot(id);
    this.order(id);
    const stopped = slot.stop('off', 'Not enabled.');
    await this.append('channel.disabled', OWNER_AT_DESK, id, { channel: id, reason });
    await stopped;
    // Unless it was switched on again meanwhile.
    if (!slot.enabled) this.networks.close(id);
  }

  /** Law 10, all at once. */
  async stopAll(reason: string): Promise<void> {
    const running = [...this.slots.values()].filter((slot) => slot.enabled);
    await Promise.all(running.map((slot) => this.disable(slot.descriptor.id, reason)));
  }

  /** Tries now instead of at the next time, with the settings and secrets of now. */
  async reconnect(id: string): Promise<void> {
    const slot = this.slot(id);
    if (slot.enabled) await slot.start();
  }

  /** To be called when settings changed or `hold()` answers differently: starts and stops what has to be. */
  async refresh(ids: readonly string[] = [...this.slots.keys()]): Promise<void> {
    await Promise.all(ids.map((id) => this.reconnect(id)));
  }

  /** The window closes: everything is disconnected, and what was enabled stays so for the next start. */
  async close(): Promise<void> {
    await Promise.all([...this.slots.values()].map((slot) => slot.stop('off', 'The window was closed.')));
  }

  dispose(): void {
    this.emitter.dispose();
    void this.close();
  }

  private order(id: string): number {
    const next = (this.orders.get(id) ?? 0) + 1;
    this.orders.set(id, next);
    return next;
  }

  private slot(id: string): ChannelSlot {
    const slot = this.slots.get(id);
    if (!slot) throw new RangeError(`There is no channel “${id}”.`);
    return slot;
  }

  /** A state is recorded when it changes, and a refusal when its reason does; each further try is not. */
  private recordState(slot: ChannelSlot): void {
    const { id } = slot.descriptor;
    const before = this.recorded.get(id) ?? { state: 'off', detail: '', identity: '' };
    const same =
      before.state === slot.state &&
      (slot.state === 'waiting' || slot.state === 'online' || before.detail === slot.detail);
    const passing = slot.state === 'connecting' && before.state === 'waiting';
    if (same || passing || (slot.state === 'off' && before.state === 'off')) return;
    this.recorded.set(id, { ...before, state: slot.state, detail: slot.detail });
    void this.append('channel.state', ENGINE, id, {
      channel: id,
      state: slot.state,
      detail: slot.detail,
    }).catch(() => this.deps.log.error(`The state of ${slot.descriptor.name} could not be recorded.`));
  }

  private recordIdentity(id: string, account: ConnectedAccount): void {
    const before = this.recorded.get(id) ?? { state: 'online', detail: '', identity: '' };
    const identity = JSON.stringify([account.account, account.name, account.isBot]);
    if (before.identity === identity) return;
    this.recorded.set(id, { ...before, identity });
    void this.append('channel.identity', ENGINE, id, {
      channel: id,
      account: account.account,
      name: account.name,
      isBot: account.isBot,
    }).catch(() => this.deps.log.error(`The identity on ${id} could not be recorded.`));
  }

  private recordFacts(slot: ChannelSlot): void {
    const { id, name } = slot.descriptor;
    void this.append('channel.facts', ENGINE, id, { channel: id, facts: slot.reported }).catch(() =>
      this.deps.log.error(`What ${name} said of itself could not be recorded.`),
    );
    this.emitter.fire();
  }

  private async recordNote(
    channel: string,
    { code, text, sender, conversation }: ChannelNote,
  ): Promise<void> {
    const account = this.slot(channel).account?.account;
    await this.append('channel.event', ENGINE, channel, {
      channel,
      code,
      text,
      ...(account && sender ? { sender: identityKey({ channel, account, sender }) } : {}),
      ...(account && conversation
        ? { conversation: conversationKey({ channel, account, conversation }) }
        : {}),
    });
  }

  private append<T extends EventType>(
    type: T,
    actor: string,
    subject: string,
    data: EventMap[T],
  ): Promise<unknown> {
    return this.deps.records.append({ type, actor, subject, data });
  }
}
