import type { ExtensionContext, LogOutputChannel } from 'vscode';
import type { EngineApi } from '../engine/api';
import type { Event } from '../engine/model/emitter';
import type { AccessMode, ChannelState } from '../engine/model/events';
import type { ChatContext } from '../engine/model/identity';
import type { Pages } from './page-html';

/**
 * no-folder: nothing is open to work in. restricted: the workspace is not trusted. starting: the journal is read.
 * held: another window owns this workspace's journal. failed: the engine could not start. ready: it works.
 */
export type EngineStateKind = 'no-folder' | 'restricted' | 'starting' | 'held' | 'failed' | 'ready';

/** `detail` is a sentence for a person: what happened, why, what to do. */
export interface EngineState {
  readonly kind: EngineStateKind;
  readonly detail: string;
}

/** What the views need of the rest of the extension. The composition root provides it. */
export interface ViewsHost {
  readonly context: ExtensionContext;
  readonly log: LogOutputChannel;
  /** Hides every known secret in a text that is about to be shown. */
  mask(text: string): string;
  /** Undefined unless the state is `ready`. */
  engine(): EngineApi | undefined;
  readonly engineState: {
    get(): EngineState;
    readonly onChange: Event<EngineState>;
  };
  /** Tries to start the engine again after `held` or `failed`. */
  retry(): Promise<void>;
  readonly channels: ChannelsPort;
  readonly pages: Pages;
}

/** A credential that a channel needs or can use, and whether the vault has one. */
export interface ChannelSecret {
  readonly name: string;
  readonly label: string;
  readonly help: string;
  readonly stored: boolean;
  /** It works without it. */
  readonly optional: boolean;
}

/** A setting of a channel that the wizard asks for. */
export interface SettingField {
  /** Without what stands before it: `serverUrl`. */
  readonly key: string;
  readonly description: string;
  /** The values that it may have, when they are counted; else empty. */
  readonly choices: readonly string[];
  /** Several values, typed with commas between them. */
  readonly list: boolean;
  /** What is set now, as it is typed; empty when nothing is. */
  readonly value: string;
}

export interface ChannelViewItem {
  readonly id: string;
  readonly name: string;
  /** Name of a codicon, without `$(…)`. */
  readonly icon: string;
  readonly summary: string;
  /** Switched on in the settings, whatever its state. */
  readonly enabled: boolean;
  /** Part of the product, always there, cannot be added or removed: the local chat. */
  readonly builtIn: boolean;
  /** The systems that it works on, when this is none of them: macOS. It cannot be added here then. */
  readonly systems?: readonly string[];
  readonly state: ChannelState;
  readonly detail: string;
  /** When it is tried again, in milliseconds since the epoch; only while it waits. */
  readonly nextTryAt?: number;
  /** Sentences on health and quota, from what the platform said since the last start. */
  readonly health: readonly string[];
  /** Who the platform says the bot is, once it has said so. */
  readonly account?: {
    readonly id: string;
    readonly name: string;
    readonly handle?: string;
    /** Null where the platform has no notion of a bot. */
    readonly isBot: boolean | null;
  };
  readonly contexts: readonly ChatContext[];
  readonly allowedModes: readonly AccessMode[];
  /** Its platform calls it, and it has a door for that now. */
  readonly called: boolean;
  /** Messages that wait to be sent. */
  readonly pending: number;
  readonly secrets: readonly ChannelSecret[];
  /** Steps of the setup guide, in order, as plain text. */
  readonly setup: readonly string[];
  /** The platform's pages that the steps speak of. */
  readonly links: readonly { readonly label: string; readonly url: string }[];
}

/** What came of asking for a page of ours at a channel's public address. */
export type WebhookReach =
  | { readonly kind: 'local' }
  | { readonly kind: 'reached'; readonly host: string }
  | { readonly kind: 'elsewhere'; readonly host: string; readonly status: number }
  | { readonly kind: 'unreachable'; readonly host: string; readonly why: string };

/** The account that a check of credentials found. */
export interface CheckedAccount {
  readonly name: string;
  readonly handle?: string;
  readonly isBot: boolean | null;
}

/** The channels as the views see them. Rejections carry a message for the person: what happened, what to do. */
export interface ChannelsPort {
  /** Every channel of the product, switched on or not. */
  list(): readonly ChannelViewItem[];
  /** What a channel is called; its id when there is none with that id. */
  nameOf(id: string): string;
  readonly onChange: Event<void>;
  /** Switches the channel on for good, and connects it when it has what it needs. */
  enable(id: string): Promise<void>;
  connect(id: string): Promise<void>;
  /** Stops it until it is connected by hand; also after a restart. */
  disconnect(id: string): Promise<void>;
  /** Disconnects, switches it off and forgets its credentials. People and records stay. */
  remove(id: string): Promise<void>;
  /** Undefined when the text may be right; else one sentence on what is wrong with it. Asks nobody. */
  validateSecret(id: string, name: string, value: string): string | undefined;
  /**
   * Asks the platform whether these credentials are good and keeps them only then; neither once `signal` has aborted,
   * and it rejects at once.
   */
  setSecrets(
    id: string,
    values: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<CheckedAccount>;
  /** Asks the platform whether what is stored is good. Undefined when it cannot be asked without connecting. */
  test(id: string, signal: AbortSignal): Promise<CheckedAccount | undefined>;
  /** The settings without which it cannot run, in the order in which they are asked for. */
  missingSettings(id: string): readonly SettingField[];
  settingField(id: string, key: string): SettingField;
  /** Undefined when the setting may be this; else one sentence on what is wrong with it. */
  validateSetting(id: string, key: string, text: string): string | undefined;
  /** At user scope (law 2). */
  setSetting(id: string, key: string, text: string): Promise<void>;
  /**
   * Replaces one stored credential; the old one is dropped only after the platform took the new one, and only when
   * both are of the same account.
   */
  rotateSecret(id: string, name: string, value: string): Promise<CheckedAccount>;
  /** A link by which a person sends `code` to the bot, where the platform has one. */
  pairingLink(id: string, code: string): string | undefined;
  /** Where the platform calls the channel; undefined when it is not called, or not connected. */
  webhook(id: string): Promise<{ readonly url: string; readonly isPublic: boolean } | undefined>;
  /** Asks for a page of ours at the public address. */
  checkReach(id: string): Promise<WebhookReach>;
  /** A new address; the old one is dead at once. */
  renewWebhook(id: string): Promise<void>;
  /** Opens the terminal that plays a remote user of the built-in channel. */
  openLocalChat(): Promise<void>;
}
