import type { Locator, Page } from 'playwright-core';
import { stepMs } from '../patience';
import { until } from '../processes';
import { exactly } from './text';

/** One row of a tree as a person reads it. */
export interface TreeRow {
  readonly label: string;
  readonly description: string;
  /** 1 for a root. */
  readonly level: number;
  readonly expanded: boolean;
}

/** The activity bar and the views in the side bar. */
export class SideBar {
  constructor(private readonly page: Page) {}

  /** Shows a view container by the beginning of its name in the activity bar; a badge adds to that name. */
  async open(container: string): Promise<void> {
    const tab = this.activity(container);
    await tab.waitFor({ timeout: stepMs });
    if ((await tab.getAttribute('aria-selected')) === 'true') return;
    await tab.click();
    await this.page.locator('.part.sidebar .composite.title').waitFor({ timeout: stepMs });
  }

  /** The whole name in the activity bar, badge included: "CoWork OS - 2 approvals wait". */
  async activityName(container: string): Promise<string> {
    return (await this.activity(container).locator('.action-label').getAttribute('aria-label')) ?? '';
  }

  /** A view's pane by its title, opened when it was folded. */
  async view(title: string): Promise<Locator> {
    const header = this.header(title);
    await header.waitFor({ timeout: stepMs });
    if ((await header.getAttribute('aria-expanded')) === 'false') await header.click();
    return this.page.locator('.part.sidebar .pane').filter({ has: this.named('.pane-header', title) });
  }

  /** Titles of the views on show. */
  async views(): Promise<string[]> {
    return this.page.locator('.part.sidebar .pane-header .title').allInnerTexts();
  }

  /** The rows of a tree view on view, top down. */
  async rows(title: string): Promise<TreeRow[]> {
    const pane = await this.view(title);
    return pane.locator('.monaco-list-row').evaluateAll((rows) =>
      rows
        .map((row) => ({
          top: row.getBoundingClientRect().top,
          label: row.querySelector('.label-name')?.textContent ?? '',
          description: row.querySelector('.label-description')?.textContent ?? '',
          level: Number(row.getAttribute('aria-level') ?? '1'),
          expanded: row.getAttribute('aria-expanded') === 'true',
        }))
        .sort((a, b) => a.top - b.top)
        .map(({ top: _, ...row }) => row),
    );
  }

  /** Waits until the rows of a tree are as wanted, and answers them. */
  waitForRows(title: string, wanted: (rows: TreeRow[]) => boolean): Promise<TreeRow[]> {
    return until(`the wanted rows in the view ${title}`, async () => {
      const rows = await this.rows(title);
      return wanted(rows) ? rows : undefined;
    });
  }

  /** The text that a view shows while it has no rows. */
  async welcome(title: string): Promise<string> {
    const pane = await this.view(title);
    const content = pane.locator('.welcome-view-content');
    await content.waitFor({ timeout: stepMs });
    return content.innerText();
  }

  async clickRow(view: string, label: string): Promise<void> {
    await (await this.row(view, label)).click();
  }

  /** Presses a button of a view's title bar; the buttons show while the pointer is over the view. */
  async clickTitleAction(view: string, action: string): Promise<void> {
    const pane = await this.view(view);
    await pane.hover();
    await this.header(view).locator(`.action-label[aria-label^="${action}"]`).click({ timeout: stepMs });
  }

  /** Presses a button at the end of a row. */
  async clickRowAction(view: string, label: string, action: string): Promise<void> {
    const row = await this.row(view, label);
    await row.hover();
    await row.locator(`.action-label[aria-label^="${action}"]`).click({ timeout: stepMs });
  }

  /** Chooses from a row's context menu. */
  async chooseFromRowMenu(view: string, label: string, entry: string): Promise<void> {
    await (await this.row(view, label)).click({ button: 'right' });
    const menu = this.page.locator('.monaco-menu');
    const item = menu.locator('.action-label').filter({ hasText: exactly(entry) });
    await item.waitFor({ timeout: stepMs });
    // A menu that has just opened ignores the first release of the button, which belongs to the opening press.
    await until(`the menu entry "${entry}" to be taken`, async () => {
      await item.click({ timeout: 1000 }).catch(() => undefined);
      return (await menu.count()) === 0 ? true : undefined;
    });
  }

  private async row(view: string, label: string): Promise<Locator> {
    const pane = await this.view(view);
    const name = this.page.locator('.label-name').filter({ hasText: exactly(label) });
    const row = pane.locator('.monaco-list-row').filter({ has: name }).first();
    await row.waitFor({ timeout: stepMs });
    return row;
  }

  private header(title: string): Locator {
    return this.page.locator('.part.sidebar').locator(this.named('.pane-header', title));
  }

  /** Playwright looks for what another element "has" inside that element, so this names no ancestor. */
  private named(selector: string, title: string): Locator {
    return this.page
      .locator(selector)
      .filter({ has: this.page.locator('.title').filter({ hasText: exactly(title) }) });
  }

  private activity(container: string): Locator {
    return this.page
      .locator('.activitybar .action-item')
      .filter({ has: this.page.locator(`.action-label[aria-label^="${container}"]`) })
      .first();
  }
}
