import type { ChannelDescriptor } from '../channels/contract';
import type { ChannelView } from '../channels/manager/manager';
import { otherSystems } from '../channels/manager/systems';
import { Emitter } from '../engine/model/emitter';
import { EngineError } from '../engine/model/error';
import { ACCESS_MODES } from '../engine/model/events';
import type { Session } from '../session/session';
import type {
  ChannelSecret,
  ChannelsPort,
  ChannelViewItem,
  CheckedAccount,
  SettingField,
  WebhookReach,
} from '../views/ports';
import { missingSettings, settingField, settingProblem, settingValue } from './channel-fields';
import type { WindowSession } from './window-session';

const BUILT_IN = 'local';

/** The channels of this window's session, for the views. */
export class SessionChannels implements ChannelsPort {
  private readonly changed = new Emitter<void>();
  private stored = new Set<string>();
  private followed: Session | undefined;

  readonly onChange = this.changed.event;

  constructor(
    private readonly window: WindowSession,
    /** Known even while there is no session, so that the views can say what there is. */
    private readonly descriptors: readonly ChannelDescriptor[],
    /** What the person set for a channel, and where it is written. */
    private readonly settings: {
      read(id: string): unknown;
      write(key: string, value: unknown): Promise<void>;
      /** What a setting is for, in the language of the editor. */
      describe(key: string): string | undefined;
    },
    readonly openLocalChat: () => Promise<void>,
  ) {
    window.onChange(() => this.follow());
  }

  list(): readonly ChannelViewItem[] {
    const session = this.window.session;
    const views = new Map(session?.channels.list().map((view) => [view.id, view]));
    const restricted = this.window.get().kind === 'restricted';
    return this.descriptors.map((descriptor) => {
      const view = views.get(descriptor.id);
      const { account } = view ?? {};
      const systems = otherSystems(descriptor, process.platform);
      return {
        id: descriptor.id,
        name: descriptor.name,
        icon: descriptor.icon,
        summary: descriptor.summary,
        enabled: view?.enabled ?? false,
        builtIn: descriptor.id === BUILT_IN,
        ...(systems ? { systems } : {}),
        state: view?.state ?? (restricted ? 'restricted' : 'off'),
        detail: view?.detail ?? this.window.get().detail,
        ...(view?.nextTryAt === undefined ? {} : { nextTryAt: view.nextTryAt }),
        health: (view && descriptor.health?.(view.reported)) ?? [],
        ...(account
          ? {
              account: {
                id: account.account,
                name: account.name,
                isBot: account.isBot,
                ...(account.handle ? { handle: account.handle } : {}),
              },
            }
          : {}),
        contexts: descriptor.capabilities.contexts,
        allowedModes: session
          ? session.allowedModes(descriptor.id)
          : (descriptor.allowedModes?.({}) ?? ACCESS_MODES),
        called: session?.webhooks.isOpen(descriptor.id) ?? false,
        pending: session?.gateway.waitingFor(descriptor.id) ?? 0,
        secrets: this.secretsOf(descriptor, view),
        setup: descriptor.setup,
        links: descriptor.links,
      };
    });
  }

  nameOf(id: string): string {
    return this.descriptors.find((descriptor) => descriptor.id === id)?.name ?? id;
  }

  private secretsOf({ id, secrets }: ChannelDescriptor, view: ChannelView | undefined): ChannelSecret[] {
    return secrets.flatMap(({ name, label, help, neededWith, usefulWith }) => {
      const needed = view?.needs.includes(name) ?? neededWith?.({}) ?? true;
      const useful = view?.mayUse.includes(name) ?? usefulWith?.({}) ?? false;
      if (!needed && !useful) return [];
      return { name, label, help, stored: this.stored.has(`${id}/${name}`), optional: !needed };
    });
  }

  enable(id: string): Promise<void> {
    return this.session().channels.enable(id);
  }

  async connect(id: string): Promise<void> {
    const { channels } = this.session();
    if (channels.list().find((view) => view.id === id)?.enabled) await channels.reconnect(id);
    else await channels.enable(id);
  }

  disconnect(id: string): Promise<void> {
    return this.session().channels.disable(id, 'disconnected at the desk');
  }

  async remove(id: string): Promise<void> {
    const { channels } = this.session();
    await channels.disable(id, 'removed at the desk');
    await channels.credentials.forget(id);
    await this.readStored();
  }

  validateSecret(id: string, name: string, value: string): string | undefined {
    const field = this.descriptor(id).secrets.find((secret) => secret.name === name);
    return field?.validate?.(value);
  }

  async setSecrets(
    id: string,
    values: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<CheckedAccount> {
    return this.kept(id, await this.session().channels.credentials.store(id, values, signal));
  }

  test(id: string, signal: AbortSignal): Promise<CheckedAccount | undefined> {
    return this.session().channels.credentials.check(id, {}, signal);
  }

  missingSettings(id: string): readonly SettingField[] {
    return missingSettings(this.descriptor(id), this.settings.read(id)).map((field) =>
      this.described(id, field),
    );
  }

  settingField(id: string, key: string): SettingField {
    return this.described(id, settingField(this.descriptor(id), key, this.settings.read(id)));
  }

  validateSetting(id: string, key: string, text: string): string | undefined {
    return settingProblem(this.descriptor(id), key, text, this.settings.read(id));
  }

  async setSetting(id: string, key: string, text: string): Promise<void> {
    const value = settingValue(this.descriptor(id), key, text);
    await this.settings.write(`channels.${id}.${key}`, value);
  }

  async rotateSecret(id: string, name: string, value: string): Promise<CheckedAccount> {
    return this.kept(id, await this.session().channels.credentials.rotate(id, name, value));
  }

  private described(id: string, field: SettingField): SettingField {
    const said = this.settings.describe(`channels.${id}.${field.key}`);
    return said === undefined ? field : { ...field, description: said };
  }

  private async kept(id: string, account: CheckedAccount | undefined): Promise<CheckedAccount> {
    await this.readStored();
    return account ?? { name: this.descriptor(id).name, isBot: null };
  }

  webhook(id: string): Promise<{ readonly url: string; readonly isPublic: boolean } | undefined> {
    return this.session().webhooks.addressOf(id);
  }

  checkReach(id: string): Promise<WebhookReach> {
    return this.session().checkReach(id);
  }

  async renewWebhook(id: string): Promise<void> {
    const session = this.session();
    await session.webhooks.renewPath(id);
    // Channels tell their platform the address when they connect.
    await session.channels.reconnect(id);
  }

  pairingLink(id: string, code: string): string | undefined {
    const view = this.window.session?.channels.list().find((one) => one.id === id);
    return view?.account && this.descriptor(id).pairingLink?.(view.account, code);
  }

  private descriptor(id: string): ChannelDescriptor {
    const descriptor = this.descriptors.find((one) => one.id === id);
    if (!descriptor) throw new RangeError(`There is no channel “${id}”.`);
    return descriptor;
  }

  private session(): Session {
    const { session } = this.window;
    if (!session)
      throw new EngineError(
        this.window.get().detail || 'The engine is still starting. Try again in a moment.',
      );
    return session;
  }

  private follow(): void {
    const { session } = this.window;
    if (session && session !== this.followed) {
      this.followed = session;
      session.channels.onChange(() => this.changed.fire());
      void this.readStored();
    }
    this.changed.fire();
  }

  private async readStored(): Promise<void> {
    this.stored = new Set(await this.window.session?.vault.names());
    this.changed.fire();
  }
}
