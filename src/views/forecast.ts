import type { ApprovalView, EngineApi } from '../engine/api';
import type { Forecast } from './protocol/approvals';

/** How far back is looked, in days. */
const DAYS = 30;
/** More than these are counted and not named. */
const NAMED = 12;

/**
 * What a choice of the card would have let through without asking in the past days, by the simulator. Undefined when
 * that cannot be told: a choice that is no rule, or of several patterns that only count together.
 */
export async function forecast(
  engine: EngineApi,
  view: ApprovalView,
  pattern: string,
): Promise<Forecast | undefined> {
  const offered = view.scopes.some((scope) => scope.pattern === pattern);
  if (!offered || pattern.includes(' && ') || pattern.includes('"')) return undefined;
  try {
    const report = await engine.policy.simulate(`allow ${view.tool} "${pattern}"`, { days: DAYS });
    return {
      days: report.days,
      considered: report.considered,
      wouldAutoRun: report.wouldAutoRun,
      examples: report.examples
        .filter(({ after }) => after === 'allow')
        .slice(0, NAMED)
        .map(({ action }) => action),
    };
  } catch {
    return undefined;
  }
}
