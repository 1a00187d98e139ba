import type { Locator, Page } from 'playwright-core';
import { stepMs } from '../patience';

/** A message that asks for attention, with the titles of its buttons. */
export interface Message {
  readonly text: string;
  readonly buttons: readonly string[];
}

/** Notifications at the lower right, and dialogs that stop everything else. */
export class Messages {
  private readonly toasts: Locator;
  private readonly dialog: Locator;

  constructor(private readonly page: Page) {
    this.toasts = page.locator('.notifications-toasts .notification-list-item');
    this.dialog = page.locator('.monaco-dialog-box');
  }

  /** The notifications on view. */
  async notifications(): Promise<Message[]> {
    return this.toasts.evaluateAll((toasts) =>
      toasts.map((toast) => ({
        text: toast.querySelector('.notification-list-item-message')?.textContent ?? '',
        buttons: [...toast.querySelectorAll('.monaco-button, .monaco-text-button')].map(
          (b) => b.textContent ?? '',
        ),
      })),
    );
  }

  /** Waits for a notification that contains a text, and answers the whole message. */
  async waitForNotification(text: string | RegExp): Promise<string> {
    const toast = this.toast(text);
    await toast.waitFor({ timeout: stepMs });
    return (await toast.locator('.notification-list-item-message').innerText()).trim();
  }

  /** Presses a button of the notification that contains a text. */
  async clickNotification(text: string | RegExp, button: string): Promise<void> {
    const toast = this.toast(text);
    await toast.hover({ timeout: stepMs });
    await toast.getByRole('button', { name: button, exact: true }).click({ timeout: stepMs });
  }

  /** Waits for a dialog; answers its text with its details. */
  async waitForDialog(): Promise<Message> {
    await this.dialog.waitFor({ timeout: stepMs });
    const text = (await this.dialog.locator('.dialog-message-container').innerText()).trim();
    const buttons = await this.dialog.locator('.dialog-buttons .monaco-button').allInnerTexts();
    return { text, buttons };
  }

  async clickDialog(button: string): Promise<void> {
    await this.dialog.getByRole('button', { name: button, exact: true }).click({ timeout: stepMs });
    await this.dialog.waitFor({ state: 'hidden', timeout: stepMs });
  }

  /** Text of the items in the status bar, left to right, icons left out. */
  async statusBar(): Promise<string[]> {
    return (await this.page.locator('.statusbar-item').allInnerTexts()).map((text) => text.trim());
  }

  /** Waits for a status bar item by its text or its spoken name. */
  async waitForStatusBar(text: string | RegExp): Promise<Locator> {
    const items = this.page.locator('.statusbar-item');
    const item = items
      .filter({ hasText: text })
      .or(items.and(this.page.getByLabel(text)))
      .first();
    await item.waitFor({ timeout: stepMs });
    return item;
  }

  private toast(text: string | RegExp): Locator {
    return this.toasts.filter({ hasText: text }).first();
  }
}
