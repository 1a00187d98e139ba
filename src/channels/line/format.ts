import type { OutboundMessage } from '../../engine/model/message';
import { plainRich } from '../rich';

const NOTHING = '(empty)';

/** LINE's text has no markup, so there is nothing to escape; an empty one is refused. */
export function plainText(source: string, format: OutboundMessage['format']): string {
  const text = plainRich(source, format);
  return text.trim() === '' ? NOTHING : text;
}
