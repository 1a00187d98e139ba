import type { EventMap } from '../model/events';
import type { Clock } from '../model/ports';
import type { Finding } from '../model/posture';
import { SEVERITIES } from '../model/posture';
import { ENGINE, type RecordSink } from '../model/record';
import type { PostureState } from './projection';
import { countOpen, scoreOf } from './score';

export interface ReconcileDeps {
  readonly records: RecordSink;
  readonly clock: Clock;
  readonly state: () => PostureState;
}

/** Puts on the record what has come and gone, acceptances that are over, and the score when it is another one. */
export class Reconciler {
  constructor(private readonly deps: ReconcileDeps) {}

  /** `unknown`: families of which nothing is known now. What was found there stays as it was. */
  async record(findings: readonly Finding[], unknown: ReadonlySet<string>): Promise<void> {
    const { state, clock } = this.deps;
    const now = new Map(findings.map((finding) => [finding.id, finding]));
    for (const finding of findings) {
      const known = state().open[finding.id];
      if (known?.severity === finding.severity) continue;
      await this.append('posture.found', finding.id, {
        finding: finding.id,
        ruleId: finding.rule,
        family: finding.family,
        severity: finding.severity,
        evidence: finding.evidence,
      });
    }
    for (const [id, { ruleId, family }] of Object.entries(state().open)) {
      if (now.has(id) || unknown.has(family)) continue;
      await this.append('posture.cleared', id, { finding: id, ruleId });
    }
    for (const [id, accepted] of Object.entries(state().accepted)) {
      const finding = now.get(id);
      const over = accepted.until <= clock.now();
      const worse = finding !== undefined && isWorse(finding, accepted);
      if (!over && !worse) continue;
      const reason = over
        ? 'The time for which it was accepted is over.'
        : 'It is worse than what was accepted.';
      await this.append('posture.reopened', id, { finding: id, reason });
    }
    await this.recordScore(findings);
  }

  withAcceptance(finding: Finding, accepted: PostureState['accepted'], now: number): Finding {
    const risk = Object.hasOwn(accepted, finding.id) ? accepted[finding.id] : undefined;
    if (!risk || risk.until <= now || isWorse(finding, risk)) return finding;
    const { reason, at, until, severity } = risk;
    return { ...finding, accepted: { reason, at, until, severity } };
  }

  private async recordScore(findings: readonly Finding[]): Promise<void> {
    const { state, clock } = this.deps;
    const open = countOpen(findings);
    const score = scoreOf(open);
    const accepted = findings.filter(
      (finding) => this.withAcceptance(finding, state().accepted, clock.now()).accepted !== undefined,
    ).length;
    const last = state().scores.at(-1);
    const same =
      last !== undefined &&
      last.score === score &&
      last.accepted === accepted &&
      SEVERITIES.every((severity) => last.open[severity] === open[severity]);
    if (!same) await this.append('posture.score', '', { score, open: { ...open }, accepted });
  }

  private async append<T extends 'posture.found' | 'posture.cleared' | 'posture.reopened' | 'posture.score'>(
    type: T,
    subject: string,
    data: EventMap[T],
  ): Promise<void> {
    await this.deps.records.append({ type, actor: ENGINE, subject, data });
  }
}

function isWorse(finding: Pick<Finding, 'severity'>, accepted: Pick<Finding, 'severity'>): boolean {
  return SEVERITIES.indexOf(finding.severity) < SEVERITIES.indexOf(accepted.severity);
}
