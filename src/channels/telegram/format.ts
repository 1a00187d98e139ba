import type { MessageEntity } from 'grammy/types';
import type { OutboundMessage } from '../../engine/model/message';
import { type Rich, richText } from '../rich';

export interface FormattedText {
  readonly text: string;
  readonly entities: MessageEntity[];
}

/** Telegram refuses a message without visible text. */
const NOTHING = '(empty)';
/**
 * Text with its formatting beside it instead of in it. Nothing in the text is markup for Telegram then, so there is
 * nothing to escape and nothing that a file name or a command's output could inject.
 * Fenced blocks become `pre`, `inline code` becomes `code`; all else stays as it is. Offsets are UTF-16 code units,
 * as Telegram counts: https://core.telegram.org/bots/api#messageentity
 */
export function formatText(source: string, format: OutboundMessage['format']): FormattedText {
  const result = format === 'markdown' ? markdown(source) : { text: source, entities: [] };
  return result.text.trim() === '' ? { text: NOTHING, entities: [] } : result;
}

function markdown(source: string): FormattedText {
  const entities: MessageEntity[] = [];
  let text = '';
  let before: Rich['kind'] | undefined;
  for (const { kind, text: run, language } of richText(source, 'markdown')) {
    // A block stands on lines of its own.
    if (before !== undefined && (kind === 'block' || before === 'block')) text += '\n';
    const place = { offset: text.length, length: run.length };
    if (kind === 'block') entities.push({ type: 'pre', ...place, ...(language ? { language } : {}) });
    else if (kind === 'code') entities.push({ type: 'code', ...place });
    text += run;
    before = kind;
  }
  return { text, entities };
}
