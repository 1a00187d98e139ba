import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cacheFolder, repoRoot } from './paths';
import { pause } from './processes';

/** VS Code's server build as npm serves it, and the Node line whose extension host it was made for. */
export interface ServerBuild {
  /** Version of the npm package `code-server`: 4.139.1 carries VS Code 1.139.1. */
  readonly version: string;
  readonly nodeMajor: number;
}

export const newestBuild: ServerBuild = { version: '4.139.1', nodeMajor: 24 };

/**
 * The nearest published build at or above `engines.vscode` ^1.101: npm has 4.100.3 (Code 1.100.3, too old for the
 * manifest) and then 4.103.2 (Code 1.103.2). Its extension host runs Node 22.
 */
export const oldestBuild: ServerBuild = { version: '4.103.2', nodeMajor: 22 };

export interface InstalledServer {
  /** Path of server-main.js. */
  readonly main: string;
  /** The Node that runs it, and with it the extension host. */
  readonly node: string;
}

/** A lock whose owner has not touched it for this long is left over from a killed run. */
const staleLockMs = 60_000;

/**
 * Installs a server build once per user.
 * @throws when npm cannot install it (its last lines are in the message).
 */
export async function installServer(
  build: ServerBuild,
  progress: (line: string) => void,
): Promise<InstalledServer> {
  const folder = await installOnce(`server-${build.version}`, async (staging, home) => {
    progress(`installing VS Code's server build (code-server ${build.version}) into ${home}, about 25 s`);
    await npm(['install', ...quiet, `code-server@${build.version}`], staging);
    await npm(['install', '--omit=dev', ...quiet], join(staging, 'node_modules/code-server/lib/vscode'));
  });
  return {
    main: join(folder, 'node_modules/code-server/lib/vscode/out/server-main.js'),
    node: await installNode(build.nodeMajor, progress),
  };
}

/**
 * Path of a Node of a major version: this process's own, the project's, or one from npm, installed once per user.
 * @throws when npm has none for this machine or cannot be reached.
 */
export async function installNode(major: number, progress: (line: string) => void): Promise<string> {
  if (Number(process.versions.node.split('.')[0]) === major) return process.execPath;
  const file = process.platform === 'win32' ? 'node.exe' : 'node';
  if (major === newestBuild.nodeMajor) return join(repoRoot, 'node_modules/node/bin', file);
  const system = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${system}-${process.arch}`;
  const folder = await installOnce(`node-${major}`, async (staging, home) => {
    progress(`installing Node ${major} into ${home}`);
    await npm(['install', ...quiet, `${name}@^${major}`], staging);
  });
  return join(folder, 'node_modules', name, 'bin', file);
}

/** Nothing is compiled: what this leaves out of the server (logging, real shells) has fallbacks or is not needed. */
const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];

/**
 * Fills a folder of the cache once. Safe when several runs ask at once: one fills a folder of its own and renames
 * it into place, the others wait for that.
 */
async function installOnce(
  name: string,
  fill: (staging: string, home: string) => Promise<void>,
): Promise<string> {
  const home = join(cacheFolder(), name);
  const ready = join(home, 'ready');
  if (existsSync(ready)) return home;
  await withLock(`${home}.lock`, async () => {
    if (existsSync(ready)) return;
    const staging = await mkdtemp(`${home}.staging-`);
    try {
      await writeFile(join(staging, 'package.json'), '{"private":true}\n');
      await fill(staging, home);
      await writeFile(join(staging, 'ready'), `${new Date().toISOString()}\n`);
      await rm(home, { recursive: true, force: true });
      await rename(staging, home);
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
  });
  return home;
}

function npm(args: readonly string[], cwd: string): Promise<void> {
  // What npm tells its scripts about the project that runs them must not reach an npm that works elsewhere.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^npm_(config_(local_)?prefix|package_|lifecycle_)/i.test(name),
    ),
  );
  const npmScript = process.env.npm_execpath;
  const [command, head] =
    npmScript?.endsWith('.js') === true
      ? [process.execPath, [npmScript]]
      : [process.platform === 'win32' ? 'npm.cmd' : 'npm', []];
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...head, ...args, '--prefix', cwd], {
      cwd,
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
      shell: command.endsWith('.cmd'),
    });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString('utf8')).slice(-4000);
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`npm ${args[0]} in ${cwd} ended with ${code}: ${said.trim()}`));
    });
  });
}

/** Runs `action` while holding a folder as a lock; creating a folder either succeeds or says it exists. */
async function withLock(path: string, action: () => Promise<void>): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  for (;;) {
    try {
      await mkdir(path);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const held = await stat(path).catch(() => undefined);
      if (held !== undefined && Date.now() - held.mtimeMs > staleLockMs) {
        await rm(path, { recursive: true, force: true });
      } else {
        await pause(250);
      }
    }
  }
  const beat = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => undefined), 5000);
  try {
    await action();
  } finally {
    clearInterval(beat);
    await rm(path, { recursive: true, force: true });
  }
}
