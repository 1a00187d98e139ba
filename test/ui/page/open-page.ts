import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { BuiltPages, pageHtml } from '../../../src/views/page-html';
import { repoRoot } from '../../harness/paths';
import { type Theme, themeOf } from './themes';

const pages = new BuiltPages(join(repoRoot, 'dist'));
/** The origin that the pages under test think they have. Nothing is asked of the network. */
const ORIGIN = 'http://page.test';

export interface PageUnderTest {
  readonly page: Page;
  /** Delivers a message as the extension would. */
  send(message: unknown): Promise<void>;
  /** What the page has said to the extension, in order. */
  said(): Promise<readonly Record<string, unknown>[]>;
  /** Scripts that ran though they must not, dialogs, refused loads and errors of the page. */
  readonly incidents: readonly string[];
  close(): Promise<void>;
}

export interface OpenPageOptions {
  readonly theme?: Theme;
  readonly width?: number;
  readonly height?: number;
  /** 2 is 200 %. */
  readonly zoom?: number;
  /** What the page had kept with setState. */
  readonly state?: unknown;
}

/** Opens one of the built webviews in a plain browser, under the policy that the extension gives it. */
export async function openPage(
  browser: Browser,
  name: string,
  options: OpenPageOptions = {},
): Promise<PageUnderTest> {
  const { theme = 'dark', width = 300, height = 800, zoom = 1 } = options;
  const context = await browser.newContext({
    viewport: { width: Math.round(width / zoom), height: Math.round(height / zoom) },
    deviceScaleFactor: zoom,
  });
  const page = await context.newPage();
  const incidents: string[] = [];
  page.on('dialog', (dialog) => {
    incidents.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('pageerror', (error) => incidents.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') incidents.push(`console: ${message.text()}`);
  });
  const { style, kind } = themeOf(theme);
  const ground = name === 'approvals' ? '--vscode-sideBar-background' : '--vscode-editor-background';
  const worn = `<style nonce="test">:root { ${style} } body { background: var(${ground}); }</style>`;
  const html = pageHtml(name, 'en', 'test', pages.of(name))
    .replace('<style', (tag) => worn + tag)
    .replace('<body>', `<body class="${kind}" data-vscode-theme-kind="${kind}">`);
  await page.route('**/*', async (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname === '/') return route.fulfill({ contentType: 'text/html', body: html });
    if (pathname !== '/favicon.ico') incidents.push(`request: ${route.request().url()}`);
    return route.abort();
  });
  // As text: functions compiled by tsx carry helpers that the page does not have.
  await page.addInitScript(`{
    let state = ${JSON.stringify(options.state ?? null)};
    globalThis.said = [];
    globalThis.kept = undefined;
    globalThis.acquireVsCodeApi = () => ({
      postMessage: (message) => globalThis.said.push(structuredClone(message)),
      getState: () => state ?? undefined,
      setState: (next) => { state = globalThis.kept = next; },
    });
  }`);
  await page.goto(ORIGIN);
  return {
    page,
    incidents,
    send: async (message) => {
      await page.evaluate(`window.postMessage(${JSON.stringify(message) ?? 'undefined'}, '*')`);
    },
    said: () =>
      page.evaluate(() => (globalThis as typeof globalThis & { said: Record<string, unknown>[] }).said),
    close: () => context.close(),
  };
}

/** axe-core's verdict on the page: one line a violation, none when all is well. */
export async function axeViolations(page: Page): Promise<readonly string[]> {
  const source = await readFile(join(repoRoot, 'node_modules/axe-core/axe.min.js'), 'utf8');
  await page.evaluate(source);
  return page.evaluate(async () => {
    const axe = (globalThis as typeof globalThis & { axe: { run(options: unknown): Promise<AxeResult> } })
      .axe;
    const result = await axe.run({
      resultTypes: ['violations'],
      rules: { 'page-has-heading-one': { enabled: false } },
    });
    return result.violations.map(
      (item) =>
        `${item.id}: ${item.help} — ${item.nodes.map((node) => `${node.html} ${node.failureSummary}`).join(' | ')}`,
    );
  });
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly help: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
  }[];
}
