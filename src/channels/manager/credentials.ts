import type { EventMap } from '../../engine/model/events';
import type { MaskingService, SecretStore } from '../../engine/model/ports';
import { OWNER_AT_DESK, type RecordSink } from '../../engine/model/record';
import {
  type AdapterFactory,
  type ChannelDescriptor,
  ChannelError,
  type ConnectedAccount,
  type SecretField,
} from '../contract';
import { checkCancelled, unlessAborted } from './cancel';
import { readSettings } from './settings';
import type { ChannelSlot } from './slot';

/** What the credentials of the channels need from around them. */
export interface CredentialsPorts {
  readonly secrets: SecretStore;
  readonly records: RecordSink;
  readonly masking: Pick<MaskingService, 'learn'>;
  /** What the person set for a channel, unchecked. */
  settings(channel: string): unknown;
  loadAdapter(channel: string): Promise<AdapterFactory>;
  /** @throws RangeError for an unknown id. */
  slot(channel: string): ChannelSlot;
  /** To be called after what is stored for it changed. */
  reconnect(channel: string): Promise<void>;
}

/**
 * The secrets of the channels, from entering to deleting: none is kept before its platform took it, and everything that
 * happens to one is on record, never the secret itself.
 */
export class ChannelCredentials {
  constructor(private readonly ports: CredentialsPorts) {}

  /**
   * Asks the platform whether secrets are good together, before any is kept. What is not among them is as stored.
   * @returns who the platform says we are; undefined when the platform cannot be asked about these.
   * @throws ChannelError with a sentence that says what is wrong and never repeats a secret; at once when `signal`
   * aborts, and nothing is open any more then.
   */
  async check(
    id: string,
    values: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<ConnectedAccount | undefined> {
    const slot = this.ports.slot(id);
    const names = Object.keys(values);
    for (const [name, value] of Object.entries(values)) {
      const field = fieldOf(slot.descriptor, name);
      // Refused or taken, from here on it is said nowhere: an error may quote the address it was sent to.
      this.ports.masking.learn(`${id}/${name}`, value);
      const problem =
        value.trim() === '' ? `The ${field.label.toLowerCase()} is empty.` : field.validate?.(value);
      if (problem !== undefined) return this.refuse(id, [name], new ChannelError('fatal', problem));
    }
    const settings = readSettings(slot.descriptor, this.ports.settings(id));
    if (!settings.ok) throw new ChannelError('fatal', settings.problem);
    const factory = await this.ports.loadAdapter(id);
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
      for (const name of names) await this.record(id, name, 'checked', detail);
      return account;
    } catch (error) {
      if (error instanceof ChannelError && error.kind === 'fatal') return this.refuse(id, names, error);
      throw error;
    } finally {
      await adapter.disconnect();
    }
  }

  /**
   * Keeps secrets once the platform took all of them, and connects with them once. When one is refused, those that
   * were stored before stay as they are. @throws ChannelError as `check`.
   */
  async store(
    id: string,
    values: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<ConnectedAccount | undefined> {
    const account = await this.check(id, values, signal);
    if (signal?.aborted) throw checkCancelled();
    await this.keep(id, values);
    return account;
  }

  /**
   * Replaces one stored secret with another one of the same account. The old one is dropped only after the platform
   * took the new one. @throws ChannelError as `check`, and when it is the stored one or another account's.
   */
  async rotate(id: string, name: string, value: string): Promise<ConnectedAccount | undefined> {
    const slot = this.ports.slot(id);
    const { label } = fieldOf(slot.descriptor, name);
    const earlier = await this.ports.secrets.get(`${id}/${name}`);
    if (earlier === undefined)
      throw new ChannelError('fatal', `There is no ${label.toLowerCase()} to replace yet. Enter one first.`);
    if (earlier === value)
      throw new ChannelError(
        'fatal',
        `This is the ${label.toLowerCase()} that is stored already. Let ${slot.descriptor.name} issue a new one.`,
      );
    const account = await this.check(id, { [name]: value });
    const known = slot.account;
    if (account && known && account.account !== known.account) {
      throw new ChannelError(
        'fatal',
        `This belongs to ${account.name}, but ${known.name} is connected. Nothing was changed. To use another account, enter its credentials anew.`,
      );
    }
    await this.keep(id, { [name]: value });
    return account;
  }

  /** Deletes a channel's secrets. It goes to `unconfigured` if it is enabled. */
  async forget(id: string): Promise<void> {
    const { descriptor } = this.ports.slot(id);
    for (const { name } of descriptor.secrets) {
      const key = `${id}/${name}`;
      if ((await this.ports.secrets.get(key)) === undefined) continue;
      await this.ports.secrets.delete(key);
      await this.record(id, name, 'deleted', '');
    }
    await this.ports.reconnect(id);
  }

  private async keep(id: string, values: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, value] of Object.entries(values)) {
      const key = `${id}/${name}`;
      const earlier = await this.ports.secrets.get(key);
      await this.ports.secrets.set(key, value);
      if (earlier !== value) await this.record(id, name, earlier === undefined ? 'stored' : 'rotated', '');
    }
    await this.ports.reconnect(id);
  }

  private async refuse(id: string, names: readonly string[], error: ChannelError): Promise<never> {
    for (const name of names) await this.record(id, name, 'refused', error.message);
    throw error;
  }

  private async record(
    id: string,
    name: string,
    event: EventMap['secret.event']['event'],
    detail: string,
  ): Promise<void> {
    await this.ports.records.append({
      type: 'secret.event',
      actor: OWNER_AT_DESK,
      subject: id,
      data: { name: `${id}/${name}`, event, detail },
    });
  }
}

function fieldOf(descriptor: ChannelDescriptor, name: string): SecretField {
  const field = descriptor.secrets.find((secret) => secret.name === name);
  if (!field) throw new RangeError(`${descriptor.name} has no secret “${name}”.`);
  return field;
}
