import type { OutboundMessage } from '../../engine/model/message';
import { richText } from '../rich';

/** What a message may have, in bytes of UTF-8; what is longer arrives as a file on some clients and not at all on others. */
export const MESSAGE_BYTES = 2_000;

export interface Styled {
  readonly text: string;
  /** As `send` takes them: `start:length:STYLE`, in UTF-16 code units. */
  readonly styles: readonly string[];
}

/** Text has no markup on Signal: what is code is said beside it. */
export function styled(source: string, format: OutboundMessage['format']): Styled {
  let text = '';
  const styles: string[] = [];
  let afterBlock = false;
  for (const part of richText(source, format)) {
    if (part.kind === 'block') {
      if (text !== '' && !text.endsWith('\n')) text += '\n';
    } else if (afterBlock && !part.text.startsWith('\n')) text += '\n';
    if (part.kind !== 'text') styles.push(`${text.length}:${part.text.length}:MONOSPACE`);
    text += part.text;
    afterBlock = part.kind === 'block';
  }
  return { text, styles };
}
