import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { AuditRow } from '../../../src/views/protocol/audit';
import { hasTerm, withTerm } from '../../../webview-ui/audit/chips';
import { PAGE_SIZE, type PageRequest, Records } from '../../../webview-ui/audit/records';
import { reachable, visibleRange } from '../../../webview-ui/audit/window';

const row = (seq: number): AuditRow => ({
  seq,
  at: seq,
  type: 'task.state',
  actor: 'engine',
  channel: '',
  summary: String(seq),
  tone: 'plain',
  raw: '{}',
});

/** A journal of which only each `step`-th record matches; answers as the engine does. */
function answer(
  records: Records,
  request: PageRequest,
  newest: number,
  step: number,
  lookingAt: number,
): void {
  const matching: number[] = [];
  for (let seq = newest; seq >= 1; seq -= 1) if (seq % step === 0) matching.push(seq);
  const from =
    request.beforeSeq === undefined ? 0 : matching.findIndex((seq) => seq < (request.beforeSeq ?? 0));
  const page = from === -1 ? [] : matching.slice(from, from + PAGE_SIZE);
  const last = page.at(-1);
  const more = last !== undefined && last !== matching.at(-1);
  records.add(
    request.page,
    { rows: page.map(row), total: matching.length, ...(more ? { nextBeforeSeq: last } : {}) },
    lookingAt,
  );
}

function look(records: Records, index: number, newest: number, step: number): void {
  for (let turn = 0; turn < 200; turn += 1) {
    const requests = records.need(index, index + 1);
    if (requests.length === 0) return;
    for (const request of requests) answer(records, request, newest, step, index);
  }
}

describe('the list of records', () => {
  it('jumps to any place of an unfiltered journal with one request', () => {
    const records = new Records(true);
    look(records, 0, 100_000, 1);
    assert.equal(records.count, 100_000);
    const requests = records.need(70_000, 70_001);
    assert.equal(requests.length, 1);
    for (const request of requests) answer(records, request, 100_000, 1, 70_000);
    assert.equal(records.row(70_000)?.seq, 30_000);
  });

  it('reaches the end of a filtered one page by page, and offers no more than it can show', () => {
    const records = new Records(false);
    look(records, 0, 3000, 3);
    assert.equal(records.total, 1000);
    assert.equal(records.count, 2 * PAGE_SIZE);
    look(records, 999, 3000, 3);
    assert.equal(records.count, 1000);
    assert.equal(records.row(999)?.seq, 3);
  });

  it('asks for a page once while it is on its way, and again after it failed', () => {
    const records = new Records(true);
    assert.equal(records.need(0, 10).length, 1);
    assert.equal(records.need(0, 10).length, 0);
    records.forget(0);
    assert.equal(records.need(0, 10).length, 1);
  });

  it('shows the right record at every index, in any order of looking', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2000 }),
        fc.integer({ min: 1, max: 7 }),
        fc.array(fc.nat(2000), { maxLength: 12 }),
        (newest, step, looks) => {
          const records = new Records(step === 1);
          look(records, 0, newest, step);
          const total = Math.floor(newest / step);
          for (const at of looks) {
            const index = Math.min(at, Math.max(0, total - 1));
            look(records, index, newest, step);
            if (total > 0) assert.equal(records.row(index)?.seq, (total - index) * step);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('holds a bounded number of pages', () => {
    const records = new Records(true);
    look(records, 0, 10_000, 1);
    for (let index = 0; index < 10_000; index += PAGE_SIZE) look(records, index, 10_000, 1);
    assert.equal(records.row(1000), undefined);
    assert.notEqual(records.row(9999), undefined);
  });
});

describe('the rows that are drawn', () => {
  it('cover what is seen and never more than a screen and a little', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e7, noNaN: true }),
        fc.integer({ min: 1, max: 2000 }),
        fc.nat(1_000_000),
        (top, height, count) => {
          const { from, to } = visibleRange(top, height, 24, count);
          assert.ok(from >= 0 && to <= count && from <= to);
          assert.ok(to - from <= Math.ceil(height / 24) + 18);
          const first = Math.floor(top / 24);
          if (first < count) assert.ok(from <= first && to > Math.min(count - 1, first));
        },
      ),
    );
  });

  it('end before the browser cannot lay the list out any more', () => {
    assert.equal(reachable(1_000_000, 24), 1_000_000);
    assert.ok(reachable(5_000_000, 24) * 24 < 33_554_428);
  });
});

describe('the chips beside the filter', () => {
  it('put a term in the place of another with the same key, and take it out again', () => {
    assert.equal(withTerm('npm after:2d', 'after:1h', true), 'npm after:1h');
    assert.equal(withTerm('npm after:1h', 'after:1h', false), 'npm');
    assert.ok(hasTerm('npm after:1h', 'after:1h') && !hasTerm('npm after:1hx', 'after:1h'));
  });
});
