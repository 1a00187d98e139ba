import { enableAllChannels } from '../test/helpers/all-channels';
import type { BenchRow } from './decide';

/** All channels that keep a connection to their platform, in one session: what they take, and what they do when idle. */
export async function run(): Promise<readonly BenchRow[]> {
  const { ids, report } = await enableAllChannels({ settleMs: 3_000, idleMs: 20_000, idleTimes: 1 });
  const megabytes = (bytes: number) => bytes / 1e6;
  return [
    { name: 'channels', value: ids.length, unit: ids.join(', ') },
    ...ids.map((id) => ({ name: `memory with ${id}`, value: megabytes(report.grown[id] ?? 0), unit: 'MB' })),
    {
      name: 'memory with all of them',
      value: megabytes(report.after - report.before),
      unit: 'MB',
      goal: '< 150',
    },
    {
      name: 'processor while idle',
      value: (report.idleShares[0] ?? Number.NaN) * 100,
      unit: '% of a core',
      goal: '< 1',
    },
  ];
}
