import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { skip } from '../../harness/report';

const BUNDLE = join(process.cwd(), 'dist/channels/matrix.cjs');

/** Run by itself, as the tests put IndexedDB among the globals of their own process. */
const PROGRAM = `
const { createAdapter } = require(${JSON.stringify(BUNDLE)});
const { createServer } = require('node:http');
const files = [];
const read = require('node:fs/promises').readFile;
require('node:fs/promises').readFile = (...args) => { files.push(String(args[0])); return read(...args); };
const compiled = [];
for (const name of ['compile', 'instantiate', 'Module', 'Instance']) {
  const made = WebAssembly[name];
  WebAssembly[name] = function (...args) {
    if (String(new Error().stack).includes('matrix')) compiled.push(name);
    return new.target ? new made(...args) : made(...args);
  };
}
const workers = [];
process.on('worker', (worker) => workers.push(worker));
const uploads = [];
const server = createServer(async (request, response) => {
  let body = '';
  for await (const part of request) body += part;
  const { pathname } = new URL(request.url, 'http://x');
  const answers = {
    '/_matrix/client/v3/account/whoami': { user_id: '@bot:x.test', device_id: 'DEVICE' },
    '/_matrix/client/versions': { versions: ['v1.11'] },
    '/_matrix/client/v3/sync': { next_batch: 's1', device_one_time_keys_count: {} },
    '/_matrix/client/v3/keys/upload': { one_time_key_counts: { signed_curve25519: 50 } },
    '/_matrix/client/v3/keys/query': { device_keys: {} },
  };
  if (pathname.endsWith('/keys/upload')) uploads.push(JSON.parse(body));
  const answer = answers[pathname];
  response.writeHead(answer ? 200 : 404, { 'content-type': 'application/json' });
  response.end(JSON.stringify(answer ?? { errcode: 'M_NOT_FOUND' }));
});
server.listen(0, '127.0.0.1', async () => {
  const blobs = new Map();
  const globals = () => Object.getOwnPropertyNames(globalThis).filter((name) => /^(indexedDB|IDB)/.test(name));
  const connect = async (encryption) => {
    const adapter = createAdapter({
      settings: { homeserver: 'http://127.0.0.1:' + server.address().port, encryption },
      secret: async (name) => (name === 'accessToken' ? 'syt_a_long_enough_token' : undefined),
      renewSecret: async () => {}, receive: async () => {}, state: () => {}, report: () => {}, note: async () => {},
      people: { isKnown: () => false, isOpen: () => false },
      store: { load: async (name) => blobs.get(name), save: async (name, bytes) => void blobs.set(name, bytes), clear: async () => {} },
      clock: { now: Date.now, after: (ms, run) => { const timer = setTimeout(run, ms); return { dispose: () => clearTimeout(timer) }; } },
      log: { debug() {}, info() {}, warn() {}, error() {} },
      fetch, machine: { platform: 'linux', home: '/' }, random: () => 0,
    });
    await adapter.connect();
    for (let turn = 0; encryption && uploads.length === 0 && turn < 500; turn += 1)
      await new Promise((resolve) => setTimeout(resolve, 10));
    await adapter.disconnect();
  };
  await connect(false);
  const before = workers.length;
  await connect(true);
  const here = [...files, ...Object.keys(require.cache)].filter((file) => /wasm|crypto-worker/.test(file));
  console.log(JSON.stringify({
    before,
    after: workers.length,
    alive: workers.filter(({ threadId }) => threadId !== -1).length,
    here,
    compiled,
    globals: globals(),
    uploaded: uploads.some((one) => one.device_keys),
    kept: [...blobs.keys()],
  }));
  process.exit(0);
});
`;

describe('the bundle of matrix', () => {
  it('[MX-2] reads the encryption when it is first wanted and in a thread of its own, and puts nothing among the globals', async function () {
    if (!existsSync(BUNDLE)) skip(this, 'there is no build');
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', PROGRAM], { timeout: 20_000 });
    const { kept, ...rest } = JSON.parse(stdout);
    assert.deepEqual(rest, {
      before: 0,
      after: 1,
      alive: 0,
      here: [],
      compiled: [],
      globals: [],
      uploaded: true,
    });
    assert.ok(kept.includes('keys'));
  });
});
