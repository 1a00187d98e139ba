import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { useWorkbench } from '../harness/suite';
import type { Workbench } from '../harness/workbench/workbench';

const VIEW = 'Checklist';

/** Makes room: what is not looked at is folded. */
async function onlyChecklist(bench: Workbench): Promise<void> {
  await bench.sideBar.open('CoWork OS');
  await bench.sideBar.waitForRows('Channels', (rows) => rows.some((row) => /online/.test(row.description)));
  for (const title of ['Approvals', 'Channels', 'Users', 'Tasks']) {
    const header = bench.page
      .locator('.part.sidebar .pane-header')
      .filter({ has: bench.page.locator('.title', { hasText: new RegExp(`^${title}$`) }) });
    if ((await header.getAttribute('aria-expanded')) === 'true') await header.click();
  }
  const sash = bench.page.locator('.monaco-sash.vertical').first();
  const box = await sash.boundingBox();
  if (box) {
    await bench.page.mouse.move(box.x + box.width / 2, box.y + 200);
    await bench.page.mouse.down();
    await bench.page.mouse.move(box.x + 420, box.y + 200, { steps: 4 });
    await bench.page.mouse.up();
  }
}

const has = (label: RegExp) => (rows: readonly { label: string; description: string }[]) =>
  rows.some((row) => label.test(row.label) || label.test(row.description));

describe('the Checklist in the editor', () => {
  const session = useWorkbench({
    settings: {
      'cowork.mode': 'trusted',
      'cowork.trustedPatterns': ['npx jest *', 'bash -c *'],
      'cowork.capabilities.shell': 'allow',
      'cowork.budgets': { costPerTask: null },
    },
  });

  it('[INI-3b] [INI-4] shows what is found, the worst first, and the three lists', async () => {
    const { bench } = session();
    await onlyChecklist(bench);
    const rows = await bench.sideBar.waitForRows(VIEW, has(/^The mode is “trusted”\.$/));
    assert.match(rows[0]?.label ?? '', /^Score \d+ of 100$/);
    assert.match(rows[0]?.description ?? '', /^development/);
    const labels = rows.map(({ label }) => label);
    for (const label of [
      'High',
      'Medium',
      'The budget costPerTask is switched off.',
      'Before first use',
      'Regular maintenance',
    ])
      assert.ok(labels.includes(label), `${label} among ${labels.join(', ')}`);
    assert.ok(labels.indexOf('High') < labels.indexOf('Medium'));
    await bench.screenshot('checklist-development');
  });

  it('shows the change of a fix first, makes it, and undoes it', async () => {
    const { bench } = session();
    const title = 'The mode is “trusted”.';
    await bench.sideBar.clickRowAction(VIEW, title, 'Fix…');
    const dialog = await bench.messages.waitForDialog();
    assert.match(dialog.text, /cowork\.mode/);
    assert.match(dialog.text, /now: trusted/);
    assert.match(dialog.text, /then: ask/);
    await bench.screenshot('checklist-fix');
    await bench.messages.clickDialog('Change');
    await bench.sideBar.waitForRows(VIEW, (rows) => !has(/^The mode is “trusted”/)(rows));
    await bench.sideBar.waitForRows(VIEW, has(/^Changed here$/));
    await bench.run('CoWork OS: Undo Fix');
    await bench.quickInput.pick('Ask again');
    await bench.sideBar.waitForRows(VIEW, has(/^The mode is “trusted”/));
  });

  it('accepts a risk with a reason and an end, and the score does not rise', async () => {
    const { bench } = session();
    const score = (await bench.sideBar.rows(VIEW))[0]?.label;
    await bench.sideBar.clickRowAction(VIEW, 'The budget costPerTask is switched off.', 'Accept Risk…');
    await bench.quickInput.answer('A throw-away folder without a model');
    await bench.quickInput.pick('For a week');
    await bench.sideBar.waitForRows(VIEW, has(/^Accepted risks$/));
    assert.equal((await bench.sideBar.rows(VIEW))[0]?.label, score);
  });

  it('[ENV-PROD] [ENV-SHARED] shows what another profile changes before it does', async () => {
    const { bench } = session();
    for (const [profile, sign] of [
      ['production', /production permits “accept-edits” at most/],
      ['shared', /shared permits “accept-edits” at most/],
    ] as const) {
      await bench.run('CoWork OS: Choose Profile…');
      await bench.quickInput.pick(profile);
      const dialog = await bench.messages.waitForDialog();
      assert.match(dialog.text, new RegExp(`to “${profile}”`));
      assert.ok((await bench.tabs()).includes(`What the profile “${profile}” changes`));
      await bench.page
        .locator('.view-lines')
        .getByText(`Profile: ${profile}`.replaceAll(' ', '\u00a0'))
        .first()
        .waitFor();
      await bench.screenshot(`checklist-switch-${profile}`);
      await bench.messages.clickDialog('Switch');
      await bench.sideBar.waitForRows(VIEW, has(sign));
      const rows = await bench.sideBar.rows(VIEW);
      assert.match(rows[0]?.description ?? '', new RegExp(`^${profile}`));
      await bench.screenshot(`checklist-${profile}`);
    }
  });

  it('[SEC-1] finds a credential that somebody puts into the folder', async () => {
    const { bench, workspace } = session();
    // Not a credential: made for this test in the form of one.
    await writeFile(join(workspace, 'deploy.env.txt'), `TOKEN=ghp_${'aB3dE5fG7h'.repeat(4)}\n`);
    await bench.run('CoWork OS: Look at Everything Again');
    await bench.sideBar.waitForRows(VIEW, has(/deploy\.env\.txt, line 1: this looks like a GitHub token/));
  });

  it('draws the score over time', async () => {
    const { bench } = session();
    await bench.run('CoWork OS: Show Security Score');
    const page = await bench.webview('posture');
    await page.getByRole('img').waitFor();
    assert.match(await page.locator('.score').innerText(), /^\d+ of 100 · profile shared$/);
    await bench.screenshot('checklist-score');
  });
});
