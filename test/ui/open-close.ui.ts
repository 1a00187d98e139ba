import assert from 'node:assert/strict';
import type { CDPSession } from 'playwright-core';
import { FILLED, lastRequest } from './page/filled';
import { auditRows } from './page/fixtures';
import { usePages } from './page/suite';

/** 200 when all is wanted; else as many as show a leak of a document a cycle. */
const CYCLES = process.env.COWORK_FULL === '1' ? 200 : 25;
/** What a browser itself keeps for a while, in bytes. */
const SLACK = 3_000_000;

interface Held {
  readonly documents: number;
  readonly nodes: number;
  readonly listeners: number;
  readonly bytes: number;
}

/** What the browser holds for the page, after it was asked to let go of everything else. */
async function held(session: CDPSession): Promise<Held> {
  // The second time frees what the first has made unreachable.
  for (let turn = 0; turn < 2; turn += 1) await session.send('HeapProfiler.collectGarbage');
  const { metrics } = await session.send('Performance.getMetrics');
  const value = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? 0;
  return {
    documents: value('Documents'),
    nodes: value('Nodes'),
    listeners: value('JSEventListeners'),
    bytes: value('JSHeapUsedSize'),
  };
}

describe('pages that are opened and closed again and again', () => {
  const open = usePages();

  for (const [name, show] of Object.entries(FILLED)) {
    it(`${name}: nothing stays after ${CYCLES} times`, async () => {
      const under = await open(name, { width: 700 });
      const session = await under.page.context().newCDPSession(under.page);
      await session.send('Performance.enable');
      const cycle = async () => {
        await under.page.reload();
        await show(under);
        await under.page.locator('#root > *').first().waitFor({ state: 'attached' });
      };
      for (let turn = 0; turn < 5; turn += 1) await cycle();
      const before = await held(session);
      for (let turn = 0; turn < CYCLES; turn += 1) await cycle();
      const after = await held(session);
      const told = JSON.stringify({ before, after });
      assert.ok(after.documents <= before.documents + 1, told);
      assert.ok(after.nodes <= before.nodes * 1.2 + 50, told);
      assert.ok(after.listeners <= before.listeners * 1.2 + 10, told);
      assert.ok(after.bytes <= before.bytes + SLACK, told);
      assert.deepEqual(under.incidents, []);
    });
  }

  it('audit: a page that follows for long holds no more than one that has just begun', async () => {
    const under = await open('audit', { width: 700 });
    const session = await under.page.context().newCDPSession(under.page);
    await session.send('Performance.enable');
    await FILLED.audit?.(under);
    const follow = async (from: number, times: number) => {
      for (let turn = 0; turn < times; turn += 1) {
        const total = from + turn;
        const before = await lastRequest(under, 'query');
        await under.send({ type: 'grown' });
        await under.page.waitForFunction(
          `globalThis.said.findLast((message) => message.type === 'query').requestId !== ${before}`,
        );
        const rows = auditRows(100, total);
        const requestId = await lastRequest(under, 'query');
        await under.send({ type: 'page', requestId, rows, total, nextBeforeSeq: total - 99 });
        await under.page.getByText(`${total} records`).waitFor();
        // What a test remembers is not the page's.
        await under.page.evaluate('globalThis.said.splice(0, globalThis.said.length - 1)');
      }
    };
    await follow(101, 10);
    const before = await held(session);
    await follow(201, CYCLES);
    const after = await held(session);
    const told = JSON.stringify({ before, after });
    assert.ok(after.nodes <= before.nodes * 1.2 + 50, told);
    assert.ok(after.listeners <= before.listeners * 1.2 + 20, told);
    assert.ok(after.bytes <= before.bytes + SLACK, told);
  });
});
