import { isStricter } from '../../model/effect';
import type { Severity } from '../../model/posture';
import { tooBroad } from '../../policy/check/broad';
import { DEFAULT_CAPABILITIES } from '../../policy/snapshot';
import { CAPABILITIES, type Capability } from '../../policy/tool-groups';
import type { GrantFacts, PolicyFacts } from '../facts';
import { each, type PostureRule } from '../rule';

/** What being asked about no longer costs, capability by capability. */
const WEIGHT: Readonly<Record<Capability, Severity>> = {
  read: 'low',
  write: 'low',
  delete: 'medium',
  network: 'medium',
  clipboard: 'medium',
  system: 'medium',
  shell: 'high',
};

export const permissionRules: readonly PostureRule<PolicyFacts>[] = [
  {
    id: 'INI-4',
    severity: 'medium',
    title: 'Tools have the permissions that are needed, and no more',
    why: 'What is allowed without asking is what an injected instruction can do without asking.',
    docs: 'docs/policy.md',
    check: ({ user }) =>
      each(CAPABILITIES, (name) => {
        const set = user.capabilities?.[name];
        const standard = DEFAULT_CAPABILITIES[name];
        return set !== undefined && isStricter(standard, set)
          ? {
              subject: name,
              severity: WEIGHT[name],
              evidence: `“${name}” is set to “${set}”; it comes as “${standard}”.`,
              fix: {
                kind: 'setting',
                title: `Set it back to “${standard}”`,
                key: `capabilities.${name}`,
                value: standard,
              },
            }
          : undefined;
      }),
  },
  {
    id: 'POL-1',
    severity: 'high',
    title: 'Trusted patterns say what they trust',
    why: 'A pattern that names an interpreter, a runner or nothing at all lets through whatever it is handed.',
    docs: 'docs/policy.md',
    check: ({ user }) =>
      each(user.trusted ?? [], (entry) => {
        const pattern = typeof entry === 'string' ? entry : entry.pattern;
        const why = tooBroad(pattern);
        return why === undefined
          ? undefined
          : {
              subject: pattern,
              evidence: `“${pattern}” is trusted. ${why}`,
              fix: {
                kind: 'setting',
                title: 'Take it off the list',
                key: 'trustedPatterns',
                value: (user.trusted ?? []).filter((other) => other !== entry),
              },
            };
      }),
  },
  {
    id: 'POL-2',
    severity: 'medium',
    title: 'The mode asks before something is changed',
    why: 'In the mode “trusted” whatever the rest of the policy lets through runs without a person having seen it.',
    docs: 'docs/policy.md',
    check: ({ user, ceiling }) =>
      user.mode === 'trusted' && ceiling.mode === 'trusted'
        ? [
            {
              evidence: 'The mode is “trusted”.',
              fix: { kind: 'setting', title: 'Ask again', key: 'mode', value: 'ask' },
            },
          ]
        : [],
  },
  {
    id: 'POL-3',
    severity: 'medium',
    title: 'The policy is understood',
    why: 'What is not understood is left out, and nothing but reading happens without being asked about until it is corrected.',
    docs: 'docs/policy.md',
    check: ({ problems }) =>
      each(
        problems.filter(({ kind }) => kind !== 'loosening'),
        ({ path, message, fix }) => ({
          subject: path,
          evidence: `${path || 'The file'}: ${message} ${fix}`,
          fix: { kind: 'command', title: 'Open the settings', command: 'cowork.settings.open' },
        }),
      ),
  },
];

export const grantRules: readonly PostureRule<GrantFacts>[] = [
  {
    id: 'INI-4.grants',
    severity: 'low',
    title: 'Every standing grant is used',
    why: 'A yes that nobody needs any more still answers whoever asks in that person’s name.',
    docs: 'docs/policy.md',
    check: ({ unused, idleDays }) =>
      each(unused, ({ id, name, what, days }) => ({
        subject: id,
        evidence: `${name}: ${what}. Not used for ${days} days; more than ${idleDays} is long.`,
        fix: { kind: 'command', title: 'Remove', command: 'cowork.grants.remove', arguments: [id] },
      })),
  },
];
