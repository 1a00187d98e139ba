import { CHAT_CONTEXTS } from '../model/identity';
import type { FieldPath } from './problems';
import {
  DEFAULT_BUDGETS,
  DEFAULT_CAPABILITIES,
  DEFAULT_DENIED,
  DEFAULT_LIMITS,
  type PolicySnapshot,
} from './snapshot';
import { CAPABILITIES } from './tool-groups';

/** Where a line of the effective policy comes from. */
export type PolicyOrigin = 'default' | 'profile' | 'user' | 'workspace';

/** One value of the policy in force. An entry of a list ends in its place in the list. */
export interface EffectiveLine {
  readonly path: FieldPath;
  readonly value: unknown;
  readonly origin: PolicyOrigin;
}

/** The policy in force, value by value, each with where it comes from. What equals the default is the default's. */
export function effectivePolicy(snapshot: PolicySnapshot): readonly EffectiveLine[] {
  const { profile, mode } = snapshot;
  const { user } = snapshot.input;
  const lines: EffectiveLine[] = [
    { path: ['profile'], value: profile, origin: profile === 'development' ? 'default' : 'user' },
    {
      path: ['mode'],
      value: mode.value,
      origin: mode.source === 'user' && (user.mode ?? 'ask') === 'ask' ? 'default' : mode.source,
    },
  ];
  for (const name of CAPABILITIES) {
    const { effect, source } = snapshot.capabilities[name];
    const isDefault = source === 'user' && effect === DEFAULT_CAPABILITIES[name];
    lines.push({ path: ['capabilities', name], value: effect, origin: isDefault ? 'default' : source });
  }
  lines.push(...numbers(snapshot), ...areas(snapshot), ...ceilings(snapshot), ...lists(snapshot));
  return lines;
}

function numbers({ budgets, limits, ceiling, input }: PolicySnapshot): readonly EffectiveLine[] {
  const { user, workspace } = input;
  const lines: EffectiveLine[] = [];
  for (const name of keysOf(DEFAULT_BUDGETS)) {
    const value = budgets[name] ?? null;
    const set = user.budgets?.[name];
    const own = set === null && !ceiling.guardrailsOptional ? undefined : set;
    const origin: PolicyOrigin =
      value !== null && value === workspace?.budgets?.[name] && value !== (own ?? DEFAULT_BUDGETS[name])
        ? 'workspace'
        : set === null && value !== null
          ? 'profile'
          : value === DEFAULT_BUDGETS[name]
            ? 'default'
            : 'user';
    lines.push({ path: ['budgets', name], value, origin });
  }
  for (const name of keysOf(DEFAULT_LIMITS)) {
    const value = limits[name];
    const own = user.limits?.[name] ?? DEFAULT_LIMITS[name];
    const origin = value !== own ? 'workspace' : value === DEFAULT_LIMITS[name] ? 'default' : 'user';
    lines.push({ path: ['limits', name], value, origin });
  }
  return lines;
}

function keysOf<K extends string>(table: Readonly<Record<K, unknown>>): readonly K[] {
  return Object.keys(table) as K[];
}

function areas({ contexts, channels, input }: PolicySnapshot): readonly EffectiveLine[] {
  const lines: EffectiveLine[] = [];
  for (const context of CHAT_CONTEXTS) {
    const own = input.user.contexts?.[context];
    const { deniedToolGroups, requiredRole } = contexts[context];
    for (const [at, group] of deniedToolGroups.entries()) {
      const origin = own?.deniedToolGroups?.includes(group)
        ? 'user'
        : own?.deniedToolGroups === undefined && DEFAULT_DENIED[context].includes(group)
          ? 'default'
          : 'workspace';
      lines.push({ path: ['contexts', context, 'deniedToolGroups', at], value: group, origin });
    }
    if (requiredRole !== undefined) {
      const origin = requiredRole === own?.requiredRole ? 'user' : 'workspace';
      lines.push({ path: ['contexts', context, 'requiredRole'], value: requiredRole, origin });
    }
  }
  for (const [channel, area] of channels) {
    for (const [at, group] of area.deniedToolGroups.entries())
      lines.push({ path: ['channels', channel, 'deniedToolGroups', at], value: group, origin: 'user' });
    for (const name of ['requiredRole', 'mode'] as const) {
      const value = area[name];
      if (value !== undefined) lines.push({ path: ['channels', channel, name], value, origin: 'user' });
    }
  }
  return lines;
}

/** What the profile does not let anything exceed; only where it holds something back. */
function ceilings({ ceiling }: PolicySnapshot): readonly EffectiveLine[] {
  const held: [string, unknown][] = [
    ...(ceiling.outsideWorkspace ? [] : [['outsideWorkspace', 'deny'] as [string, unknown]]),
    ...(ceiling.isolationRequired ? [['isolatingSandbox', 'required'] as [string, unknown]] : []),
    ...(ceiling.memoryWithOthers ? [] : [['memoryWithOthers', 'deny'] as [string, unknown]]),
  ];
  return held.map(([name, value]) => ({ path: ['ceiling', name], value, origin: 'profile' }));
}

function lists({ defaultTrusted, input }: PolicySnapshot): readonly EffectiveLine[] {
  const { user, workspace } = input;
  const lines: EffectiveLine[] = [];
  const add = (path: FieldPath, values: readonly unknown[] | undefined, origin: PolicyOrigin, from = 0) => {
    for (const [at, value] of (values ?? []).entries())
      lines.push({ path: [...path, from + at], value, origin });
  };
  add(['rules'], user.rules, 'user');
  add(['rules'], workspace?.rules, 'workspace', user.rules?.length ?? 0);
  add(['trusted'], user.trusted, 'user');
  lines.push({
    path: ['defaultTrusted'],
    value: defaultTrusted,
    origin: defaultTrusted ? 'user' : 'default',
  });
  add(['protectedPaths', 'add'], user.protectedPaths?.add, 'user');
  const own = user.protectedPaths?.add?.length ?? 0;
  add(['protectedPaths', 'add'], workspace?.protectedPaths?.add, 'workspace', own);
  add(['protectedPaths', 'exceptions'], user.protectedPaths?.exceptions, 'user');
  add(['allowedPaths'], user.allowedPaths, 'user');
  return lines;
}
