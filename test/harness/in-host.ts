// Runs test/host inside a real VS Code: `node --import tsx test/harness/in-host.ts [extension folder] [tests module]`.
// Tries, in order, VSCODE_EXECUTABLE, an installed or cached desktop editor, a download, and the server build.
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { downloadAndUnzipVSCode, runTests } from '@vscode/test-electron';
import { findChromium, launchChromium, newProfile, runInHost, workbenchUrl } from './browser';
import { cachedDownload, codeOnPath, hasDisplay } from './desktop';
import { repoRoot, resultsFolder } from './paths';
import { installServer, newestBuild, oldestBuild } from './server-build';
import { quiet, scratch, writeUserSettings } from './settings';
import { startServer } from './vscode-server';

/** A whole run in one host; a suite of the present size takes seconds, so this only ends a hang. */
const overallLimitMs = 10 * 60_000;

/** Marks the lines of the report among everything else that the workbench says on its console. */
const linePrefix = '\u0001test ';

/** Tells scripts/test.mjs that nothing could run, which is a skip and not a failure. */
const exitCodeSkipped = 77;

const extension = resolve(process.argv[2] ?? repoRoot);
const tests = resolve(process.argv[3] ?? join(repoRoot, 'out/test/host/index.js'));
const oldest = process.env.COWORK_VSCODE === 'oldest';

void main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  },
);

async function main(): Promise<number> {
  const desktop = oldest ? undefined : await findDesktop();
  if (desktop !== undefined) return inDesktop(desktop.path, desktop.how);
  if (findChromium() === undefined) {
    console.error(
      'No editor to run in: neither a VS Code with a display nor a Chromium for the server build.',
    );
    return exitCodeSkipped;
  }
  return inServerBuild();
}

async function findDesktop(): Promise<{ path: string; how: string } | undefined> {
  const given = process.env.VSCODE_EXECUTABLE;
  if (given !== undefined && given !== '') return { path: given, how: 'VSCODE_EXECUTABLE' };
  if (!hasDisplay()) {
    console.log('host: no display, so no desktop VS Code');
    return undefined;
  }
  const installed = codeOnPath();
  if (installed !== undefined) return { path: installed, how: 'the code command on the PATH' };
  const cached = cachedDownload();
  if (cached !== undefined) return { path: cached, how: 'an earlier download' };
  try {
    // Asked first with a limit of its own: the download would wait much longer for a network that drops packets.
    await fetch('https://update.code.visualstudio.com/api/releases/stable', {
      signal: AbortSignal.timeout(5000),
    });
    return { path: await downloadAndUnzipVSCode(), how: 'a download' };
  } catch (error) {
    console.log(`host: VS Code cannot be downloaded (${error instanceof Error ? error.message : error})`);
    return undefined;
  }
}

async function inDesktop(vscodeExecutablePath: string, how: string): Promise<number> {
  console.log(`host: desktop VS Code, ${vscodeExecutablePath} (${how})`);
  const place = await scratch('desktop');
  try {
    const data = join(place.root, 'data');
    await writeUserSettings(join(data, 'User'), quiet);
    return await runTests({
      vscodeExecutablePath,
      extensionDevelopmentPath: extension,
      extensionTestsPath: tests,
      extensionTestsEnv: { COWORK_EXTENSION: extension },
      launchArgs: [
        place.workspace,
        '--disable-workspace-trust',
        '--skip-welcome',
        '--disable-extensions',
        ...['--user-data-dir', data, '--extensions-dir', join(place.root, 'extensions')],
      ],
    });
  } finally {
    await place.remove();
  }
}

async function inServerBuild(): Promise<number> {
  const build = oldest ? oldestBuild : newestBuild;
  const installed = await installServer(build, (line) => console.log(line));
  console.log(`host: VS Code's server build, code-server ${build.version}, in Chromium`);
  const place = await scratch('in-host');
  const data = join(place.root, 'server');
  await writeUserSettings(join(data, 'data/User'), quiet);
  await mkdir(resultsFolder, { recursive: true });
  const logFile = join(resultsFolder, `in-host-${build.version}.log`);
  const log = createWriteStream(logFile);
  const env = { COWORK_EXTENSION: extension, COWORK_LINE_PREFIX: linePrefix };
  const server = await startServer(installed, { data, env, smokeTestDriver: true });
  const browser = await launchChromium();
  try {
    const page = await (await newProfile(browser)).newPage();
    const url = workbenchUrl(server, { folder: place.workspace, extension, tests });
    const code = runInHost(page, url, (type, text) => {
      log.write(`${type}: ${text}\n`);
      if (text.startsWith(linePrefix)) console.log(text.slice(linePrefix.length));
      // A test run that never came to its first test says why only here.
      else if (text.includes(tests)) console.error(text);
    });
    return await withLimit(code, logFile);
  } finally {
    await browser.close();
    await server.stop();
    log.end();
    await place.remove();
  }
}

async function withLimit<T>(work: Promise<T>, logFile: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(
          new Error(
            `The tests in VS Code did not end within ${overallLimitMs / 60_000} minutes; see ${logFile}`,
          ),
        ),
      overallLimitMs,
    );
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
