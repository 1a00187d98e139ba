import type { OutboundMessage } from '../engine/model/message';

/** A run of a reply. `text` and `code` stand in lines, `block` is code on lines of its own, without its fences. */
export interface Rich {
  readonly kind: 'text' | 'code' | 'block';
  readonly text: string;
  /** Of a block, when it names one that is made of harmless characters. */
  readonly language?: string;
}

/** How a platform writes the runs; blocks get lines of their own without its doing. */
export interface RichWriter {
  block(text: string, language: string): string;
  code(text: string): string;
  prose(text: string): string;
}

const FENCE = /^ {0,3}(`{3,}|~{3,})([^`]*)$/;

/**
 * A reply as runs of text and code, which is all the markup that replies have: fenced blocks and `inline code`. What
 * is in the runs is plain; escaping it is the platform's own business. Empty runs are left out.
 */
export function richText(source: string, format: OutboundMessage['format']): Rich[] {
  if (format !== 'markdown') return source === '' ? [] : [{ kind: 'text', text: source }];
  const parts: Rich[] = [];
  let prose: string[] = [];
  let block: { readonly marks: string; readonly language: string; readonly lines: string[] } | undefined;
  const endProse = () => {
    if (prose.length > 0) parts.push(...inline(prose.join('\n')));
    prose = [];
  };
  const endBlock = () => {
    const text = block?.lines.join('\n') ?? '';
    if (block && text !== '')
      parts.push({ kind: 'block', text, ...(block.language ? { language: block.language } : {}) });
    block = undefined;
  };
  for (const line of source.split('\n')) {
    const mark = FENCE.exec(line);
    if (!block && mark) {
      endProse();
      const language = (mark[2] ?? '').trim();
      block = {
        marks: mark[1] ?? '```',
        language: /^[\w+#.-]{1,32}$/.test(language) ? language : '',
        lines: [],
      };
    } else if (block && mark?.[1]?.startsWith(block.marks) && mark[2]?.trim() === '') endBlock();
    else if (block) block.lines.push(line);
    else prose.push(line);
  }
  endProse();
  endBlock();
  return parts;
}

/** A reply as a platform writes it: the runs one after the other, blocks on lines of their own. */
export function writeRich(source: string, format: OutboundMessage['format'], writer: RichWriter): string {
  let result = '';
  let before: Rich['kind'] | undefined;
  for (const { kind, text, language } of richText(source, format)) {
    if (before !== undefined && (kind === 'block' || before === 'block')) result += '\n';
    if (kind === 'block') result += writer.block(text, language ?? '');
    else if (kind === 'code') result += writer.code(text);
    else result += writer.prose(text);
    before = kind;
  }
  return result;
}

/** Backticks in pairs on one line make code; others stay as they were written. */
function inline(text: string): Rich[] {
  const runs: Rich[] = [];
  let at = 0;
  for (const match of text.matchAll(/`([^`\n]+)`/g)) {
    if (match.index > at) runs.push({ kind: 'text', text: text.slice(at, match.index) });
    runs.push({ kind: 'code', text: match[1] ?? '' });
    at = match.index + match[0].length;
  }
  if (at < text.length) runs.push({ kind: 'text', text: text.slice(at) });
  return runs;
}

/** A row of backticks that does not occur in `text`, `least` long at least: what it is fenced with. */
export function fenceFor(text: string, least: number): string {
  const longest = (text.match(/`+/g) ?? []).reduce((most, run) => Math.max(most, run.length), 0);
  return '`'.repeat(Math.max(least, longest + 1));
}

/** A reply without its markup, for platforms that show text only: blocks stand on lines of their own. */
export function plainRich(source: string, format: OutboundMessage['format']): string {
  let out = '';
  let afterBlock = false;
  for (const { kind, text } of richText(source, format)) {
    const apart = out !== '' && (kind === 'block' || afterBlock) && !out.endsWith('\n');
    out += `${apart ? '\n' : ''}${text}`;
    afterBlock = kind === 'block';
  }
  return out;
}
