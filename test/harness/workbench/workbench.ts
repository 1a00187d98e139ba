import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Frame, Page } from 'playwright-core';
import { resultsFolder } from '../paths';
import { until } from '../processes';
import { Messages } from './messages';
import { QuickInput } from './quick-input';
import { SideBar } from './side-bar';
import { Terminal } from './terminal';

/** The colour themes that come with VS Code, one of each kind, and the mark each leaves on the workbench. */
export const themes = {
  light: { label: 'Light Modern', mark: 'vs' },
  dark: { label: 'Dark Modern', mark: 'vs-dark' },
  contrast: { label: 'Dark High Contrast', mark: 'hc-black' },
  contrastLight: { label: 'Light High Contrast', mark: 'hc-light' },
} as const;

/** A cold workbench on a busy machine; a warm one takes about four seconds. */
const openMs = 90_000;

/** One window, driven through what a person sees and touches. */
export class Workbench {
  readonly quickInput: QuickInput;
  readonly sideBar: SideBar;
  readonly terminal: Terminal;
  readonly messages: Messages;

  constructor(readonly page: Page) {
    this.quickInput = new QuickInput(page);
    this.sideBar = new SideBar(page);
    this.terminal = new Terminal(page);
    this.messages = new Messages(page);
  }

  /** Opens an address of a workbench and waits until it answers. */
  async open(url: string): Promise<void> {
    await this.page.goto(url);
    await this.ready();
  }

  /** Loads the window anew: the extension host of before ends, a new one starts. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.ready();
  }

  private async ready(): Promise<void> {
    await this.page.locator('.monaco-workbench .part.statusbar').waitFor({ timeout: openMs });
    await this.page.locator('.activitybar .action-item').first().waitFor({ timeout: openMs });
  }

  /** Runs a command by its exact title in the palette. */
  run(title: string): Promise<void> {
    return this.quickInput.runCommand(title);
  }

  /**
   * The inside of a webview on view, found by the name that its script carries (see `page-html.ts`).
   * A view that was hidden and shown again is a new frame: ask again then.
   */
  webview(name: string): Promise<Frame> {
    return until(`the webview ${name}`, async () => {
      for (const frame of this.page.frames()) {
        if (await isShown(frame, name)) return frame;
      }
      return undefined;
    });
  }

  /** Titles of the open editors. */
  async tabs(): Promise<string[]> {
    return (await this.page.locator('.tabs-container .tab .label-name').allInnerTexts()).map((t) => t.trim());
  }

  /** Changes the colour theme through the palette and waits until the workbench wears it. */
  async useTheme(theme: keyof typeof themes): Promise<void> {
    const { label, mark } = themes[theme];
    await this.run('Preferences: Color Theme');
    await this.quickInput.waitForOpen();
    // Not all themes fit in the list.
    await this.page.keyboard.type(label);
    await this.quickInput.pick(label);
    await this.page.locator(`.monaco-workbench.${mark}`).waitFor();
  }

  /** Saves what the window shows as test-results/<name>.png; answers the path. */
  async screenshot(name: string): Promise<string> {
    const path = join(resultsFolder, `${name.replace(/[^\w.-]+/g, '-').slice(0, 120)}.png`);
    await mkdir(resultsFolder, { recursive: true });
    // What is fading in is shown as it will be.
    await this.page.screenshot({ path, animations: 'disabled' });
    return path;
  }
}

async function isShown(frame: Frame, name: string): Promise<boolean> {
  try {
    if (frame.parentFrame() === null) return false;
    if ((await frame.locator(`script[data-page="${name}"]`).count()) === 0) return false;
    // A frame that is being filled or replaced is not "active-frame"; a hidden view's outer frame has no box.
    const inner = await frame.frameElement();
    if ((await inner.getAttribute('id')) !== 'active-frame') return false;
    return (await inner.boundingBox()) !== null;
  } catch {
    // It was replaced while it was being looked at.
    return false;
  }
}
