import assert from 'node:assert/strict';
import { until } from '../harness/processes';
import { useWorkbench } from '../harness/suite';

describe('the workbench', () => {
  const session = useWorkbench();

  it('opens on the sample folder', async () => {
    const { bench } = session();
    await bench.run('File: Focus on Files Explorer');
    const title = await bench.page.title();
    assert.match(title, /sample/);
    await bench.screenshot('workbench-opens');
  });

  it('has the extension activated, without holding up the editor', async () => {
    const { bench } = session();
    await bench.run('Developer: Show Running Extensions');
    const list = bench.page.locator('.runtime-extensions-editor');
    const row = list.locator('.extension').filter({ hasText: 'CoWork OS' });
    await list.hover();
    // The list is in the order of activation times and holds only the rows on view.
    // While it is being activated its row is there and has no time yet.
    const milliseconds = await until('the extension among those that run, with its time', async () => {
      if ((await row.count()) === 0) {
        await bench.page.mouse.wheel(0, 300);
        return undefined;
      }
      const time = /Activation: (\d+)ms/.exec(
        await row
          .first()
          .innerText({ timeout: 1000 })
          .catch(() => ''),
      )?.[1];
      return time === undefined ? undefined : Number(time);
    });
    console.log(`    activation: ${milliseconds} ms`);
    // The time is the clock's, so it is held to its limit only where the machine has nothing else to do.
    if (process.env.COWORK_FULL === '1')
      assert.ok(milliseconds < 150, `${milliseconds} ms, the limit is 150`);
    await bench.screenshot('workbench-extension-activated');
  });

  it('changes its colours', async () => {
    const { bench } = session();
    await bench.useTheme('light');
    await bench.screenshot('workbench-light');
    await bench.useTheme('dark');
  });
});
