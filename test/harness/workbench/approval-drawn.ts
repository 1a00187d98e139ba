import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Frame } from 'playwright-core';
import { until } from '../processes';

/**
 * Asks for something that needs an approval, and waits for its card on a page that has none.
 * @returns milliseconds from the record of the request, in the journals below `data`, until the card is drawn
 */
export async function approvalDrawn(page: Frame, data: string, ask: () => Promise<void>): Promise<number> {
  await page.evaluate(`globalThis.shownAt = 0; new MutationObserver((_, observer) => {
    if (document.querySelector('article') === null) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => { globalThis.shownAt = Date.now(); }));
  }).observe(document.body, { childList: true, subtree: true })`);
  await ask();
  const shownAt = await until('the card to be drawn', async () => {
    const at = Number(await page.evaluate('globalThis.shownAt'));
    return at > 0 ? at : undefined;
  });
  return shownAt - lastRequestAt(data);
}

/** When the newest request for an approval was recorded, in milliseconds since the epoch. */
function lastRequestAt(data: string): number {
  const times = readdirSync(data, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readFileSync(join(data, name), 'utf8').split('\n'))
    .filter((line) => line.includes('"approval.requested"'))
    .map((line) => Number((JSON.parse(line) as { at: number }).at));
  assert.ok(times.length > 0, 'a request is on the record');
  return Math.max(...times);
}
