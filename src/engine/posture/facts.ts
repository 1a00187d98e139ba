import type { PatternName } from '../model/checklist';
import type { ToolGroup } from '../model/decision';
import type { Effect } from '../model/effect';
import type { AccessMode } from '../model/events';
import type { ChatContext, IdentityKey, Role } from '../model/identity';
import type { ChannelFacts, ChannelRule, ProfileName, UpdateStatus } from '../model/posture';
import type { VaultHealth } from '../model/views';
import type { PolicyProblem } from '../policy/problems';
import type { ProfileCeiling } from '../policy/profiles';
import type { UserPolicy } from '../policy/schema';

// What the rules look at: plain JSON, gathered beforehand, without secrets. A family is absent while it is unknown;
// its rules are then not evaluated, and the report says so. Ages are in whole days, so that a family of facts is the
// same until something has changed or a day has passed.

/** One channel with what the rules that hold for every channel need. */
export interface ChannelPosture extends ChannelFacts {
  /** False for the built-in chat on this machine. */
  readonly external: boolean;
  readonly contexts: readonly ChatContext[];
  /** The platform has no notion of a bot. */
  readonly noBots: boolean;
  /** What the owner chose, also where the profile does not let it count. */
  readonly chosen: Partial<Readonly<Record<ChatContext, AccessMode>>>;
  readonly denied: Partial<Readonly<Record<ChatContext, readonly ToolGroup[]>>>;
  readonly requiredRole: Partial<Readonly<Record<ChatContext, Role>>>;
  readonly acknowledged: { readonly account: boolean; readonly open: boolean };
}

export interface ChannelsFacts {
  readonly profile: ProfileName;
  /** Whether commands may run at all. */
  readonly shell: Effect;
  /** The setting `access.rules`, as it is. */
  readonly accessRules: Readonly<Record<string, unknown>>;
  readonly channels: readonly ChannelPosture[];
}

export interface AccessFacts {
  /** After how many days without a word someone is asked about. */
  readonly staleDays: number;
  readonly stale: readonly {
    readonly key: IdentityKey;
    readonly name: string;
    readonly channel: string;
    readonly days: number;
  }[];
  /** Live codes that more than one identity has tried. */
  readonly sharedCodes: readonly {
    readonly codeId: string;
    readonly channel: string;
    readonly triedBy: number;
  }[];
  /** People with access whose account went by several names when it was let in or tried a code. */
  readonly manyNames: readonly { readonly key: IdentityKey; readonly names: readonly string[] }[];
  /** People who may approve high-risk actions from a chat and have no second factor. */
  readonly unsecured: readonly { readonly key: IdentityKey; readonly name: string }[];
}

export interface PolicyFacts {
  readonly profile: ProfileName;
  readonly ceiling: ProfileCeiling;
  /** What the person has set. */
  readonly user: UserPolicy;
  readonly problems: readonly Pick<PolicyProblem, 'kind' | 'path' | 'message' | 'fix'>[];
  /** Level of the log of this product: `trace`, `debug`, `info`, … */
  readonly logLevel: string;
}

export interface GrantFacts {
  readonly idleDays: number;
  readonly unused: readonly {
    readonly id: string;
    readonly name: string;
    readonly what: string;
    readonly days: number;
  }[];
}

export interface CredentialFacts {
  readonly health: Pick<VaultHealth, 'level' | 'passedOver' | 'rotateAfterDays'>;
  readonly overdue: readonly { readonly name: string; readonly ageDays: number }[];
  /** Secrets that a person made up, weaker than 60 bits. */
  readonly weak: readonly { readonly name: string; readonly bits: number }[];
  /** Names of secrets that have the same value. */
  readonly shared: readonly (readonly string[])[];
}

export interface MachineFacts {
  readonly profile: ProfileName;
  /** Folders and files of the product that others can read or change. `mode` as `stat` gives it, low nine bits. */
  readonly loose: readonly { readonly path: string; readonly mode: number; readonly folder: boolean }[];
  readonly synced: readonly {
    readonly path: string;
    readonly what: 'storage' | 'workspace';
    readonly service: string;
  }[];
  readonly sandbox: {
    /** The setting. */
    readonly wanted: string;
    readonly label: string;
    readonly isolated: boolean;
    /** What the self-test said; undefined when nothing works. */
    readonly tested: string | undefined;
    readonly rejected: readonly { readonly id: string; readonly why: string }[];
  };
  /** Address of the container engine when it is another machine's. */
  readonly dockerHost: string | undefined;
  /** Options that a person set for containers. */
  readonly containerOptions: readonly string[];
  /** Names of variables that commands get. */
  readonly environment: readonly string[];
  /** Settings of other extensions that let an agent act without asking. */
  readonly agents: readonly { readonly product: string; readonly setting: string; readonly value: string }[];
  /** Addresses under which this product is reached from other machines and that are open or plain. */
  readonly listening: readonly {
    readonly what: string;
    readonly address: string;
    readonly encrypted: boolean;
  }[];
  /** Settings of this product that hold what looks like a credential: which, and of what kind. */
  readonly secretSettings: readonly { readonly key: string; readonly kind: string }[];
  /** Settings meant for trying things out that are not as they come. */
  readonly prototypes: readonly { readonly key: string; readonly value: string; readonly why: string }[];
}

export interface RepositoryFacts {
  /** What looks like a credential: where, and of what kind. Never the value. */
  readonly secrets: readonly {
    readonly file: string;
    readonly line: number;
    readonly kind: string;
    /** In the repository, and so with everyone who has a copy. */
    readonly tracked: boolean;
  }[];
  /** Settings of this product in the folder's own settings, which do not count. */
  readonly settings: readonly { readonly file: string; readonly line: number; readonly key: string }[];
  /** What the folder's policy file wants to loosen. */
  readonly loosening: readonly {
    readonly file: string;
    readonly line: number;
    readonly path: string;
    readonly message: string;
  }[];
  /** What in it is not understood. */
  readonly invalid: readonly {
    readonly file: string;
    readonly line: number;
    readonly path: string;
    readonly message: string;
  }[];
  /** Options in container files that take the wall away. */
  readonly containers: readonly { readonly file: string; readonly line: number; readonly option: string }[];
  /** False when there were more files than were looked at. */
  readonly whole: boolean;
}

export interface ActivityFacts {
  /** Of the last seven days, newest first. */
  readonly noticed: readonly {
    readonly pattern: PatternName;
    readonly subject: string;
    readonly text: string;
    readonly count: number;
    readonly at: number;
  }[];
}

export interface UpdateFacts {
  readonly last: Pick<UpdateStatus, 'status' | 'installed' | 'latest' | 'source'> | undefined;
}

/** Every family of facts, by its name. */
export interface FactFamilies {
  readonly channels: ChannelsFacts;
  readonly access: AccessFacts;
  readonly policy: PolicyFacts;
  readonly grants: GrantFacts;
  readonly credentials: CredentialFacts;
  readonly machine: MachineFacts;
  readonly repository: RepositoryFacts;
  readonly activity: ActivityFacts;
  readonly update: UpdateFacts;
}

export type FamilyName = keyof FactFamilies;
export const FAMILIES: readonly FamilyName[] = [
  'channels',
  'access',
  'policy',
  'grants',
  'credentials',
  'machine',
  'repository',
  'activity',
  'update',
];

/** Rules of one channel's own descriptor. */
export type RulesOfChannel = (channel: string) => readonly ChannelRule[];
