export interface SplitOptions {
  /** Close a code fence at the end of a part and open it again in the next. True when absent. */
  readonly fences?: boolean;
}

/** A fenced block of code: where its lines are in the text, and the lines that open and close it. */
interface Block {
  readonly start: number;
  readonly bodyStart: number;
  readonly bodyEnd: number;
  readonly end: number;
  readonly opener: string;
  readonly closer: string;
}

/**
 * Cuts text into parts of at most `limit` UTF-16 code units: between paragraphs if it can, else lines, else
 * words, and never inside a character as people see it. A block of code that fits in one part stays in one; a
 * longer one is closed and opened again, so that every part can be rendered by itself. Space at a cut outside
 * code is dropped, nothing else is. Empty text gives no parts.
 * @throws RangeError when the limit is under 32.
 */
export function splitMessage(text: string, limit: number, options: SplitOptions = {}): string[] {
  if (!(limit >= 32)) throw new RangeError(`a message limit of ${limit} is too small to split to`);
  const blocks = options.fences === false ? [] : findBlocks(text, limit);
  const reserve = blocks.reduce((most, block) => Math.max(most, block.closer.length + 1), 0);
  const parts: string[] = [];
  let at = 0;
  let prefix = '';
  while (at < text.length) {
    if (prefix.length + text.length - at <= limit) {
      push(parts, prefix + text.slice(at), prefix !== '');
      break;
    }
    const max = at + limit - prefix.length - reserve;
    let cut = chooseCut(text, at, max, blockAt(blocks, max) !== undefined);
    let block = blockAt(blocks, cut);
    if (block && block.start > at && (block.end - block.start <= limit || cut <= block.bodyStart)) {
      cut = block.start;
      block = undefined;
    }
    const part = prefix + text.slice(at, cut);
    if (block) {
      parts.push(`${part}${part.endsWith('\n') ? '' : '\n'}${block.closer}`);
      // Nothing but the closing line is left of it: it has just been written.
      const done = cut >= block.bodyEnd;
      at = done ? block.end : cut;
      prefix = done ? '' : `${block.opener}\n`;
    } else {
      push(parts, part, prefix !== '');
      at = cut;
      prefix = '';
    }
    if (prefix === '')
      while (at < text.length && /[\n\r]/.test(text.charAt(at)) && !startsBlock(blocks, at)) at++;
  }
  return parts;
}

function push(parts: string[], part: string, code: boolean): void {
  const kept = code ? part : part.trimEnd();
  if (kept.trim() !== '') parts.push(kept);
}

/** The block that has this place strictly inside. */
function blockAt(blocks: readonly Block[], at: number): Block | undefined {
  return blocks.find((block) => block.start < at && at < block.end);
}

function startsBlock(blocks: readonly Block[], at: number): boolean {
  return blocks.some((block) => block.start === at);
}

const FENCE = /^ {0,3}(`{3,}|~{3,})([^`]*)$/;

function findBlocks(text: string, limit: number): Block[] {
  const blocks: Block[] = [];
  let open: { start: number; bodyStart: number; opener: string; fence: string } | undefined;
  let lineStart = 0;
  for (const line of text.split('\n')) {
    const next = Math.min(text.length, lineStart + line.length + 1);
    const fence = FENCE.exec(line.trimEnd());
    const marks = fence?.[1];
    if (marks && !open) {
      // A long info string is not worth repeating in every part, nor a row of a hundred backticks.
      const opener = line.length <= limit / 4 ? line.trimEnd() : marks;
      if (opener.length <= limit / 4) open = { start: lineStart, bodyStart: next, opener, fence: marks };
    } else if (marks && open && marks.startsWith(open.fence) && fence[2]?.trim() === '') {
      blocks.push({ ...open, bodyEnd: lineStart, end: next, closer: open.fence });
      open = undefined;
    }
    lineStart = next;
  }
  // An unclosed fence runs to the end, as renderers have it.
  if (open) blocks.push({ ...open, bodyEnd: text.length, end: text.length + 1, closer: open.fence });
  return blocks;
}

/** The best place to cut in (from, max], by the last of: paragraph, line, word, character. */
function chooseCut(text: string, from: number, max: number, inCode: boolean): number {
  const window = text.slice(from, max);
  const half = window.length / 2;
  const paragraph = inCode ? -1 : window.lastIndexOf('\n\n');
  if (paragraph >= half) return from + paragraph + 2;
  const line = window.lastIndexOf('\n');
  if (line >= window.length / 4) return from + line + 1;
  const character = characterAtOrBefore(text, from, max);
  if (inCode) return character;
  const word = window.lastIndexOf(' ');
  if (word >= half && characterAtOrBefore(text, from, from + word + 1) === from + word + 1)
    return from + word + 1;
  return character;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
/** Far longer than any written character; a longer pile of marks is cut between code points. */
const LOOK_BACK = 128;

/** The last boundary between characters in (from, max]. */
function characterAtOrBefore(text: string, from: number, max: number): number {
  if (max >= text.length) return text.length;
  const start = codePointBoundary(text, Math.max(from, max - LOOK_BACK));
  let boundary = start;
  for (const { index, segment } of segmenter.segment(text.slice(start, max + LOOK_BACK))) {
    if (start + index > max) break;
    boundary = start + index;
    if (start + index + segment.length === max) return max;
  }
  if (boundary > from && boundary > start) return boundary;
  const fallback = codePointBoundary(text, max);
  return fallback > from ? fallback : max + 1;
}

/** `at`, or one before it when `at` is between the halves of a surrogate pair. */
function codePointBoundary(text: string, at: number): number {
  const low = text.charCodeAt(at);
  const high = at > 0 ? text.charCodeAt(at - 1) : 0;
  return low >= 0xdc00 && low <= 0xdfff && high >= 0xd800 && high <= 0xdbff ? at - 1 : at;
}
