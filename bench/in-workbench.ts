import { join } from 'node:path';
import { launchChromium, newProfile, workbenchUrl } from '../test/harness/browser';
import { repoRoot } from '../test/harness/paths';
import { installServer, newestBuild } from '../test/harness/server-build';
import { quiet, scratch, writeUserSettings } from '../test/harness/settings';
import { startServer } from '../test/harness/vscode-server';
import { Workbench } from '../test/harness/workbench/workbench';

/** Where a bench finds the profile and the folder of its window. */
export interface BenchPlace {
  /** The data of the server; the profile is `data/User` below it. */
  readonly data: string;
  readonly workspace: string;
}

/** A workbench of its own for a bench, gone after it. `prepare` runs before the window opens. */
export async function inWorkbench(
  work: (bench: Workbench, place: BenchPlace) => Promise<void>,
  prepare: (place: BenchPlace) => Promise<void> = async () => {},
): Promise<void> {
  const place = await scratch('bench');
  try {
    const at = { data: join(place.root, 'server'), workspace: place.workspace };
    await writeUserSettings(join(at.data, 'data/User'), quiet);
    await prepare(at);
    const build = await installServer(newestBuild, console.log);
    const server = await startServer(build, { data: at.data, extensions: [repoRoot] });
    const browser = await launchChromium();
    try {
      const bench = new Workbench(await (await newProfile(browser)).newPage());
      await bench.open(workbenchUrl(server, { folder: place.workspace }));
      await work(bench, at);
    } finally {
      await browser.close();
      await server.stop();
    }
  } finally {
    await place.remove();
  }
}

/** Prints the median of times in milliseconds beside what it should be below, and the ends. */
export function tellTimes(what: string, times: readonly number[], goal: number): void {
  const sorted = times.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  console.log(`${what}, median of ${sorted.length}: ${median} ms (goal < ${goal})`);
  console.log(`fastest ${sorted[0]} ms, slowest ${sorted.at(-1)} ms`);
}
