import { writeFileSync } from 'node:fs';
import type Mocha from 'mocha';

/** What one run of mocha came to; written as JSON where COWORK_RESULTS points, and summed by scripts/test.mjs. */
export interface Results {
  passed: number;
  failed: { title: string; message: string }[];
  skipped: { title: string; reason: string }[];
}

/** Where `skip` leaves its reason for the report. */
interface WithReason {
  skipReason?: string;
  /** 'test' or 'hook'; mocha's own types leave it out. */
  type?: string;
}

/** Skips a test, or from a hook every test of its suite, and says why at the end of the run. */
export function skip(context: Mocha.Context, reason: string): never {
  const runnable = context.runnable();
  const owner = (runnable as WithReason).type === 'hook' ? runnable.parent : runnable;
  (owner as WithReason).skipReason = reason;
  return context.skip();
}

function reasonOf(test: Mocha.Test): string {
  const own = (test as WithReason).skipReason;
  if (own !== undefined) return own;
  for (let suite = test.parent; suite !== undefined; suite = suite.parent) {
    const reason = (suite as WithReason).skipReason;
    if (reason !== undefined) return reason;
  }
  return 'it is marked as skipped in the source';
}

/** The readable report of mocha, which also keeps the results for the summary. */
export function makeReporter(
  Spec: typeof Mocha.reporters.Spec,
): new (
  runner: Mocha.Runner,
  options: Mocha.MochaOptions,
) => Mocha.reporters.Base {
  return class extends Spec {
    constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
      super(runner, options);
      const results: Results = { passed: 0, failed: [], skipped: [] };
      runner.on('pass', () => {
        results.passed += 1;
      });
      runner.on('fail', (test, error: Error) => {
        results.failed.push({ title: test.fullTitle(), message: String(error?.message ?? error) });
      });
      runner.on('pending', (test) => {
        results.skipped.push({ title: test.fullTitle(), reason: reasonOf(test) });
      });
      runner.on('end', () => {
        const path = process.env.COWORK_RESULTS;
        if (path !== undefined && path !== '') writeFileSync(path, JSON.stringify(results));
      });
    }
  };
}
