import type { Workbench } from './workbench';

/** Lets the person of the local chat in as a member, and answers with the code that did it. */
export async function pairLocally(bench: Workbench): Promise<string> {
  await bench.run('CoWork OS: Generate Pairing Code');
  await bench.quickInput.pick('direct message');
  await bench.quickInput.pick('member');
  const panel = await bench.webview('pairing');
  const code = (await panel.locator('.code span').allInnerTexts()).join('');
  await panel.getByRole('button', { name: 'Open Local Chat' }).click();
  await bench.terminal.type(`${code}\n`);
  await panel.locator('.end').getByText('is in as member').waitFor();
  return code;
}
