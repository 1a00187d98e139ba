import type { AccessFacts } from '../facts';
import { each, type PostureRule } from '../rule';

export const accessRules: readonly PostureRule<AccessFacts>[] = [
  {
    id: 'OPS-3b',
    severity: 'low',
    title: 'Everybody who has access uses it',
    why: 'An account that nobody watches is the easiest one to take over. Who comes back gets a new code in a minute.',
    check: ({ stale, staleDays }) =>
      each(stale, ({ key, name, channel, days }) => ({
        subject: key,
        evidence: `${name} on ${channel} was last seen ${days} days ago; more than ${staleDays} is long.`,
        fix: { kind: 'command', title: 'Revoke', command: 'cowork.users.revoke', arguments: [key] },
      })),
  },
  {
    id: 'OPS-3c',
    severity: 'high',
    title: 'A pairing code is known to one person',
    why: 'A code that several accounts try has been passed on, or is being guessed.',
    check: ({ sharedCodes }) =>
      each(sharedCodes, ({ codeId, channel, triedBy }) => ({
        subject: codeId,
        evidence: `${triedBy} different accounts have tried a code of ${channel} and were wrong.`,
        fix: {
          kind: 'command',
          title: 'Make a new code; the old one ends at once',
          command: 'cowork.pairing.rotate',
          arguments: [codeId],
        },
      })),
  },
  {
    id: 'IDN-1',
    severity: 'medium',
    title: 'One person stands behind each account',
    why: 'Roles, grants and the record are about a person. With several behind one account nobody can say who asked for what.',
    check: ({ manyNames }) =>
      each(manyNames, ({ key, names }) => ({
        subject: key,
        evidence: `One account went by the names ${names.join(', ')}.`,
        fix: { kind: 'command', title: 'Revoke', command: 'cowork.users.revoke', arguments: [key] },
      })),
  },
  {
    id: 'ACC-7',
    severity: 'medium',
    title: 'Who approves from a chat has a second factor',
    why: 'An approval from a chat is worth as much as the phone it comes from. A code of an authenticator is asked for only when there is one.',
    check: ({ unsecured }) =>
      each(unsecured, ({ key, name }) => ({
        subject: key,
        evidence: `${name} may approve from a chat and has no authenticator.`,
        fix: {
          kind: 'command',
          title: 'Set up an authenticator',
          command: 'cowork.users.setUpAuthenticator',
          arguments: [key],
        },
      })),
  },
];
