import type { OutboundMessage, ReplyButton } from '../../engine/model/message';
import { richText } from '../rich';

/** Has no width, and keeps a mark from acting on what follows it. */
const APART = '\u200b';
const NOTHING = '(empty)';
/** https://developers.facebook.com/docs/whatsapp/cloud-api/messages/interactive-reply-buttons-messages */
const BUTTONS_CAP = 3;
const TITLE_CAP = 20;
const ID_CAP = 256;

/**
 * Text in WhatsApp's markup. There is no way to escape a mark, so each that could begin something is kept apart from
 * what it would act on. https://faq.whatsapp.com/539178204879377
 */
export function formatText(source: string, format: OutboundMessage['format']): string {
  let result = '';
  for (const { kind, text } of richText(source, format)) {
    if (kind === 'text') result += escaped(text);
    else {
      const marks = kind === 'block' ? '```' : '`';
      const lineBefore = kind === 'block' && result !== '' && !result.endsWith('\n') ? '\n' : '';
      result += `${lineBefore}${marks}${inCode(text)}${marks}`;
      if (kind === 'block') result += '\n';
    }
  }
  const text = format === 'markdown' ? result.replace(/\n$/, '') : result;
  return text.trim() === '' ? NOTHING : text;
}

/** Backticks in code are kept apart, so that none of them begins or ends it. */
function inCode(text: string): string {
  return text
    .replaceAll('`', `${APART}\``)
    .replace(/`$/, `\`${APART}`)
    .replace(/^\u200b/, `\n${APART}`);
}

function escaped(text: string): string {
  return (
    text
      .replace(/[*_~](?=\S)|`/g, (mark) => `${mark}${APART}`)
      // At the beginning of a line these make a quotation, a list or numbers.
      .replace(/^(\s*)(?=>|[-*]\s|\d+\.\s)/gm, `$1${APART}`)
  );
}

/** A command that does not fit a button can still be typed, so its button is left out. */
export function replyButtons(buttons: readonly ReplyButton[]): readonly object[] {
  return buttons
    .filter(({ command }) => command.length <= ID_CAP)
    .slice(0, BUTTONS_CAP)
    .map(({ label, command }) => ({
      type: 'reply',
      reply: { id: command, title: label.slice(0, TITLE_CAP) },
    }));
}
