import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChannelBench } from '../contract/bench';
import { allBenches } from '../contract/benches';

export interface ChannelsPlan {
  readonly folder: string;
  /** How long is waited for what goes on behind the start, in milliseconds. */
  readonly settleMs: number;
  /** How long the idle session is watched each time, in milliseconds, and how often. */
  readonly idleMs: number;
  readonly idleTimes: number;
  readonly channels: readonly {
    readonly id: string;
    readonly settings: Readonly<Record<string, unknown>>;
    readonly secrets: Readonly<Record<string, string>>;
  }[];
}

export interface ChannelsReport {
  /** Bundles of channels that were loaded before any was enabled. */
  readonly atStart: readonly string[];
  /** Bundles that were loaded once this channel was online. */
  readonly loadedWith: Readonly<Record<string, readonly string[]>>;
  /** Bytes by which the process grew with each channel. */
  readonly grown: Readonly<Record<string, number>>;
  /** Size of the process before the first and with all, in bytes. */
  readonly before: number;
  readonly after: number;
  /** Processor time while nothing happens, as a share of one core, each time that it was watched. */
  readonly idleShares: readonly number[];
}

/** Whether a channel keeps a connection to its platform open, or asks it: nothing calls us. */
const stands = (bench: ChannelBench): boolean =>
  bench.descriptor.id !== 'local' &&
  bench.pushOnly !== true &&
  bench.absent === undefined &&
  (bench.descriptor.platforms?.includes(process.platform) ?? true);

/** All channels with a standing connection that run on this system and can be played here, in one session in a process of its own. */
export async function enableAllChannels(
  times: Pick<ChannelsPlan, 'settleMs' | 'idleMs' | 'idleTimes'>,
): Promise<{ readonly ids: readonly string[]; readonly report: ChannelsReport }> {
  const benches = new Map<string, ChannelBench>();
  for (const { make } of allBenches()) {
    const bench = make();
    // Of a channel that stands in several modes the last: it is the first with more to it, as Matrix with encryption.
    if (stands(bench)) benches.set(bench.descriptor.id, bench);
  }
  const folder = await mkdtemp(join(tmpdir(), 'cowork-all-'));
  try {
    for (const bench of benches.values()) await bench.start(1);
    const report = await inAnotherProcess({
      folder,
      ...times,
      channels: [...benches].map(([id, bench]) => ({
        id,
        settings: bench.settings(),
        secrets: bench.secrets(),
      })),
    });
    return { ids: [...benches.keys()], report };
  } finally {
    for (const bench of benches.values()) await bench.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function inAnotherProcess(plan: ChannelsPlan): Promise<ChannelsReport> {
  const child = fork(join(__dirname, '../programs/all-channels.ts'), [], { execArgv: ['--import', 'tsx'] });
  const limit = setTimeout(
    () => child.kill('SIGKILL'),
    plan.settleMs * 2 + plan.idleMs * plan.idleTimes + 60_000 * plan.channels.length,
  );
  return new Promise<ChannelsReport>((resolve, reject) => {
    child.once('message', (report) => resolve(report as ChannelsReport));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`The process with the channels ended with ${code}.`)));
    child.send(plan);
  }).finally(() => clearTimeout(limit));
}
