import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stopTree } from './processes';
import type { InstalledServer } from './server-build';

export interface ServerOptions {
  /** Folder for the server's data and the installed extensions; created when missing, never removed here. */
  readonly data: string;
  /** Restricted Mode can only be tested with workspace trust on; off by default, as no dialog asks then. */
  readonly workspaceTrust?: boolean;
  /**
   * true: the page honours the keys for an extension under development and its tests. The workbench then shows no
   * notifications at the lower right, so windows that are driven as a person does are opened without it.
   */
  readonly smokeTestDriver?: boolean;
  /** What a browser must know to get in; without it everything on this machine may. */
  readonly connectionToken?: string;
  /** Folders with extensions that count as installed, where they lie. */
  readonly extensions?: readonly string[];
  /** Extensions to install from files before the start, for tests of the package. */
  readonly install?: readonly string[];
  /** Added to the environment of the server, the extension host and what that starts. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface VsCodeServer {
  readonly origin: string;
  readonly port: number;
  readonly data: string;
  readonly pid: number;
  /** Everything the server printed. */
  readonly log: string;
  /** Resolves when the server is gone, whoever ended it. */
  readonly ended: Promise<void>;
  /** Ends the server, its extension hosts and whatever those started. */
  stop(): Promise<void>;
}

/** How long a server may take until it listens. A cold disk on a busy machine takes some ten seconds. */
const startTimeoutMs = 90_000;

/**
 * Starts VS Code's server on a free port of the loopback interface.
 * @throws when it ends or stays silent instead of listening; the message has the last lines it printed.
 */
export async function startServer(server: InstalledServer, options: ServerOptions): Promise<VsCodeServer> {
  await mkdir(options.data, { recursive: true });
  const log = join(options.data, 'server.log');
  const common = ['--server-data-dir', options.data, '--extensions-dir', join(options.data, 'extensions')];
  await listExtensions(join(options.data, 'extensions'), options.extensions ?? []);
  for (const file of options.install ?? []) {
    await finished(spawnServer(server, ['--install-extension', file, '--force', ...common], options), log);
  }
  const child = spawnServer(
    server,
    [
      ...['--host', '127.0.0.1', '--port', '0'],
      ...(options.connectionToken === undefined
        ? ['--without-connection-token']
        : ['--connection-token', options.connectionToken]),
      ...['--accept-server-license-terms', '--disable-telemetry'],
      ...(options.smokeTestDriver === true ? ['--enable-smoke-test-driver'] : []),
      ...(options.workspaceTrust === true ? [] : ['--disable-workspace-trust']),
      ...common,
    ],
    options,
  );
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = () => stopTree(child);
  try {
    const port = await listeningPort(child, log);
    return {
      origin: `http://127.0.0.1:${port}`,
      port,
      data: options.data,
      pid: child.pid ?? 0,
      log,
      ended,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The server's own list of what is installed; an entry may point to any folder. */
async function listExtensions(folder: string, extensions: readonly string[]): Promise<void> {
  if (extensions.length === 0) return;
  const entries = extensions.map((path) => {
    const manifest: { publisher: string; name: string; version: string } = JSON.parse(
      readFileSync(join(path, 'package.json'), 'utf8'),
    );
    return {
      identifier: { id: `${manifest.publisher}.${manifest.name}` },
      version: manifest.version,
      location: { $mid: 1, path, scheme: 'file' },
      metadata: { source: 'vsix', pinned: true },
    };
  });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'extensions.json'), JSON.stringify(entries));
}

function spawnServer(server: InstalledServer, args: readonly string[], options: ServerOptions): ChildProcess {
  return spawn(server.node, [server.main, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '', ELECTRON_RUN_AS_NODE: '', ...options.env },
    // Its own process group: Ctrl-C in the terminal reaches this process, which then stops the server in order.
    detached: process.platform !== 'win32',
  });
}

function listeningPort(child: ChildProcess, logFile: string): Promise<number> {
  const log = createWriteStream(logFile, { flags: 'a' });
  let said = '';
  return new Promise((resolve, reject) => {
    const fail = (why: string) =>
      reject(new Error(`VS Code's server ${why}. It said:\n${said.slice(-2000)}\nMore in ${logFile}`));
    const timer = setTimeout(() => fail('did not start to listen'), startTimeoutMs);
    const take = (chunk: Buffer) => {
      log.write(chunk);
      said = (said + chunk.toString('utf8')).slice(-10_000);
      const port = /agent listening on (\d+)/.exec(said)?.[1];
      if (port === undefined) return;
      clearTimeout(timer);
      resolve(Number(port));
    };
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
    child.on('error', (error) => fail(`could not be started: ${error.message}`));
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      fail(`ended with ${code ?? signal}`);
      log.end();
    });
  });
}

function finished(child: ChildProcess, logFile: string): Promise<void> {
  let said = '';
  const take = (chunk: Buffer) => {
    said += chunk.toString('utf8');
  };
  child.stdout?.on('data', take);
  child.stderr?.on('data', take);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      // The server answers 0 for an extension that it could not install, so its own sentence decides.
      if (code === 0 && /was successfully installed/.test(said)) resolve();
      else reject(new Error(`installing an extension ended with ${code}: ${said.slice(-2000)} (${logFile})`));
    });
  });
}
