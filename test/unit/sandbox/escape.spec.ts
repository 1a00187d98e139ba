import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DEFAULT_LIMITS, type RunNetwork } from '../../../src/engine/sandbox/backend';
import { shellArgv } from '../../../src/engine/sandbox/shell';
import { skip } from '../../harness/report';
import { TestGate } from '../egress/gate';
import { ATTEMPTS, type Attempt } from './attempts';
import { BACKENDS, type BackendUnderTest, type Ground, makeGround, protectedIn } from './backends';
import { type Outcome, writeTable } from './escape-table';
import { FULL } from './helpers';

/** Every third by default, all of them in the full run. */
const CHOSEN = FULL ? ATTEMPTS : ATTEMPTS.filter((_, at) => at % 3 === 0);

describe('escape attempts', function () {
  if (process.platform !== 'linux') return;
  this.timeout(60_000);
  let server: Server;
  let port = 0;
  let local: Server;
  const socketPath = join('/var/tmp', `cowork-escape-${process.pid}.sock`);
  const tmpSecret = join(tmpdir(), 'cowork-escape-secret');
  const outcomes: Outcome[] = [];
  const fakeHome = join(homedir(), `.cowork-escape-test-${process.pid}`);

  before(async () => {
    process.env.CANARY = 'canary-of-the-editor';
    [server, local] = [createServer((s) => s.destroy()), createServer((s) => s.destroy())];
    await new Promise<void>((done) => server.listen(0, () => done()));
    await new Promise<void>((done) => local.listen(socketPath, () => done()));
    port = (server.address() as { port: number }).port;
    writeFileSync(tmpSecret, 'secret');
    mkdirSync(join(fakeHome, '.ssh'), { recursive: true });
    mkdirSync(join(fakeHome, '.aws'));
    for (const name of ['.ssh/id_test', '.aws/credentials', 'notes.txt'])
      writeFileSync(join(fakeHome, name), 'key');
  });
  after(() => {
    server.close();
    local.close();
    unlinkSync(tmpSecret);
    execFileSync('rm', ['-rf', fakeHome]);
    delete process.env.CANARY;
    if (FULL && BACKENDS.every(({ missing }) => !missing)) writeTable(outcomes);
  });

  async function attempt(
    backend: BackendUnderTest,
    { line, promise }: Attempt,
    network: 'none' | RunNetwork = 'none',
  ): Promise<string | undefined> {
    const ground = makeGround();
    try {
      furnish(ground);
      const before = stateOf(ground, promise === 'protected files');
      const result = await backend.make(ground).run(
        {
          argv: shellArgv(line, 'bash'),
          cwd: ground.workspace,
          workspace: ground.workspace,
          env: {
            OUT: ground.outside,
            STORE: ground.storage,
            PORT: String(port),
            SOCK: socketPath,
            HOSTPID: String(process.pid),
            FAKEHOME: fakeHome,
          },
          limits: { ...DEFAULT_LIMITS, timeoutMs: 20_000 },
          network,
        },
        new AbortController().signal,
      );
      assert.equal(result.timedOut, false, `${line} hung: ${result.output.text}`);
      if (/^ESCAPED$/m.test(result.output.text)) return `its output says so: ${result.output.text}`;
      const after = stateOf(ground, promise === 'protected files');
      const changes = difference(before, after, ground);
      return changes === '' ? undefined : `something changed: ${changes}`;
    } finally {
      ground.remove();
    }
  }

  it('are at least 80', () => assert.ok(ATTEMPTS.length >= 80, String(ATTEMPTS.length)));

  for (const backend of BACKENDS) {
    const promised = CHOSEN.filter((one) => !one.not?.includes(backend.id));
    it(`[FAQ-4] ${backend.id}: ${promised.length} of ${ATTEMPTS.length} fail, as promised`, async function () {
      if (backend.missing) skip(this, backend.missing);
      this.timeout(FULL ? 1_200_000 : 120_000);
      const broken: string[] = [];
      for (const one of promised) {
        const how = await attempt(backend, one);
        outcomes.push({ backend: backend.id, promise: one.promise, kept: how === undefined });
        if (how !== undefined) broken.push(`${one.promise}: ${one.name}: ${how}`);
      }
      assert.deepEqual(broken, []);
    });
  }

  it('[FAQ-1] bubblewrap: fail as well where the command may reach a host by the proxy', async function () {
    const backend = BACKENDS.find(({ id }) => id === 'bubblewrap')!;
    if (backend.missing) skip(this, backend.missing);
    if (!existsSync('/usr/bin/socat')) skip(this, 'socat is not installed');
    this.timeout(FULL ? 1_200_000 : 120_000);
    // The gate lets nothing through that the attempts ask for.
    const gate = new TestGate();
    const network = gate.egress.client('command', ['example.com'], { plaintext: true });
    const broken: string[] = [];
    for (const one of CHOSEN.filter(({ not }) => !not?.includes('bubblewrap'))) {
      const how = await attempt(backend, one, network);
      if (how !== undefined) broken.push(`${one.promise}: ${one.name}: ${how}`);
    }
    assert.deepEqual(broken, []);
    assert.ok(!gate.records.some(({ type }) => type === 'egress.destination'));
  });

  it('succeed where nothing is promised: the attempts are real', async function () {
    this.timeout(120_000);
    const bare = BACKENDS.find(({ id }) => id === 'process')!;
    const wanted = new Set([
      'a file beside the workspace',
      'through a symbolic link to a folder',
      'through a hard link',
      'an existing hook',
      'editor settings that do not exist',
      'the engine’s storage',
      'keys of the home',
      'a local service',
      'a local socket',
      'see the editor',
    ]);
    const real: string[] = [];
    for (const one of ATTEMPTS) {
      if (wanted.has(one.name) && (await attempt(bare, one)) !== undefined) real.push(one.name);
    }
    assert.deepEqual(real.sort(), [...wanted].sort());
  });
});

