import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { useWorkbench } from '../harness/suite';
import { approveOn } from '../harness/workbench/approve';

describe('from the first code to the first approved command', () => {
  const session = useWorkbench();
  let code = '';

  it('says what to do first', async () => {
    const { bench } = session();
    await bench.sideBar.open('CoWork OS');
    assert.deepEqual(await bench.sideBar.views(), ['Approvals', 'Channels', 'Users', 'Tasks', 'Checklist']);
    const page = await bench.webview('approvals');
    await page.getByRole('heading', { name: 'Nobody has access yet' }).waitFor();
    assert.match(await bench.sideBar.welcome('Users'), /Generate Pairing Code/);
    await bench.screenshot('first-1-nobody-yet');
  });

  it('shows a pairing code with a countdown, in the editor only', async () => {
    const { bench } = session();
    const page = await bench.webview('approvals');
    await page.getByRole('button', { name: 'Generate Pairing Code' }).click();
    await bench.quickInput.pick('direct message');
    await bench.quickInput.pick('member');
    const panel = await bench.webview('pairing');
    code = (await panel.locator('.code span').allInnerTexts()).join('');
    assert.match(code, /^[A-Z0-9]{6}$/);
    await panel.getByText(/\d:\d\d left/).waitFor();
    await bench.screenshot('first-2-code');
  });

  it('shows wrong tries as they happen, and lets in who types the code', async () => {
    const { bench } = session();
    const panel = await bench.webview('pairing');
    await panel.getByRole('button', { name: 'Open Local Chat' }).click();
    const wrong = code.startsWith('A') ? `B${code.slice(1)}` : `A${code.slice(1)}`;
    await bench.terminal.type(`${wrong}\n`);
    await panel.getByRole('heading', { name: 'Wrong tries' }).waitFor();
    await bench.screenshot('first-3-wrong-try');
    await bench.terminal.type(`${code}\n`);
    await panel.locator('.end').getByText('is in as member').waitFor();
    await bench.sideBar.waitForRows('Users', (rows) => rows.length === 1);
    await bench.screenshot('first-4-paired');
  });

  it('shows the whole command and runs it once it is approved', async () => {
    const { bench } = session();
    await bench.terminal.type('/run npm test\n');
    await bench.messages.waitForNotification('wants to run a command');
    const page = await bench.webview('approvals');
    const card = page.getByRole('article');
    await card.waitFor();
    assert.equal(await card.locator('.action').innerText(), 'npm test');
    assert.match(await bench.sideBar.activityName('CoWork OS'), /1 approval waits/);
    await bench.messages.waitForStatusBar('CoWork OS: 1 approval waits');
    await bench.screenshot('first-5-approval');
    await approveOn(card);
    await bench.terminal.waitFor(/pass|ok|tests/i);
    await bench.sideBar.waitForRows('Tasks', (rows) => rows.some((row) => /done/.test(row.description)));
    await bench.screenshot('first-6-output');
  });

  it('has everything in the audit, and says that it is intact', async () => {
    const { bench } = session();
    await bench.run('CoWork OS: Open Audit');
    const audit = await bench.webview('audit');
    for (const type of [
      'message.received',
      'decision.made',
      'approval.resolved',
      'action.finished',
      'reply.sent',
    ]) {
      await audit.locator('.row').filter({ hasText: type }).first().waitFor();
    }
    await audit.locator('.row').filter({ hasText: 'action.finished' }).first().click();
    await audit.locator('.raw').filter({ hasText: '"exitCode": 0' }).waitFor();
    await audit.getByRole('button', { name: 'Verify' }).click();
    await audit.getByText('Intact.').waitFor();
    await bench.screenshot('first-7-audit');
  });

  it('counts it over the rule of a policy file that is about it, and explains the rest there', async () => {
    const { bench, workspace } = session();
    await mkdir(join(workspace, '.cowork'), { recursive: true });
    const rules = [
      '    { "effect": "ask", "id": "tests", "command": "npm test *" },',
      '    { "effect": "ask", "command": "npx *" },',
      '    { "effect": "deny", "command": "git push --force *" }',
    ];
    await writeFile(
      join(workspace, '.cowork/policy.jsonc'),
      `{\n  "capabilities": { "network": "deny", "shell": "allow" },\n  "rules": [\n${rules.join('\n')}\n  ]\n}\n`,
    );
    await bench.run('Go to File...');
    await bench.page.locator('.quick-input-widget .quick-input-box input').fill('.cowork/policy.jsonc');
    await bench.quickInput.pick('policy.jsonc');
    const lens = bench.page.locator('.codelens-decoration');
    await lens.filter({ hasText: 'asked 1×, approved 1× in 30 days · simulate' }).waitFor();
    await lens.filter({ hasText: 'matched nothing in 30 days · simulate' }).first().waitFor();
    await bench.screenshot('first-8-policy-file');
    await bench.run('CoWork OS: Show Effective Policy');
    await bench.page
      .locator('.view-line')
      .filter({ hasText: /the\sfolder's\sfile/ })
      .first()
      .waitFor();
    await bench.screenshot('first-9-effective-policy');
  });
});
