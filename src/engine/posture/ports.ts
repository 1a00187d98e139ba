import type { Event } from '../model/emitter';
import type { Facts } from '../model/facts';
import type { ChatContext } from '../model/identity';
import type { ChannelFacts, UpdateStatus, UpkeepTask } from '../model/posture';
import type { PolicyProblem } from '../policy/problems';
import type { CredentialFacts, FamilyName, MachineFacts, RepositoryFacts, RulesOfChannel } from './facts';

/** A channel as its descriptor and its adapter know it. */
export interface SurroundingChannel {
  readonly id: string;
  readonly name: string;
  readonly external: boolean;
  readonly enabled: boolean;
  readonly state: ChannelFacts['state'];
  readonly account?: NonNullable<ChannelFacts['account']>;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly reported: Facts;
  readonly contexts: readonly ChatContext[];
  readonly noBots: boolean;
}

/** The person's settings, to be changed when they say so. Keys are without `cowork.`. */
export interface SettingsPort {
  /** What the person set; undefined when nothing. */
  get(key: string): unknown;
  /** `undefined` takes the person's value away. Rejects when it could not be written. */
  set(key: string, value: unknown): Promise<void>;
}

export interface PermissionsPort {
  /** The low nine bits. */
  get(path: string): Promise<number>;
  set(path: string, mode: number): Promise<void>;
}

/** The bundle of the rules. */
export type ChecklistChunk = typeof import('./index');

/** What the Checklist needs to know and to do outside the engine. */
export interface PostureSurroundings {
  readonly rulesOf: RulesOfChannel;
  /** What `dist/checklist.cjs` exports; loaded when it is first needed. */
  load(): Promise<ChecklistChunk>;
  channels(): readonly SurroundingChannel[];
  machine(): Promise<MachineFacts>;
  repository(): Promise<RepositoryFacts>;
  /** What is wrong with the person's own policy. */
  problems(): readonly PolicyProblem[];
  /** Level of the product's log, as the editor names it. */
  logLevel(): string;
  /** The setting `access.rules`. */
  accessRules(): Readonly<Record<string, unknown>>;
  secrets(): Promise<Pick<CredentialFacts, 'weak' | 'shared'>>;
  readonly settings: SettingsPort;
  readonly permissions: PermissionsPort;
  /** Resolves when what was set last is in force. */
  settled(): Promise<void>;
  /** Never rejects: whoever cannot be asked is `unknown`. */
  checkForUpdates(): Promise<UpdateStatus>;
  /** Days between two times of the regular work, where the person set them. */
  every(): Partial<Readonly<Record<UpkeepTask, number>>>;
  /** Days without a word after which someone is asked about. */
  staleDays(): number;
  /** Families whose facts may be others now. */
  readonly onChange: Event<readonly FamilyName[]>;
}
