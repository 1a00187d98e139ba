import type { ActivityFacts, UpdateFacts } from '../facts';
import { each, type PostureRule } from '../rule';

export const activityRules: readonly PostureRule<ActivityFacts>[] = [
  {
    id: 'OPS-2',
    severity: 'medium',
    title: 'Nothing unusual has happened lately',
    why: 'An account that was taken over behaves otherwise than its owner: at another hour, more often, towards another host.',
    check: ({ noticed }) =>
      each(noticed, ({ pattern, subject, text, at }) => ({
        subject: `${pattern}:${subject}:${at}`,
        severity: pattern === 'many-failed-pairings' || pattern === 'denial-spike' ? 'high' : 'medium',
        evidence: text,
        fix: {
          kind: 'command',
          title: 'Look at the record',
          command: 'cowork.audit.openFor',
          arguments: [pattern === 'many-failed-pairings' ? `channel:${subject}` : `user:${subject}`],
        },
      })),
  },
];

export const updateRules: readonly PostureRule<UpdateFacts>[] = [
  {
    id: 'OPS-4',
    severity: 'medium',
    title: 'The newest version is installed',
    why: 'Updates mend security faults, and from the day they appear everybody knows the fault.',
    check: ({ last }) =>
      last?.status === 'newer'
        ? [
            {
              evidence: `${last.installed} is installed; ${last.source} has ${last.latest ?? 'a newer one'}.`,
              fix: {
                kind: 'command',
                title: 'Show the extension',
                command: 'cowork.updates.show',
              },
            },
          ]
        : [],
  },
];
