import assert from 'node:assert/strict';
import { AUDIT_STATE, auditRows, charts } from './page/fixtures';
import type { PageUnderTest } from './page/open-page';
import { usePages } from './page/suite';

const MILLION = 1_000_000;

/** Plays the extension: answers each query of the page from a journal of `newest` records without gaps. */
async function answer(under: PageUnderTest, newest: number): Promise<void> {
  const asked = (await under.said()).filter((message) => message.type === 'query');
  for (const { requestId, beforeSeq, limit } of asked) {
    if (answered.get(under)?.has(requestId)) continue;
    answered.set(under, (answered.get(under) ?? new Set()).add(requestId));
    const top = Math.min(newest, typeof beforeSeq === 'number' ? beforeSeq - 1 : newest);
    const count = Math.min(Number(limit), top);
    const rows = auditRows(count, top);
    const last = top - count + 1;
    await under.send({
      type: 'page',
      requestId,
      rows,
      total: newest,
      ...(last > 1 ? { nextBeforeSeq: last } : {}),
    });
  }
}
const answered = new Map<PageUnderTest, Set<unknown>>();

/** The newest message of a kind that the page has sent. */
async function newest(under: PageUnderTest, type: string) {
  return (await under.said()).findLast((message) => message.type === type);
}

/** What the page asks to count, which it does once it has shown its records. */
async function countAsked(under: PageUnderTest) {
  await until(async () => (await newest(under, 'charts')) !== undefined);
  return newest(under, 'charts');
}

async function until(test: () => Promise<boolean>): Promise<void> {
  while (!(await test())) await new Promise((done) => setTimeout(done, 20));
}

