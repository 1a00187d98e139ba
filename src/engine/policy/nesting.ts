/** A policy has four levels; parsers and formatters recurse, so that what is much deeper is not given to them. */
export const DEEPEST = 64;

/**
 * How many objects and lists of a JSON text with comments are open at once, at most. Looks at each character once,
 * without recursion; brackets in strings and comments do not count.
 */
export function nestingOf(text: string): number {
  let deepest = 0;
  let open = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '{':
      case '[':
        open += 1;
        if (open > deepest) deepest = open;
        break;
      case '}':
      case ']':
        if (open > 0) open -= 1;
        break;
      case '"':
        at = endOfString(text, at);
        break;
      case '/':
        at = endOfComment(text, at);
        break;
    }
  }
  return deepest;
}

/** The closing quote, or the end of the line of a string that is not closed. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"' || text[at] === '\n') return at;
  }
  return text.length;
}

function endOfComment(text: string, start: number): number {
  const line = text.startsWith('//', start);
  if (!line && !text.startsWith('/*', start)) return start;
  const end = line ? text.indexOf('\n', start) : text.indexOf('*/', start + 2) + 1;
  return end <= 0 ? text.length : end;
}
