import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type * as z from 'zod/mini';
import { Disposables } from './lifecycle';
import { type Pages, pageHtml } from './page-html';
import type { PageLocale } from './protocol/common';

/** The editor's language, if it is written as one. It goes into an attribute of the page. */
function language(): string {
  return /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(vscode.env.language) ? vscode.env.language : 'en';
}

/** What every page is told once, before its first state. */
export function pageLocale(): PageLocale {
  return { language: language(), bundle: { ...(vscode.l10n.bundle ?? {}) } };
}

/**
 * One webview and the messages that go through it. What the page says is checked against `schema` before anyone
 * sees it; what it should not have said is logged and dropped.
 */
export class WebviewPage<Incoming, Outgoing> extends Disposables {
  constructor(
    private readonly webview: vscode.Webview,
    pages: Pages,
    name: string,
    schema: z.ZodMiniType<Incoming>,
    receive: (message: Incoming) => void | Promise<void>,
    log: vscode.LogOutputChannel,
  ) {
    super();
    webview.options = { enableScripts: true, enableCommandUris: false, localResourceRoots: [] };
    this.register(
      webview.onDidReceiveMessage(async (raw: unknown) => {
        const parsed = schema.safeParse(raw);
        if (!parsed.success) {
          log.warn(`The ${name} page sent a message that is not one of its own; it was dropped.`);
          return;
        }
        try {
          await receive(parsed.data);
        } catch (error) {
          log.error(error instanceof Error ? error : String(error));
        }
      }),
    );
    webview.html = pageHtml(name, language(), randomBytes(18).toString('base64'), pages.of(name));
  }

  /** A page that is hidden gets nothing; it asks again when it is shown. */
  post(message: Outgoing): void {
    if (!this.isDisposed) void this.webview.postMessage(message);
  }
}
