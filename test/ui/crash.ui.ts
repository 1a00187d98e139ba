import assert from 'node:assert/strict';
import { useWorkbench } from '../harness/suite';
import { pairLocally } from '../harness/workbench/local-chat';

/** What a person finds after the process that runs the extension was killed in the middle of their work. */
describe('after the extension host was killed', () => {
  const session = useWorkbench();

  it('[INC-2] shows the task as interrupted, withdraws its approval, and has lost no record', async () => {
    const { bench, extensionHostPid } = session();
    await bench.sideBar.open('CoWork OS');
    const approvals = await bench.webview('approvals');
    await approvals.getByRole('button', { name: 'Generate Pairing Code' }).waitFor();
    await pairLocally(bench);
    await bench.terminal.waitFor(/You are paired now/);
    await bench.terminal.type('/run npm test\n');
    await bench.sideBar.waitForRows('Tasks', (rows) => rows.some((row) => /waits/.test(row.description)));

    process.kill(await extensionHostPid(), 'SIGKILL');
    await bench.reload();
    await bench.sideBar.open('CoWork OS');
    await bench.sideBar.waitForRows('Tasks', (rows) =>
      rows.some((row) => /interrupted/.test(row.description)),
    );
    await bench.sideBar.waitForRows('Users', (rows) => rows.length === 1);
    await bench.screenshot('crash-1-interrupted');
    await bench.run('CoWork OS: Open Audit');
    const audit = await bench.webview('audit');
    await audit.locator('.row').filter({ hasText: 'task.state' }).first().waitFor();
    await audit.getByRole('button', { name: 'Verify' }).click();
    await audit.getByText('Intact.').waitFor();
    const types = await audit.locator('.row').allInnerTexts();
    assert.ok(
      !types.some((text) => text.includes('action.started')),
      'nothing had been approved, so nothing ran',
    );
    await bench.screenshot('crash-2-audit');
  });
});
