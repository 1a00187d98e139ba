import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type * as z from 'zod/mini';
import { Disposables } from './lifecycle';
import type { PageLocale } from './protocol/common';

/** Folder of the built pages, and the only one that a webview may load from. */
export function pageRoot(extensionUri: vscode.Uri): vscode.Uri {
  return vscode.Uri.joinPath(extensionUri, 'dist', 'webview');
}

/** The editor's language, if it is written as one. It goes into an attribute of the page. */
function language(): string {
  return /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(vscode.env.language) ? vscode.env.language : 'en';
}

/** What every page is told once, before its first state. */
export function pageLocale(): PageLocale {
  return { language: language(), bundle: { ...(vscode.l10n.bundle ?? {}) } };
}

/** SHA-256 of nothing: the toolkit adds one empty style element and fills it through the style sheet's own calls. */
const EMPTY_STYLE_HASH = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='";

function html(webview: vscode.Webview, root: vscode.Uri, name: string): string {
  const nonce = randomBytes(18).toString('base64');
  const file = (kind: string) =>
    webview.asWebviewUri(vscode.Uri.joinPath(root, `${name}.${kind}`)).toString();
  // Nothing is loaded but one script, one style sheet and its fonts; nothing is sent anywhere.
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource} ${EMPTY_STYLE_HASH}`,
    `font-src ${webview.cspSource}`,
    "connect-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="${language()}">
<head>
<meta charset="UTF-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1.0">
<title>CoWork OS</title>
<link rel="stylesheet" href="${file('css')}">
</head>
<body>
<main id="root"></main>
<script nonce="${nonce}" src="${file('js')}"></script>
</body>
</html>`;
}

/**
 * One webview and the messages that go through it. What the page says is checked against `schema` before anyone
 * sees it; what it should not have said is logged and dropped.
 */
export class WebviewPage<Incoming, Outgoing> extends Disposables {
  constructor(
    private readonly webview: vscode.Webview,
    extensionUri: vscode.Uri,
    name: string,
    schema: z.ZodMiniType<Incoming>,
    receive: (message: Incoming) => void | Promise<void>,
    log: vscode.LogOutputChannel,
  ) {
    super();
    const root = pageRoot(extensionUri);
    webview.options = { enableScripts: true, enableCommandUris: false, localResourceRoots: [root] };
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
    webview.html = html(webview, root, name);
  }

  /** A page that is hidden gets nothing; it asks again when it is shown. */
  post(message: Outgoing): void {
    if (!this.isDisposed) void this.webview.postMessage(message);
  }
}
