import type { OutboundMessage } from '../../engine/model/message';
import { richText } from '../rich';

export interface MatrixText {
  readonly body: string;
  readonly format?: 'org.matrix.custom.html';
  readonly formatted_body?: string;
}

/** Clients show nothing for a message without text. */
const NOTHING = '(empty)';
/**
 * Bytes of one text in both its forms. An event may have 65,536, and an encrypted edit has the text twice, a third
 * larger: https://spec.matrix.org/v1.11/client-server-api/#size-limits
 */
const BOTH_FORMS_CAP = 40_000;

/**
 * A reply as plain text, which clients show as it is. Where there is code in it also as the HTML that Matrix shows:
 * code and blocks are elements, all else is escaped, so nothing in it is markup, a mention or a link with another
 * text. Plain text alone when both would be too large.
 */
export function formatText(source: string, format: OutboundMessage['format']): MatrixText {
  const runs = richText(source, format);
  // Fences alone leave nothing to show.
  if (runs.every(({ text }) => text.trim() === '')) return { body: NOTHING };
  if (runs.every(({ kind }) => kind === 'text')) return { body: source };
  const html = runs
    .map(({ kind, text, language }) => {
      if (kind === 'code') return `<code>${escaped(text)}</code>`;
      if (kind === 'text') return spaced(escaped(text));
      const name = language ? ` class="language-${escaped(language)}"` : '';
      return `<pre><code${name}>${escaped(text)}\n</code></pre>`;
    })
    .join('');
  const both = { body: source, format: 'org.matrix.custom.html', formatted_body: html } as const;
  return Buffer.byteLength(JSON.stringify(both)) > BOTH_FORMS_CAP ? { body: source } : both;
}

/** HTML would make one space of many, and of a line's end. */
function spaced(html: string): string {
  return html.replace(/^ | (?= )/gm, '\u00a0').replaceAll('\n', '<br>');
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
