import assert from 'node:assert/strict';
import { FILLED } from './page/filled';
import { AUDIT_STATE, taskWith } from './page/fixtures';
import { usePages } from './page/suite';

/** More presses of Tab than any page has stops. */
const MOST_STOPS = 150;

describe('the keyboard', () => {
  const open = usePages();

  for (const [name, show] of Object.entries(FILLED)) {
    it(`reaches everything that can be pressed on the page ${name}, and goes on from there`, async () => {
      const under = await open(name, { width: 700, height: 900 });
      await show(under);
      await under.page.locator('#root > *').first().waitFor({ state: 'attached' });
      // Of a strip of bars the arrows reach the others: it is one stop.
      await under.page.evaluate(`{
        const all = [...document.querySelectorAll('button, vscode-button, input, select, summary, [tabindex="0"]')]
          .filter((item) => item.checkVisibility() && item.getAttribute('tabindex') !== '-1' && !item.hasAttribute('disabled'));
        all.forEach((item, index) => item.setAttribute('data-stop', String(index)));
        document.activeElement?.blur();
      }`);
      const stops = Number(await under.page.evaluate(`document.querySelectorAll('[data-stop]').length`));
      assert.ok(stops > 0);
      const reached = new Set<string>();
      for (let press = 0; press < MOST_STOPS && reached.size < stops; press += 1) {
        await under.page.keyboard.press('Tab');
        const stop = await under.page.evaluate(`document.activeElement?.getAttribute('data-stop') ?? ''`);
        if (typeof stop === 'string' && stop !== '') reached.add(stop);
      }
      const missed = await under.page.evaluate(`(() => {
        const reached = new Set(${JSON.stringify([...reached])});
        return [...document.querySelectorAll('[data-stop]')]
          .filter((item) => !reached.has(item.getAttribute('data-stop')))
          .map((item) => item.outerHTML.slice(0, 120));
      })()`);
      assert.deepEqual(missed, []);
    });
  }

  it('presses what it reaches: the proof, a table behind a chart, and back out of the suggestions', async () => {
    const under = await open('audit', { width: 700, height: 900 });
    await FILLED.audit?.(under);
    await under.page.getByText('Proof of inclusion').press('Enter');
    await under.page.waitForFunction(
      `globalThis.said.some(({ type, seq }) => type === 'proof' && seq === 100)`,
    );
    await under.page.getByText('Show as a table').first().press(' ');
    await under.page.getByRole('columnheader', { name: 'Hour' }).first().waitFor();
    await under.page.locator('.input').press('ArrowDown');
    await under.page.locator('.suggestions').waitFor();
    await under.page.keyboard.press('Tab');
    await under.page.locator('.suggestions').waitFor({ state: 'hidden' });
  });
});

describe('motion', () => {
  const open = usePages();

  it('stands still for those who asked for that, and says the same in words', async () => {
    const task = await open('task', { width: 500 });
    await task.page.emulateMedia({ reducedMotion: 'reduce' });
    await task.send(taskWith({}));
    await task.page.getByText('Running…').waitFor();
    const audit = await open('audit', { width: 700 });
    await audit.page.emulateMedia({ reducedMotion: 'reduce' });
    await audit.send(AUDIT_STATE);
    await audit.page.locator('.input').waitFor();
    await audit.send({ type: 'verify', verify: { state: 'running', records: 5 } });
    await audit.page.getByText('Checking…').waitFor();
    for (const { page } of [task, audit]) {
      const moving = 'document.getAnimations().filter((one) => one.playState === "running").length';
      assert.equal(await page.evaluate(moving), 0);
      await page.emulateMedia({ reducedMotion: 'no-preference' });
      assert.ok(Number(await page.evaluate(moving)) > 0, 'the test looks where something moves');
    }
  });
});
