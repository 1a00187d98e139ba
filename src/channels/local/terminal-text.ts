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

/** `visible`, with the line breaks that a terminal wants. */
export function terminalText(text: string): string {
  return visible(text).replaceAll('\n', '\r\n');
}
