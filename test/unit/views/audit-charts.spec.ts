import assert from 'node:assert/strict';
import type { AuditAggregates, AuditApi, AuditFilter } from '../../../src/engine/api';
import type { AnyRecord } from '../../../src/engine/model/record';
import { readCharts } from '../../../src/views/present/audit-charts';

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 10, 23, 12, 30);

/** Counts and records as the engine gives them, and what it was asked. */
function audit(counts: Partial<AuditAggregates> = {}, records: readonly unknown[] = []) {
  const asked: { filter: AuditFilter; bucket?: string | undefined }[] = [];
  const queried: AuditFilter[] = [];
  const none = { total: 0, byChannel: [], byEffect: [], byType: [], byUser: [], denials: [] };
  const api = {
    aggregates: async (filter: AuditFilter, options?: { bucket?: 'hour' | 'day' }) => {
      asked.push({ filter, bucket: options?.bucket });
      return { ...none, ...counts };
    },
    query: async (filter: AuditFilter) => {
      queried.push(filter);
      return { records: records as readonly AnyRecord[], total: records.length };
    },
  } as AuditApi;
  return { api, asked, queried };
}

describe('the figures of the audit', () => {
  it('are of the last 24 hours, by hour, unless the filter says otherwise', async () => {
    const { api, asked } = audit();
    const figures = await readCharts(api, {}, NOW);
    assert.equal(figures.bucket, 'hour');
    assert.equal(figures.from, Date.UTC(2026, 10, 22, 13));
    assert.deepEqual(asked, [{ filter: { after: figures.from }, bucket: 'hour' }]);
  });

  it('[OPS-2] are counted over what the filter takes, and by day when the time is long', async () => {
    const { api, asked } = audit();
    const filter: AuditFilter = { tool: 'run', after: NOW - 400 * HOUR, before: NOW - HOUR };
    const figures = await readCharts(api, filter, NOW);
    assert.deepEqual([figures.bucket, figures.until], ['day', NOW - HOUR]);
    assert.equal(figures.from % (24 * HOUR), 0);
    assert.ok(figures.from <= NOW - 400 * HOUR);
    assert.deepEqual(asked, [{ filter, bucket: 'day' }]);
  });

  it('[OPS-2] name who and what was denied, most first, and those who were not denied not at all', async () => {
    const { api } = audit({
      byUser: [
        { user: 'telegram:7:1', count: 90, denied: 0 },
        { user: 'telegram:7:2', count: 50, denied: 3 },
        { user: 'telegram:7:3', count: 5, denied: 4 },
      ],
      denials: [{ ruleId: 'mode.plan', count: 7 }],
    });
    const { denials } = await readCharts(api, {}, NOW);
    assert.deepEqual(denials, {
      byRule: [{ name: 'mode.plan', count: 7 }],
      byUser: [
        { name: '3 (telegram)', count: 4 },
        { name: '2 (telegram)', count: 3 },
      ],
    });
  });

  it('[OPS-2] mark what the record says was out of the ordinary, and invent nothing', async () => {
    const locked = {
      seq: 9,
      at: NOW - HOUR,
      type: 'access.locked',
      actor: 'engine',
      subject: '',
      data: { sender: 'telegram:7:9', until: NOW, level: 1 },
    };
    const data = { pattern: 'denial-spike', text: 'Ada was denied 12 times in an hour', count: 12 };
    const noticed = { ...locked, seq: 11, at: NOW, type: 'pattern.noticed', subject: 'telegram:7:84', data };
    const { api, queried } = audit({}, [noticed, locked]);
    const { marks } = await readCharts(api, {}, NOW);
    assert.deepEqual(marks, [
      { seq: 9, at: NOW - HOUR, text: '9 (telegram) is locked out' },
      { seq: 11, at: NOW, text: 'Unusual: Ada was denied 12 times in an hour' },
    ]);
    assert.deepEqual(queried[0]?.types, [
      'pattern.noticed',
      'access.locked',
      'message.dropped',
      'engine.paused',
    ]);
    const other = audit({}, [locked]);
    assert.deepEqual((await readCharts(other.api, { types: ['task.state'] }, NOW)).marks, []);
    assert.equal(other.queried.length, 0);
  });
});
