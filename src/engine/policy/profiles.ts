import type { Mode, Profile } from './schema';

/** What a profile does not let anyone exceed, whatever the rest of the policy says. */
export interface ProfileCeiling {
  /** Files outside the workspace may be touched at all. */
  readonly outsideWorkspace: boolean;
  /** The most permissive mode. */
  readonly mode: Mode;
  /** Budgets and limits may be switched off. */
  readonly guardrailsOptional: boolean;
  /** Commands run only in a sandbox that isolates them. */
  readonly isolationRequired: boolean;
  /** Memory tools may be used where others read along. */
  readonly memoryWithOthers: boolean;
  readonly debugLogging: boolean;
  /** `local`: the access mode `open` is for the built-in local channel alone. */
  readonly openAccess: 'local' | 'never';
}

/** The environments of the security guide: development, production, shared. */
export const PROFILE_CEILINGS: Readonly<Record<Profile, ProfileCeiling>> = Object.freeze({
  development: Object.freeze({
    outsideWorkspace: true,
    mode: 'trusted',
    guardrailsOptional: true,
    isolationRequired: false,
    memoryWithOthers: true,
    debugLogging: true,
    openAccess: 'local',
  } satisfies ProfileCeiling),
  production: Object.freeze({
    outsideWorkspace: false,
    mode: 'accept-edits',
    guardrailsOptional: false,
    isolationRequired: false,
    memoryWithOthers: true,
    debugLogging: false,
    openAccess: 'never',
  } satisfies ProfileCeiling),
  shared: Object.freeze({
    outsideWorkspace: false,
    mode: 'accept-edits',
    guardrailsOptional: false,
    isolationRequired: true,
    memoryWithOthers: false,
    debugLogging: false,
    openAccess: 'never',
  } satisfies ProfileCeiling),
});
