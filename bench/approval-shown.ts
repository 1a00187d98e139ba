import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Frame } from 'playwright-core';
import { launchChromium, newProfile, workbenchUrl } from '../test/harness/browser';
import { repoRoot } from '../test/harness/paths';
import { until } from '../test/harness/processes';
import { installServer, newestBuild } from '../test/harness/server-build';
import { quiet, scratch, writeUserSettings } from '../test/harness/settings';
import { startServer } from '../test/harness/vscode-server';
import { pairLocally } from '../test/harness/workbench/local-chat';
import { Workbench } from '../test/harness/workbench/workbench';

/** How many requests are made. The first shows a page that was empty, and is left out. */
const TIMES = 10;

/**
 * A request for an approval in the real workbench: from the moment that its record carries until its card is drawn. The
 * record is made durable, told to the views, and sent to the page by the editor in between.
 */
export async function run(): Promise<void> {
  const place = await scratch('bench');
  try {
    const data = join(place.root, 'server');
    await writeUserSettings(join(data, 'data/User'), quiet);
    const server = await startServer(await installServer(newestBuild, console.log), {
      data,
      extensions: [repoRoot],
    });
    const browser = await launchChromium();
    try {
      const bench = new Workbench(await (await newProfile(browser)).newPage());
      await bench.open(workbenchUrl(server, { folder: place.workspace }));
      await bench.sideBar.open('CoWork OS');
      const approvals = await bench.webview('approvals');
      await approvals.getByRole('heading', { name: 'Nobody has access yet' }).waitFor();
      await pairLocally(bench);
      const times: number[] = [];
      for (let turn = 0; turn < TIMES; turn += 1) {
        const shownAt = await drawn(approvals, () => bench.terminal.type(`/run node --version ${turn}\n`));
        const requestedAt = lastRequest(data);
        if (turn > 0) times.push(shownAt - requestedAt);
        await approvals.getByRole('article').first().press('d');
        await until('an empty page', async () =>
          (await approvals.getByRole('article').count()) === 0 ? true : undefined,
        );
      }
      times.sort((a, b) => a - b);
      const median = times[Math.floor(times.length / 2)] ?? Number.NaN;
      console.log(
        `approval from its record to its card, median of ${times.length}: ${median} ms (goal < 100)`,
      );
      console.log(`fastest ${times[0]} ms, slowest ${times.at(-1)} ms`);
    } finally {
      await browser.close();
      await server.stop();
    }
  } finally {
    await place.remove();
  }
}

/** When the next card is drawn, in milliseconds since the epoch. */
async function drawn(page: Frame, ask: () => Promise<void>): Promise<number> {
  await page.evaluate(`globalThis.shownAt = 0; new MutationObserver((_, observer) => {
    if (document.querySelector('article') === null) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => { globalThis.shownAt = Date.now(); }));
  }).observe(document.body, { childList: true, subtree: true })`);
  await ask();
  return until('the card to be drawn', async () => {
    const at = Number(await page.evaluate('globalThis.shownAt'));
    return at > 0 ? at : undefined;
  });
}

/** When the newest request for an approval was recorded, in milliseconds since the epoch. */
function lastRequest(data: string): number {
  const journals = readdirSync(data, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.jsonl'),
  );
  const times = journals
    .flatMap((name) => readFileSync(join(data, name), 'utf8').split('\n'))
    .filter((line) => line.includes('"approval.requested"'))
    .map((line) => Number((JSON.parse(line) as { at: number }).at));
  return Math.max(...times);
}
