import assert from 'node:assert/strict';
import { approvalsState, card, DANGEROUS, READ } from './page/fixtures';
import type { PageUnderTest } from './page/open-page';
import { usePages } from './page/suite';

/** A little longer than the moment in which a new card takes no approval. */
const SETTLED_MS = 650;

describe('the page of approvals', () => {
  const open = usePages();

  async function shown(...cards: Parameters<typeof approvalsState>[0]): Promise<PageUnderTest> {
    const under = await open('approvals', { height: 1400 });
    await under.send(approvalsState(cards));
    if (cards.length > 0) await under.page.getByRole('article').first().waitFor();
    return under;
  }
  const answers = async (under: PageUnderTest) =>
    (await under.said()).filter((message) => message.type === 'approve' || message.type === 'deny');
  const button = (under: PageUnderTest, name: string, nth = 0) =>
    under.page.getByRole('button', { name, exact: true }).nth(nth);

  it('[OPS-1a] shows the complete action and every fact, with nothing behind an ellipsis', async () => {
    const long = `echo ${Array.from({ length: 3000 }, (_, index) => `word${index}`).join(' ')}`;
    const under = await shown(card({ action: long, cautions: ['long'] }));
    assert.equal(await under.page.locator('.action').innerText(), long);
    const cut = await under.page.evaluate(
      `[...document.querySelectorAll('.card *')].filter((e) => getComputedStyle(e).textOverflow === 'ellipsis').length`,
    );
    assert.equal(cut, 0);
  });

  it('[OPS-1c] answers with one press: approve with the hash of what was shown, deny, deny and cancel the task', async () => {
    const under = await shown(card(), READ);
    await under.page.waitForTimeout(SETTLED_MS);
    await button(under, 'Approve').click();
    await button(under, 'Deny').click();
    const [approve, deny] = await answers(under);
    assert.deepEqual(
      { id: approve?.id, bindingHash: approve?.bindingHash, scope: approve?.scope },
      { id: 'approval-1', bindingHash: 'a'.repeat(64), scope: 'once' },
    );
    assert.deepEqual(
      { id: deny?.id, consequence: deny?.consequence },
      { id: 'approval-3', consequence: 'deny' },
    );
  });

  it('takes no approval in the moment in which a card has just appeared', async () => {
    const under = await open('approvals', { height: 1400 });
    await under.page.evaluate(`new MutationObserver((_, observer) => {
      const approve = document.querySelector('.approve');
      if (approve === null) return;
      observer.disconnect();
      approve.click();
    }).observe(document.body, { childList: true, subtree: true })`);
    await under.send(approvalsState([card()]));
    await under.page.getByRole('article').waitFor();
    assert.deepEqual(await answers(under), []);
    await under.page.waitForTimeout(SETTLED_MS);
    await button(under, 'Approve').click();
    assert.equal((await answers(under)).length, 1);
  });

  it('asks a second time about what is dangerous, with the way back where the first button was', async () => {
    const under = await shown(DANGEROUS);
    await under.page.waitForTimeout(SETTLED_MS);
    const approve = button(under, 'Approve');
    const place = await approve.boundingBox();
    await approve.dblclick();
    assert.deepEqual(await answers(under), []);
    const focused = await under.page.evaluate(`document.activeElement?.getAttribute('aria-label')`);
    assert.ok(focused === 'Back' || focused === null, String(focused));
    assert.notEqual(place, null);
    await under.page.waitForTimeout(SETTLED_MS);
    if ((await button(under, 'Approve anyway').count()) === 0) await approve.click();
    await under.page.waitForTimeout(SETTLED_MS);
    await button(under, 'Approve anyway').click();
    assert.equal((await answers(under)).length, 1);
  });

  it('asks before access is taken away', async () => {
    const under = await shown(card());
    await button(under, 'Deny and revoke user…').click();
    assert.deepEqual(await answers(under), []);
    await under.page.waitForTimeout(SETTLED_MS);
    await button(under, 'Deny and revoke').click();
    assert.equal((await answers(under))[0]?.consequence, 'revoke-user');
  });

  it('never puts the focus on Approve by itself', async () => {
    const under = await shown(card(), DANGEROUS);
    const onApprove = () =>
      under.page.evaluate(
        `document.activeElement?.getAttribute('aria-label')?.startsWith('Approve') ?? false`,
      );
    assert.equal(await onApprove(), false);
    await under.send({ type: 'reveal', id: 'approval-2' });
    await under.page.waitForTimeout(50);
    assert.equal(await under.page.evaluate(`document.activeElement?.tagName`), 'ARTICLE');
    await under.page.waitForTimeout(SETTLED_MS);
    await under.page.keyboard.press('a');
    assert.equal(await onApprove(), false);
    await under.send(approvalsState([card()]));
    await under.page.waitForTimeout(50);
    assert.equal(await onApprove(), false);
  });

  it('is used by keyboard alone: arrows, A, D, Escape, ?', async () => {
    const under = await shown(card(), DANGEROUS, READ);
    await under.page.waitForTimeout(SETTLED_MS);
    await under.page.keyboard.press('a');
    assert.deepEqual(await answers(under), [], 'a key without a chosen card does nothing');
    await under.page.keyboard.press('ArrowDown');
    await under.page.keyboard.press('ArrowDown');
    await under.page.keyboard.press('a');
    await under.page.getByRole('group', { name: 'Approve this?' }).waitFor();
    await under.page.keyboard.press('Escape');
    await button(under, 'Approve', 1).waitFor();
    await under.page.keyboard.press('d');
    assert.deepEqual((await answers(under))[0]?.id, 'approval-2');
    await under.page.keyboard.press('?');
    await under.page.getByRole('heading', { name: 'Keyboard' }).waitFor();
  });

  it('reaches every button with Tab', async () => {
    const under = await shown(card());
    const reached = new Set<string>();
    for (let press = 0; press < 20; press += 1) {
      await under.page.keyboard.press('Tab');
      reached.add(
        String(await under.page.evaluate(`document.activeElement?.getAttribute('aria-label') ?? ''`)),
      );
    }
    for (const name of [
      'Approve',
      'Deny',
      'Deny and cancel task',
      'Deny and revoke user…',
      'Open task',
      'Copy action',
    ]) {
      assert.ok(reached.has(name), `${name} was not reached`);
    }
  });

  it('moves nothing under the pointer: an answered card stays in place, without buttons, until the pointer leaves', async () => {
    const under = await shown(card(), READ);
    await under.page.mouse.move(150, 200);
    const before = await under.page.getByRole('article').nth(1).boundingBox();
    await under.send(approvalsState([READ]));
    await under.page.getByText('This request no longer waits').waitFor();
    assert.equal(await under.page.getByRole('article').count(), 2);
    assert.equal(
      await under.page.getByRole('article').first().getByRole('button', { name: 'Approve' }).count(),
      0,
    );
    const after = await under.page.getByRole('article').nth(1).boundingBox();
    assert.ok(before !== null && after !== null);
    await under.page.mouse.move(299, 1399);
    await under.page.evaluate(
      `document.querySelector('.deck').dispatchEvent(new PointerEvent('pointerleave'))`,
    );
    await under.page.waitForTimeout(50);
    assert.equal(await under.page.getByRole('article').count(), 1);
  });

  it('makes a new card when what was asked has changed', async () => {
    const under = await shown(card());
    await under.page.mouse.move(150, 100);
    await under.send(
      approvalsState([card({ bindingHash: 'f'.repeat(64), action: 'npm test -- --changed' })]),
    );
    await under.page.getByText('This request has changed').waitFor();
    assert.equal(await under.page.getByRole('article').count(), 2);
    await under.page.waitForTimeout(SETTLED_MS);
    await button(under, 'Approve').click();
    assert.equal((await answers(under))[0]?.bindingHash, 'f'.repeat(64));
  });

  it('announces new requests and how an answer ended', async () => {
    const under = await shown();
    await under.page.getByText('Nothing waits for you').waitFor();
    await under.send(approvalsState([card()]));
    await under.page
      .locator('[aria-live=polite]')
      .getByText('New request from Ada Lovelace: npm test')
      .waitFor({ state: 'attached' });
    await under.page.waitForTimeout(SETTLED_MS);
    await button(under, 'Approve').click();
    const [answer] = await answers(under);
    await under.send({ type: 'result', requestId: answer?.requestId, ok: false, message: 'It has expired.' });
    await under.page
      .locator('[aria-live=assertive]')
      .getByText('It has expired.')
      .waitFor({ state: 'attached' });
    await button(under, 'Approve').waitFor();
  });

  it('shows in colours what a command is made of, and the same words', async () => {
    const under = await shown(DANGEROUS);
    assert.equal(await under.page.locator('.action').first().innerText(), DANGEROUS.action);
    assert.deepEqual(await under.page.locator('.action .token.command').allInnerTexts(), [
      'curl',
      'sh',
      'rm',
    ]);
  });

  it('says what a choice would have let through, once it is chosen', async () => {
    const under = await shown(DANGEROUS);
    await under.page.getByRole('combobox', { name: 'What approving allows' }).selectOption('2');
    const [asked] = (await under.said()).filter((message) => message.type === 'forecast');
    assert.deepEqual({ id: asked?.id, pattern: asked?.pattern }, { id: 'approval-2', pattern: 'curl *' });
    await under.send({
      type: 'forecast',
      id: 'approval-2',
      pattern: 'curl *',
      forecast: {
        days: 30,
        considered: 90,
        wouldAutoRun: 12,
        examples: ['curl -O https://a.example/<b>x</b>'],
      },
    });
    const summary = under.page.getByText(
      'In the last 30 days this would have run 12 actions without asking.',
    );
    await summary.click();
    await under.page.getByText('curl -O https://a.example/<b>x</b>').waitFor();
    await under.page.getByRole('combobox', { name: 'What approving allows' }).selectOption('1');
    await summary.waitFor({ state: 'detached' });
  });

  it('leads to the change beside the file, and from untrusted content to its record', async () => {
    const under = await shown(card({ tool: 'edit', comparable: true, taint: ['page.html'] }));
    await button(under, 'Compare with the file').click();
    await button(under, 'Show in Audit').click();
    const said = await under.said();
    assert.ok(said.some((message) => message.type === 'compare' && message.id === 'approval-1'));
    assert.ok(said.some((message) => message.type === 'openAudit' && message.taskId === 'task-1'));
  });

  it('answers many similar requests together: what needs a look of its own is not approved there', async () => {
    const many = [1, 2, 3, 4].map((number) =>
      card({
        id: `many-${number}`,
        bindingHash: String(number).repeat(64),
        action: `cat file-${number}`,
        cautions: number === 4 ? ['A part of this action is high risk.'] : [],
      }),
    );
    const under = await shown(...many);
    await button(under, 'Review 4 similar requests together').click();
    const list = under.page.locator('.batch-list');
    assert.deepEqual(
      await list.locator('.action').allInnerTexts(),
      many.map(({ action }) => action),
    );
    await button(under, 'Tick all').click();
    await button(under, 'Approve 3 of these…').click();
    assert.equal(
      await under.page.evaluate(`document.activeElement?.getAttribute('aria-label')`),
      'Back',
      'the focus is on the way back',
    );
    assert.deepEqual(await answers(under), []);
    await under.page.waitForTimeout(SETTLED_MS);
    await button(under, 'Approve 3 requests').click();
    const given = await answers(under);
    assert.deepEqual(
      given.map(({ type, id, bindingHash, scope }) => [type, id, bindingHash, scope]),
      many.slice(0, 3).map(({ id, bindingHash }) => ['approve', id, bindingHash, 'once']),
    );
  });

  it('asks again in the list when another request arrives meanwhile', async () => {
    const many = [1, 2, 3].map((number) =>
      card({ id: `many-${number}`, bindingHash: String(number).repeat(64) }),
    );
    const under = await shown(...many);
    await button(under, 'Review 3 similar requests together').click();
    await button(under, 'Tick all').click();
    await button(under, 'Approve 3 of these…').click();
    await under.send(approvalsState([...many, card({ id: 'many-9', bindingHash: '9'.repeat(64) })]));
    await button(under, 'Approve 3 of these…').waitFor();
    assert.equal(await button(under, 'Approve 3 requests').count(), 0);
    assert.deepEqual(await answers(under), []);
  });

  it('does not bring back a card that was answered while the news of it is under way', async () => {
    const under = await shown(card());
    await under.page.getByRole('article').press('d');
    const [{ requestId } = {}] = await answers(under);
    await under.send({ type: 'result', requestId, ok: true, message: '' });
    await under.page.getByRole('heading', { level: 2 }).first().waitFor();
    assert.equal(await under.page.getByRole('article').count(), 0);
    await under.send(approvalsState([]));
    await under.page.waitForTimeout(50);
    assert.equal(await under.page.getByRole('article').count(), 0);
  });

  it('does not understand what is not a message of the extension', async () => {
    const under = await shown(card());
    for (const message of [
      'x',
      null,
      { type: 'state' },
      { type: 'state', cards: [{}] },
      { type: 'html', html: '<b>' },
    ]) {
      await under.send(message);
    }
    await under.page.waitForTimeout(50);
    assert.equal(await under.page.getByRole('article').count(), 1);
    assert.deepEqual(under.incidents, []);
  });
});
