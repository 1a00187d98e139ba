import assert from 'node:assert/strict';
import { TASK_FILES, taskState, taskWith } from './page/fixtures';
import type { PageUnderTest } from './page/open-page';
import { usePages } from './page/suite';

/** What the page has asked for since it was opened, without the first word. */
async function asked(under: PageUnderTest) {
  return (await under.said()).filter(({ type }) => type !== 'ready');
}

describe('the page of a task', () => {
  const open = usePages();

  async function shown(task: Record<string, unknown> = {}): Promise<PageUnderTest> {
    const under = await open('task', { width: 700 });
    await under.send(taskWith(task));
    await under.page.locator('.step').first().waitFor();
    return under;
  }

  it('shows output as it comes, in its colours and as nothing but text', async () => {
    const under = await shown();
    await under.send({ type: 'output', text: '\u001b[31mred \u001b' });
    await under.send({ type: 'output', text: '[0m<b>plain</b>\n' });
    await under.page.locator('.output .ansi-red').filter({ hasText: 'red' }).waitFor();
    await under.page.getByText('<b>plain</b>').waitFor();
    assert.equal(await under.page.locator('.output b').count(), 0);
  });

  it('shows all of what was recorded of a step, however long', async () => {
    const output = Array.from({ length: 5000 }, (_, line) => `line ${line} of the output`).join('\n');
    const [step] = taskState().task.steps;
    const under = await shown({ final: true, state: 'done', steps: [{ ...step, output }] });
    assert.equal(await under.page.locator('.step .output').textContent(), output);
    const { height = 0 } = (await under.page.locator('.step .output').boundingBox()) ?? {};
    assert.ok(height > 100 && height < 800);
  });

  it('lists the files that were changed, with the diff and the way back of each', async () => {
    const under = await shown({ files: TASK_FILES });
    await under.page.getByRole('button', { name: 'Changes in src/cart.ts' }).click();
    assert.deepEqual((await asked(under)).at(-1), { type: 'compare', requestId: 1, file: '1' });
    await under.send({ type: 'result', requestId: 1, ok: true, message: '' });
    await under.page.getByRole('button', { name: 'Restore… README.md' }).click();
    assert.deepEqual((await asked(under)).at(-1), { type: 'restore', requestId: 2, file: '4' });
    // Nothing is asked for while the answer is out.
    await under.page.getByRole('button', { name: 'Restore All…' }).click({ force: true });
    assert.equal((await asked(under)).length, 2);
    await under.send({
      type: 'result',
      requestId: 2,
      ok: false,
      message: 'It was changed since; it is left.',
    });
    await under.page.getByText('It was changed since').waitFor();
    await under.page.getByRole('button', { name: 'Restore All…' }).click();
    assert.deepEqual((await asked(under)).at(-1), { type: 'restoreAll', requestId: 3 });
    await under.send({ type: 'result', requestId: 3, ok: true, message: '' });
    await under.page.getByRole('button', { name: 'Undo Restore… package.json' }).click();
    assert.deepEqual((await asked(under)).at(-1), { type: 'undoRestore', requestId: 4, file: '5' });
  });

  it('shows no budget, file or figure of which there is no fact', async () => {
    const under = await shown({ timeLimitMs: undefined });
    for (const part of ['.budget', '.files']) {
      assert.equal(await under.page.locator(part).isVisible(), false, part);
    }
    await under.send(taskWith({ timeLimitMs: 120_000 }));
    await under.page.getByRole('progressbar', { name: 'Time used' }).waitFor();
    const used = Number(await under.page.getByRole('progressbar').getAttribute('aria-valuenow'));
    assert.ok(used >= 50 && used < 60, `${used} %`);
    await under.send(taskWith({ final: true, state: 'done', endedAt: Date.now() }));
    await under.page.locator('.budget').waitFor({ state: 'hidden' });
  });

  it('[INC-2] stops at one press, and kills only after a second', async () => {
    const under = await shown();
    await under.page.getByRole('button', { name: 'Force Stop' }).click();
    assert.equal((await asked(under)).length, 0);
    await under.page.getByRole('button', { name: 'Back', exact: true }).press('Enter');
    await under.page.getByRole('button', { name: 'Force Stop' }).click();
    await under.page.getByRole('button', { name: 'Kill every process now' }).click();
    assert.deepEqual((await asked(under)).at(-1), { type: 'forceStop', requestId: 1 });
    const again = await shown();
    await again.page.getByRole('button', { name: 'Cancel Task' }).click();
    assert.deepEqual((await asked(again)).at(-1), { type: 'cancel', requestId: 1 });
  });

  it('keeps the place of the keyboard while its task goes on', async () => {
    const under = await shown({ files: TASK_FILES });
    await under.page.getByRole('button', { name: 'Restore… src/tax.ts' }).focus();
    await under.send(taskWith({ files: TASK_FILES.slice(0, 3), detail: 'The next step.' }));
    await under.page.getByText('The next step.').waitFor();
    const focused = await under.page.evaluate('document.activeElement.getAttribute("aria-label")');
    assert.equal(focused, 'Restore… src/tax.ts');
  });
});
