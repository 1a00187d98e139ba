import { createHash } from 'node:crypto';
import { canonicalJson } from '../journal/canonical';
import type { ToolGroup } from '../model/decision';
import type { Effect } from '../model/effect';
import type { ChatContext, Role } from '../model/identity';
import { firstWord } from './command-cover';
import { type CommandPattern, compileCommandPattern } from './command-pattern';
import { smallestOf, stricterEffect, strictestMode, tightestArea } from './merge';
import { compileGlob, exactSegments, type PathGlob } from './paths';
import { PROFILE_CEILINGS, type ProfileCeiling } from './profiles';
import { compileProtected, type ProtectedPaths } from './protected-paths';
import type {
  Mode,
  Profile,
  TrustedEntry,
  UserPolicy,
  UserRule,
  WorkspacePolicy,
  WorkspaceRule,
} from './schema';
import { CAPABILITIES, type Capability } from './tool-groups';

/** INI-4: reading and writing in the workspace are on; everything else is asked about or off. */
export const DEFAULT_CAPABILITIES: Readonly<Record<Capability, Effect>> = Object.freeze({
  read: 'allow',
  write: 'allow',
  delete: 'ask',
  shell: 'ask',
  network: 'ask',
  clipboard: 'deny',
  system: 'deny',
});

/**
 * INI-3b. Room for a long task of today's models and a bill that nobody minds; chosen, not measured.
 * Tokens, and US dollars.
 */
export const DEFAULT_BUDGETS = Object.freeze({
  tokensPerTask: 200_000,
  costPerTask: 1,
  tokensPerUserDay: 1_000_000,
  costPerUserDay: 10,
});

/** INI-3c. The third identical call in one task is a loop; half an hour is longer than any test run we know. */
export const DEFAULT_LIMITS = Object.freeze({
  iterationsPerTask: 50,
  toolCallsPerStep: 10,
  repeatCalls: 3,
  taskTimeoutMs: 30 * 60_000,
});

type BudgetName = keyof typeof DEFAULT_BUDGETS;
type LimitName = keyof typeof DEFAULT_LIMITS;
const BUDGET_NAMES = Object.keys(DEFAULT_BUDGETS) as readonly BudgetName[];
const LIMIT_NAMES = Object.keys(DEFAULT_LIMITS) as readonly LimitName[];

/** Whose rule or setting it is. */
export type Source = 'user' | 'workspace';

/** A rule made ready. All conditions that are present must hold. */
export interface CompiledRule {
  readonly id: string;
  readonly effect: Effect;
  readonly source: Source;
  /** Place in the source's list of rules, for explanations. */
  readonly index: number;
  readonly rule: UserRule | WorkspaceRule;
  readonly path?: PathGlob;
  readonly domain?: string;
  readonly command?: CommandPattern;
  /** Milliseconds since the epoch. */
  readonly until?: number;
}

/** A trusted pattern of the policy: it answers *ask* about a command line with yes. */
export interface CompiledTrust {
  readonly id: string;
  readonly pattern: string;
  /** The pattern's first word. */
  readonly program: string;
  readonly folder?: readonly string[];
  readonly user?: string;
  readonly channel?: string;
  readonly until?: number;
}

export interface Area {
  readonly deniedToolGroups: readonly ToolGroup[];
  readonly requiredRole?: Role;
  readonly mode?: Mode;
}

/** The whole policy at one moment: frozen, made ready for deciding, and named by a hash of its content. */
export interface PolicySnapshot {
  /** SHA-256, in hex, of the content: what approvals bind and records name. */
  readonly version: string;
  readonly profile: Profile;
  readonly ceiling: ProfileCeiling;
  readonly mode: { readonly value: Mode; readonly source: Source | 'profile' };
  readonly capabilities: Readonly<Record<Capability, { readonly effect: Effect; readonly source: Source }>>;
  /** Rules that ask or deny. */
  readonly rules: readonly CompiledRule[];
  /** Rules of the user that answer *ask* with yes. */
  readonly allowRules: readonly CompiledRule[];
  readonly trusted: readonly CompiledTrust[];
  readonly defaultTrusted: boolean;
  /** An absent budget is switched off, which only the profile `development` permits. */
  readonly budgets: { readonly [name in BudgetName]?: number };
  readonly limits: Readonly<Record<LimitName, number>>;
  readonly protectedPaths: ProtectedPaths;
  readonly allowedPaths: readonly { readonly glob: PathGlob; readonly access: 'read' | 'write' }[];
  readonly contexts: Readonly<Record<ChatContext, Area>>;
  readonly channels: ReadonlyMap<string, Area>;
  readonly workspaceRoot: string;
  readonly rootSegments: readonly string[];
  readonly home: string;
  /** What it was built from, for explanations and simulations. */
  readonly input: SnapshotInput;
}

