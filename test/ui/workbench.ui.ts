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
    await until('the extension among those that run', async () => {
      if ((await row.count()) > 0) return true;
      await bench.page.mouse.wheel(0, 300);
      return undefined;
    });
    const milliseconds = Number(/Activation: (\d+)ms/.exec(await row.innerText())?.[1]);
    assert.ok(milliseconds > 0, 'the list tells how long the activation took');
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
