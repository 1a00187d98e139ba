import assert from 'node:assert/strict';
import type { AnyRecord } from '../../../src/engine/model/record';
import type { AuditQuery, Store } from '../../../src/engine/store';
import { matchExpression } from '../../../src/engine/store/words';
import { history, localStore, scratch } from './support';

describe('audit queries', () => {
  let directory: string;
  let remove: () => void;
  let store: Store;
  let all: AnyRecord[];
  let now = 1_700_000_000_000;
  before(async () => {
    ({ path: directory, remove } = scratch());
    store = localStore(directory, { parts: { clock: { now: () => now } } });
    await store.open();
    all = [];
    for (const record of history(120)) {
      now += 60_000;
      all.push((await store.append(record)) as AnyRecord);
    }
  });
  after(async () => {
    await store.close();
    remove();
  });

  async function every(query: AuditQuery): Promise<AnyRecord[]> {
    const records: AnyRecord[] = [];
    let before: number | undefined;
    do {
      const page = await store.query({ ...query, ...(before === undefined ? {} : { before }) });
      records.push(...page.records);
      before = page.next;
    } while (before !== undefined);
    return records;
  }

  const newestFirst = (keep: (record: AnyRecord) => boolean) => all.filter(keep).reverse();
  const userOfTask = (record: AnyRecord) => {
    const { taskId } = record.data as { taskId: string };
    return all.find((r) => r.type === 'task.created' && r.data.taskId === taskId)?.actor;
  };

  const cases: [string, AuditQuery, (record: AnyRecord) => boolean][] = [
    ['nothing', {}, () => true],
    ['a type', { type: 'decision.made' }, (r) => r.type === 'decision.made'],
    ['two types', { type: ['decision.made', 'task.state'] }, (r) => r.type !== 'task.created'],
    [
      'a user, with what was done for them',
      { user: 'slack:app:U1' },
      (r) => userOfTask(r) === 'slack:app:U1',
    ],
    ['a channel', { channel: 'telegram' }, (r) => userOfTask(r)?.startsWith('telegram:') === true],
    ['a task', { task: 'task-7' }, (r) => r.subject === 'task-7'],
    ['a tool', { tool: 'run' }, (r) => r.type === 'decision.made' && r.data.tool === 'run'],
    ['an effect', { effect: 'deny' }, (r) => r.type === 'decision.made' && r.data.effect === 'deny'],
    ['a rule', { rule: 'rule-3' }, (r) => r.type === 'decision.made' && r.data.ruleId === 'rule-3'],
    [
      'several together',
      { effect: 'ask', tool: 'read', channel: 'telegram' },
      (r) =>
        r.type === 'decision.made' &&
        r.data.effect === 'ask' &&
        userOfTask(r)?.startsWith('telegram:') === true,
    ],
    ['a word', { text: 'rm' }, (r) => JSON.stringify(r.data).includes('rm -rf')],
    ['the beginning of a word', { text: 'numb' }, (r) => r.type === 'task.created'],
    [
      'words of which all must be there',
      { text: 'build 10' },
      (r) => /build-10\d?"/.test(JSON.stringify(r.data)),
    ],
    [
      'a word and a column',
      { text: 'npm', effect: 'deny' },
      (r) => /npm/.test(JSON.stringify(r.data)) && (r.data as { effect?: string }).effect === 'deny',
    ],
    ['a word that is nowhere', { text: 'xylophone' }, () => false],
    ['a user that is nowhere', { user: 'telegram:bot:404' }, () => false],
  ];
  for (const [what, query, keep] of cases) {
    it(`[FAQ-7] finds by ${what}, newest first, the same on one page and on many`, async () => {
      const expected = newestFirst(keep).map((record) => record.seq);
      for (const limit of [7, 200]) {
        const found = await every({ ...query, limit });
        assert.deepEqual(
          found.map((record) => record.seq),
          expected,
        );
      }
    });
  }

  it('finds by time, both ends included', async () => {
    const from = all[30]!.at;
    const to = all[60]!.at;
    const found = await every({ from, to, limit: 200 });
    assert.deepEqual(
      found.map((record) => record.seq),
      newestFirst((record) => record.at >= from && record.at <= to).map((record) => record.seq),
    );
    assert.deepEqual(await every({ from: now + 1 }), []);
    assert.deepEqual(await every({ to: 1 }), []);
  });

  it('gives the records as they were appended', async () => {
    const page = await store.query({ task: 'task-3' });
    assert.deepEqual(
      page.records,
      newestFirst((record) => record.subject === 'task-3'),
    );
  });

  it('says how many there are, exactly where it can', async () => {
    assert.deepEqual((await store.query({})).total, { count: 360, exact: true });
    assert.deepEqual((await store.query({ effect: 'deny' })).total, { count: 30, exact: true });
    const mixed = (await store.query({ effect: 'deny', tool: 'run' })).total;
    assert.equal(mixed.exact, false);
    assert.ok(mixed.count >= 30);
  });

  it('takes whatever a person types as words, never as syntax', async () => {
    for (const text of [
      '"',
      'a" OR "b',
      'NEAR/3',
      '*',
      '-rf',
      'text:rm',
      "'; DROP TABLE rec; --",
      'a(b',
      '\u0000',
    ]) {
      await store.query({ text });
    }
    assert.equal((await store.query({})).total.count, 360);
    assert.equal(matchExpression('rm -rf "x" OR NEAR'), '"rm" "rf" "x" "or" "near*"');
    assert.equal(matchExpression('—*"'), '');
  });

  it('refuses a query that is not one', async () => {
    await assert.rejects(store.query({ limit: 0 }));
    await assert.rejects(store.query({ effect: 'perhaps' as 'deny' }));
    await assert.rejects(store.query({ sql: 'x' } as AuditQuery));
  });

  const sum = (items: readonly { count: number }[]) => items.reduce((n, item) => n + item.count, 0);

  it('counts by hour and channel, by effect and by type', async () => {
    const { total, byChannel, byEffect, byType } = await store.aggregates();
    assert.equal(total, 360);
    assert.equal(sum(byType), 360);
    assert.equal(sum(byChannel.filter((item) => item.channel === 'slack')), 120);
    assert.equal(sum(byEffect.filter((item) => item.effect === 'deny')), 30);
    const hour = byChannel[1]!;
    assert.equal(hour.start % 3_600_000, 0);
    assert.equal(
      hour.count,
      all.filter(
        (r) =>
          r.at >= hour.start &&
          r.at < hour.start + 3_600_000 &&
          userOfTask(r)?.startsWith(`${hour.channel}:`),
      ).length,
    );
    const day = await store.aggregates({ bucket: 'day' });
    assert.equal(sum(day.byChannel), sum(byChannel));
    assert.ok(day.byChannel.length < byChannel.length);
    assert.equal(sum((await store.aggregates({ to: 1 })).byType), 0);
  });

  for (const [what, query, keep] of cases) {
    it(`counts by ${what} what the same query finds`, async () => {
      const expected = all.filter(keep);
      const found = await store.aggregates(query);
      assert.equal(found.total, expected.length);
      assert.equal(sum(found.byType), expected.length);
      const users = new Map<string, number>();
      for (const record of expected) {
        const user = userOfTask(record) ?? '';
        users.set(user, (users.get(user) ?? 0) + 1);
      }
      assert.deepEqual(new Map(found.byUser.map(({ user, count }) => [user, count])), users);
      const denied = expected.filter((r) => r.type === 'decision.made' && r.data.effect === 'deny');
      assert.equal(sum(found.denials), denied.length);
      assert.equal(
        found.byUser.reduce((n, user) => n + user.denied, 0),
        denied.length,
      );
    });
  }

  it('names what denied most first, and counts between two moments', async () => {
    const { denials } = await store.aggregates({ effect: 'deny' });
    assert.deepEqual(
      new Set(denials.map(({ ruleId }) => ruleId)),
      new Set([0, 1, 2, 3, 4].map((n) => `rule-${n}`)),
    );
    const [from, to] = [all[30]!.at, all[60]!.at];
    assert.equal((await store.aggregates({ from, to })).total, 31);
  });

  it('stops counting when it is told to', async () => {
    await assert.rejects(store.aggregates({}, AbortSignal.abort(new Error('enough'))), /enough/);
  });
});
