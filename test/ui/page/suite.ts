import type { Browser } from 'playwright-core';
import { findChromium, launchChromium } from '../../harness/browser';
import { skip } from '../../harness/report';
import { type OpenPageOptions, openPage, type PageUnderTest } from './open-page';

/** A browser for a suite of pages. Each page that a test opens is closed after it. */
export function usePages(): (name: string, options?: OpenPageOptions) => Promise<PageUnderTest> {
  let browser: Browser | undefined;
  const open: PageUnderTest[] = [];

  before('start the browser', async function () {
    if (findChromium() === undefined) skip(this, 'no Chromium on this machine (package "chromium")');
    browser = await launchChromium();
  });
  afterEach(async () => {
    for (const page of open.splice(0)) await page.close();
  });
  after(() => browser?.close());

  return async (name, options) => {
    if (browser === undefined) throw new Error('The browser is there while tests run.');
    const page = await openPage(browser, name, options);
    open.push(page);
    return page;
  };
}
