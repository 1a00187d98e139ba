import { createHash } from 'node:crypto';
import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { launchChromium, newProfile, workbenchUrl } from '../test/harness/browser';
import { repoRoot } from '../test/harness/paths';
import { installServer, newestBuild } from '../test/harness/server-build';
import { quiet, scratch, writeUserSettings } from '../test/harness/settings';
import { startServer } from '../test/harness/vscode-server';
import { Workbench } from '../test/harness/workbench/workbench';
import { fill } from './journal';

/** How often the panel is opened. */
const TIMES = 9;
/** The first start reads the whole record, because its snapshots are signed with a key that is made only then. */
const PREPARING_MS = 240_000;

/**
 * The audit panel in the real workbench over a record of BENCH_RECORDS (default: a million): from the press on
 * *Open Audit* in the palette until its first row is drawn, loading of the page by the editor included.
 */
export async function run(): Promise<void> {
  const size = Number(process.env.BENCH_RECORDS ?? 1_000_000);
  const place = await scratch('bench');
  try {
    const data = join(place.root, 'server');
    await writeUserSettings(join(data, 'data/User'), quiet);
    // As `session-ports.ts` and `session.ts` name it.
    const id = createHash('sha256').update(realpathSync(place.workspace)).digest('hex').slice(0, 16);
    const directory = join(data, 'data/User/globalStorage/cowork-os.cowork-os/workspaces', id, 'journal');
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    await fill(directory, size);
    const server = await startServer(await installServer(newestBuild, console.log), {
      data,
      extensions: [repoRoot],
    });
    const browser = await launchChromium();
    try {
      const page = await (await newProfile(browser)).newPage();
      const bench = new Workbench(page);
      await bench.open(workbenchUrl(server, { folder: place.workspace }));
      const times: number[] = [];
      for (let turn = 0; turn <= TIMES; turn += 1) {
        await page.evaluate(`document.addEventListener('mousedown', () => { globalThis.pressedAt = Date.now(); }, {
          capture: true, once: true,
        })`);
        await bench.run('CoWork OS: Open Audit');
        const audit = await bench.webview('audit');
        await audit.locator('.row .type').first().waitFor({ timeout: PREPARING_MS });
        const shown = Date.now();
        // The first one waits for the index.
        if (turn > 0) times.push(shown - Number(await page.evaluate('globalThis.pressedAt')));
        else console.log(`${await audit.getByText(/^[\d,]+ records$/).innerText()} in the panel`);
        await bench.run('View: Close Editor');
      }
      times.sort((a, b) => a - b);
      const median = times[Math.floor(times.length / 2)] ?? Number.NaN;
      console.log(`panel from the press to its first row, median of ${TIMES}: ${median} ms (goal < 300)`);
      console.log(`fastest ${times[0]} ms, slowest ${times.at(-1)} ms`);
    } finally {
      await browser.close();
      await server.stop();
    }
  } finally {
    await place.remove();
  }
}
