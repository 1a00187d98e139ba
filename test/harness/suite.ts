import { readdirSync, readFileSync } from 'node:fs';
import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContext } from 'playwright-core';
import { findChromium, launchChromium, newProfile, workbenchUrl } from './browser';
import { repoRoot, resultsFolder } from './paths';
import { stepMs } from './patience';
import { descendantsOf, until } from './processes';
import { skip } from './report';
import { installServer, newestBuild, oldestBuild } from './server-build';
import { quiet, type Scratch, type Settings, scratch, writeUserSettings } from './settings';
import { startServer, type VsCodeServer } from './vscode-server';
import { Workbench } from './workbench/workbench';

export interface WorkbenchOptions {
  /** The person's settings, on top of those that keep the workbench quiet. */
  readonly settings?: Settings;
  /** false: no key for secrets, so that SecretStorage fails as on a system without a keychain. */
  readonly secrets?: boolean;
  /** true: VS Code asks whether the folder is trusted, and starts in Restricted Mode. */
  readonly workspaceTrust?: boolean;
  /** A packaged extension to install instead. */
  readonly vsix?: string;
  /** Folder of the extension to use as if installed; the repository when nothing is said. */
  readonly extension?: string;
  /** false: a window without a folder. */
  readonly folder?: boolean;
  /** Added to the environment of the extension host. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What a suite works with while it runs: the window, its folder, and the server behind it. */
export interface Session {
  readonly bench: Workbench;
  readonly server: VsCodeServer;
  /** The copy of the sample folder that the window has open. */
  readonly workspace: string;
  /** Address of the window; a second page with it is a second window on the same folder. */
  readonly url: string;
  /** A further window on the same profile. */
  openWindow(): Promise<Workbench>;
  /** The process that runs the extension, to be killed in tests of crashes. */
  extensionHostPid(): Promise<number>;
}

let browser: Browser | undefined;

/** Registered when a suite loads this file; one browser serves them all and ends with the last. */
after(async () => {
  await browser?.close();
});

/**
 * Gives a suite a workbench of its own: a new profile, a new server (it starts in a tenth of a second) and a new
 * copy of the sample, all removed at the end. Call it inside `describe` and use the answer inside tests. A failed
 * test leaves a screenshot.
 */
export function useWorkbench(options: WorkbenchOptions = {}): () => Session {
  let session: Session | undefined;
  let place: Scratch | undefined;
  let context: BrowserContext | undefined;
  let server: VsCodeServer | undefined;

  before('open the workbench', async function () {
    this.timeout(240_000);
    if (findChromium() === undefined) skip(this, 'no Chromium on this machine (package "chromium")');
    const build = process.env.COWORK_VSCODE === 'oldest' ? oldestBuild : newestBuild;
    const installed = await installServer(build, (line) => console.log(line));
    browser ??= await launchChromium();
    place = await scratch('ui');
    const data = join(place.root, 'server');
    await writeUserSettings(join(data, 'data/User'), { ...quiet, ...options.settings });
    server = await startServer(installed, {
      data,
      ...(options.workspaceTrust === undefined ? {} : { workspaceTrust: options.workspaceTrust }),
      ...(options.env === undefined ? {} : { env: options.env }),
      ...(options.vsix === undefined
        ? { extensions: [options.extension ?? repoRoot] }
        : { install: [options.vsix] }),
    });
    context = await newProfile(browser, options.secrets === undefined ? {} : { secrets: options.secrets });
    session = await open(context, server, place.workspace, options);
  });

  afterEach('keep a picture of a failure', async function () {
    const test = this.currentTest;
    if (test?.state === 'failed')
      await session?.bench.screenshot(`failed-${test.fullTitle()}`).catch(() => undefined);
  });

  after('close the workbench', async function () {
    this.timeout(60_000);
    await context?.close();
    await server?.stop();
    await place?.remove();
  });

  return () => {
    if (session === undefined)
      throw new Error('The workbench is there while tests run, not while they are described.');
    return session;
  };
}

async function open(
  context: BrowserContext,
  server: VsCodeServer,
  workspace: string,
  options: WorkbenchOptions,
): Promise<Session> {
  const url = workbenchUrl(server, options.folder === false ? {} : { folder: workspace });
  const openWindow = async () => {
    const page = await context.newPage();
    page.setDefaultTimeout(stepMs);
    await mkdir(resultsFolder, { recursive: true });
    const log = join(resultsFolder, 'ui-console.log');
    page.on('console', (message) => void appendFile(log, `${message.type()}: ${message.text()}\n`));
    const bench = new Workbench(page);
    await bench.open(url);
    return bench;
  };
  const bench = await openWindow();
  return {
    bench,
    server,
    workspace,
    url,
    openWindow,
    extensionHostPid: () => until('an extension host', () => extensionHostOf(server.pid)),
  };
}

/**
 * Writes what a person sets on the machine where the extension runs, in place of all that was set there. Settings of
 * machine scope count there alone, for VS Code's server is to its browser what a remote machine is.
 */
export function writeMachineSettings(server: VsCodeServer, settings: Settings): Promise<void> {
  return writeUserSettings(join(server.data, 'data/Machine'), settings);
}

function extensionHostOf(serverPid: number): number | undefined {
  return descendantsOf(serverPid).findLast((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--type=extensionHost');
    } catch {
      return false;
    }
  });
}

/** Files of a profile whose name ends like this, wherever they lie: the journal of a window, for instance. */
export function filesOfProfile(server: VsCodeServer, ending: string): string[] {
  return readdirSync(server.data, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(server.data, name));
}
