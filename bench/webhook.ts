import { webhookLoad } from '../test/helpers/webhook-load';
import type { BenchRow } from './decide';

const SECONDS = 30;
const PER_SECOND = 2_000;
const SLOW = 200;

/**
 * The webhook server with LINE's door (a signature) and Teams' (a token), called by another process: nine of ten calls
 * forged, and slow connections beside them.
 */
export async function run(): Promise<readonly BenchRow[]> {
  const outcome = await webhookLoad({ seed: 1, seconds: SECONDS, perSecond: PER_SECOND, slow: SLOW });
  const { report, heard, refused, delay, kept, most, before, busyMs } = outcome;
  const calls = report.genuine + report.forged;
  const answered = (answers: Record<string, number>) =>
    Object.entries(answers)
      .map(([status, count]) => `${count} × ${status}`)
      .join(', ');
  console.log(`genuine: ${answered(report.genuineAnswers)}; forged: ${answered(report.forgedAnswers)}`);
  console.log(
    `refused: ${Object.entries(refused)
      .map(([why, count]) => `${count} × ${why}`)
      .join(', ')}`,
  );
  const megabytes = (bytes: number) => bytes / 1e6;
  return [
    { name: 'calls a second', value: calls / report.seconds, unit: '', goal: `${PER_SECOND}` },
    { name: 'genuine calls', value: report.genuine, unit: '' },
    { name: 'of these heard', value: new Set(heard).size, unit: '', goal: 'all' },
    { name: 'of these heard twice', value: heard.length - new Set(heard).size, unit: '', goal: '0' },
    { name: 'genuine calls made again by the platform', value: report.repeated, unit: '' },
    { name: 'slow connections at the same time', value: report.slowMost, unit: '', goal: `${SLOW}` },
    { name: 'answer to a genuine call, p50', value: report.genuineMs[0], unit: 'ms' },
    { name: 'answer to a genuine call, p99', value: report.genuineMs[1], unit: 'ms' },
    { name: 'event loop, p50', value: delay[0], unit: 'ms' },
    { name: 'event loop, p99', value: delay[1], unit: 'ms', goal: '< 16' },
    { name: 'event loop, longest', value: delay[2], unit: 'ms' },
    { name: 'processor time a call', value: (busyMs * 1000) / calls, unit: 'µs' },
    { name: 'heap kept, records included', value: megabytes(kept), unit: 'MB' },
    { name: 'process at its largest, beyond before', value: megabytes(most - before), unit: 'MB' },
  ];
}