function furnish({ workspace, outside, storage }: Ground): void {
  writeFileSync(join(outside, 'secret'), 'secret');
  writeFileSync(join(storage, 'journal'), 'STORED');
  const git = (...args: string[]) => execFileSync('git', ['-C', workspace, ...args], { stdio: 'ignore' });
  git('init', '-q');
  writeFileSync(join(workspace, '.git', 'hooks', 'pre-commit'), '#!/bin/sh\n', { mode: 0o644 });
  execFileSync('git', ['init', '-q', join(workspace, 'nested')]);
  mkdirSync(join(workspace, '.vscode'));
  writeFileSync(join(workspace, '.vscode', 'settings.json'), '{}');
  writeFileSync(join(workspace, '.env'), 'A=1\n');
}

/** Everything that must stay as it is: the outside, the storage but for the sandbox's own, what is protected. */
function stateOf({ workspace, outside, storage, base }: Ground, protectedToo: boolean): string[] {
  const lines = [readdirSync(base).sort().join(' '), ...entriesOf(outside, () => true)];
  lines.push(...entriesOf(storage, (path) => path.endsWith('journal')));
  if (protectedToo) {
    const isProtected = protectedIn(workspace);
    lines.push(...entriesOf(workspace, (path) => dangerous(path, isProtected)));
  }
  return lines;
}

/** Protected, and not merely what every new repository has. */
function dangerous(path: string, isProtected: (parts: string[]) => boolean): boolean {
  const parts = path.split('/');
  if (parts.at(-1) === '.git') return !lstatSync(path).isDirectory();
  if (parts.some((part) => part.endsWith('.sample')) || parts.at(-1) === 'hooks') return false;
  if (parts.at(-1) === 'config' && !/fsmonitor|hooksPath/.test(readFileSync(path, 'utf8'))) return false;
  // The attempts that move a repository away leave its own, unchanged files elsewhere: only new ones count.
  return isProtected(parts.slice(path.split('/workspace/')[0]!.split('/').length + 1));
}

function entriesOf(folder: string, wanted: (path: string) => boolean): string[] {
  const lines: string[] = [];
  for (const name of readdirSync(folder).sort()) {
    const path = join(folder, name);
    const stats = lstatSync(path);
    if (wanted(path)) {
      const content = stats.isFile()
        ? createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 12)
        : stats.isSymbolicLink()
          ? readlinkSync(path)
          : '';
      lines.push(`${path} ${stats.mode.toString(8)} ${stats.isFile() ? stats.mtimeMs : ''} ${content}`);
    }
    if (stats.isDirectory()) lines.push(...entriesOf(path, wanted));
  }
  return lines;
}

/** A repository may be moved about in the workspace: there, only what is new counts. */
function difference(before: readonly string[], after: readonly string[], { workspace }: Ground): string {
  const gone = before.filter((line) => !after.includes(line) && !line.startsWith(workspace));
  const come = after.filter((line) => !before.includes(line));
  return [...gone.map((line) => `- ${line}`), ...come.map((line) => `+ ${line}`)].join('\n');
}
