import type { Row } from './control';

/** What it says about incidents. */
export const INCIDENTS: readonly Row[] = [
  {
    id: 'INC-1',
    says: 'Revoke access at once',
    kinds: ['A', 'E'],
    must: 'Users view / webview / command / chat by an owner. In-flight tasks, approvals, sessions and grants of that user end within 1 s. Removing from an allowlist revokes.',
    by: ['src/engine/access/people.ts', 'src/engine/engine.ts'],
  },
  {
    id: 'INC-2',
    says: 'Stop a runaway task',
    kinds: ['A', 'E'],
    must: 'Cancel (cooperative), then force-stop: whole process tree killed within 2 s even if it ignores SIGTERM, forks, or daemonises.',
    by: ['src/engine/sandbox/process-tree.ts'],
  },
  {
    id: 'INC-3',
    says: 'Reset security',
    kinds: ['A', 'E'],
    must: 'One guided command: revoke all channel users → new pairing codes → open audit review → credential rotation list. Also as a panic button: one keystroke, everything stops now.',
    by: ['src/engine/engine.ts', 'src/views/commands/incident.ts'],
  },
  {
    id: 'INC-4',
    says: 'Report vulnerabilities',
    kinds: ['A'],
    must: 'Collects description, steps, impact, contact into a redacted local report; opens a private mail to the address in the seed; warns against public disclosure; sends nothing itself.',
    by: ['src/views/commands/incident.ts'],
  },
];
