import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a page is made of, as it was built. */
export interface PageText {
  readonly script: string;
  readonly style: string;
}

/** Where the pages come from. */
export interface Pages {
  /** @throws when there is no such page. */
  of(name: string): PageText;
}

/** The pages as they were built. Each is read when it is first shown. */
export class BuiltPages implements Pages {
  private readonly known = new Map<string, PageText>();

  /** `dist`: absolute path of what was built. */
  constructor(private readonly dist: string) {}

  of(name: string): PageText {
    let text = this.known.get(name);
    if (!text) {
      const read = (kind: string) => readFileSync(join(this.dist, 'webview', `${name}.${kind}`), 'utf8');
      text = { script: read('js'), style: read('css') };
      this.known.set(name, text);
    }
    return text;
  }
}

/** SHA-256 of nothing: the toolkit adds one empty style element and fills it through the style sheet's own calls. */
const EMPTY_STYLE_HASH = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='";

/**
 * A whole page in one text. Its script and style are in it instead of beside it: the editor takes a while to bring a
 * file to a page, and so nothing has to be loadable at all. `nonce` is new for each page and known to nobody else;
 * `language` is letters, digits and hyphens.
 */
export function pageHtml(name: string, language: string, nonce: string, { script, style }: PageText): string {
  // Nothing is run but this script, nothing is loaded, nothing is sent anywhere.
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}' ${EMPTY_STYLE_HASH}`,
    "connect-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="${language}">
<head>
<meta charset="UTF-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1.0">
<title>CoWork OS</title>
<style nonce="${nonce}">${style}</style>
</head>
<body>
<main id="root"></main>
<script nonce="${nonce}" data-page="${name}">${script}</script>
</body>
</html>`;
}
