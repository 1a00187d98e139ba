import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { auditOf } from '../src/engine/audit';
import { Masking } from '../src/engine/vault/masking';
import { parseAuditFilter } from '../src/views/audit-filter';
import { readCharts } from '../src/views/present/audit-charts';
import { toAuditRow } from '../src/views/present/audit-row';
import type { AuditFromPage } from '../src/views/protocol/audit';
import { launchChromium } from '../test/harness/browser';
import { AUDIT_STATE } from '../test/ui/page/fixtures';
import { openPage, type PageUnderTest } from '../test/ui/page/open-page';
import { buildWorker, fill, storeIn } from './journal';

/** How long is scrolled, and how far a frame: a fling of the wheel, 40 rows. */
const SCROLL_MS = 4000;
const STEP_PX = 960;

/**
 * The audit's page in a browser, with the worker's own answers over a journal of BENCH_RECORDS (default: a million)
 * records: from the request to rows on the screen, and frames while it is scrolled. The way between two processes
 * is Playwright's here and the editor's own in VS Code.
 */
export async function run(): Promise<void> {
  const size = Number(process.env.BENCH_RECORDS ?? 1_000_000);
  const root = mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), 'cowork-bench-'));
  try {
    const worker = buildWorker(root);
    const directory = join(root, 'journal');
    await fill(directory, size);
    const first = storeIn(directory, worker);
    await first.open();
    await first.query({ limit: 1 });
    await first.close();
    const store = storeIn(directory, worker);
    await store.open();
    const audit = auditOf(store, new Masking());
    const browser = await launchChromium();
    try {
      for (const filter of ['', 'effect:deny tool:run']) {
        const under = await openPage(browser, 'audit', { width: 1200, height: 900 });
        const shown = await firstPage(under, audit, filter);
        const name = filter === '' ? 'no filter' : filter;
        tell(`${size / 1000} k records, ${name}: first page on the screen`, shown, 'ms', '< 300');
        const frames = await scrolled(under);
        const median = frames[Math.floor(frames.length / 2)] ?? Number.NaN;
        tell(`${size / 1000} k records, ${name}: frames while scrolling, median`, 1000 / median, 'fps', '60');
        const late = frames[Math.floor(frames.length * 0.95)] ?? Number.NaN;
        tell(`${size / 1000} k records, ${name}: a frame, p95 of ${frames.length}`, late, 'ms');
        await under.close();
      }
      const from = performance.now();
      await readCharts(audit, {}, Date.now());
      tell(`${size / 1000} k records: figures of the charts`, performance.now() - from, 'ms');
    } finally {
      await browser.close();
      await store.close();
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function tell(name: string, value: number, unit: string, goal = ''): void {
  const aim = goal === '' ? '' : `   (goal ${goal})`;
  console.log(`${name.padEnd(64)} ${value.toFixed(1).padStart(9)} ${unit}${aim}`);
}

/** Milliseconds from the page's request to its first row being drawn. */
async function firstPage(
  under: PageUnderTest,
  audit: ReturnType<typeof auditOf>,
  filter: string,
): Promise<number> {
  const { page } = under;
  await page.exposeFunction('toHost', async (message: AuditFromPage) => {
    if (message.type !== 'query') return;
    const parsed = parseAuditFilter(message.filter, Date.now());
    if (!parsed.ok) throw new Error(parsed.message);
    const { beforeSeq, limit, requestId } = message;
    const found = await audit.query(parsed.filter, {
      limit,
      ...(beforeSeq === undefined ? {} : { beforeSeq }),
    });
    const { total, nextBeforeSeq } = found;
    const next = nextBeforeSeq === undefined ? {} : { nextBeforeSeq };
    await under.send({ type: 'page', requestId, rows: found.records.map(toAuditRow), total, ...next });
  });
  await page.evaluate(`{
    globalThis.askedAt = 0;
    globalThis.said.push = (message) => {
      if (message.type === 'query' && globalThis.askedAt === 0) globalThis.askedAt = performance.now();
      globalThis.toHost(message);
    };
    globalThis.firstRow = new Promise((done) => {
      const look = () => {
        if (document.querySelector('.row .type') === null) requestAnimationFrame(look);
        else requestAnimationFrame(() => done(performance.now() - globalThis.askedAt));
      };
      look();
    });
    // What is evaluated is waited for, and this is for later.
    undefined;
  }`);
  await under.send({ ...AUDIT_STATE, filter });
  return Number(await page.evaluate('globalThis.firstRow'));
}

/** Milliseconds between frames while the list is scrolled, shortest first. */
async function scrolled({ page }: PageUnderTest): Promise<number[]> {
  const frames = (await page.evaluate(`new Promise((done) => {
    const grid = document.querySelector('.grid');
    const times = [];
    const began = performance.now();
    let last = began;
    const step = (now) => {
      times.push(now - last);
      last = now;
      grid.scrollTop += ${STEP_PX};
      if (now - began < ${SCROLL_MS}) requestAnimationFrame(step);
      else done(times.slice(1));
    };
    requestAnimationFrame(step);
  })`)) as number[];
  return frames.sort((a, b) => a - b);
}

if (require.main === module) void run();
