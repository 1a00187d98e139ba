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

  it('has the extension activated', async () => {
    const { bench } = session();
    await bench.run('Developer: Show Running Extensions');
    const row = bench.page
      .locator('.runtime-extensions-editor .extension')
      .filter({ hasText: /CoWork OS/ });
    const list = bench.page.locator('.runtime-extensions-editor');
    await list.hover();
    // The list holds only the rows on view, the slowest activations first.
    await until('the extension among those that run', async () => {
      if ((await row.count()) > 0) return true;
      await bench.page.mouse.wheel(0, 300);
      return undefined;
    });
    assert.match(await row.innerText(), /Activat/);
    await bench.screenshot('workbench-extension-activated');
  });

  it('changes its colours', async () => {
    const { bench } = session();
    await bench.useTheme('light');
    await bench.screenshot('workbench-light');
    await bench.useTheme('dark');
  });
});
