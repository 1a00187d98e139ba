import { createHash } from 'node:crypto';
import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../test/harness/processes';
import { inWorkbench, tellTimes } from './in-workbench';
import { fill } from './journal';

/** How often the panel is opened. */
const TIMES = 9;
/** The first start reads the whole record, because its snapshots are signed with a key that is made only then. */
const PREPARING_MS = 240_000;

/**
 * The audit panel in the real workbench over a record of BENCH_RECORDS (default: a million): from the press on
 * *Open Audit* in the palette until its first row is drawn, loading of the page by the editor included.
 */
export function run(): Promise<void> {
  const size = Number(process.env.BENCH_RECORDS ?? 1_000_000);
  return inWorkbench(
    async (bench) => {
      const times: number[] = [];
      // Every page that opens from now on says itself when its first row was drawn: asking from here would add to it.
      await bench.page.context().addInitScript(`{
        const timer = setInterval(() => {
          if (document.querySelector('.row .type') === null) return;
          clearInterval(timer);
          requestAnimationFrame(() => setTimeout(() => { globalThis.shownAt = Date.now(); }));
        }, 2);
      }`);
      for (let turn = 0; turn <= TIMES; turn += 1) {
        await bench.page.evaluate(`document.addEventListener('mousedown', () => { globalThis.pressedAt = Date.now(); }, {
          capture: true, once: true,
        })`);
        await bench.run('CoWork OS: Open Audit');
        const audit = await bench.webview('audit');
        const shown = await until(
          'the first row to be drawn',
          async () => Number(await audit.evaluate('globalThis.shownAt ?? 0')) || undefined,
          PREPARING_MS,
        );
        // The first one waits for the index.
        if (turn > 0) times.push(shown - Number(await bench.page.evaluate('globalThis.pressedAt')));
        else console.log(`${await audit.getByText(/^[\d,]+ records$/).innerText()} in the panel`);
        await bench.run('View: Close Editor');
      }
      tellTimes('panel from the press to its first row', times, 300);
    },
    async ({ data, workspace }) => {
      // As `session-ports.ts` and `session.ts` name it.
      const id = createHash('sha256').update(realpathSync(workspace)).digest('hex').slice(0, 16);
      const directory = join(data, 'data/User/globalStorage/cowork-os.cowork-os/workspaces', id, 'journal');
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      await fill(directory, size);
    },
  );
}
