import type { Row } from './control';

/** What it asks for while the product is used. */
export const OPERATIONS: readonly Row[] = [
  {
    id: 'OPS-1a',
    says: 'Read the full command/action',
    kinds: ['E'],
    must: 'The approval shows the complete, untruncated, unredacted-but-secret-masked command, cwd, env names, files it touches, hosts it contacts, and marks bidi/zero-width/homoglyph characters. Nothing is hidden behind "…".',
    by: ['src/engine/tasks/preparation.ts', 'src/views/present/approval-card.ts'],
  },
  {
    id: 'OPS-1b',
    says: 'Verify it matches intent',
    kinds: ['E'],
    must: 'The approval shows who asked, on which channel and in which context, the message that led to it, and whether untrusted content was read in this task.',
    by: ['src/views/present/approval-card.ts'],
  },
  {
    id: 'OPS-1c',
    says: 'Deny suspicious requests',
    kinds: ['A'],
    must: 'Deny, Deny and cancel task, Deny and revoke user — each one click.',
    by: ['src/engine/engine.ts'],
  },
  {
    id: 'OPS-2',
    says: 'Monitor tasks: active and status, completed and results, unusual patterns',
    kinds: ['A', 'P'],
    must: 'Tasks view (active, queued, done, failed, cancelled; result, cost, tokens, duration, denials). Unusual patterns are journal rules: burst of tasks, first use at a new hour, spike of denials, failed pairings from many identities, new destination host, sudden cost.',
    by: ['src/engine/posture/patterns.ts', 'src/views/trees/tasks-tree.ts'],
  },
  {
    id: 'OPS-3a',
    says: 'Who has paired/allowlisted access',
    kinds: ['A'],
    must: 'Users view: identity, channel, how and when admitted, by which code, last seen, role, grants.',
    by: ['src/views/trees/users-tree.ts'],
  },
  {
    id: 'OPS-3b',
    says: 'Remove users who no longer need access',
    kinds: ['R', 'A'],
    must: 'R: not seen for N days (default 30). Revoke, single or many.',
    by: ['src/engine/access/people.ts'],
    reminders: ['users'],
  },
  {
    id: 'OPS-3c',
    says: 'Rotate pairing codes if shared widely',
    kinds: ['A', 'P'],
    must: 'Rotate = old code dead at once. P: one code tried by more than one identity.',
    by: ['src/engine/access/code-desk.ts'],
  },
  {
    id: 'OPS-4',
    says: 'Keep updated',
    kinds: ['R'],
    must: 'Compares the installed version with the marketplace entry; offline is "unknown", never "up to date".',
    by: ['src/session/posture/updates.ts'],
    reminders: ['updates'],
  },
];