export interface SnapshotInput {
  readonly user: UserPolicy;
  readonly workspace?: WorkspacePolicy;
  /** Absolute path of the folder that is open. */
  readonly workspaceRoot: string;
  /** Absolute path of the home of whoever runs the engine. */
  readonly home: string;
  /** Folders of the product itself: journal, snapshots, vault file. Never read or written by a tool. */
  readonly storage?: readonly string[];
}

/** CTX-1: memory tools are off where others read along, unless the person at the desk says otherwise. */
export const DEFAULT_DENIED: Readonly<Record<ChatContext, readonly ToolGroup[]>> = {
  dm: [],
  group: ['memory'],
  public: ['memory'],
};

/** Builds the snapshot. The workspace's part is only ever merged by taking the stricter of two values. */
export function buildSnapshot(given: SnapshotInput): PolicySnapshot {
  const input = structuredClone(given);
  const { user, workspaceRoot, home } = input;
  const workspace = input.workspace ?? {};
  const profile = user.profile ?? 'development';
  const ceiling = PROFILE_CEILINGS[profile];
  const compile = ruleCompiler(workspaceRoot, home);
  const rules = [
    ...(user.rules ?? []).map((rule, index) => compile(rule, 'user', index)),
    ...(workspace.rules ?? []).map((rule, index) => compile(rule, 'workspace', index)),
  ];
  const snapshot: PolicySnapshot = {
    version: versionOf(input),
    profile,
    ceiling,
    mode: effectiveMode(user.mode ?? 'ask', workspace.mode, ceiling.mode),
    capabilities: effectiveCapabilities(user, workspace),
    rules: rules.filter((rule) => rule.effect !== 'allow'),
    allowRules: rules.filter((rule) => rule.effect === 'allow' && rule.source === 'user'),
    trusted: (user.trusted ?? []).map((entry, index) => compileTrust(entry, index, home, workspaceRoot)),
    defaultTrusted: user.defaultTrusted ?? false,
    budgets: effectiveBudgets(user, workspace, ceiling),
    limits: effectiveLimits(user, workspace),
    protectedPaths: compileProtected({
      home,
      workspace: workspaceRoot,
      storage: input.storage ?? [],
      additions: [...(user.protectedPaths?.add ?? []), ...(workspace.protectedPaths?.add ?? [])],
      exceptions: user.protectedPaths?.exceptions ?? [],
    }),
    allowedPaths: (user.allowedPaths ?? []).map(({ path, access }) => ({
      glob: compileGlob(path, workspaceRoot, home),
      access,
    })),
    contexts: effectiveContexts(user, workspace),
    channels: new Map(
      Object.entries(user.channels ?? {}).map(([channel, area]) => [
        channel,
        { ...area, deniedToolGroups: area.deniedToolGroups ?? [] },
      ]),
    ),
    workspaceRoot,
    rootSegments: exactSegments(workspaceRoot),
    home,
    input,
  };
  return deepFreeze(snapshot);
}

function versionOf(input: SnapshotInput): string {
  // Through JSON, so that a property that is there but undefined is the same as one that is not.
  const content: unknown = JSON.parse(JSON.stringify({ ...input, tables: TABLES_VERSION }));
  return createHash('sha256').update(canonicalJson(content)).digest('hex');
}

/** Raised when a built-in table or default changes, so that approvals given under the old one ask again. */
const TABLES_VERSION = 1;

function effectiveMode(user: Mode, workspace: Mode | undefined, ceiling: Mode): PolicySnapshot['mode'] {
  const value = strictestMode(strictestMode(user, workspace), ceiling);
  return { value, source: value === user ? 'user' : value === workspace ? 'workspace' : 'profile' };
}

function effectiveCapabilities(user: UserPolicy, workspace: WorkspacePolicy): PolicySnapshot['capabilities'] {
  const entries = CAPABILITIES.map((name) => {
    const own = user.capabilities?.[name] ?? DEFAULT_CAPABILITIES[name];
    const effect: Effect = stricterEffect<Effect>(own, workspace.capabilities?.[name]) ?? own;
    return [name, { effect, source: effect === own ? 'user' : 'workspace' }] as const;
  });
  return Object.fromEntries(entries) as PolicySnapshot['capabilities'];
}

