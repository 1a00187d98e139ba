import { until } from '../test/harness/processes';
import { approvalDrawn } from '../test/harness/workbench/approval-drawn';
import { pairLocally } from '../test/harness/workbench/local-chat';
import { inWorkbench, tellTimes } from './in-workbench';

/** How many requests are measured. One before them shows a page that was empty, and is left out. */
const TIMES = 9;

/**
 * A request for an approval in the real workbench: from the moment that its record carries until its card is drawn. The
 * record is made durable, told to the views, and sent to the page by the editor in between.
 */
export function run(): Promise<void> {
  return inWorkbench(async (bench, { data }) => {
    await bench.sideBar.open('CoWork OS');
    const approvals = await bench.webview('approvals');
    await approvals.getByRole('heading', { name: 'Nobody has access yet' }).waitFor();
    await pairLocally(bench);
    const times: number[] = [];
    for (let turn = 0; turn <= TIMES; turn += 1) {
      const took = await approvalDrawn(approvals, data, () =>
        bench.terminal.type(`/run node --version ${turn}\n`),
      );
      if (turn > 0) times.push(took);
      await approvals.getByRole('article').first().press('d');
      await until('an empty page', async () =>
        (await approvals.getByRole('article').count()) === 0 ? true : undefined,
      );
    }
    tellTimes('approval from its record to its card', times, 100);
  });
}
