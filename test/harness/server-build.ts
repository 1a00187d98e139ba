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
 * Installs a server build once per user. Safe when several runs ask at once: one installs into a folder of its
 * own and renames it into place, the others wait for that.
 * @throws when npm cannot install it (its last lines are in the message).
 */
export async function installServer(
  build: ServerBuild,
  progress: (line: string) => void,
): Promise<InstalledServer> {
  const folder = join(cacheFolder(), `server-${build.version}`);
  const ready = join(folder, 'ready');
  if (!existsSync(ready)) {
    await withLock(`${folder}.lock`, async () => {
      if (existsSync(ready)) return;
      progress(`installing VS Code's server build (code-server ${build.version}) into ${folder}, about 25 s`);
      await mkdir(dirname(folder), { recursive: true });
      const staging = await mkdtemp(`${folder}.staging-`);
      try {
        await installInto(staging, build);
        await rm(folder, { recursive: true, force: true });
        await rename(staging, folder);
      } finally {
        await rm(staging, { recursive: true, force: true });
      }
    });
  }
  return {
    main: join(folder, 'node_modules/code-server/lib/vscode/out/server-main.js'),
    node: nodeFor(folder, build),
  };
}

async function installInto(folder: string, build: ServerBuild): Promise<void> {
  await writeFile(join(folder, 'package.json'), '{"private":true}\n');
  const wanted = [`code-server@${build.version}`];
  if (build.nodeMajor !== newestBuild.nodeMajor) wanted.push(`${nodePackage()}@^${build.nodeMajor}`);
  // Nothing is compiled: the native parts that this leaves out (logging, file watching by inotify, real shells)
  // have fallbacks in the server or are not needed here.
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await npm(['install', ...quiet, ...wanted], folder);
  await npm(['install', '--omit=dev', ...quiet], join(folder, 'node_modules/code-server/lib/vscode'));
  await writeFile(join(folder, 'ready'), `${new Date().toISOString()}\n`);
}

function sameNode(build: ServerBuild): boolean {
  return Number(process.versions.node.split('.')[0]) === build.nodeMajor;
}

/** Name of the npm package that carries Node's binary for this machine. */
function nodePackage(): string {
  const system = process.platform === 'win32' ? 'win' : process.platform;
  return `node-${system}-${process.arch}`;
}

function nodeFor(folder: string, build: ServerBuild): string {
  if (sameNode(build)) return process.execPath;
  const file = process.platform === 'win32' ? 'node.exe' : 'node';
  const own = join(folder, 'node_modules', nodePackage(), 'bin', file);
  // A test started by hand under an older Node still finds the project's own.
  return existsSync(own) ? own : join(repoRoot, 'node_modules/node/bin', file);
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
