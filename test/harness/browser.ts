import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import type { VsCodeServer } from './vscode-server';

const candidates = [
  process.env.CHROMIUM_EXECUTABLE,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
];

/** Path of a Chromium on this machine; undefined when there is none. */
export function findChromium(): string | undefined {
  return candidates.find((path) => path !== undefined && path !== '' && existsSync(path));
}

/** @throws with what to install when the machine has no Chromium. */
export function launchChromium(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) {
    throw new Error('No Chromium found. Install the package "chromium" or set CHROMIUM_EXECUTABLE.');
  }
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export interface OpenOptions {
  /** Absolute path of the folder to open; undefined opens an empty window. */
  readonly folder?: string;
  /** Absolute path of the extension under development; undefined when it is installed in the server. */
  readonly extension?: string;
  /** Absolute path of the module whose run() is the test run; without it the workbench just stays open. */
  readonly tests?: string;
}

/** Address of the workbench that opens a folder, with the extension under development and, on wish, its tests. */
export function workbenchUrl(server: VsCodeServer, options: OpenOptions): string {
  const remote = (path: string) => `vscode-remote://127.0.0.1:${server.port}${path}`;
  const payload: [string, string][] = [['skipWelcome', 'true']];
  if (options.extension !== undefined) payload.push(['extensionDevelopmentPath', remote(options.extension)]);
  if (options.tests !== undefined) payload.push(['extensionTestsPath', remote(options.tests)]);
  const where = options.folder === undefined ? 'ew=true' : `folder=${encodeURIComponent(options.folder)}`;
  return `${server.origin}/?${where}&payload=${encodeURIComponent(JSON.stringify(payload))}`;
}

/**
 * A browser profile. Secrets in the workbench need a key from `/mint-key`, which only code-server's wrapper
 * serves; it stays the same for the profile's life. Without it every write of a secret fails, as it does for a
 * person whose system has no keychain: pass `secrets: false` to test that.
 */
export async function newProfile(browser: Browser, { secrets = true } = {}): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
  if (secrets) {
    const key = randomBytes(32);
    await context.route('**/mint-key', (route) => route.fulfill({ body: key }));
  }
  return context;
}

/** Opens a page whose test run reports through `onLog`; resolves with the exit code of run(): 0 or 1. */
export async function runInHost(
  page: Page,
  url: string,
  onLog: (type: string, text: string) => void,
): Promise<number> {
  const ended = new Promise<number>((resolve, reject) => {
    page.on('crash', () => reject(new Error('The page of the workbench crashed.')));
    page.on('close', () => reject(new Error('The page of the workbench was closed.')));
    void page.exposeFunction('codeAutomationExit', (code: number) => resolve(code));
  });
  await page.exposeFunction('codeAutomationLog', (type: string, args: unknown[]) =>
    onLog(type, args.join(' ')),
  );
  await page.goto(url);
  return ended;
}
