import type { OutboundMessage } from '../../engine/model/message';
import { fenceFor, writeRich } from '../rich';

/** Discord refuses a message without text. */
const NOTHING = '(empty)';
/** Keeps what follows it from being read as part of something; shown as nothing. */
const JOINER = '\u2060';

/**
 * A reply in Discord's Markdown, in which nothing but the code that it marks is markup: what it would read as such is
 * escaped. Addresses stand in angle brackets, which makes them links to just that, without a preview.
 * https://docs.discord.com/developers/reference#message-formatting
 */
export function formatText(source: string, format: OutboundMessage['format']): string {
  const result = writeRich(source, format, { block, code, prose: escaped });
  return result.trim() === '' ? NOTHING : result;
}

/** Discord knows no longer fence, so one in the code is broken up. */
function block(text: string, language: string): string {
  return `\`\`\`${language}\n${text.replace(/`(?=``)/g, `\`${JOINER}`)}${text.endsWith('`') ? JOINER : ''}\n\`\`\``;
}

function code(text: string): string {
  const fence = fenceFor(text, 1);
  // Three of them would begin a block; a backtick at the edge would be taken for one of the fence's.
  const space = /^`|`$/.test(text) ? ' ' : '';
  return fence.length > 2 ? escaped(text) : `${fence}${space}${text}${space}${fence}`;
}

/** An address that ends where everybody would say that it does. */
const ADDRESS = /https?:\/\/[\w.~:/?#@!$&'*+,;=%-]*[\w/#&=~+$%-]/g;

function escaped(text: string): string {
  let result = '';
  let at = 0;
  for (const { index, 0: address } of text.matchAll(ADDRESS)) {
    result += `${escapedProse(text.slice(at, index))}<${address}>`;
    at = index + address.length;
  }
  return (
    (result + escapedProse(text.slice(at)))
      // At the beginning of a line a number makes a list.
      .replace(/^(\s*)(\d+)\./gm, '$1$2\\.')
  );
}

function escapedProse(text: string): string {
  return (
    text
      .replace(/[\\`*_{}[\]()<>#+\-|~]/g, (mark) => `\\${mark}`)
      .replaceAll('@', `@${JOINER}`)
      // Emoji by name, and addresses of other kinds.
      .replace(/:(?=[\w+-]+:|\/\/)/g, '\\:')
  );
}

/** Characters of a message: https://docs.discord.com/developers/resources/message#create-message */
const MESSAGE_CAP = 2_000;

export function fitsOneMessage(text: string, format: OutboundMessage['format']): boolean {
  return formatText(text, format).length <= MESSAGE_CAP;
}
