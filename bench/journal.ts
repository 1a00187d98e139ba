import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
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
import { Worker } from 'node:worker_threads';
import { buildSync } from 'esbuild';
import { draft, SegmentJournal } from '../src/engine/journal';
import type { AuditQuery } from '../src/engine/store';
import { createStore } from '../src/engine/store/remote';
import type { Store } from '../src/engine/store/types';
import { recordAt, USERS, WORDS } from './journal-records';

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
export function buildWorker(root: string): string {
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

export function storeIn(directory: string, workerPath: string): Store {
  return createStore({ directory, label: 'bench', workerPath, keys: { load: async () => KEY } });
}

/** A competitor that writes for some milliseconds and gives the records a second. */
interface Contestant {
  readonly name: string;
  run(ms: number): Promise<number> | number;
  end(): Promise<void> | void;
}

/** Rounds in which everyone has a turn: a disk that others use too is as slow for one as for the next. */
const ROUNDS = 7;
const ROUND_MS = 400;

async function appends(root: string, worker: string): Promise<void> {
  tell('event loop held up while nothing is done: the machine’s own', await idleDelay(), 'ms');
  for (const writers of [1, 16, 256]) {
    const store = await ours(join(root, `store-${writers}`), worker, writers);
    const peers = [
      raw('write + fdatasync a record', join(root, `raw-${writers}`), 1),
      await threaded(join(root, `thread-${writers}`)),
      await sqlite('node:sqlite, one commit a record', join(root, `sqlite-${writers}.db`), 1),
      ...(writers > 1
        ? [
            await sqlite(
              `node:sqlite, one commit for ${writers} (best case)`,
              join(root, `sqlite-g${writers}.db`),
              writers,
            ),
            raw(
              `one write + fdatasync for ${writers} ready lines (bound)`,
              join(root, `raw-g${writers}`),
              writers,
            ),
          ]
        : []),
    ];
    const all = [store, ...peers];
    const rates = new Map(all.map((one) => [one, [] as number[]]));
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const one of all) rates.get(one)?.push(await one.run(ROUND_MS));
    }
    const name = `durable appends, ${writers} ${writers === 1 ? 'writer' : 'writers'}`;
    const own = rates.get(store) ?? [];
    tell(`${name}: journal`, median(own), '/s');
    tell(`${name}: caller's event loop held up, longest`, store.blockedMs(), 'ms', '< 16');
    for (const peer of peers) {
      const theirs = rates.get(peer) ?? [];
      tell(`${name}: ${peer.name}`, median(theirs), '/s');
      const ratios = own.map((rate, i) => rate / (theirs[i] ?? 1));
      tell(`${name}: journal ÷ that, median of ${ROUNDS} rounds`, median(ratios), '×', goalOf(peer, writers));
    }
    for (const one of all) await one.end();
  }
}

/** The longest that a loop without work is late, in milliseconds: what other programs on the machine cost. */
async function idleDelay(): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await new Promise((resolve) => setTimeout(resolve, ROUNDS * ROUND_MS));
  delay.disable();
  return Math.max(delay.max / 1e6 - 1, 0);
}

function goalOf({ name }: Contestant, writers: number): string {
  if (name === 'write + fdatasync a record') return '≥ 0.8';
  return name === 'node:sqlite, one commit a record' && writers === 256 ? '≥ 2' : '';
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

async function ours(
  directory: string,
  worker: string,
  writers: number,
): Promise<Contestant & { blockedMs(): number }> {
  const store = storeIn(directory, worker);
  await store.open();
  let count = 0;
  const run = async (ms: number) => {
    const [started, before] = [performance.now(), count];
    const write = async () => {
      while (performance.now() - started < ms) {
        await store.append(recordAt(count));
        count += 1;
      }
    };
    await Promise.all(Array.from({ length: writers }, write));
    return ((count - before) * 1000) / (performance.now() - started);
  };
  await run(500);
  let blocked = 0;
  return {
    name: 'journal',
    async run(ms) {
      const delay = monitorEventLoopDelay({ resolution: 1 });
      delay.enable();
      const rate = await run(ms);
      delay.disable();
      // The histogram counts from tick to tick; one tick is a millisecond.
      blocked = Math.max(blocked, delay.max / 1e6 - 1);
      return rate;
    },
    blockedMs: () => blocked,
    end: () => store.close(),
  };
}

/** Inserts with `group` of them a transaction. */
async function sqlite(name: string, path: string, group: number): Promise<Contestant> {
  const { DatabaseSync } = await import('node:sqlite');
  const db = new DatabaseSync(path);
  db.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;');
  db.exec(
    'CREATE TABLE record(seq INTEGER PRIMARY KEY, at INTEGER, type TEXT, actor TEXT, subject TEXT, data TEXT)',
  );
  const insert = db.prepare('INSERT INTO record(at, type, actor, subject, data) VALUES(?,?,?,?,?)');
  let i = 0;
  return {
    name,
    run: (ms) =>
      rateOf(ms, group, () => {
        if (group > 1) db.exec('BEGIN');
        for (const end = i + group; i < end; i += 1) {
          const { type, actor, subject, data } = recordAt(i);
          insert.run(Date.now(), type, actor, subject, JSON.stringify(data));
        }
        if (group > 1) db.exec('COMMIT');
      }),
    end: () => db.close(),
  };
}

/** Lines of the journal's own size, made beforehand, `group` of them a write and flush. */
function raw(name: string, path: string, group: number): Contestant {
  const bytes = Buffer.from(`${'x'.repeat(430)}\n`.repeat(group));
  const fd = openSync(path, 'a');
  return {
    name,
    run: (ms) =>
      rateOf(ms, group, () => {
        writeSync(fd, bytes);
        fdatasyncSync(fd);
      }),
    end: () => closeSync(fd),
  };
}

function rateOf(ms: number, group: number, step: () => void): number {
  let count = 0;
  const started = performance.now();
  while (performance.now() - started < ms) {
    step();
    count += group;
  }
  return (count * 1000) / (performance.now() - started);
}

/** The least that keeps the disk off the caller's thread: one message there, write and flush, one message back. */
async function threaded(path: string): Promise<Contestant> {
  const code = `const { parentPort, workerData } = require('node:worker_threads');
    const fs = require('node:fs');
    const fd = fs.openSync(workerData, 'a');
    parentPort.on('message', (line) => { fs.writeSync(fd, line); fs.fdatasyncSync(fd); parentPort.postMessage(1); });`;
  const worker = new Worker(code, { eval: true, workerData: path });
  const line = `${'x'.repeat(430)}\n`;
  return {
    name: 'the same in a bare worker thread, one caller',
    async run(ms) {
      let count = 0;
      const started = performance.now();
      while (performance.now() - started < ms) {
        const answer = once(worker, 'message');
        worker.postMessage(line);
        await answer;
        count += 1;
      }
      return (count * 1000) / (performance.now() - started);
    },
    async end() {
      await worker.terminate();
    },
  };
}

export async function fill(directory: string, size: number): Promise<void> {
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
