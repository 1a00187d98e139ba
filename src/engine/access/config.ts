import type { ToolGroup } from '../model/decision';
import { ACCESS_MODES, type AccessMode } from '../model/events';
import type { ChatContext, ConversationKey, Role } from '../model/identity';
import { ROLES, roleAtLeast } from '../model/identity';
import { type AccessState, slot } from './state';

/** What the owner may set for one kind of place. Absent means the default. */
export interface ContextRule {
  readonly deniedToolGroups?: readonly ToolGroup[];
  readonly requiredRole?: Role;
  /** Only messages that mention the bot, or answer it, are for it. A DM always is. */
  readonly mentionRequired?: boolean;
}

/** For one conversation: may only narrow what holds for its context. */
export interface ConversationRule extends ContextRule {
  readonly disabled?: boolean;
}

export interface ChannelAccessConfig {
  /** Life of a new code in milliseconds; clamped to 30 s … 1 h, 300 s when absent. */
  readonly codeTtlMs?: number;
  /** The modes that may be used here at all, from the channel's descriptor and the profile's ceiling. */
  readonly allowedModes?: readonly AccessMode[];
  readonly contexts?: Partial<Readonly<Record<ChatContext, ContextRule>>>;
  readonly conversations?: Readonly<Record<ConversationKey, ConversationRule>>;
}

/** From user and machine scope only (law 2): a repository has no say in who may talk. */
export interface AccessConfig {
  /** At most one reply to a stranger in this time, in milliseconds; 60 s when absent. Doubles with each reply. */
  readonly strangerWindowMs?: number;
  /** What someone let in by open mode or an allowlist becomes; `member` when absent. */
  readonly entryRole?: Role;
  readonly channels?: Readonly<Record<string, ChannelAccessConfig>>;
}

export const CODE_TTL_DEFAULT_MS = 300_000;
export const CODE_TTL_MIN_MS = 30_000;
export const CODE_TTL_MAX_MS = 3_600_000;
export const STRANGER_WINDOW_DEFAULT_MS = 60_000;

/** The rules that hold in one place, after defaults and narrowing. */
export interface ContextPolicy {
  readonly mode: AccessMode;
  readonly deniedToolGroups: readonly ToolGroup[];
  readonly requiredRole: Role;
  readonly mentionRequired: boolean;
}

const DEFAULT_DENIED: Readonly<Record<ChatContext, readonly ToolGroup[]>> = {
  dm: [],
  group: ['memory'],
  public: ['memory'],
};

/** The configuration of one channel. Reads own properties only: a channel named `constructor` has none. */
export function channelConfig(config: AccessConfig, channel: string): ChannelAccessConfig {
  const channels = config.channels;
  return (channels && Object.hasOwn(channels, channel) ? channels[channel] : undefined) ?? {};
}

export function allowedModes(config: AccessConfig, channel: string): readonly AccessMode[] {
  return channelConfig(config, channel).allowedModes ?? ACCESS_MODES;
}

/** How long a new code of this channel lives, in milliseconds. */
export function codeTtlMs(config: AccessConfig, channel: string): number {
  const ttl = channelConfig(config, channel).codeTtlMs ?? CODE_TTL_DEFAULT_MS;
  if (!Number.isFinite(ttl)) return CODE_TTL_DEFAULT_MS;
  return Math.min(CODE_TTL_MAX_MS, Math.max(CODE_TTL_MIN_MS, ttl));
}

/**
 * The mode in force: pairing unless the owner chose another. A choice that is no longer allowed, because the
 * profile was tightened, counts as pairing, or as disabled where even that is not allowed.
 */
export function effectiveMode(
  state: AccessState,
  config: AccessConfig,
  channel: string,
  context: ChatContext,
): AccessMode {
  const chosen = state.modes[slot(channel, context)] ?? 'pairing';
  const allowed = allowedModes(config, channel);
  if (chosen === 'disabled' || allowed.includes(chosen)) return chosen;
  return allowed.includes('pairing') ? 'pairing' : 'disabled';
}

/**
 * The rules for a context of a channel, or for one conversation in it. Pure. A conversation's own rule can
 * only take away: it adds denied groups, raises the role, asks for a mention, or switches the place off.
 */
export function contextPolicy(
  state: AccessState,
  config: AccessConfig,
  channel: string,
  context: ChatContext,
  conversation?: ConversationKey,
): ContextPolicy {
  const ofChannel = channelConfig(config, channel);
  const rule = ofChannel.contexts?.[context] ?? {};
  const base: ContextPolicy = {
    mode: effectiveMode(state, config, channel, context),
    deniedToolGroups: rule.deniedToolGroups ?? DEFAULT_DENIED[context],
    requiredRole: rule.requiredRole ?? 'observer',
    mentionRequired: context !== 'dm' && (rule.mentionRequired ?? true),
  };
  const rules = ofChannel.conversations;
  const own =
    conversation !== undefined && rules && Object.hasOwn(rules, conversation) && rules[conversation];
  if (!own) return base;
  return {
    mode: own.disabled ? 'disabled' : base.mode,
    deniedToolGroups: [...new Set([...base.deniedToolGroups, ...(own.deniedToolGroups ?? [])])],
    requiredRole: stricterRole(base.requiredRole, own.requiredRole),
    mentionRequired: base.mentionRequired || (context !== 'dm' && own.mentionRequired === true),
  };
}

function stricterRole(a: Role, b: Role = ROLES[0] ?? 'observer'): Role {
  return roleAtLeast(b, a) ? b : a;
}
