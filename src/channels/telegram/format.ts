import type { MessageEntity } from 'grammy/types';
import type { OutboundMessage } from '../../engine/model/message';

export interface FormattedText {
  readonly text: string;
  readonly entities: MessageEntity[];
}

/** Telegram refuses a message without visible text. */
const NOTHING = '(empty)';
const FENCE = /^ {0,3}(`{3,}|~{3,})([^`]*)$/;

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
  let fence: { readonly marks: string; readonly language: string; readonly from: number } | undefined;

  const close = () => {
    if (!fence) return;
    // The line break before the closing fence belongs to the fence.
    const end = text.endsWith('\n') ? text.length - 1 : text.length;
    if (end > fence.from) {
      const place = { type: 'pre' as const, offset: fence.from, length: end - fence.from };
      entities.push(fence.language ? { ...place, language: fence.language } : place);
    }
    fence = undefined;
  };

  const lines = source.split('\n');
  lines.forEach((line, index) => {
    const last = index === lines.length - 1;
    const mark = FENCE.exec(line);
    if (!fence && mark) {
      const language = (mark[2] ?? '').trim();
      fence = {
        marks: mark[1] ?? '```',
        language: /^[\w+#.-]{1,32}$/.test(language) ? language : '',
        from: text.length,
      };
      return;
    }
    if (fence && mark?.[1]?.startsWith(fence.marks) && mark[2]?.trim() === '') {
      close();
      return;
    }
    if (fence) text += line;
    else text = inlineCode(line, text, entities);
    if (!last) text += '\n';
  });
  close();
  return { text, entities };
}

/** Appends one line to `text`, turning `…` in single backticks into code entities. */
function inlineCode(line: string, text: string, entities: MessageEntity[]): string {
  const parts = line.split('`');
  // An odd number of backticks leaves one without a partner: the line stays as it was written.
  if (parts.length % 2 === 0 || parts.some((part, index) => index % 2 === 1 && part === ''))
    return text + line;
  let result = text;
  parts.forEach((part, index) => {
    if (index % 2 === 1) entities.push({ type: 'code', offset: result.length, length: part.length });
    result += part;
  });
  return result;
}
