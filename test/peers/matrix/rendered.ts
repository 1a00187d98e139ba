import type { Json } from './world';

const ENTITIES: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&amp;': '&',
};

/**
 * A message as a client shows it, with all that would reach out or deceive. What clients may show of HTML:
 * https://spec.matrix.org/v1.11/client-server-api/#mroommessage-msgtypes
 */
export function rendered(content: Json): { text: string; code: string[]; alarms: string[] } {
  const alarms: string[] = [];
  const mentions = content['m.mentions'];
  // Without it, the homeserver looks for names in the text: https://spec.matrix.org/v1.11/client-server-api/#user-and-room-mentions
  if (JSON.stringify(mentions) !== '{}') alarms.push(`mentions ${JSON.stringify(mentions)}`);
  if (content.msgtype === 'm.file') return { text: '', code: [], alarms };
  if (content.msgtype !== 'm.notice') alarms.push(`a message of the type ${String(content.msgtype)}`);
  if (content.formatted_body === undefined) return { text: String(content.body), code: [], alarms };
  const html = String(content.formatted_body);
  const code: string[] = [];
  let text = '';
  let inCode: string | undefined;
  for (const token of html.match(/<[^>]*>|&[^;\s]*;|[^<&]+|[<&]/g) ?? []) {
    if (/^<(code|code class="language-[\w+#.-]+")>$/.test(token)) inCode = '';
    else if (token === '</code>') {
      code.push(inCode ?? '');
      inCode = undefined;
    } else if (token === '<br>') text += '\n';
    else if (/^<\/?pre>$/.test(token)) text += '\n';
    else if (token.startsWith('<')) alarms.push(`HTML: ${token}`);
    else if (token.startsWith('&') && ENTITIES[token] === undefined) alarms.push(`entity: ${token}`);
    else {
      const shown = ENTITIES[token] ?? token;
      text += shown;
      if (inCode !== undefined) inCode += shown;
    }
  }
  return { text: text.replaceAll('\u00a0', ' '), code, alarms };
}
