import { type Effect, isStricter } from '../model/effect';
import type { ChatContext } from '../model/identity';
import { CHAT_CONTEXTS, roleAtLeast } from '../model/identity';
import { MODES, type Mode, type WorkspacePolicy } from './schema';
import { CAPABILITIES } from './tool-groups';

/** The stricter of two modes. */
export function strictestMode(a: Mode, b: Mode | undefined): Mode {
  return b === undefined || MODES.indexOf(a) <= MODES.indexOf(b) ? a : b;
}

/** The smaller of two limits, of which either may be absent (or `null`: switched off). */
export function smallest(a: number | null | undefined, b: number | null | undefined): number | undefined {
  if (a === undefined || a === null) return b ?? undefined;
  return b === undefined || b === null ? a : Math.min(a, b);
}

export function stricterEffect<T extends Effect>(a: T | undefined, b: T | undefined): T | undefined {
  if (a === undefined) return b;
  return b !== undefined && isStricter(b, a) ? b : a;
}

type Area = NonNullable<NonNullable<WorkspacePolicy['contexts']>[ChatContext]>;

/** What is denied in either, and the higher of the roles. */
export function tightestArea(a: Area | undefined, b: Area | undefined): Area | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const role =
    a.requiredRole === undefined ||
    (b.requiredRole !== undefined && roleAtLeast(b.requiredRole, a.requiredRole))
      ? b.requiredRole
      : a.requiredRole;
  return {
    deniedToolGroups: [...new Set([...(a.deniedToolGroups ?? []), ...(b.deniedToolGroups ?? [])])],
    ...(role === undefined ? {} : { requiredRole: role }),
  };
}

/** Both policies at once: whatever either restricts is restricted. */
export function tightest(a: WorkspacePolicy, b: WorkspacePolicy): WorkspacePolicy {
  const result: WorkspacePolicy = {};
  const mode =
    a.mode === undefined || b.mode === undefined ? (a.mode ?? b.mode) : strictestMode(a.mode, b.mode);
  if (mode === 'plan' || mode === 'ask') result.mode = mode;
  const capabilities: WorkspacePolicy['capabilities'] = {};
  for (const name of CAPABILITIES) {
    const effect = stricterEffect(a.capabilities?.[name], b.capabilities?.[name]);
    if (effect !== undefined) capabilities[name] = effect;
  }
  result.capabilities = capabilities;
  result.rules = [...(a.rules ?? []), ...(b.rules ?? [])];
  result.budgets = smallestOf(a.budgets ?? {}, b.budgets ?? {}, [
    'tokensPerTask',
    'costPerTask',
    'tokensPerUserDay',
    'costPerUserDay',
  ]);
  result.limits = smallestOf(a.limits ?? {}, b.limits ?? {}, [
    'iterationsPerTask',
    'toolCallsPerStep',
    'repeatCalls',
    'taskTimeoutMs',
  ]);
  result.protectedPaths = { add: [...(a.protectedPaths?.add ?? []), ...(b.protectedPaths?.add ?? [])] };
  const contexts: WorkspacePolicy['contexts'] = {};
  for (const context of CHAT_CONTEXTS) {
    const area = tightestArea(a.contexts?.[context], b.contexts?.[context]);
    if (area !== undefined) contexts[context] = area;
  }
  result.contexts = contexts;
  return result;
}

/** For each key the smaller of the two numbers. */
export function smallestOf<K extends string>(
  a: { readonly [key in K]?: number | null | undefined },
  b: { readonly [key in K]?: number | null | undefined },
  keys: readonly K[],
): { [key in K]?: number } {
  const result: { [key in K]?: number } = {};
  for (const key of keys) {
    const value = smallest(a[key], b[key]);
    if (value !== undefined) result[key] = value;
  }
  return result;
}
