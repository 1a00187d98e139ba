import * as vscode from 'vscode';
import type * as z from 'zod/mini';
import { Disposables } from '../lifecycle';
import type { Pages } from '../page-html';
import { WebviewPage } from '../webview-page';

export interface PanelHost {
  readonly extensionUri: vscode.Uri;
  readonly pages: Pages;
  readonly log: vscode.LogOutputChannel;
}

/** A webview panel and its page. Closing one closes the other. */
export abstract class PagePanel<Incoming, Outgoing> extends Disposables {
  protected readonly page: WebviewPage<Incoming, Outgoing>;

  constructor(
    host: PanelHost,
    protected readonly panel: vscode.WebviewPanel,
    page: string,
    schema: z.ZodMiniType<Incoming>,
  ) {
    super();
    this.page = this.register(
      new WebviewPage<Incoming, Outgoing>(
        panel.webview,
        host.pages,
        page,
        schema,
        (message) => this.receive(message),
        host.log,
      ),
    );
    panel.iconPath = vscode.Uri.joinPath(host.extensionUri, 'media', 'shield.svg');
    this.register(panel);
    panel.onDidDispose(() => this.dispose());
  }

  protected abstract receive(message: Incoming): void | Promise<void>;

  reveal(): void {
    this.panel.reveal();
  }

  onDispose(run: () => void): void {
    this.register({ dispose: run });
  }
}

/** A new panel beside what is open, able to run its own page and to load nothing. */
export function openPanel(type: string, title: string): vscode.WebviewPanel {
  return vscode.window.createWebviewPanel(type, title, vscode.ViewColumn.Active, {
    enableScripts: true,
    enableCommandUris: false,
    enableFindWidget: true,
    localResourceRoots: [],
  });
}
