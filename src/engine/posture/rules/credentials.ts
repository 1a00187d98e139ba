import type { CredentialFacts } from '../facts';
import { each, type PostureRule } from '../rule';

export const credentialRules: readonly PostureRule<CredentialFacts>[] = [
  {
    id: 'MT-2',
    severity: 'medium',
    title: 'Credentials are rotated',
    why: 'A credential that leaked without anybody noticing is good until it is replaced.',
    check: ({ overdue, health }) =>
      each(overdue, ({ name, ageDays }) => ({
        subject: name,
        evidence: `${name} is ${ageDays} days old; it is due after ${health.rotateAfterDays}.`,
        fix: {
          kind: 'command',
          title: 'Replace it',
          command: 'cowork.credentials.rotate',
          arguments: [name],
        },
      })),
  },
  {
    id: 'SEC-3',
    severity: 'high',
    title: 'Secrets that a person made up are strong, and each is used once',
    why: 'A webhook’s secret is all that tells the platform from anybody else. One that can be guessed, or that opens two doors, is none.',
    check: ({ weak, shared }) => [
      ...each(weak, ({ name, bits }) => ({
        subject: name,
        evidence: `${name} has about ${bits} bits; below 60 it can be guessed.`,
        fix: {
          kind: 'command',
          title: 'Replace it',
          command: 'cowork.credentials.rotate',
          arguments: [name],
        },
      })),
      ...each(shared, (names) => ({
        subject: names.join(' '),
        evidence: `${names.join(' and ')} have the same value.`,
        fix: {
          kind: 'command',
          title: 'Replace one of them',
          command: 'cowork.credentials.rotate',
          arguments: [names[0] ?? ''],
        },
      })),
    ],
  },
  {
    id: 'FAQ-2',
    severity: 'low',
    title: 'Credentials are kept by the system',
    why: 'A file encrypted with a passphrase is the last resort: it is as strong as the passphrase.',
    check: ({ health }) =>
      health.level === 'file'
        ? [
            {
              evidence:
                `Credentials are in an encrypted file. ${health.passedOver.map(({ why }) => why).join(' ')}`.trim(),
            },
          ]
        : [],
  },
];