function effectiveBudgets(
  user: UserPolicy,
  workspace: WorkspacePolicy,
  ceiling: ProfileCeiling,
): PolicySnapshot['budgets'] {
  const own = Object.fromEntries(
    BUDGET_NAMES.map((name) => {
      const set = user.budgets?.[name];
      const off = set === null && ceiling.guardrailsOptional;
      return [name, off ? undefined : (set ?? DEFAULT_BUDGETS[name])];
    }),
  );
  return smallestOf(own, workspace.budgets ?? {}, BUDGET_NAMES);
}

function effectiveLimits(user: UserPolicy, workspace: WorkspacePolicy): PolicySnapshot['limits'] {
  const own = { ...DEFAULT_LIMITS, ...dropUndefined(user.limits ?? {}) };
  return { ...own, ...smallestOf(own, workspace.limits ?? {}, LIMIT_NAMES) };
}

function dropUndefined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

function effectiveContexts(user: UserPolicy, workspace: WorkspacePolicy): PolicySnapshot['contexts'] {
  const area = (context: ChatContext) => {
    const own = user.contexts?.[context];
    const merged = tightestArea(
      { ...own, deniedToolGroups: [...(own?.deniedToolGroups ?? DEFAULT_DENIED[context])] },
      workspace.contexts?.[context],
    );
    return { ...merged, deniedToolGroups: merged?.deniedToolGroups ?? [] };
  };
  return { dm: area('dm'), group: area('group'), public: area('public') };
}

function ruleCompiler(root: string, home: string) {
  return (rule: UserRule | WorkspaceRule, source: Source, index: number): CompiledRule => ({
    id: rule.id ?? `${source}.rules[${index}]`,
    effect: rule.effect,
    source,
    index,
    rule,
    ...(rule.path === undefined ? {} : { path: compileGlob(rule.path, root, home) }),
    ...(rule.domain === undefined ? {} : { domain: normaliseHost(rule.domain) }),
    ...(rule.command === undefined ? {} : { command: compileCommandPattern(rule.command) }),
    ...('until' in rule && rule.until !== undefined ? { until: Date.parse(rule.until) } : {}),
  });
}

function compileTrust(entry: TrustedEntry, index: number, home: string, root: string): CompiledTrust {
  const id = `trusted[${index}]`;
  if (typeof entry === 'string') return { id, pattern: entry, program: firstWord(entry) };
  const folder =
    entry.folder === undefined ? undefined : compileGlob(`${entry.folder}/`, root, home).segments;
  return {
    id,
    pattern: entry.pattern,
    program: firstWord(entry.pattern),
    ...(folder === undefined ? {} : { folder }),
    ...(entry.user === undefined ? {} : { user: entry.user }),
    ...(entry.channel === undefined ? {} : { channel: entry.channel }),
    ...(entry.until === undefined ? {} : { until: Date.parse(entry.until) }),
  };
}

/** A host as it is compared: lower case, without port, brackets, user name and final dot. */
export function normaliseHost(host: string): string {
  let text = host.trim().toLowerCase();
  const scheme = text.indexOf('://');
  if (scheme >= 0) text = text.slice(scheme + 3);
  const end = text.search(/[/?#]/);
  if (end >= 0) text = text.slice(0, end);
  text = text.slice(text.lastIndexOf('@') + 1);
  if (text.startsWith('[')) return text.slice(1, text.indexOf(']') > 0 ? text.indexOf(']') : undefined);
  const colon = text.indexOf(':');
  if (colon >= 0 && colon === text.lastIndexOf(':')) text = text.slice(0, colon);
  return text.endsWith('.') ? text.slice(0, -1) : text;
}

/** Budgets that the policy switches off, for the posture of the whole (INI-3a). */
export function guardrailsOff(policy: UserPolicy): readonly string[] {
  return BUDGET_NAMES.filter((name) => policy.budgets?.[name] === null).map((name) => `budgets.${name}`);
}

/** Freezes what a caller could change by mistake. Maps are typed read-only and not handed out elsewhere. */
function deepFreeze<T>(value: T): T {
  if (value === null || typeof value !== 'object' || Object.isFrozen(value)) return value;
  Object.freeze(value);
  if (!(value instanceof Map)) for (const item of Object.values(value)) deepFreeze(item);
  return value;
}
