import type { AdapterChunk } from '../channels/registry';
import type { WebhookSettings } from '../channels/webhook/server';
import type { AccessConfig } from '../engine/access/config';
import type { EngineOptions } from '../engine/assemble';
import type { Guard, GuardOptions } from '../engine/guard/guard';
import type { HeadMemory } from '../engine/journal';
import type { Desk } from '../engine/model/desk';
import type { Event } from '../engine/model/emitter';
import type { Clock, Disposable, Logger } from '../engine/model/ports';
import type { MachineFacts } from '../engine/posture/facts';
import type { SettingsPort } from '../engine/posture/ports';
import type { SandboxId } from '../engine/sandbox/backend';
import type { ContainerSettings } from '../engine/sandbox/container-argv';
import type { SecretBackend } from '../engine/vault/backend';
import type { Masking } from '../engine/vault/masking';

/** What the person has set, from user and machine scope only; read again at each use. */
export interface SessionSettings {
  /** The policy as the settings hold it, unchecked: the engine says what is wrong with it. */
  policy(): unknown;
  access(): AccessConfig;
  /** What is set for one channel, unchecked. */
  channel(id: string): unknown;
  webhook(): WebhookSettings;
  sandbox(): 'auto' | SandboxId;
  container(): ContainerSettings;
  /** Hosts that commands and tools may reach, private ones included. */
  allowedHosts(): readonly string[];
  /** Names of variables that commands get besides the base set. */
  environment(): readonly string[];
  /** Milliseconds. */
  approvalTtlMs(): number;
  /** Days after which a credential is to be replaced. */
  rotateAfterDays(): number;
  /** Days after which someone who said nothing is asked about, and between two reviews of people and permissions. */
  maintenance(): { readonly staleUserDays: number; readonly reviewDays: number };
  /** Where private builds are announced, and the key that signs it; empty for the marketplace, and for none. */
  updates(): { readonly url: string; readonly publicKey: string };
  /** Fires with a test whether a setting, or one below it, is among those that changed. */
  onChange(listener: (changed: (key: string) => boolean) => void): Disposable;
}

/** The workspace's own policy file. */
export interface WorkspacePolicyFile {
  /** Undefined when there is none. */
  read(): Promise<string | undefined>;
  /** Something that is another when the file has been written, made or removed since. Cheap. */
  stamp(): Promise<string>;
  onChange(listener: () => void): Disposable;
}

/** What the Checklist sees and does in the editor. */
export interface EditorPort {
  /** The person's own settings. */
  readonly settings: SettingsPort;
  /** Settings of other extensions that let an agent act without asking. */
  agents(): MachineFacts['agents'];
  /** Level of the product's log: `trace`, `debug`, `info`, … */
  logLevel(): string;
  /** Fires when one of the last two may answer differently. */
  readonly onChange: Event<void>;
}

/** What `dist/guard.cjs` exports. */
export interface GuardChunk {
  createGuard(options: GuardOptions): Promise<Guard>;
}

/** What `dist/checklist.cjs` exports. */
export type ChecklistBundle = typeof import('./posture/checklist');

/** Everything that a session needs of the editor, or of a test. */
export interface SessionPorts {
  readonly version: string;
  /** Absolute path of the folder that is open. */
  readonly workspace: string;
  /** Its name, for people. */
  readonly label: string;
  /** The same for the sessions of one window, of which there is one at a time. See `StoreOptions`. */
  readonly leaseToken?: string;
  readonly trusted: () => boolean;
  /** Absolute, outside the workspace, for this workspace alone. */
  readonly storage: string;
  /** Further absolute folders that no command may read: the editor's own data. */
  readonly hidden: readonly string[];
  /** Absolute folder of the bundles. */
  readonly bundles: string;
  /** The one masking service of this window. */
  readonly masking: Masking;
  /** From the best to the last resort. */
  readonly secretBackends: readonly SecretBackend[];
  readonly heads: HeadMemory;
  readonly settings: SessionSettings;
  readonly policyFile: WorkspacePolicyFile;
  readonly editor: EditorPort;
  /** Tells the person of something that they set and that is wrong: what it is, and the fix. */
  problem(text: string): void;
  loadChunk(id: string): Promise<AdapterChunk>;
  /** The guard's bundle, which is large: loaded with the first command. */
  loadGuard(): Promise<GuardChunk>;
  /** The Checklist's bundle, loaded behind the start. */
  loadChecklist(): Promise<ChecklistBundle>;
  readonly clock: Clock;
  readonly log: Logger;
  /** The editor and what belongs to it; absent where there is none. */
  readonly desk?: Desk;
  readonly network: EngineOptions['network'];
  /** The address under which the outside reaches a port of this machine; undefined when nothing forwards it. */
  forward(port: number): Promise<string | undefined>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}
