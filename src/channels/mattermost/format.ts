import type { OutboundMessage } from '../../engine/model/message';
import { fenceFor, writeRich } from '../rich';

/** Mattermost refuses a message without text. */
const NOTHING = '(empty)';
/** Keeps what follows it from being read as part of a name; shown as nothing. */
const JOINER = '\u2060';

/**
 * A reply in Mattermost's Markdown, in which nothing but the code that it marks is markup: what it would read as such
 * is escaped, and names after an @ are kept from ringing.
 * https://docs.mattermost.com/end-user-guide/collaborate/format-messages.html
 */
export function formatText(source: string, format: OutboundMessage['format']): string {
  const result = writeRich(source, format, { block, code, prose: escaped });
  return result.trim() === '' ? NOTHING : result;
}

function block(text: string, language: string): string {
  const fence = fenceFor(text, 3);
  return `${fence}${language}\n${text}\n${fence}`;
}

function code(text: string): string {
  const fence = fenceFor(text, 1);
  // A backtick at the edge would be taken for one of the fence's.
  const space = /^`|`$/.test(text) ? ' ' : '';
  return `${fence}${space}${text}${space}${fence}`;
}

function escaped(text: string): string {
  return (
    text
      .replace(/[\\`*_{}[\]()<>#+\-!|~$=]/g, (mark) => `\\${mark}`)
      // At the beginning of a line a number makes a list, and spaces or a tab make code.
      .replace(/^(\s*)(\d+)\./gm, '$1$2\\.')
      .replace(/^(?: {4}|\t)/gm, (indent) => '\u00a0'.repeat(indent === '\t' ? 2 : 4))
      .replaceAll('@', `@${JOINER}`)
      // Emoji by name, and channels by name.
      .replace(/:(?=[\w+-]+:)/g, `:${JOINER}`)
      .replace(/(^|\s)~(?=[\w-])/g, `$1~${JOINER}`)
  );
}
