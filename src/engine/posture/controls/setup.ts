import type { Row } from './control';

/** What the guide asks for before first use. */
export const SETUP: readonly Row[] = [
  {
    id: 'INI-1',
    says: 'Pairing mode by default for external channels',
    kinds: ['E', 'P'],
    must: 'A channel with no explicit mode is in `pairing`, DM and group alike. The code is shown only inside VS Code (never sent over a channel), so pairing proves access to the desktop. P: any external channel in `open`.',
    by: ['src/engine/access/config.ts'],
  },
  {
    id: 'INI-2',
    says: 'Dedicated bot accounts',
    kinds: ['P'],
    must: 'On connect the adapter asks the platform who it is (`getMe().is_bot`, `auth.test` bot id, Discord `bot` flag, …) and the rule fails for a personal account; where a platform has no bot concept (iMessage, Signal, email) a one-time acknowledgement is recorded.',
    by: ['src/channels/manager/manager.ts'],
  },
  {
    id: 'INI-3a',
    says: 'Command blocking on',
    kinds: ['E', 'P'],
    must: 'Hard block list cannot be switched off from a workspace file; P if a user setting disables any guardrail.',
    by: ['src/engine/policy/layers/guardrail.ts', 'src/engine/guard/catalogue/index.ts'],
  },
  {
    id: 'INI-3b',
    says: 'Budget limits on',
    kinds: ['E', 'P'],
    must: 'Tokens and cost per task, and per user per day; the step that would cross the limit does not run.',
    by: ['src/engine/policy/layers/guardrail.ts', 'src/engine/policy/snapshot.ts'],
  },
  {
    id: 'INI-3c',
    says: 'Iteration limits on',
    kinds: ['E', 'P'],
    must: 'Max agent iterations per task; max tool calls per step; loop detector (same call, same arguments, three times).',
    by: ['src/engine/policy/layers/guardrail.ts'],
  },
  {
    id: 'INI-4',
    says: 'Minimal tool permissions, add as required, review periodically',
    kinds: ['E', 'P', 'R'],
    must: 'Defaults: read + write inside the workspace; delete, shell, network, clipboard, system off or ask. R: "tool permissions last reviewed N days ago"; shows grants never used in 30 days with *Remove*.',
    by: ['src/engine/policy/layers/workspace.ts'],
    reminders: ['permissions'],
  },
];
