import { generateKeyPairSync } from 'node:crypto';
import {
  closeSync,
  copyFileSync,
  fdatasyncSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { buildSync } from 'esbuild';
import { draft, SegmentJournal } from '../src/engine/journal';
import type { AnyNewRecord } from '../src/engine/model/record';
import type { AuditQuery } from '../src/engine/store';
import { createStore } from '../src/engine/store/remote';
import type { Store } from '../src/engine/store/types';

/**
 * Durable appends a second beside node:sqlite and beside bare writes, start-up and queries at size, memory, and the
 * longest time that the caller's event loop was held up. Everything on one disk in one run; BENCH_DIR says where
 * (default: the system's folder for temporary files). BENCH_RECORDS is the largest journal (default: a million).
 */
export async function run(): Promise<void> {
  const root = mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), 'cowork-bench-'));
  try {
    const worker = buildWorker(root);
    await appends(root, worker);
    const most = Number(process.env.BENCH_RECORDS ?? 1_000_000);
    for (const size of [10_000, 100_000, 1_000_000]) if (size <= most) await atSize(root, worker, size);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

const SECONDS = 3;
const KEY = generateKeyPairSync('ed25519')
  .privateKey.export({ format: 'der', type: 'pkcs8' })
  .toString('base64');

function tell(name: string, value: number, unit: string, goal = ''): void {
  const digits = value >= 100 ? 0 : value >= 1 ? 1 : 2;
  console.log(
    `${name.padEnd(58)} ${value.toFixed(digits).padStart(10)} ${unit}${goal === '' ? '' : `   (goal ${goal})`}`,
  );
}

/** The worker as it ships, with the engine's own projections. */
function buildWorker(root: string): string {
  const outfile = join(root, 'store-worker.cjs');
  buildSync({
    entryPoints: [join(__dirname, '../src/engine/store-worker.ts')],
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'cjs',
    logLevel: 'error',
  });
  copyFileSync(join(dirname(require.resolve('sql.js')), 'sql-wasm.wasm'), join(root, 'sql-wasm.wasm'));
  return outfile;
}

function storeIn(directory: string, workerPath: string): Store {
  return createStore({ directory, label: 'bench', workerPath, keys: { load: async () => KEY } });
}

const USERS = Array.from(
  { length: 50 },
  (_, i) => `${['telegram', 'slack', 'local'][i % 3]}:bot:${1000 + i}`,
);
const WORDS =
  'build test deploy lint release branch merge review fix update remove add server client docs'.split(' ');

/** The i-th of an endless, made-up history: a task in five records. */
function recordAt(i: number): AnyNewRecord {
  const task = Math.floor(i / 5);
  const user = USERS[(task * 7) % USERS.length] ?? '';
  const channel = user.split(':')[0] ?? '';
  const taskId = `task-${task}`;
  const words = `${WORDS[task % 15]} ${WORDS[(task * 3) % 14]} package-${task % 997}`;
  const tool = ['run', 'read', 'write', 'search'][task % 4] ?? '';
  const hash = 'ab'.repeat(32);
  switch (i % 5) {
    case 0:
      return {
        type: 'task.created',
        actor: user,
        subject: taskId,
        data: {
          taskId,
          user,
          channel,
          account: 'bot',
          conversation: `${channel}:bot:c`,
          title: words,
          messageId: `m${i}`,
        },
      };
    case 1:
      return {
        type: 'decision.made',
        actor: 'engine',
        subject: taskId,
        data: {
          taskId,
          tool,
          action: `npm run ${words}`,
          effect: task % 10 === 0 ? 'deny' : task % 3 === 0 ? 'ask' : 'allow',
          layer: 'rule',
          ruleId: `rule-${task % 40}`,
          reasons: ['the mode asks for each command'],
          policyVersion: 'v1',
        },
      };
    case 2:
      return {
        type: 'action.started',
        actor: 'engine',
        subject: taskId,
        data: {
          actionId: `a${task}`,
          taskId,
          tool,
          action: `npm run ${words}`,
          cwd: '/home/ada/project',
          sandbox: 'bubblewrap',
          bindingHash: hash,
        },
      };
    case 3:
      return {
        type: 'action.finished',
        actor: 'engine',
        subject: taskId,
        data: {
          actionId: `a${task}`,
          taskId,
          ok: true,
          exitCode: 0,
          durationMs: 1200,
          output: `${words}: ok`,
          outputLength: 30,
          outputSha256: hash,
        },
      };
    default:
      return {
        type: 'task.state',
        actor: 'engine',
        subject: taskId,
        data: { taskId, state: 'done', detail: '' },
      };
  }
}

async function appends(root: string, worker: string): Promise<void> {
  for (const writers of [1, 16, 256]) {
    const ours = await storeAppends(join(root, `store-${writers}`), worker, writers);
    const sqlite = await sqliteAppends(join(root, `sqlite-${writers}.db`), 1);
    const sqliteGrouped = await sqliteAppends(join(root, `sqlite-g${writers}.db`), writers);
    const raw = rawAppends(join(root, `raw-${writers}`), 1);
    const rawGrouped = rawAppends(join(root, `raw-g${writers}`), writers);
    const name = `durable appends, ${writers} ${writers === 1 ? 'writer' : 'writers'}`;
    tell(`${name}: journal`, ours.rate, '/s');
    tell(`${name}: caller's event loop held up, longest`, ours.blockedMs, 'ms', '< 16');
    if (sqlite !== undefined) {
      tell(`${name}: node:sqlite, one commit a record`, sqlite, '/s');
      tell(`${name}: journal ÷ node:sqlite`, ours.rate / sqlite, '×', writers === 256 ? '≥ 2' : '');
    }
    if (sqliteGrouped !== undefined && writers > 1) {
      tell(`${name}: node:sqlite, one commit for ${writers} (best case)`, sqliteGrouped, '/s');
      tell(`${name}: journal ÷ that`, ours.rate / sqliteGrouped, '×');
    }
    tell(`${name}: write + fdatasync a record`, raw, '/s');
    tell(`${name}: journal ÷ write + fdatasync`, ours.rate / raw, '×', '≥ 0.8');
    if (writers > 1)
      tell(`${name}: one write + fdatasync for ${writers} ready lines (bound)`, rawGrouped, '/s');
  }
}

async function storeAppends(
  directory: string,
  worker: string,
  writers: number,
): Promise<{ rate: number; blockedMs: number }> {
  const store = storeIn(directory, worker);
  await store.open();
  let count = 0;
  const write = async (until: number) => {
    while (Date.now() < until) {
      await store.append(recordAt(count));
      count += 1;
    }
  };
  const all = (until: number) => Promise.all(Array.from({ length: writers }, () => write(until)));
  await all(Date.now() + 500);
  count = 0;
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const started = performance.now();
  await all(Date.now() + SECONDS * 1000);
  const seconds = (performance.now() - started) / 1000;
  delay.disable();
  const rate = count / seconds;
  await store.close();
  // The histogram counts from tick to tick; one tick is a millisecond.
  return { rate, blockedMs: Math.max(delay.max / 1e6 - 1, 0) };
}

/** Inserts with `group` of them a transaction; undefined when this Node has no node:sqlite. */
async function sqliteAppends(path: string, group: number): Promise<number | undefined> {
  const { DatabaseSync } = await import('node:sqlite').catch(() => ({ DatabaseSync: undefined }));
  if (!DatabaseSync) return undefined;
  const db = new DatabaseSync(path);
  db.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;');
  db.exec(
    'CREATE TABLE record(seq INTEGER PRIMARY KEY, at INTEGER, type TEXT, actor TEXT, subject TEXT, data TEXT)',
  );
  const insert = db.prepare('INSERT INTO record(at, type, actor, subject, data) VALUES(?,?,?,?,?)');
  let count = 0;
  const started = performance.now();
  while (performance.now() - started < SECONDS * 1000) {
    if (group > 1) db.exec('BEGIN');
    for (let i = 0; i < group; i += 1) {
      const { type, actor, subject, data } = recordAt(count);
      insert.run(Date.now(), type, actor, subject, JSON.stringify(data));
      count += 1;
    }
    if (group > 1) db.exec('COMMIT');
  }
  const rate = (count * 1000) / (performance.now() - started);
  db.close();
  return rate;
}

/** Lines of the journal's own size, made beforehand, `group` of them a write and flush. */
function rawAppends(path: string, group: number): number {
  const bytes = Buffer.from(`${'x'.repeat(430)}\n`.repeat(group));
  const fd = openSync(path, 'a');
  let count = 0;
  const started = performance.now();
  while (performance.now() - started < SECONDS * 1000) {
    writeSync(fd, bytes);
    fdatasyncSync(fd);
    count += group;
  }
  const rate = (count * 1000) / (performance.now() - started);
  closeSync(fd);
  return rate;
}

async function fill(directory: string, size: number): Promise<void> {
  let now = Date.now() - size * 1000;
  const journal = new SegmentJournal({ directory, label: 'bench', clock: { now: () => now } });
  await journal.open();
  for (let i = 0; i < size; i += 1000) {
    const batch = Array.from({ length: Math.min(1000, size - i) }, (_, j) => draft(recordAt(i + j)));
    now += 1_000_000;
    await journal.appendBatch(batch);
  }
  await journal.close();
}

/** Opens and lets the audit index get ready; gives the milliseconds to the first durable decision and to both. */
async function start(directory: string, worker: string) {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const started = performance.now();
  const store = storeIn(directory, worker);
  const report = await store.open();
  const opened = performance.now() - started;
  await store.append(recordAt(1));
  const decided = performance.now() - started;
  await store.query({ limit: 1 });
  const searchable = performance.now() - started;
  delay.disable();
  return { store, report, opened, decided, searchable, blockedMs: Math.max(delay.max / 1e6 - 1, 0) };
}

async function atSize(root: string, worker: string, size: number): Promise<void> {
  const directory = join(root, `journal-${size}`);
  const name = `${size / 1000} k records`;
  await fill(directory, size);
  const cold = await start(directory, worker);
  tell(`${name}: first start, everything replayed and indexed: decision`, cold.decided, 'ms');
  tell(`${name}: the same until it can be searched`, cold.searchable, 'ms');
  let from = performance.now();
  await cold.store.close();
  tell(`${name}: close, with snapshots`, performance.now() - from, 'ms');
  tell(
    `${name}: size of the audit index on disk`,
    statSync(join(directory, 'index.sqlite')).size / 1e6,
    'MB',
  );

  global.gc?.();
  const before = process.memoryUsage().rss;
  const warm = await start(directory, worker);
  tell(`${name}: start to first durable decision`, warm.decided, 'ms', size === 1_000_000 ? '< 2000' : '');
  tell(`${name}: start until it can be searched`, warm.searchable, 'ms');
  tell(`${name}: caller's event loop held up at start, longest`, warm.blockedMs, 'ms', '< 16');
  tell(`${name}: memory for the store, more than before`, (process.memoryUsage().rss - before) / 1e6, 'MB');
  await queries(warm.store, name, size);
  from = performance.now();
  const report = await warm.store.verify();
  tell(
    `${name}: verify everything (${report.intact ? 'intact' : 'NOT INTACT'})`,
    performance.now() - from,
    'ms',
  );
  await warm.store.close();
  rmSync(directory, { recursive: true, force: true });
}

const SEARCHES: readonly ((n: number) => AuditQuery)[] = [
  () => ({}),
  (n) => ({ user: USERS[n % USERS.length] }),
  (n) => ({ channel: ['telegram', 'slack', 'local'][n % 3] }),
  (n) => ({ task: `task-${n * 13}` }),
  (n) => ({ tool: ['run', 'read', 'write', 'search'][n % 4], effect: 'deny' }),
  (n) => ({ rule: `rule-${n % 40}`, user: USERS[n % USERS.length] }),
  (n) => ({ type: 'action.finished', channel: ['telegram', 'slack', 'local'][n % 3] }),
  (n) => ({ text: `package ${n % 997}` }),
  (n) => ({ text: `${WORDS[n % 15]} ${WORDS[(n * 3) % 14]}` }),
  (n) => ({ text: 'npm', effect: 'deny', user: USERS[n % USERS.length] }),
  () => ({ text: 'nowhere' }),
  (n) => ({ from: Date.now() - n * 3_600_000, to: Date.now() - n * 1_800_000, effect: 'ask' }),
];

async function queries(store: Store, name: string, size: number): Promise<void> {
  const times: number[] = [];
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  for (let n = 0; n < 50; n += 1) {
    for (const search of SEARCHES) {
      // First pages and pages in the middle.
      const query = { ...search(n), ...(n % 2 === 0 ? {} : { before: Math.ceil((size * (n + 1)) / 52) }) };
      const from = performance.now();
      await store.query(query);
      times.push(performance.now() - from);
    }
  }
  delay.disable();
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(Math.floor(times.length * share), times.length - 1)] ?? 0;
  tell(`${name}: page of a filtered query, median`, at(0.5), 'ms');
  tell(`${name}: page of a filtered query, p99`, at(0.99), 'ms', size === 1_000_000 ? '< 50' : '');
  tell(`${name}: page of a filtered query, longest of ${times.length}`, at(1), 'ms');
  tell(
    `${name}: caller's event loop held up by queries, longest`,
    Math.max(delay.max / 1e6 - 1, 0),
    'ms',
    '< 16',
  );
}

if (require.main === module) void run();