describe('the page of the audit', () => {
  const open = usePages();

  async function shown(
    newest: number,
    state: Record<string, unknown> = {},
    kept?: unknown,
  ): Promise<PageUnderTest> {
    const under = await open('audit', { width: 1000, height: 700, state: kept });
    await under.send({ ...AUDIT_STATE, ...state });
    await under.page.locator('.input').waitFor();
    await answer(under, newest);
    return under;
  }
  const firstSeq = (under: PageUnderTest) =>
    under.page.evaluate(
      `Math.max(...[...document.querySelectorAll('.row')].map((row) => Number(row.querySelector('.seq')?.textContent ?? 0)))`,
    );

  it('holds a million records and draws only a screen of them', async () => {
    const under = await shown(MILLION);
    await under.page.getByText('1,000,000 records').waitFor();
    assert.ok((await under.page.locator('.row').count()) < 60);
    await under.page.evaluate(`document.querySelector('.grid').scrollTop = 24 * 500000`);
    await under.page.waitForFunction(
      `[...document.querySelectorAll('.row')].some((row) => row.getAttribute('aria-rowindex') === '500002')`,
    );
    await answer(under, MILLION);
    await under.page.locator('.row[aria-rowindex="500002"] .type').waitFor({ state: 'attached' });
    assert.match(await under.page.locator('.row[aria-rowindex="500002"]').innerText(), /499999|500000/);
    assert.ok((await under.page.locator('.row').count()) < 60);
    assert.deepEqual(under.incidents, []);
  });

  it('goes to any record by keyboard and tells the screen reader where it is', async () => {
    const under = await shown(500);
    await under.page.locator('.grid').focus();
    await under.page.keyboard.press('Home');
    await under.page.getByRole('heading', { name: 'Record 500' }).waitFor();
    await under.page.keyboard.press('ArrowDown');
    await under.page.getByRole('heading', { name: 'Record 499' }).waitFor();
    const active = await under.page.evaluate(
      `document.getElementById(document.querySelector('.grid').getAttribute('aria-activedescendant')).getAttribute('aria-selected')`,
    );
    assert.equal(active, 'true');
    await under.page.keyboard.press('Enter');
    assert.equal(await under.page.evaluate(`document.activeElement.className`), 'raw');
  });

  it('filters by text and by chips, and names the term it does not understand', async () => {
    const under = await shown(50);
    await under.page.getByRole('button', { name: 'Denied' }).click();
    assert.equal(await under.page.locator('.input').inputValue(), 'effect:deny');
    const query = (await under.said()).findLast((message) => message.type === 'query');
    assert.equal(query?.filter, 'effect:deny');
    await under.send({
      type: 'failed',
      requestId: query?.requestId,
      message: 'An effect is …',
      term: 'effect:deny',
    });
    await under.page.getByText('An effect is …').waitFor();
    assert.equal(await under.page.locator('.input').getAttribute('aria-invalid'), 'true');
  });

  it('follows new records at the top, and leaves the reader alone who has scrolled away', async () => {
    const under = await shown(500);
    await under.send({ type: 'grown' });
    await under.page.waitForTimeout(50);
    await answer(under, 501);
    await under.page.getByText('501 records').waitFor();
    await under.page.evaluate(`document.querySelector('.grid').scrollTop = 2400`);
    await under.page.waitForTimeout(100);
    await under.send({ type: 'grown' });
    await under.page.getByRole('button', { name: 'Show new records' }).waitFor();
    assert.equal(await under.page.evaluate(`document.querySelector('.grid').scrollTop`), 2400);
  });

  it('says that all is intact, or where it is not, and goes there', async () => {
    const under = await shown(500);
    await under.page.getByRole('button', { name: 'Verify' }).click();
    assert.ok((await under.said()).some((message) => message.type === 'verify'));
    await under.send({ type: 'verify', verify: { state: 'running', records: 7 } });
    await under.page.getByText('7 records so far').waitFor();
    const place = { problem: 'The record was changed.', segment: 's1', line: 42, seq: 42 };
    await under.send({ type: 'verify', verify: { state: 'damaged', records: 41, ...place } });
    await under.page.getByText('record 42, in s1, line 42').waitFor();
    await under.page.getByRole('button', { name: 'Go to the place' }).click();
    await under.page.waitForTimeout(50);
    await answer(under, 500);
    await under.page.waitForTimeout(100);
    await answer(under, 500);
    assert.ok(Number(await firstSeq(under)) < 120);
  });

  it('suggests keys and values while one types, by keyboard, and takes what was walked to', async () => {
    const under = await shown(10);
    const box = under.page.locator('.input');
    await box.pressSequentially('eff');
    await under.page.getByRole('option', { name: 'effect:' }).waitFor();
    await box.press('ArrowDown');
    assert.equal(await box.getAttribute('aria-activedescendant'), 'suggestion-0');
    await box.press('Enter');
    assert.equal(await box.inputValue(), 'effect:');
    await box.press('ArrowDown');
    await box.press('ArrowDown');
    await box.press('ArrowDown');
    await box.press('Tab');
    assert.equal(await box.inputValue(), 'effect:deny ');
    assert.equal(await under.page.locator('.suggestions').isVisible(), false);
    await until(async () => (await newest(under, 'query'))?.filter === 'effect:deny ');
    await box.pressSequentially('user:lovel');
    await box.press('Escape');
    assert.equal(await under.page.locator('.suggestions').isVisible(), false);
    await box.press('ArrowDown');
    await under.page.getByRole('option', { name: 'Ada Lovelace' }).click();
    assert.equal(await box.inputValue(), 'effect:deny user:telegram:7001:84512 ');
  });

  it('shows each term as a chip that takes it out, and saved filters that can be managed', async () => {
    const saved = [{ name: 'Mine', filter: 'tool:run "npm test"' }];
    const under = await shown(10, { saved });
    await under.page.getByRole('button', { name: 'Mine', exact: true }).click();
    assert.equal(await under.page.locator('.input').inputValue(), 'tool:run "npm test"');
    await under.page.getByRole('button', { name: 'Remove "npm test"' }).click();
    assert.equal(await under.page.locator('.input').inputValue(), 'tool:run');
    assert.equal((await newest(under, 'query'))?.filter, 'tool:run');
    await under.page.getByRole('button', { name: 'Rename or delete Mine' }).click();
    assert.equal((await newest(under, 'manageFilter'))?.name, 'Mine');
    await under.page.getByRole('button', { name: 'Save… the filter under a name' }).click();
    assert.equal((await newest(under, 'saveFilter'))?.filter, 'tool:run');
    await under.page.getByRole('button', { name: 'Export…' }).click();
    assert.equal((await newest(under, 'export'))?.filter, 'tool:run');
  });

  it('asks for a record when it is looked at, and for its proof when that is opened', async () => {
    const under = await shown(50);
    await under.page.locator('.row').nth(2).click();
    assert.equal((await newest(under, 'record'))?.seq, 48);
    assert.equal(await newest(under, 'proof'), undefined);
    await under.send({ type: 'record', seq: 47, text: 'of another record' });
    await under.send({ type: 'record', seq: 48, text: '{ "seq": 48 }' });
    await until(async () => (await under.page.locator('.raw').textContent()) === '{ "seq": 48 }');
    await under.page.getByText('Proof of inclusion').click();
    await until(async () => (await newest(under, 'proof'))?.seq === 48);
    const head = { seq: 50, at: 1, root: 'ab'.repeat(32), key: 'k1' };
    await under.send({ type: 'proof', seq: 48, proof: { path: ['12'.repeat(32)], head }, message: '' });
    await under.page.getByText('12'.repeat(32)).waitFor();
    await under.page.getByRole('button', { name: 'Receipt… for record 48' }).click();
    assert.equal((await newest(under, 'saveReceipt'))?.seq, 48);
    await under.page.locator('.grid').press('ArrowDown');
    await until(async () => (await newest(under, 'proof'))?.seq === 47);
  });

  it('narrows to an hour from the timeline, by keyboard too, and draws no chart of nothing', async () => {
    const under = await shown(50, {}, { filter: 'tool:run', follow: true, charts: true });
    const { requestId } = (await countAsked(under)) ?? {};
    await under.send(charts(Number(requestId) - 1, { total: 999 }));
    await under.send(charts(requestId, { denials: { byRule: [], byUser: [] }, marks: [] }));
    await under.page.locator('.time').first().waitFor();
    assert.equal(await under.page.locator('.time').count(), 24);
    assert.equal(await under.page.locator('figure').count(), 2);
    await under.page.locator('.time').first().focus();
    await under.page.keyboard.press('End');
    await under.page.keyboard.press('ArrowLeft');
    await under.page.keyboard.press('Enter');
    const filter = String((await newest(under, 'query'))?.filter);
    assert.match(filter, /^tool:run after:\d{4}-\d\d-\d\dT\d\d:00 before:\d{4}-\d\d-\d\dT\d\d:59$/);
  });

  it('leads from what was out of the ordinary to its record', async () => {
    const under = await shown(50, {}, { filter: '', follow: true, charts: true });
    await under.send(charts((await countAsked(under))?.requestId));
    await under.page.getByRole('button', { name: 'Record 31' }).click();
    await under.page.waitForTimeout(50);
    await answer(under, 50);
    await under.page.getByRole('heading', { name: 'Record 31' }).waitFor();
  });

  it('reaches the oldest of ten million records, and every one by keyboard', async () => {
    const under = await shown(10 * MILLION);
    await under.page.locator('.grid').focus();
    await under.page.keyboard.press('End');
    await until(async () => {
      await answer(under, 10 * MILLION);
      return (await under.page.locator('.row.selected .seq').allTextContents()).join() === '1';
    });
    await under.page.keyboard.press('ArrowUp');
    await under.page.getByRole('heading', { name: 'Record 2', exact: true }).waitFor();
    const seen = await under.page.locator('.row.selected').boundingBox();
    assert.ok(seen !== null && seen.y > 0 && seen.y < 700);
  });

  it('shows the records that came with its state without asking, and asks when they are of another filter', async () => {
    const ahead = { filter: '', rows: auditRows(30, 30), total: 30 };
    const under = await open('audit', { width: 1000, height: 700 });
    await under.send({ ...AUDIT_STATE, ahead });
    await under.page.getByText('30 records').waitFor();
    assert.equal(await firstSeq(under), 30);
    // What answers that the page is there.
    await under.send(AUDIT_STATE);
    await under.send({ ...AUDIT_STATE, filter: '' });
    await countAsked(under);
    assert.equal(await newest(under, 'query'), undefined);

    const kept = { filter: 'tool:run', follow: true, charts: false };
    const restored = await open('audit', { width: 1000, height: 700, state: kept });
    await restored.send({ ...AUDIT_STATE, ahead });
    await until(async () => (await newest(restored, 'query'))?.filter === 'tool:run');
    assert.equal(await restored.page.locator('.row .type').count(), 0);
    await restored.send({
      ...AUDIT_STATE,
      filter: 'effect:deny',
      ahead: { ...ahead, filter: 'effect:deny' },
    });
    await restored.page.getByText('30 records').waitFor();
    assert.equal(await restored.page.locator('.input').inputValue(), 'effect:deny');
    assert.equal((await newest(restored, 'query'))?.filter, 'tool:run', 'nothing more was asked');
  });

  it('says why nothing can be read and what to do, and asks once something can', async () => {
    const under = await open('audit', { width: 300, height: 700 });
    const engine = { kind: 'failed', detail: 'The disk is full.' };
    await under.send({ ...AUDIT_STATE, engine, filter: 'effect:deny' });
    await under.page.getByText('The disk is full.').waitFor();
    await under.page.getByRole('button', { name: 'Try Again' }).focus();
    await under.send({ ...AUDIT_STATE, engine });
    await under.page.keyboard.press('Enter');
    await until(async () => (await newest(under, 'command'))?.name === 'retry');
    // A record that cannot be written can often be read, so it is asked all the same; a refusal is not said twice.
    const asked = await newest(under, 'query');
    assert.equal(asked?.filter, 'effect:deny');
    await under.send({ type: 'failed', requestId: asked?.requestId, message: engine.detail });
    await under.page.waitForTimeout(50);
    assert.equal(await under.page.getByText(engine.detail).count(), 1);
    await under.send({ ...AUDIT_STATE, engine: { kind: 'starting', detail: 'Reading.' } });
    await under.page.getByText('Reading.').waitFor();
    assert.equal(await under.page.getByRole('button', { name: 'Try Again' }).count(), 0);
    await under.send(AUDIT_STATE);
    await until(async () => (await newest(under, 'query'))?.requestId !== asked?.requestId);
    assert.equal((await newest(under, 'query'))?.filter, 'effect:deny');
    assert.equal(await under.page.getByText('Reading.').count(), 0);
  });

  it('comes back with its filter after it was hidden', async () => {
    const under = await shown(10, {}, { filter: 'tool:run', follow: false, charts: false });
    assert.equal(await under.page.locator('.input').inputValue(), 'tool:run');
    assert.equal((await under.said()).find((message) => message.type === 'query')?.filter, 'tool:run');
  });
});
