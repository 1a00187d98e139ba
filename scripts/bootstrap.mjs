// Makes a fresh clone ready: the npm packages of the lock file, the system packages that tests use, and Node 24.
// Runs on Node 18 with nothing installed.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** What the product itself uses for its sandbox, on Debian and Ubuntu. */
export const runtimePackages = ['bubblewrap', 'socat', 'ripgrep', 'procps', 'libsecret-1-0'];

/** What only tests use: a browser, a mail server, a container engine, a keychain, a watcher of system calls. */
export const testPackages = [
  ...runtimePackages,
  'chromium',
  'dovecot-imapd',
  'podman',
  'runc',
  'busybox-static',
  'gnome-keyring',
  'dbus',
  'libsecret-tools',
  'strace',
];

const lowestNode = 18;
const nodeOfTheProject = join(
  root,
  'node_modules/node/bin',
  process.platform === 'win32' ? 'node.exe' : 'node',
);

/**
 * Prepares the clone and continues the calling script under the project's Node 24: in the first process this
 * never returns, it ends with the second one's exit code.
 * @param {{ systemPackages: readonly string[] }} needs
 */
export async function bootstrap({ systemPackages }) {
  if (process.env.COWORK_BOOTSTRAPPED === root) return;
  const major = Number(process.versions.node.split('.')[0]);
  if (major < lowestNode) {
    stop(`Node ${process.versions.node} is too old: version ${lowestNode} or newer starts this script.`);
  }
  installNpmPackages();
  installSystemPackages(systemPackages);
  await continueUnderNode24();
}

function installNpmPackages() {
  const difference = differenceFromLock();
  if (difference === undefined) return;
  say(`npm ci (${difference}); about a minute with an empty cache`);
  const result = npm(['ci', '--no-audit', '--no-fund']);
  if (result.status !== 0) {
    stop('npm ci failed. Check the network and the registry that npm is set to, then run this again.');
  }
  if (!existsSync(nodeOfTheProject)) {
    // Scripts of packages may be switched off for this user; this one is what brings the binary.
    say('fetching Node 24 (npm rebuild node)');
    npm(['rebuild', 'node', '--ignore-scripts=false']);
  }
}

/** Why node_modules is not what the lock file says; undefined when it is. */
function differenceFromLock() {
  const installed = readJson(join(root, 'node_modules/.package-lock.json'))?.packages;
  if (installed === undefined) return 'node_modules is missing';
  const wanted = readJson(join(root, 'package-lock.json'))?.packages ?? {};
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '' || entry.link === true) continue;
    const present = installed[path];
    // Binaries for other systems are in the lock file and are rightly absent.
    if (present === undefined && (entry.optional === true || entry.devOptional === true)) continue;
    if (present?.version !== entry.version) {
      return `${path} is ${present?.version ?? 'missing'}, the lock file has ${entry.version}`;
    }
  }
  return existsSync(nodeOfTheProject) ? undefined : "the project's Node 24 is missing";
}

function installSystemPackages(wanted) {
  if (process.platform !== 'linux' || wanted.length === 0) return;
  const missing = missingSystemPackages(wanted);
  if (missing.length === 0) return;
  const command = `apt-get install -y --no-install-recommends ${missing.join(' ')}`;
  if (process.getuid?.() !== 0) {
    say(`system packages are missing, and what needs them is skipped. To have them: sudo ${command}`);
    return;
  }
  say(`installing system packages: ${missing.join(' ')}`);
  if (apt(['install', ...missing]) || (apt(['update']) && apt(['install', ...missing]))) return;
  // One name that this release does not have must not keep the others away.
  const refused = missing.filter((name) => !apt(['install', name]));
  if (refused.length > 0) {
    say(`not installed, and what needs them is skipped: ${refused.join(' ')}`);
  }
}

/** Empty where dpkg does not exist: another system's package names are not known here. */
function missingSystemPackages(wanted) {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: these are the placeholders of dpkg-query.
  const format = '${Package} ${db:Status-Status}\\n';
  const answer = spawnSync('dpkg-query', ['-W', '-f', format, ...wanted], { encoding: 'utf8' });
  if (answer.error !== undefined) return [];
  const installed = new Set(
    answer.stdout
      .split('\n')
      .filter((line) => line.endsWith(' installed'))
      .map((line) => line.split(' ')[0]),
  );
  return wanted.filter((name) => !installed.has(name));
}

function apt([verb, ...packages]) {
  const args = verb === 'update' ? ['update', '-qq'] : ['install', '-y', '-qq', '--no-install-recommends'];
  const result = spawnSync('apt-get', [...args, ...packages], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  return result.status === 0;
}

async function continueUnderNode24() {
  const env = {
    ...process.env,
    COWORK_BOOTSTRAPPED: root,
    PATH: `${join(root, 'node_modules/.bin')}${delimiter}${process.env.PATH ?? ''}`,
  };
  let node = nodeOfTheProject;
  if (!existsSync(node)) {
    const [major, minor] = process.versions.node.split('.').map(Number);
    if (major < 22 || (major === 22 && minor < 15)) {
      stop(
        `The project's Node 24 could not be installed, and Node ${process.versions.node} is too old for it.`,
      );
    }
    say(`the project's Node 24 could not be installed; going on with Node ${process.versions.node}`);
    node = process.execPath;
  }
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit', env });
  // Ctrl-C reaches both processes; the child cleans up and this one waits for it.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.exit(await new Promise((resolve) => child.on('exit', (code) => resolve(code ?? 1))));
}

function npm(args) {
  const script = process.env.npm_execpath;
  const [command, head] = script?.endsWith('.js') ? [process.execPath, [script]] : ['npm', []];
  return spawnSync(command, [...head, ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32' && command === 'npm',
  });
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

export function say(line) {
  console.log(`cowork: ${line}`);
}

function stop(line) {
  console.error(`cowork: ${line}`);
  process.exit(1);
}
