import assert from 'node:assert/strict';
import type { Frame } from 'playwright-core';
import { until } from '../harness/processes';
import { useWorkbench } from '../harness/suite';
import { approvalDrawn } from '../harness/workbench/approval-drawn';
import { approveOn } from '../harness/workbench/approve';
import { themes, type Workbench } from '../harness/workbench/workbench';

/** What is asked of the product: fewer presses than this from the installed extension to the first approved command. */
const PRESSES = 12;
/** Widths of the window, in CSS pixels: a laptop, half a screen, and as narrow as the workbench goes. */
const WIDTHS = [1400, 1000, 640] as const;
/** The aim is 100 ms on a machine of one's own; this one is shared, and only what is broken takes so long. */
const VISIBLE_MS = 1500;

/** Counts presses of the mouse where they happen, in the window and in each page inside it. */
class Presses {
  private readonly counted: Frame[] = [];
  private left = 0;

  async watch(frame: Frame): Promise<void> {
    if (this.counted.includes(frame)) return;
    this.counted.push(frame);
    await frame.evaluate(
      `window.presses = 0; addEventListener('pointerdown', () => { window.presses += 1; }, true)`,
    );
  }

  async number(): Promise<number> {
    let sum = 0;
    for (const frame of this.counted) sum += Number(await frame.evaluate('window.presses').catch(() => 0));
    return sum - this.left;
  }

  /** What is done only to take pictures does not count. */
  async uncounted(work: () => Promise<void>): Promise<void> {
    const before = await this.number();
    await work();
    this.left += (await this.number()) - before;
  }
}

/** The window in four themes and three widths, as test-results/use-<name>-<theme>-<width>.png. */
async function pictures(bench: Workbench, name: string): Promise<void> {
  const size = bench.page.viewportSize();
  for (const theme of Object.keys(themes) as (keyof typeof themes)[]) {
    await bench.useTheme(theme);
    for (const width of WIDTHS) {
      await bench.page.setViewportSize({ width, height: 900 });
      await bench.screenshot(`use-${name}-${theme}-${width}`);
    }
    if (size) await bench.page.setViewportSize(size);
  }
  await bench.useTheme('dark');
}

describe('somebody who has just installed it', () => {
  const session = useWorkbench();

  it('gets to the first approved command in fewer than 12 presses, by what the screen says alone', async () => {
    const { bench, server } = session();
    const presses = new Presses();
    await presses.watch(bench.page.mainFrame());

    await bench.sideBar.open('CoWork OS');
    const approvals = await bench.webview('approvals');
    await presses.watch(approvals);
    await approvals.getByRole('heading', { name: 'Nobody has access yet' }).waitFor();
    await presses.uncounted(() => pictures(bench, '1-nobody-yet'));

    await approvals.getByRole('button', { name: 'Generate Pairing Code' }).click();
    // It asks in which kind of conversation, and what the person may do; the first answer is the careful one.
    await bench.quickInput.pick((await bench.quickInput.items())[0] ?? '');
    await until('the next question', async () =>
      (await bench.quickInput.items()).includes('member') ? true : undefined,
    );
    await bench.quickInput.pick((await bench.quickInput.items())[0] ?? '');
    const panel = await bench.webview('pairing');
    await presses.watch(panel);
    const code = (await panel.locator('.code span').allInnerTexts()).join('');
    await panel.getByText(/\d:\d\d left/).waitFor();

    await panel.getByRole('button', { name: 'Open Local Chat' }).click();
    await bench.terminal.type(`${code}\n`);
    await panel.locator('.end').getByText('is in as member').waitFor();

    // What the Tasks view names as an example.
    assert.match(await bench.sideBar.welcome('Tasks'), /\/run npm test/);
    const took = await approvalDrawn(approvals, server.data, () => bench.terminal.type('/run npm test\n'));
    const card = approvals.getByRole('article');
    console.log(`approval on the screen ${took} ms after the record of the request`);
    assert.ok(took < VISIBLE_MS, `${took} ms`);
    await presses.uncounted(() => pictures(bench, '2-approval'));

    await approveOn(card);
    await bench.sideBar.waitForRows('Tasks', (rows) => rows.some((row) => /done/.test(row.description)));
    const number = await presses.number();
    console.log(`${number} presses from the installed extension to the first approved command`);
    assert.ok(number > 0 && number < PRESSES, `${number} presses`);
    await bench.screenshot('use-3-done');
  });
});
