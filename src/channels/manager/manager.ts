import type { EgressPort } from '../../engine/model/egress';
import { Emitter, type Event } from '../../engine/model/emitter';
import type { ChannelState, EventMap, EventType } from '../../engine/model/events';
import type { Facts } from '../../engine/model/facts';
import { conversationKey, identityKey } from '../../engine/model/identity';
import type { InboundMessage } from '../../engine/model/message';
import type { Clock, Disposable, Logger, MaskingService, SecretStore } from '../../engine/model/ports';
import { ENGINE, OWNER_AT_DESK, type RecordSink } from '../../engine/model/record';
import {
  type ChannelAdapter,
  type ChannelDescriptor,
  ChannelError,
  type ChannelNote,
  type ConnectedAccount,
  type SecretField,
} from '../contract';
import type { ChannelRegistry } from '../registry';
import { checkCancelled, unlessAborted } from './cancel';
import { ChannelNetworks } from './egress';
import type { LeasePort } from './lease';
import type { ChannelServices } from './services';
import { readSettings } from './settings';
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

  /**
   * Asks the platform whether secrets are good together, before any is kept. What is not among them is as stored.
   * @returns who the platform says we are; undefined when the platform cannot be asked about these.
   * @throws ChannelError with a sentence that says what is wrong and never repeats a secret; at once when `signal`
   * aborts, and nothing is open any more then.
   */
  async checkSecrets(
    id: string,
    values: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<ConnectedAccount | undefined> {
    const slot = this.slot(id);
    const names = Object.keys(values);
    for (const [name, value] of Object.entries(values)) {
      const field = this.field(slot.descriptor, name);
      // Refused or taken, from here on it is said nowhere: an error may quote the address it was sent to.
      this.deps.masking.learn(`${id}/${name}`, value);
      const problem =
        value.trim() === '' ? `The ${field.label.toLowerCase()} is empty.` : field.validate?.(value);
      if (problem !== undefined) return this.refuseSecrets(id, [name], new ChannelError('fatal', problem));
    }
    const settings = readSettings(slot.descriptor, this.deps.settings(id));
    if (!settings.ok) throw new ChannelError('fatal', settings.problem);
    const factory = await this.deps.registry.loadAdapter(id);
    const onlyACheck = () => Promise.reject(new ChannelError('temporary', 'This was only a check.'));
    const context = slot.contextFor(settings.value, {
      receive: onlyACheck,
      webhook: onlyACheck,
      renewSecret: onlyACheck,
      state: () => {},
      report: () => {},
      note: async () => {},
      secret: async (wanted) => (Object.hasOwn(values, wanted) ? values[wanted] : slot.storedSecret(wanted)),
    });
    const adapter = factory(context);
    try {
      const account = await unlessAborted(adapter.check?.(), signal);
      const detail = account
        ? `accepted by ${slot.descriptor.name} for ${account.name}`
        : 'cannot be checked';
      for (const name of names) await this.secretEvent(id, name, 'checked', detail);
      return account;
    } catch (error) {
      if (error instanceof ChannelError && error.kind === 'fatal')
        return this.refuseSecrets(id, names, error);
      throw error;
    } finally {
      await adapter.disconnect();
    }
  }

  /** Keeps a secret once the platform took it, and connects with it. @throws ChannelError as `checkSecrets`. */
  storeSecret(id: string, name: string, value: string): Promise<ConnectedAccount | undefined> {
    return this.storeSecrets(id, { [name]: value });
  }

  /**
   * Keeps secrets once the platform took all of them, and connects with them once. When one is refused, those that
   * were stored before stay as they are. @throws ChannelError as `checkSecrets`.
   */
  async storeSecrets(
    id: string,
    values: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<ConnectedAccount | undefined> {
    const account = await this.checkSecrets(id, values, signal);
    if (signal?.aborted) throw checkCancelled();
    await this.keepSecrets(id, values);
    return account;
  }

  /**
   * Replaces one stored secret with another one of the same account. The old one is dropped only after the platform
   * took the new one. @throws ChannelError as `checkSecrets`, and when it is the stored one or another account's.
   */
  async rotateSecret(id: string, name: string, value: string): Promise<ConnectedAccount | undefined> {
    const slot = this.slot(id);
    const { label } = this.field(slot.descriptor, name);
    const earlier = await this.deps.secrets.get(`${id}/${name}`);
    if (earlier === undefined)
      throw new ChannelError('fatal', `There is no ${label.toLowerCase()} to replace yet. Enter one first.`);
    if (earlier === value)
      throw new ChannelError(
        'fatal',
        `This is the ${label.toLowerCase()} that is stored already. Let ${slot.descriptor.name} issue a new one.`,
      );
    const account = await this.checkSecrets(id, { [name]: value });
    const known = slot.account;
    if (account && known && account.account !== known.account) {
      throw new ChannelError(
        'fatal',
        `This belongs to ${account.name}, but ${known.name} is connected. Nothing was changed. To use another account, enter its credentials anew.`,
      );
    }
    await this.keepSecrets(id, { [name]: value });
    return account;
  }

  private async keepSecrets(id: string, values: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, value] of Object.entries(values)) {
      const key = `${id}/${name}`;
      const earlier = await this.deps.secrets.get(key);
      await this.deps.secrets.set(key, value);
      if (earlier !== value)
        await this.secretEvent(id, name, earlier === undefined ? 'stored' : 'rotated', '');
    }
    await this.reconnect(id);
  }

  /** Deletes a channel's secrets. It goes to `unconfigured` if it is enabled. */
  async forgetSecrets(id: string): Promise<void> {
    const slot = this.slot(id);
    for (const { name } of slot.descriptor.secrets) {
      const key = `${id}/${name}`;
      if ((await this.deps.secrets.get(key)) === undefined) continue;
      await this.deps.secrets.delete(key);
      await this.secretEvent(id, name, 'deleted', '');
    }
    await this.reconnect(id);
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

  private field(descriptor: ChannelDescriptor, name: string): SecretField {
    const field = descriptor.secrets.find((secret) => secret.name === name);
    if (!field) throw new RangeError(`${descriptor.name} has no secret “${name}”.`);
    return field;
  }

  private async refuseSecrets(id: string, names: readonly string[], error: ChannelError): Promise<never> {
    for (const name of names) await this.secretEvent(id, name, 'refused', error.message);
    throw error;
  }

  private async secretEvent(
    id: string,
    name: string,
    event: EventMap['secret.event']['event'],
    detail: string,
  ): Promise<void> {
    await this.append('secret.event', OWNER_AT_DESK, id, { name: `${id}/${name}`, event, detail });
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
