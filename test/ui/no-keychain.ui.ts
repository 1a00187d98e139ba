import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { until } from '../harness/processes';
import { filesOfProfile, useWorkbench } from '../harness/suite';
import type { Workbench } from '../harness/workbench/workbench';

const PASSPHRASE = 'four random words of mine';

/** Waits for a box with a title, which the palette that may still be closing has not, and answers the title. */
async function question(bench: Workbench): Promise<string> {
  await bench.quickInput.waitForOpen();
  return until('a question', async () => (await bench.quickInput.title()) || undefined);
}

async function online(bench: Workbench): Promise<void> {
  await bench.sideBar.open('CoWork OS');
  await bench.sideBar.waitForRows('Channels', (rows) => rows.some((row) => /online/.test(row.description)));
}

describe('a machine without any keychain', () => {
  // No key for VS Code's secret storage, and no session bus for the system's keychain.
  const session = useWorkbench({ secrets: false, env: { DBUS_SESSION_BUS_ADDRESS: '', DISPLAY: '' } });

  it('[FAQ-2] finds out that secrets are forgotten, asks one clear question, hides the answer, and works', async () => {
    const { bench, server } = session();
    // VS Code takes secrets here without a word and forgets them with the window.
    await online(bench);
    await bench.reload();
    assert.equal(await question(bench), 'Choose a passphrase for your credentials');
    assert.match(await bench.quickInput.message(), /no keychain.*encrypted with your passphrase/);
    assert.equal(await bench.quickInput.isPassword(), true);
    await bench.screenshot('no-keychain-1-question');
    await bench.quickInput.answer('short');
    await bench.quickInput.waitForMessage(/At least 15 characters/);
    await bench.quickInput.answer(PASSPHRASE);
    await until('the second question', async () =>
      (await bench.quickInput.title()) === 'Type the passphrase again' ? true : undefined,
    );
    await bench.quickInput.answer(PASSPHRASE);
    await online(bench);
    // The key that signed the record was forgotten too. Where a head had been signed with it, a person is told first.
    const page = await bench.webview('approvals');
    const resume = page.getByRole('button', { name: 'Resume' });
    const generate = page.getByRole('button', { name: 'Generate Pairing Code' });
    await resume.or(generate).first().waitFor();
    if (await resume.isVisible()) await resume.click();
    await generate.click();
    await bench.quickInput.pick('direct message');
    await bench.quickInput.pick('member');
    const panel = await bench.webview('pairing');
    await panel.getByText(/\d:\d\d left/).waitFor();
    await bench.screenshot('no-keychain-2-works');

    const [file] = filesOfProfile(server, 'secrets.json');
    assert.ok(file, 'the encrypted file is there');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const text = readFileSync(file, 'utf8');
    assert.ok(text.includes('journal/signingKey') && !text.includes(PASSPHRASE));
  });

  it('[FAQ-2] asks for the passphrase once in the next session, and refuses another one', async () => {
    const { bench } = session();
    await bench.reload();
    assert.equal(await question(bench), 'Unlock your credentials');
    await bench.quickInput.answer('not the passphrase at all');
    await bench.sideBar.open('CoWork OS');
    await bench.run('CoWork OS: Try Again');
    assert.equal(await question(bench), 'Unlock your credentials');
    await bench.quickInput.answer(PASSPHRASE);
    await online(bench);
    await bench.screenshot('no-keychain-3-unlocked');
  });

  it('asks a second window on the folder once, however often it tries to take over', async () => {
    const { bench, openWindow } = session();
    const second = await openWindow();
    assert.equal(await question(second), 'Unlock your credentials');
    await second.quickInput.answer(PASSPHRASE);
    await second.sideBar.open('CoWork OS');
    await until('the sentence about the first window', async () =>
      /Another window/.test(await second.sideBar.welcome('Users')) ? true : undefined,
    );
    await bench.page.close();
    await online(second);
  });
});
