/**
 * Untrusted text for a terminal: control characters (which could move the cursor, change the title, fill the
 * clipboard, or hide what was said) become visible signs. Line breaks stay; tabs become spaces.
 * Characters that change the direction of text or cannot be seen become their code in brackets.
 */
export function visible(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replaceAll('\t', '    ')
    .replace(/\p{Cc}/gu, (c) => (c === '\n' ? c : sign(c.charCodeAt(0))))
    .replace(/[\p{Bidi_Control}\u200b\u2060-\u2064\ufeff]/gu, (c) => named(c.charCodeAt(0)));
}

/** The control pictures of Unicode, which exist for the first 32 and for delete. */
function sign(code: number): string {
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? '\u2421' : named(code);
}

function named(code: number): string {
  return `[U+${code.toString(16).toUpperCase().padStart(4, '0')}]`;
}

/**
 * Without the lines that only open and close a fenced block: a terminal is monospaced already. What stands between
 * them stays, also when it looks like a shorter fence, and so does a fence that nothing closes.
 */
export function withoutFences(text: string): string {
  const lines = text.split('\n');
  const kept: string[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? '';
    const end = FENCE.test(line) ? lines.findIndex((other, i) => i > at && closes(other, line)) : -1;
    if (end < 0) kept.push(line);
    else {
      kept.push(...lines.slice(at + 1, end));
      at = end;
    }
  }
  return kept.join('\n');
}

const FENCE = /^`{3,}$/;

function closes(line: string, fence: string): boolean {
  return FENCE.test(line) && line.length >= fence.length;
}

/** `visible`, with the line breaks that a terminal wants. */
export function terminalText(text: string): string {
  return visible(text).replaceAll('\n', '\r\n');
}
