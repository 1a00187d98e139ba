import type { Locator, Page } from 'playwright-core';
import { stepMs } from '../patience';
import { until } from '../processes';
import { exactly } from './text';

/** The box that drops down from the top of the window: palette, pick lists, input boxes. */
export class QuickInput {
  private readonly widget: Locator;
  private readonly input: Locator;
  private readonly rows: Locator;

  constructor(private readonly page: Page) {
    this.widget = page.locator('.quick-input-widget');
    this.input = this.widget.locator('.quick-input-box input');
    this.rows = this.widget.locator('.quick-input-list .monaco-list-row');
  }

  /** Runs a command as a person does: F1, the words, Enter on the entry that is called exactly that. */
  async runCommand(title: string): Promise<void> {
    const row = this.row(title).first();
    // A palette that was opened before the extension's commands were known does not add them while it is open.
    await until(`the command "${title}" in the palette`, async () => {
      await this.openPalette();
      await this.input.fill(`>${title}`);
      const shown = await row.waitFor({ timeout: 5000 }).then(
        () => true,
        () => undefined,
      );
      if (shown === undefined) await this.cancel();
      return shown;
    });
    await row.click();
  }

  /** Titles that the palette offers for some words, in its order; what a `when` clause hides is not among them. */
  async commandsFor(words: string): Promise<string[]> {
    await this.openPalette();
    await this.input.fill(`>${words}`);
    // The list is filled a moment after the words; it shows an entry that says so when nothing matches.
    await this.rows.first().waitFor({ timeout: stepMs });
    const titles = await this.items();
    await this.cancel();
    return titles.filter((title) => title !== 'No matching commands' && title !== 'No matching results');
  }

  /** Chooses an entry of a pick list by its label. */
  async pick(label: string): Promise<void> {
    const row = this.row(label).first();
    await row.waitFor({ timeout: stepMs });
    await row.click();
  }

  /** Ticks entries of a pick list with several choices and confirms it. */
  async pickMany(labels: readonly string[]): Promise<void> {
    for (const label of labels) {
      const row = this.row(label).first();
      await row.waitFor({ timeout: stepMs });
      await row.locator('.label-name').click();
      await row.and(this.page.locator('[aria-checked="true"]')).waitFor({ timeout: stepMs });
    }
    await this.widget.locator('.quick-input-action .monaco-button').first().click({ timeout: stepMs });
  }

  /** Types an answer into an input box and confirms it. */
  async answer(text: string): Promise<void> {
    await this.input.waitFor({ timeout: stepMs });
    await this.input.fill(text);
    await this.page.keyboard.press('Enter');
  }

  /** Answers a save dialog, which is a box for a path where VS Code has no window of the system. */
  async saveAs(path: string): Promise<void> {
    await this.input.waitFor({ timeout: stepMs });
    // It fills in the folder first and a name after, over what was typed meanwhile.
    await until('a suggested name', async () => /[^/]$/.test(await this.input.inputValue()) || undefined);
    await until('the path in the box', async () => {
      if ((await this.input.inputValue()) === path) return true;
      await this.input.fill(path);
      return undefined;
    });
    await this.page.keyboard.press('Enter');
    await this.widget.waitFor({ state: 'hidden', timeout: stepMs });
  }

  /** Labels of the entries on view. */
  async items(): Promise<string[]> {
    await this.rows.first().waitFor({ timeout: stepMs });
    return this.rows.locator('.label-name').allInnerTexts();
  }

  /** The prompt, or the complaint about what was typed, under the input box. */
  async message(): Promise<string> {
    return (await this.widget.locator('.quick-input-message').innerText()).trim();
  }

  /** Waits for such a prompt or complaint: what an extension has to say of an answer comes a moment after it. */
  async waitForMessage(pattern: RegExp): Promise<void> {
    await this.widget
      .locator('.quick-input-message')
      .filter({ hasText: pattern })
      .waitFor({ timeout: stepMs });
  }

  async title(): Promise<string> {
    return (await this.widget.locator('.quick-input-title').innerText()).trim();
  }

  async waitForOpen(): Promise<void> {
    await this.input.waitFor({ timeout: stepMs });
  }

  /** Whether what is typed is hidden, as a secret must be. */
  async isPassword(): Promise<boolean> {
    return (await this.input.getAttribute('type')) === 'password';
  }

  async cancel(): Promise<void> {
    await this.page.keyboard.press('Escape');
    await this.widget.waitFor({ state: 'hidden', timeout: stepMs });
  }

  private async openPalette(): Promise<void> {
    // A page that has just been loaded may drop the first key while its keybindings are being read.
    for (let attempt = 1; ; attempt += 1) {
      await this.page.keyboard.press('F1');
      try {
        await this.input.waitFor({ timeout: attempt < 5 ? 2000 : stepMs });
        return;
      } catch (error) {
        if (attempt === 5) throw error;
      }
    }
  }

  private row(label: string): Locator {
    return this.rows.filter({ has: this.page.locator('.label-name').filter({ hasText: exactly(label) }) });
  }
}
