/** What is left of a text after looking at its characters, or why it cannot be taken. */
export type Screened =
  | { readonly kind: 'ok'; readonly text: string; readonly marks: readonly string[] }
  | { readonly kind: 'refused'; readonly reason: 'too-large' | 'binary'; readonly sentence: string };

/** Controls other than tab and line feed. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Characters that are not seen, and the two line separators that most programs do not take for line ends. */
const UNSEEN = /\p{Default_Ignorable_Code_Point}|\p{Zl}|\p{Zp}/gu;
/** What a joiner may follow to make one picture of two, which hides nothing. */
const PICTURE_BEFORE = /[\p{Extended_Pictographic}\p{Emoji_Modifier}]\ufe0f?$/u;

/** What kind of unseen character this is; undefined for those that only shape pictures. */
function nameOf(point: number, before: string): string | undefined {
  const within = (from: number, to: number): boolean => point >= from && point <= to;
  if (point === 0x061c || within(0x200e, 0x200f) || within(0x202a, 0x202e) || within(0x2066, 0x2069)) {
    return 'bidirectional control';
  }
  if (within(0x2028, 0x2029)) return 'line separator';
  if (within(0xe0000, 0xe007f)) return 'tag character';
  if (within(0xfe0e, 0xfe0f)) return undefined;
  if (point === 0x200d && PICTURE_BEFORE.test(before)) return undefined;
  return within(0x200b, 0x200d) || within(0x2060, 0x2064) || point === 0xfeff
    ? 'zero-width character'
    : 'invisible filler';
}

/**
 * Text fit to be recorded and understood. Line ends become line feeds; a control character becomes a visible
 * replacement and is marked; characters that are invisible or turn the direction stay, since scripts need
 * them, and are marked. Text with NUL or broken surrogates is not text.
 */
export function screenText(text: string, maxBytes: number): Screened {
  // Cheap first: a string never has more code units than bytes of UTF-8.
  const bytes = text.length > maxBytes ? text.length : Buffer.byteLength(text, 'utf8');
  if (bytes > maxBytes) {
    return {
      kind: 'refused',
      reason: 'too-large',
      sentence: `Your message is too long: it has ${size(Buffer.byteLength(text, 'utf8'))}, and at most ${size(maxBytes)} are taken. Nothing was done. Send it in parts, or put the text into a file in the workspace.`,
    };
  }
  if (text.includes('\0') || /\p{Cs}/u.test(text)) {
    return {
      kind: 'refused',
      reason: 'binary',
      sentence:
        'Your message is not text: it has bytes that no text has. Nothing was done. Send plain text, or attach the file.',
    };
  }
  const lines = text.replace(/\r\n?/g, '\n');
  const clean = lines.replace(CONTROLS, '\ufffd');
  const marks = new Set<string>();
  if (clean !== lines) marks.add('control character');
  for (const found of clean.matchAll(UNSEEN)) {
    const name = nameOf(found[0].codePointAt(0) ?? 0, clean.slice(Math.max(0, found.index - 3), found.index));
    if (name) marks.add(name);
  }
  return { kind: 'ok', text: clean, marks: [...marks] };
}

function size(bytes: number): string {
  return bytes >= 1024 * 1024 ? `${(bytes / 1024 / 1024).toFixed(1)} MB` : `${Math.ceil(bytes / 1024)} KB`;
}
