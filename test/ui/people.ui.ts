import assert from 'node:assert/strict';
import { until } from '../harness/processes';
import { useWorkbench } from '../harness/suite';

/** Lets the person of the local chat in, and answers with the code that did it. */
async function pair(bench: ReturnType<ReturnType<typeof useWorkbench>>['bench']): Promise<string> {
  await bench.run('CoWork OS: Generate Pairing Code');
  await bench.quickInput.pick('direct message');
  await bench.quickInput.pick('member');
  const panel = await bench.webview('pairing');
  const code = (await panel.locator('.code span').allInnerTexts()).join('');
  await panel.getByRole('button', { name: 'Open Local Chat' }).click();
  await bench.terminal.type(`${code}\n`);
  await panel.locator('.end').waitFor();
  return code;
}

describe('people in the editor', () => {
  const session = useWorkbench();

  it('have their role changed from the list of users', async () => {
    const { bench } = session();
    await bench.sideBar.open('CoWork OS');
    await pair(bench);
    const [row] = await bench.sideBar.waitForRows('Users', (rows) => rows.length === 1);
    await bench.sideBar.chooseFromRowMenu('Users', row?.label ?? '', 'Set Role…');
    await bench.quickInput.pick('observer');
    await bench.sideBar.waitForRows('Users', (rows) =>
      rows.some((item) => item.description.startsWith('observer')),
    );
    await bench.terminal.type('/run npm test\n');
    await bench.terminal.waitFor(/observer/i);
    await bench.screenshot('people-role');
  });

  it('are listed in an access document that opens unsaved', async () => {
    const { bench } = session();
    await bench.run('CoWork OS: Write Access Document…');
    await bench.quickInput.pick('Markdown');
    await bench.page.locator('.monaco-editor .view-lines').getByText('terminal').first().waitFor();
    await bench.screenshot('people-access-document');
  });

  it('[INC-1] lose access with one confirmed press, and get silence', async () => {
    const { bench } = session();
    const [row] = await bench.sideBar.rows('Users');
    await bench.sideBar.clickRowAction('Users', row?.label ?? '', 'Revoke Access');
    const dialog = await bench.messages.waitForDialog();
    assert.match(dialog.text, /Revoke the access of/);
    await bench.screenshot('people-revoke');
    await bench.messages.clickDialog('Revoke');
    await bench.sideBar.waitForRows('Users', (rows) => rows[0]?.label === 'Revoked');
    const before = await bench.terminal.text();
    await bench.terminal.type('/whoami\n');
    await bench.page.waitForTimeout(1500);
    const after = (await bench.terminal.text()).slice(before.length);
    assert.doesNotMatch(after, /CoWork:/, 'a revoked person was answered');
  });

  it('[OPS-3c] rotate: the old code is dead at once', async () => {
    const { bench } = session();
    await bench.run('CoWork OS: Generate Pairing Code');
    await bench.quickInput.pick('direct message');
    await bench.quickInput.pick('member');
    const panel = await bench.webview('pairing');
    const first = (await panel.locator('.code span').allInnerTexts()).join('');
    await panel.getByRole('button', { name: 'New code' }).click();
    await until('another code', async () => {
      const next = (await panel.locator('.code span').allInnerTexts()).join('');
      return next !== '' && next !== first ? next : undefined;
    });
    await bench.terminal.type(`${first}\n`);
    await panel.getByRole('heading', { name: 'Wrong tries' }).waitFor();
    await bench.screenshot('people-rotated');
    await panel.getByRole('button', { name: 'Cancel code' }).click();
    await panel.getByText('The code can no longer be used.').first().waitFor();
  });

  it('all stop with one command, and go on only after a confirmed one', async () => {
    const { bench } = session();
    await bench.run('CoWork OS: Pause Everything');
    const page = await bench.webview('approvals');
    await page.getByRole('heading', { name: 'Everything is paused' }).waitFor();
    await bench.messages.waitForStatusBar(/paused/);
    await bench.screenshot('people-paused');
    await page.getByRole('button', { name: 'Resume' }).click();
    await bench.messages.waitForDialog();
    await bench.messages.clickDialog('Resume');
    await page.getByRole('heading', { name: 'Everything is paused' }).waitFor({ state: 'detached' });
  });
});
