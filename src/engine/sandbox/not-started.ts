import type { RunResult } from './backend';
import { OutputCapture } from './output';

/** The result of a command that was never started, with the reason. */
export function notStarted(failure: string): RunResult {
  return {
    exitCode: null,
    signal: null,
    timedOut: false,
    cancelled: false,
    output: new OutputCapture(2).finish(),
    durationMs: 0,
    leftovers: 0,
    notices: [],
    failure,
  };
}
