import type { PolicyFacts } from '../facts';
import { each, type PostureRule } from '../rule';

/** Above these a limit stops nothing that a person would still call one task. Chosen, not measured. */
const FAR_TOO_MANY = {
  iterationsPerTask: 500,
  toolCallsPerStep: 100,
  repeatCalls: 20,
  taskTimeoutMs: 24 * 3_600_000,
};

export const guardrailRules: readonly PostureRule<PolicyFacts>[] = [
  {
    id: 'INI-3a',
    severity: 'high',
    title: 'The block list and protected files are whole',
    why: 'The block list itself cannot be switched off. An exception makes a file writable, or a credential readable, that is protected everywhere else.',
    docs: 'docs/policy.md',
    check: ({ user }) =>
      each(user.protectedPaths?.exceptions ?? [], (path) => ({
        subject: path,
        evidence: `${path} is taken off the list of protected files.`,
        fix: {
          kind: 'setting',
          title: 'Protect it again',
          key: 'protectedPaths.exceptions',
          value: (user.protectedPaths?.exceptions ?? []).filter((other) => other !== path),
        },
      })),
  },
  {
    id: 'INI-3b',
    severity: 'high',
    title: 'Every budget is on',
    why: 'A loop between two programs spends money all night. A budget ends it at an amount that you chose.',
    docs: 'docs/policy.md',
    // Under a profile that keeps them on, ENV-PROD.guardrails speaks.
    check: ({ user, ceiling }) =>
      each(Object.entries(user.budgets ?? {}), ([name, value]) =>
        value === null && ceiling.guardrailsOptional
          ? {
              subject: name,
              evidence: `The budget ${name} is switched off.`,
              fix: {
                kind: 'setting',
                title: 'Use the default again',
                key: 'budgets',
                value: without(user.budgets ?? {}, name),
              },
            }
          : undefined,
      ),
  },
  {
    id: 'INI-3c',
    severity: 'medium',
    title: 'Limits stop what runs away',
    why: 'A limit so high that no task ever meets it is the same as none.',
    docs: 'docs/policy.md',
    check: ({ user }) =>
      each(Object.entries(FAR_TOO_MANY), ([name, most]) => {
        const value = user.limits?.[name as keyof typeof FAR_TOO_MANY];
        return value !== undefined && value > most
          ? {
              subject: name,
              evidence: `${name} is ${value}; above ${most} it stops nothing.`,
              fix: {
                kind: 'setting',
                title: 'Use the default again',
                key: 'limits',
                value: without(user.limits ?? {}, name),
              },
            }
          : undefined;
      }),
  },
];

function without(value: object, name: string): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== name));
}
