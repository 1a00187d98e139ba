import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Frame } from 'playwright-core';
import { fromBase32, hotp, totpStep } from '../../src/engine/access/totp';
import { until } from '../harness/processes';
import { filesOfProfile, useWorkbench } from '../harness/suite';
import { pairLocally } from '../harness/workbench/local-chat';
import type { Workbench } from '../harness/workbench/workbench';

const THEMES = ['light', 'contrast', 'dark'] as const;

/** Keeps what the window shows in each kind of theme, as test-results/people-<name>-<theme>.png. */
async function pictures(bench: Workbench, name: string): Promise<void> {
  for (const theme of THEMES) {
    await bench.useTheme(theme);
    await bench.screenshot(`people-${name}-${theme}`);
  }
}

/** The code that an app with the key on this page shows, `later` steps of 30 seconds from now. */
async function appOf(panel: Frame): Promise<(later?: number) => string> {
  const key = (await panel.locator('.key').innerText()).replaceAll(' ', '');
  return (later = 0) => hotp(fromBase32(key), totpStep(Date.now()) + later);
}

/** Enters a code on the page of an authenticator. */
async function confirmWith(panel: Frame, code: string): Promise<void> {
  await panel.locator('input').fill(code);
  await panel.getByRole('button', { name: 'Confirm' }).click();
}

describe('people in the editor', () => {
  const session = useWorkbench();

  it('have their role changed from the list of users', async () => {
    const { bench } = session();
    await bench.sideBar.open('CoWork OS');
    await bench.sideBar.waitForRows('Channels', (rows) => rows.some((row) => /online/.test(row.description)));
    // Drawn once, it no longer takes the focus from the palette.
    await (await bench.webview('approvals'))
      .getByRole('heading', { name: 'Nobody has access yet' })
      .waitFor();
    await pairLocally(bench);
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

  it('may approve from a chat once the owner said so, and get an authenticator of which nothing is kept before it works', async () => {
    const { bench, server } = session();
    const [{ label } = { label: '' }] = await bench.sideBar.rows('Users');
    const described = (pattern: RegExp) =>
      bench.sideBar.waitForRows('Users', (rows) => rows.some((row) => pattern.test(row.description)));
    await bench.sideBar.chooseFromRowMenu('Users', label, 'Set Role…');
    await bench.quickInput.pick('approver');
    await described(/^approver/);
    await bench.sideBar.chooseFromRowMenu('Users', label, 'Allow Approving from Chat…');
    await bench.quickInput.pick('Also their own');
    assert.match((await bench.messages.waitForDialog()).text, /has their phone/);
    await bench.messages.clickDialog('Allow');
    await described(/approves from chat/);
    await bench.sideBar.chooseFromRowMenu('Users', label, 'Set Up Authenticator…');
    const panel = await bench.webview('authenticator');
    const app = await appOf(panel);
    await confirmWith(panel, '12ab');
    await panel.getByText(/not the code of the app/).waitFor();
    await pictures(bench, 'authenticator');
    assert.ok((await bench.sideBar.rows('Users')).every((row) => !/authenticator/.test(row.description)));
    const key = (await panel.locator('.key').innerText()).replaceAll(' ', '');
    await confirmWith(panel, app());
    await panel.getByText('The authenticator is set up.').first().waitFor();
    assert.equal(await panel.locator('.key').count(), 0);
    await panel.getByRole('button', { name: 'Close' }).click();
    await described(/authenticator/);
    await pictures(bench, 'users');
    const journal = filesOfProfile(server, '.jsonl');
    assert.ok(journal.length > 0);
    for (const file of journal) assert.ok(!readFileSync(file, 'utf8').includes(key), file);
  });

  it('are listed in an access document that opens unsaved', async () => {
    const { bench } = session();
    await bench.run('CoWork OS: Write Access Document…');
    await bench.quickInput.pick('Markdown');
    await bench.page.locator('.monaco-editor .view-lines').getByText('terminal').first().waitFor();
    await pictures(bench, 'access-document');
  });

  it('[INC-1] lose access with one confirmed press, and get silence', async () => {
    const { bench } = session();
    const [row] = await bench.sideBar.rows('Users');
    for (const theme of THEMES) {
      await bench.useTheme(theme);
      await bench.sideBar.clickRowAction('Users', row?.label ?? '', 'Revoke Access');
      const dialog = await bench.messages.waitForDialog();
      assert.match(dialog.text, /Revoke the access of/);
      await bench.screenshot(`people-revoke-${theme}`);
      await bench.messages.clickDialog(theme === THEMES.at(-1) ? 'Revoke' : 'Cancel');
    }
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
    await panel.getByText(/\d:\d\d left/).waitFor();
    await pictures(bench, 'pairing');
    await panel.getByRole('button', { name: 'New code' }).click();
    await until('another code', async () => {
      const next = (await panel.locator('.code span').allInnerTexts()).join('');
      return next !== '' && next !== first ? next : undefined;
    });
    await bench.terminal.type(`${first}\n`);
    await panel.getByRole('heading', { name: 'Wrong tries' }).waitFor();
    await pictures(bench, 'wrong-tries');
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

  it('go on after a stop only with a code, once that is protected', async () => {
    const { bench } = session();
    await bench.run('CoWork OS: Protect Resume with Authenticator…');
    const panel = await bench.webview('authenticator');
    const app = await appOf(panel);
    await confirmWith(panel, app());
    await panel.getByText('The authenticator is set up.').first().waitFor();
    await panel.getByRole('button', { name: 'Close' }).click();
    await bench.run('CoWork OS: Pause Everything');
    const page = await bench.webview('approvals');
    const resumeWith = async (code: string) => {
      await page.getByRole('button', { name: 'Resume' }).click();
      await bench.messages.waitForDialog();
      await bench.messages.clickDialog('Resume');
      await bench.quickInput.answer(code);
    };
    await page.getByRole('heading', { name: 'Everything is paused' }).waitFor();
    await resumeWith('12ab');
    await bench.messages.waitForNotification(/not the code of your authenticator/);
    await resumeWith(app(1));
    await page.getByRole('heading', { name: 'Everything is paused' }).waitFor({ state: 'detached' });
  });
});
