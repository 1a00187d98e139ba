import type { OutboundMessage } from '../../engine/model/message';
import { richText } from '../rich';

const NOTHING = '(empty)';
/** Keeps what follows it from being read as part of something; shown as nothing. */
const JOINER = '\u2060';
/** Characters of a message. https://dev.twitch.tv/docs/api/reference/#send-chat-message */
const MESSAGE_CAP = 500;

/**
 * A reply as one line of plain text, which is all that Twitch shows. Nobody is called by name, and nothing at the
 * beginning is a command of Twitch’s own.
 */
export function formatText(source: string, format: OutboundMessage['format']): string {
  let text = '';
  let before: string | undefined;
  for (const run of richText(source, format)) {
    if (before !== undefined && (run.kind === 'block' || before === 'block')) text += ' ';
    text += run.text;
    before = run.kind;
  }
  const line = text.replace(/\s+/g, ' ').trim().replaceAll('@', `@${JOINER}`);
  if (line === '') return NOTHING;
  return /^[/.!]/.test(line) ? `${JOINER}${line}` : line;
}

/** One character is kept for telling a message from another like it. */
export function fitsOneMessage(text: string, format: OutboundMessage['format']): boolean {
  return formatText(text, format).length < MESSAGE_CAP;
}

/** The same message to those who read it, and another one to Twitch. */
export function toldApart(text: string): string {
  return `${text}${JOINER}`;
}
