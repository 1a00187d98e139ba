import { CHAT_CONTEXTS } from '../../model/identity';
import { MODES } from '../../policy/schema';
import type { MachineFacts, PolicyFacts } from '../facts';
import { each, type PostureRule } from '../rule';
import { strongestSandbox } from './machine';

/** A finding for each thing that the profile forbids and the settings want all the same. */
export const environmentRules: readonly PostureRule<PolicyFacts>[] = [
  {
    id: 'ENV-PROD.mode',
    severity: 'medium',
    title: 'The mode is one that the profile permits',
    why: 'The profile holds the mode down. The day the profile is changed, the setting counts again.',
    docs: 'docs/policy.md',
    check: ({ user, ceiling, profile }) =>
      user.mode !== undefined && MODES.indexOf(user.mode) > MODES.indexOf(ceiling.mode)
        ? [
            {
              evidence: `The mode is set to “${user.mode}”; ${profile} permits “${ceiling.mode}” at most.`,
              fix: {
                kind: 'setting',
                title: `Set it to “${ceiling.mode}”`,
                key: 'mode',
                value: ceiling.mode,
              },
            },
          ]
        : [],
  },
  {
    id: 'ENV-PROD.guardrails',
    severity: 'high',
    title: 'The profile keeps every budget on',
    why: 'A budget that is switched off is on again under this profile; the setting says otherwise and misleads whoever reads it.',
    docs: 'docs/policy.md',
    check: ({ user, ceiling, profile }) =>
      ceiling.guardrailsOptional
        ? []
        : each(Object.entries(user.budgets ?? {}), ([name, value]) =>
            value === null
              ? {
                  subject: name,
                  evidence: `${name} is switched off, which ${profile} does not permit.`,
                  fix: {
                    kind: 'setting',
                    title: 'Use the default again',
                    key: 'budgets',
                    value: Object.fromEntries(
                      Object.entries(user.budgets ?? {}).filter(([key]) => key !== name),
                    ),
                  },
                }
              : undefined,
          ),
  },
  {
    id: 'ENV-PROD.files',
    severity: 'medium',
    title: 'Files outside the folder stay outside',
    why: 'Under this profile nothing outside the open folder is touched, whatever is listed.',
    docs: 'docs/policy.md',
    check: ({ user, ceiling, profile }) =>
      ceiling.outsideWorkspace
        ? []
        : each(user.allowedPaths ?? [], (entry) => ({
            subject: entry.path,
            evidence: `${entry.path} is listed for ${entry.access}, which ${profile} does not permit.`,
            fix: {
              kind: 'setting',
              title: 'Take it off the list',
              key: 'allowedPaths',
              value: (user.allowedPaths ?? []).filter((other) => other !== entry),
            },
          })),
  },
  {
    id: 'ENV-PROD.debug',
    severity: 'medium',
    title: 'The log is not at debug level',
    why: 'A detailed log is one more place where what people write ends up. Under this profile such lines are not written.',
    check: ({ ceiling, logLevel, profile }) =>
      !ceiling.debugLogging && (logLevel === 'debug' || logLevel === 'trace')
        ? [
            {
              evidence: `The log of CoWork OS is set to “${logLevel}”, which ${profile} does not permit.`,
              fix: { kind: 'command', title: 'Choose the level', command: 'cowork.log.setLevel' },
            },
          ]
        : [],
  },
  {
    id: 'ENV-SHARED.memory',
    severity: 'high',
    title: 'Memory tools are off where others read along',
    why: 'In a shared environment the profile keeps them off; the settings want them on.',
    docs: 'docs/policy.md',
    check: ({ user, ceiling }) =>
      ceiling.memoryWithOthers
        ? []
        : each(CHAT_CONTEXTS, (context) => {
            const set = user.contexts?.[context]?.deniedToolGroups;
            return context !== 'dm' && set !== undefined && !set.includes('memory')
              ? {
                  subject: context,
                  evidence: `The rules for “${context}” leave memory tools on.`,
                  fix: { kind: 'command', title: 'Open the settings', command: 'cowork.settings.open' },
                }
              : undefined;
          }),
  },
];

export const sharedRules: readonly PostureRule<MachineFacts>[] = [
  {
    id: 'ENV-SHARED.sandbox',
    severity: 'high',
    title: 'Commands run in a sandbox that isolates them',
    why: 'The profile “shared” refuses every command without one.',
    docs: 'docs/sandboxes.md',
    check: ({ profile, sandbox }) =>
      profile === 'shared' && !sandbox.isolated
        ? [
            {
              evidence: `Commands would run in: ${sandbox.label}.`,
              ...strongestSandbox(sandbox),
            },
          ]
        : [],
  },
];
