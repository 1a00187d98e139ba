import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { AuditRow } from '../../../src/views/protocol/audit';
import { PAGE_SIZE } from '../../../src/views/protocol/audit';
import { complete, furtherTerms, hasTerm, withTerm } from '../../../webview-ui/audit/chips';
import { type PageRequest, Records } from '../../../webview-ui/audit/records';
import { ScrollMap, visibleRange } from '../../../webview-ui/audit/window';

const row = (seq: number): AuditRow => ({
  seq,
  at: seq,
  type: 'task.state',
  actor: 'engine',
  channel: '',
  summary: String(seq),
  tone: 'plain',
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

  it('goes on over pages that are short or empty, because a search ends after a time', () => {
    const records = new Records(false);
    const parts = [[9, 8], [], [7], [3, 2]];
    for (let turn = 0; turn < 10; turn += 1) {
      const [request] = records.need(Math.max(0, records.count - 1), records.count);
      if (request === undefined) break;
      const rows = (parts[request.page] ?? []).map(row);
      const next = request.page + 1 < parts.length ? { nextBeforeSeq: 100 - request.page } : {};
      records.add(request.page, { rows, total: 50, ...next }, 0);
    }
    assert.equal(records.count, 5);
    assert.equal(records.total, 5);
    assert.deepEqual(
      [0, 1, 2, 3, 4].map((index) => records.row(index)?.seq),
      [9, 8, 7, 3, 2],
    );
    assert.equal(records.indexOf(7), 2);
    assert.equal(records.indexOf(4), -1);
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

  it('reach every record of a list that is taller than an element can be', () => {
    for (const count of [10, 1_000_000, 1_250_001, 5_000_000, 50_000_000]) {
      const map = new ScrollMap(count, 24, 600);
      assert.ok(map.height < 33_554_428, `${count}: ${map.height} px`);
      assert.equal(map.isScaled, count > 1_250_000);
      const bottom = Math.max(0, map.height - 600);
      const end = map.placeAt(bottom) + 600;
      assert.ok(Math.abs(end - Math.max(600, count * 24)) < 1, `${count}: the bottom shows the last row`);
      for (const index of [0, 1, Math.floor(count / 3), count - 30].filter((at) => at >= 0)) {
        const scrolled = map.scrollTo(index * 24);
        // A row that is scrolled to stands at the top, or as near as the end of the list lets it.
        const seen = map.topOf(index, scrolled) - scrolled;
        assert.ok(seen > -1 && seen < 600, `${count}: row ${index} is ${seen} px from the top`);
      }
    }
  });
});

describe('the chips beside the filter', () => {
  it('put a term in the place of another with the same key, and take it out again', () => {
    assert.equal(withTerm('npm after:2d', 'after:1h', true), 'npm after:1h');
    assert.equal(withTerm('npm after:1h', 'after:1h', false), 'npm');
    assert.equal(withTerm('"git  push" user:"a b"', 'user:ann', true), '"git  push" user:ann');
    assert.ok(hasTerm('npm after:1h', 'after:1h') && !hasTerm('npm after:1hx', 'after:1h'));
  });

  it('show each further term of the text once', () => {
    assert.deepEqual(furtherTerms('effect:deny user:"a b" npm npm'), ['user:"a b"', 'npm']);
  });
});

describe('what the filter box suggests', () => {
  const known = {
    types: ['task.created', 'task.state'],
    channels: ['local', 'telegram'],
    tools: ['run'],
    users: [{ key: 'telegram:7:84', name: 'Ada Lovelace' }],
  };
  const inserts = (text: string, caret = text.length) =>
    complete(text, caret, known).suggestions.map(({ insert }) => insert);

  it('is a key where a word begins, and a value after one', () => {
    assert.deepEqual(inserts('a'), ['after:']);
    assert.deepEqual(inserts('npm ef'), ['effect:']);
    assert.deepEqual(inserts('effect:'), ['effect:allow ', 'effect:ask ', 'effect:deny ']);
    assert.deepEqual(inserts('type:st'), ['type:task.state ']);
    assert.deepEqual(inserts('type:ta'), ['type:task ', 'type:task.created ', 'type:task.state ']);
    assert.equal(inserts('').length, 9);
  });

  it('finds a person by name, and says the identity', () => {
    assert.deepEqual(inserts('user:lovel'), ['user:telegram:7:84 ']);
  });

  it('takes the place of the whole word at the caret, and of nothing else', () => {
    const text = 'one chan three';
    const { from, to, suggestions } = complete(text, 6, known);
    assert.deepEqual([text.slice(from, to), suggestions[0]?.insert], ['chan', 'channel:']);
  });

  it('is nothing for other words, for a key that is not one, and when all is there', () => {
    assert.deepEqual([inserts('xyz'), inserts('usr:a'), inserts('effect:deny')], [[], [], []]);
  });
});
