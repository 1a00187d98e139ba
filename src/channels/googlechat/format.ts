import type { OutboundMessage, ReplyButton } from '../../engine/model/message';
import { richText } from '../rich';
import { PRESS } from './inbound';

const NOTHING = '(empty)';
/** Shown as nothing, and keeps what follows it from being read as markup. */
const JOINER = '\u2060';

/**
 * A reply in the markup of Google Chat, which has no way to escape: after each character that could begin markup an
 * invisible one keeps it from doing so, outside of code. https://developers.google.com/workspace/chat/format-messages
 */
export function formatText(source: string, format: OutboundMessage['format']): string {
  let result = '';
  let before: string | undefined;
  for (const { kind, text } of richText(source, format)) {
    if (before !== undefined && (kind === 'block' || before === 'block')) result += '\n';
    // Backticks inside of code would end it.
    if (kind === 'block') result += `\`\`\`\n${text.replaceAll('```', `\`${JOINER}\`${JOINER}\``)}\n\`\`\``;
    else if (kind === 'code') result += `\`${text}\``;
    else result += text.replace(/[*_~`<]/g, (mark) => `${mark}${JOINER}`);
    before = kind;
  }
  return result.trim() === '' ? NOTHING : result;
}

/** A card of buttons only. A press comes back with the command as its parameter. */
export function buttonCard(buttons: readonly ReplyButton[]): object | undefined {
  if (buttons.length === 0) return undefined;
  return {
    cardId: 'cowork',
    card: {
      sections: [
        {
          widgets: [
            {
              buttonList: {
                buttons: buttons.map(({ label, command }) => ({
                  text: label,
                  onClick: {
                    action: { function: PRESS, parameters: [{ key: 'command', value: command }] },
                  },
                })),
              },
            },
          ],
        },
      ],
    },
  };
}
