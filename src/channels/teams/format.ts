import type { OutboundMessage, ReplyButton } from '../../engine/model/message';
import { richText } from '../rich';

const NOTHING = '(empty)';
/** https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-reference: actions of a card */
const ACTIONS_CAP = 6;

/**
 * A reply as the XML that Teams reads: text with its four special characters escaped, so nothing in it can act, and
 * code in tags of its own. https://learn.microsoft.com/microsoftteams/platform/bots/how-to/format-your-bot-messages
 */
export function formatText(source: string, format: OutboundMessage['format']): string {
  const parts = richText(source, format).map(({ kind, text }) => {
    if (kind === 'block') return `<pre>${escaped(text)}</pre>`;
    if (kind === 'code') return `<code>${escaped(text)}</code>`;
    return escaped(text).replaceAll('\n', '<br/>');
  });
  const result = parts.join('');
  return result.trim() === '' ? NOTHING : result;
}

function escaped(text: string): string {
  return (
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      // Two spaces would be shown as one.
      .replaceAll('  ', ' \u00a0')
  );
}

/** A card of buttons only. A press comes back with the command as its value. */
export function buttonCard(buttons: readonly ReplyButton[]): object | undefined {
  if (buttons.length === 0) return undefined;
  return {
    contentType: 'application/vnd.microsoft.card.adaptive',
    content: {
      type: 'AdaptiveCard',
      version: '1.4',
      body: [],
      actions: buttons.slice(0, ACTIONS_CAP).map(({ label, command, style }) => ({
        type: 'Action.Submit',
        title: label,
        data: { coworkCommand: command },
        ...(style === 'primary' ? { style: 'positive' } : style === 'danger' ? { style: 'destructive' } : {}),
      })),
    },
  };
}
