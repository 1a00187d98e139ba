import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Frame } from 'playwright-core';
import { repoRoot } from '../harness/paths';
import { until } from '../harness/processes';
import { useWorkbench } from '../harness/suite';
import { approveOn } from '../harness/workbench/approve';
import { pairLocally } from '../harness/workbench/local-chat';
import type { Workbench } from '../harness/workbench/workbench';

const LONG_COMMAND = '/run seq 1 4000';

/** Approves the one request that waits. */
async function approve(bench: Workbench): Promise<void> {
  const page = await bench.webview('approvals');
  // The card that was answered last stays where it is while the pointer is on it.
  const waiting = page.getByRole('button', { name: 'Approve', exact: true });
  const card = page.getByRole('article').filter({ has: waiting }).first();
  await card.waitFor();
  await approveOn(card);
}

/** Waits for a task of this title that is done; answers its whole label. */
async function done(bench: Workbench, title: string): Promise<string> {
  const rows = await bench.sideBar.waitForRows('Tasks', (all) =>
    all.some((row) => row.label.startsWith(title) && /done/.test(row.description)),
  );
  return rows.find((row) => row.label.startsWith(title))?.label ?? '';
}

/** The page of this task. Of the one that was shown before, what is left goes a moment later. */
async function taskPage(bench: Workbench, title: string): Promise<Frame> {
  return until(`the page of ${title}`, async () => {
    const page = await bench.webview('task');
    const shown = await page
      .getByRole('heading', { name: title })
      .count()
      .catch(() => 0);
    return shown > 0 ? page : undefined;
  });
}

describe('looking back at what was done', () => {
  const session = useWorkbench();
  let before: Buffer;

  it('begins with a task that changed a file and one with more output than a chat shows', async () => {
    const { bench, workspace } = session();
    before = readFileSync(join(workspace, 'src/greeting.js'));
    await bench.sideBar.open('CoWork OS');
    await (await bench.webview('approvals'))
      .getByRole('heading', { name: 'Nobody has access yet' })
      .waitFor();
    await pairLocally(bench);
    await bench.terminal.type('/write src/greeting.js export const greeting = "Hello";\n');
    await approve(bench);
    await done(bench, '/write src/greeting.js');
    assert.equal(
      readFileSync(join(workspace, 'src/greeting.js'), 'utf8'),
      'export const greeting = "Hello";\n',
    );
    await bench.terminal.type(`${LONG_COMMAND}\n`);
    await approve(bench);
    await done(bench, LONG_COMMAND);
  });

  it('leads from the cut output in the chat to the page that has all of it', async () => {
    const { bench } = session();
    await bench.terminal.waitFor(/characters left out; the page of task t\d+ in VS Code has them/);
    await bench.terminal.followLink(/page of task t\d+/);
    const page = await bench.webview('task');
    await page.getByRole('heading', { name: LONG_COMMAND }).waitFor();
    const output = (await page.locator('.step .output').textContent()) ?? '';
    for (const line of ['1', '2000', '4000']) assert.ok(output.split('\n').includes(line), line);
    await bench.screenshot('looking-back-1-whole-output');
  });

  it('shows what a task changed in the diff editor of VS Code', async () => {
    const { bench } = session();
    await bench.sideBar.clickRow('Tasks', await done(bench, '/write src/greeting.js'));
    const page = await taskPage(bench, '/write src/greeting.js');
    await page.getByRole('button', { name: 'Changes in src/greeting.js' }).click();
    const diff = bench.page.locator('.editor-instance .monaco-diff-editor');
    await diff.waitFor();
    assert.ok((await bench.tabs()).some((tab) => tab.includes('greeting.js (before the task ↔ now)')));
    await diff
      .locator('.modified .view-line')
      .filter({ hasText: /export\sconst\sgreeting/ })
      .first()
      .waitFor();
    await diff.locator('.original .view-line').first().waitFor();
    await bench.screenshot('looking-back-2-diff');
    await bench.run('View: Close Editor');
  });

  it('brings a file back byte for byte, after it was asked whether to', async () => {
    const { bench, workspace } = session();
    const path = join(workspace, 'src/greeting.js');
    await bench.sideBar.clickRow('Tasks', await done(bench, '/write src/greeting.js'));
    const page = await taskPage(bench, '/write src/greeting.js');
    const restore = page.getByRole('button', { name: 'Restore… src/greeting.js' });
    await restore.click();
    assert.match((await bench.messages.waitForDialog()).text, /Restore src\/greeting\.js\?.*is kept/s);
    await bench.screenshot('looking-back-3-restore');
    await bench.messages.clickDialog('Cancel');
    assert.notDeepEqual(readFileSync(path), before);
    await restore.click();
    await bench.messages.waitForDialog();
    await bench.messages.clickDialog('Restore');
    await page.getByRole('button', { name: 'Undo Restore… src/greeting.js' }).waitFor();
    assert.deepEqual(readFileSync(path), before);
    await bench.screenshot('looking-back-4-restored');
  });

  it('finds the runs in the audit and exports them to a file', async () => {
    const { bench, workspace } = session();
    await bench.run('CoWork OS: Open Audit');
    const asked = performance.now();
    const audit = await bench.webview('audit');
    await audit.locator('.row .type').first().waitFor();
    console.log(
      `    audit panel, from the command to its first row: ${Math.round(performance.now() - asked)} ms`,
    );
    await audit.locator('.input').fill('tool:run');
    await audit.getByText(/^\d+ records?$/).waitFor();
    await until('only records of runs', async () => {
      const rows = await audit.locator('.row .summary').allInnerTexts();
      return rows.length > 0 && rows.every((row) => row.includes('seq 1 4000')) ? true : undefined;
    });
    await bench.screenshot('looking-back-5-filter');
    await audit.getByRole('button', { name: 'Export…' }).click();
    await bench.quickInput.pick('JSON Lines');
    const target = join(workspace, 'runs.jsonl');
    await bench.quickInput.saveAs(target);
    await bench.messages.waitForNotification(/\d+ records? were exported/);
    const records = readFileSync(target, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; data: { tool?: string } });
    assert.ok(records.length >= 2);
    assert.ok(records.every(({ data }) => data.tool === 'run'));
    await bench.screenshot('looking-back-6-exported');
  });

  it('[FAQ-7] saves a receipt that the command line accepts, and says that all is intact', async () => {
    const { bench, workspace } = session();
    const audit = await bench.webview('audit');
    await audit.locator('.row').first().click();
    await audit.getByRole('button', { name: /^Receipt… for record/ }).click();
    const target = join(workspace, 'receipt.json');
    await bench.quickInput.saveAs(target);
    await bench.messages.waitForNotification('The receipt was saved');
    assert.ok(existsSync(target));
    const told = execFileSync(
      process.execPath,
      [join(repoRoot, 'dist/cli.js'), 'audit', 'receipt', '--check', target],
      { encoding: 'utf8' },
    );
    assert.match(told, /./);
    console.log(`    ${told.trim().replaceAll('\n', '\n    ')}`);
    await audit.getByRole('button', { name: 'Verify' }).click();
    await audit.getByText('Intact.').waitFor();
    await bench.screenshot('looking-back-7-intact');
  });
});
