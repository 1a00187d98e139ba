import { findNodeAtLocation, type Node } from 'jsonc-parser';
import type { TextEdit } from 'vscode-json-languageservice';
import type { FieldPath } from '../engine/policy/problems';
import type { PolicyDocument } from './document';

/** Writes text over a stretch of the file; of no length, it is inserted. */
export function replace(document: PolicyDocument, offset: number, length: number, newText: string): TextEdit {
  const { source } = document;
  return { range: { start: source.positionAt(offset), end: source.positionAt(offset + length) }, newText };
}

/** Writes a value at a place of the file; a field that its object does not have yet is added as its last. */
export function set(document: PolicyDocument, at: FieldPath, value: string | number): TextEdit[] {
  const node = nodeAt(document, at);
  const text = JSON.stringify(value);
  if (node !== undefined) return [replace(document, node.offset, node.length, text)];
  const parent = nodeAt(document, at.slice(0, -1));
  if (parent?.type !== 'object') return [];
  const field = `${JSON.stringify(String(at.at(-1)))}: ${text}`;
  const last = parent.children?.at(-1);
  if (last === undefined) return [replace(document, parent.offset + 1, 0, ` ${field} `)];
  const indent = lineStart(document.text, last.offset);
  const before = indent === undefined ? ' ' : `\n${document.text.slice(indent, last.offset)}`;
  return [replace(document, last.offset + last.length, 0, `,${before}${field}`)];
}

/** Takes a field or an entry of a list out of the file, with its comma and its line. Comments around it stay. */
export function remove(document: PolicyDocument, at: FieldPath): TextEdit[] {
  const value = nodeAt(document, at);
  if (value === undefined) return [];
  return removeNode(document, value.parent?.type === 'property' ? value.parent : value);
}

/** The same for a property or an entry that is at hand. */
export function removeNode(document: PolicyDocument, node: Node): TextEdit[] {
  if (node.parent === undefined) return [];
  const siblings = node.parent.children ?? [];
  const { text } = document;
  const start = lineStart(text, node.offset) ?? node.offset;
  const end = node.offset + node.length;
  const own = commaAfter(text, end);
  if (own !== undefined) {
    const blank = /^[ \t]*(\r?\n)?/.exec(text.slice(own + 1))?.[0] ?? '';
    const from = start < node.offset && blank.endsWith('\n') ? start : node.offset;
    return [replace(document, from, own + 1 + blank.length - from, '')];
  }
  const previous = siblings[siblings.indexOf(node) - 1];
  const comma = previous === undefined ? undefined : commaAfter(text, previous.offset + previous.length);
  const gap =
    /\s*$/.exec(text.slice(comma === undefined ? node.parent.offset + 1 : comma + 1, node.offset))?.[0] ?? '';
  const whole = replace(document, node.offset - gap.length, node.length + gap.length, '');
  return comma === undefined ? [whole] : [replace(document, comma, 1, ''), whole];
}

function nodeAt({ tree }: PolicyDocument, at: FieldPath): Node | undefined {
  return tree === undefined ? undefined : findNodeAtLocation(tree, [...at]);
}

/** Where the line starts that holds nothing but blanks before `offset`; undefined when it holds something. */
function lineStart(text: string, offset: number): number | undefined {
  let at = offset;
  while (at > 0 && (text[at - 1] === ' ' || text[at - 1] === '\t')) at--;
  return at > 0 && text[at - 1] === '\n' ? at : undefined;
}

/** The next comma, when only blanks and comments stand before it. */
function commaAfter(text: string, offset: number): number | undefined {
  for (let at = offset; at < text.length; at++) {
    if (text[at] === ',') return at;
    if (text.startsWith('//', at)) at = endOf(text, '\n', at);
    else if (text.startsWith('/*', at)) at = endOf(text, '*/', at + 2) + 1;
    else if (!/\s/.test(text[at] ?? '')) return undefined;
  }
  return undefined;
}

function endOf(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from);
  return found < 0 ? text.length : found;
}
