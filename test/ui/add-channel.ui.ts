import assert from 'node:assert/strict';
import { MattermostBench } from '../contract/benches/mattermost';
import { until } from '../harness/processes';
import { useWorkbench } from '../harness/suite';
import type { Workbench } from '../harness/workbench/workbench';
import { TOKEN as MATTERMOST_TOKEN } from '../peers/mattermost/server';

const VIEW = 'Channels';

/** The entries of the list that is open, once one of them is this. */
async function offers(bench: Workbench, label: string | RegExp): Promise<string[]> {
  return until(`the list to offer ${String(label)}`, async () => {
    const items = await bench.quickInput.items().catch(() => []);
    return items.some((item) => (typeof label === 'string' ? item === label : label.test(item)))
      ? items
      : undefined;
  });
}

/** Takes whatever is asked about modes as it stands, and goes on though the checklist is open. */
async function keepModesAndConnect(bench: Workbench, step: RegExp): Promise<void> {
  for (const context of ['direct message', 'group']) {
    const question = `Who is let in? (${context})`;
    await bench.page.locator(`.quick-input-box input[placeholder="${question}"]`).waitFor();
    await bench.quickInput.pick('pairing');
  }
  const dialog = await bench.messages.waitForDialog();
  assert.match(dialog.text, step);
  await bench.messages.clickDialog('Connect Anyway');
}

describe('adding a channel, step by step', () => {
  const mattermost = new MattermostBench();

  before(async () => {
    await mattermost.start(1);
  });
  const session = useWorkbench();
  after(async () => {
    await mattermost.stop();
  });

  it('asks for what the platform needs, says what is wrong where it can be mended, and goes back', async () => {
    const { bench } = session();
    await bench.sideBar.open('CoWork OS');
    await bench.sideBar.waitForRows(VIEW, (rows) => rows.some((row) => /online/.test(row.description)));
    await bench.sideBar.clickTitleAction(VIEW, 'Add Channel');
    await offers(bench, /Mattermost/);
    assert.match(await bench.quickInput.title(), /Add Channel/);
    await bench.screenshot('wizard-1-choose');
    await bench.quickInput.pick('Mattermost');
    const needs = await offers(bench, /I have it/);
    assert.ok(
      needs.some((item) => /Access token/.test(item)),
      needs.join('; '),
    );
    assert.match(await bench.quickInput.title(), /Add Channel: Mattermost \(2\/7\)/);
    await bench.screenshot('wizard-2-needs');
    await bench.quickInput.pick('I have it, go on');
    await until('the question for the address', async () =>
      /Address of the Mattermost server/.test(await bench.quickInput.message()) ? true : undefined,
    );
    await bench.quickInput.answer('not an address');
    await until('what is wrong with the address', async () =>
      /must be/.test(await bench.quickInput.message()) ? true : undefined,
    );
    await bench.screenshot('wizard-3-setting-refused');
    await bench.quickInput.answer(mattermost.peer.url);
    await until('the question for the token', async () =>
      (await bench.quickInput.isPassword()) ? true : undefined,
    );
    await bench.quickInput.answer('z'.repeat(26));
    await until('what Mattermost says of the token', async () =>
      /token/i.test(await bench.quickInput.message()) && !/26 letters/.test(await bench.quickInput.message())
        ? true
        : undefined,
    );
    await bench.screenshot('wizard-4-token-refused');
    await bench.page.locator('.quick-input-titlebar .action-label[aria-label^="Back"]').click();
    await until('the address again', async () =>
      /Address of the Mattermost server/.test(await bench.quickInput.message()) ? true : undefined,
    );
    await bench.page.keyboard.press('Enter');
    await until('the question for the token', async () =>
      (await bench.quickInput.isPassword()) ? true : undefined,
    );
    await bench.quickInput.answer(MATTERMOST_TOKEN);
    await offers(bench, 'pairing');
    await bench.screenshot('wizard-5-mode');
  });

  it('[INI-1] shows a code, and notices the person that it lets in', async () => {
    const { bench } = session();
    await keepModesAndConnect(bench, /Connect Mattermost before the checklist is complete/);
    await offers(bench, /Show a pairing code/);
    await bench.screenshot('wizard-6-connected');
    await bench.quickInput.pick('Show a pairing code');
    const panel = await bench.webview('pairing');
    const code = (await panel.locator('.code span').allInnerTexts()).join('');
    assert.match(code, /^[A-Z0-9]{6}$/);
    await bench.screenshot('wizard-7-code');
    await mattermost.say({ text: code, context: 'dm', displayName: 'Ada' });
    await offers(bench, /Done/);
    await bench.screenshot('wizard-8-first-message');
    await bench.quickInput.pick('Done');
    const rows = await bench.sideBar.waitForRows(VIEW, (all) =>
      all.some(({ label }) => label === 'Mattermost'),
    );
    assert.match(rows.find(({ label }) => label === 'Mattermost')?.description ?? '', /online/);
    await bench.sideBar.waitForRows('Users', (all) => all.length === 1);
  });

  it('shows who the bot is, asks again whether it answers, and opens its record', async () => {
    const { bench } = session();
    await bench.sideBar.chooseFromRowMenu(VIEW, 'Mattermost', 'Test Connection');
    await bench.messages.waitForNotification(/Mattermost answers and knows this as workbot/);
    await bench.sideBar.chooseFromRowMenu(VIEW, 'Mattermost', 'Show Identity');
    const dialog = await bench.messages.waitForDialog();
    assert.match(dialog.text, /knows this as workbot/);
    assert.match(dialog.text, /It is a bot account/);
    await bench.screenshot('wizard-9-identity');
    await bench.messages.clickDialog('Cancel');
    await bench.sideBar.chooseFromRowMenu(VIEW, 'Mattermost', 'View Log');
    const audit = await bench.webview('audit');
    await audit.locator('.row').filter({ hasText: 'channel.enabled' }).first().waitFor();
    await bench.screenshot('wizard-10-log');
  });

  it('says why the platform does not answer', async () => {
    const { bench } = session();
    mattermost.peer.trouble = 'error';
    await bench.sideBar.chooseFromRowMenu(VIEW, 'Mattermost', 'Test Connection');
    await bench.messages.waitForNotification(/Mattermost says no: /);
    await bench.screenshot('wizard-11-failing');
    mattermost.peer.trouble = undefined;
  });

  it('shows the setup guide as a page beside the work', async () => {
    const { bench } = session();
    await bench.sideBar.chooseFromRowMenu(VIEW, 'Mattermost', 'Show Setup Guide');
    await until('the preview of the guide', async () =>
      (await bench.tabs()).some((tab) => /mattermost\.md/.test(tab)) ? true : undefined,
    );
    await bench.screenshot('wizard-13-guide');
  });

  it('removes it: the credentials are gone, the people stay', async () => {
    const { bench } = session();
    await bench.sideBar.chooseFromRowMenu(VIEW, 'Mattermost', 'Remove Channel…');
    await bench.messages.waitForDialog();
    await bench.messages.clickDialog('Remove');
    await bench.sideBar.waitForRows(VIEW, (rows) => rows.every(({ label }) => label !== 'Mattermost'));
    await bench.sideBar.waitForRows('Users', (all) => all.length === 1);
  });
});
