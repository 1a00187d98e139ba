import { type Finding, type OpenCounts, SEVERITIES, type Severity } from '../model/posture';

/**
 * What is left of the score with one finding more. Each takes a share of what is left, so that the second critical
 * finding still counts and the score never falls below zero. Chosen so that one critical finding is a fail and ten
 * low ones are not.
 */
const LEFT: Readonly<Record<Severity, number>> = {
  critical: 0.55,
  high: 0.8,
  medium: 0.93,
  low: 0.98,
  info: 1,
};

export function countOpen(findings: readonly Pick<Finding, 'severity'>[]): OpenCounts {
  const counts: Record<Severity, number> = { critical: 0, high: 0, medium: 0, low: 0, info: 0 };
  for (const { severity } of findings) counts[severity] += 1;
  return counts;
}

/**
 * 0 to 100. A finding counts in full whether its risk is accepted or not: what was accepted can still happen, and a
 * score that a click raises measures clicks.
 */
export function scoreOf(counts: OpenCounts): number {
  const left = SEVERITIES.reduce((product, severity) => product * LEFT[severity] ** counts[severity], 1);
  // Rounded down, so that 100 means that nothing is left.
  return Math.floor(left * 100 + 1e-9);
}
