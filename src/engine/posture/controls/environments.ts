import type { Row } from './control';

/** Profiles for the places where it runs. */
export const ENVIRONMENTS: readonly Row[] = [
  {
    id: 'ENV-DEV',
    says: 'unrestricted files may be fine; open ok for *local* testing; debug logging',
    kinds: ['E'],
    must: 'Profile `development`: `open` allowed only for the built-in local channel unless acknowledged.',
    by: ['src/session/access-config.ts'],
  },
  {
    id: 'ENV-PROD',
    says: 'pairing or allowlist; workspace files only; no debug logging; all guardrails',
    kinds: ['E', 'P'],
    must: 'Profile `production` refuses the contrary: it is a ceiling, not a default.',
    by: ['src/engine/policy/layers/profile.ts', 'src/session/ceiling-log.ts'],
  },
  {
    id: 'ENV-SHARED',
    says: 'context policies for groups; memory tools blocked in shared contexts; Docker sandboxing',
    kinds: ['E', 'P'],
    must: 'Profile `shared`.',
    by: ['src/engine/policy/layers/profile.ts'],
    rules: ['CTX-2'],
  },
];
