import { visit } from 'jsonc-parser';
import type { Position, Range, TextEdit } from 'vscode-json-languageservice';
import { t } from '../views/protocol/l10n';
import type { PolicyDocument, RuleNode } from './document';
import { replace, set } from './edits';

/** What a new id may be: plain enough to stand in comments, records and filters. At most 80 characters. */
const PLAIN_ID = /^[\p{L}\p{N}][\p{L}\p{N}._:-]{0,79}$/u;

/** A rule cannot be renamed to that; the message says why. */
export class NameRefused extends Error {
  override readonly name = 'NameRefused';
}

interface Named {
  readonly rule: RuleNode;
  /** Where the name stands; for a rule without one, its effect. */
  readonly place: Range;
}

/** The rule whose id is at a place: in an id, or for a rule that has none, in its effect. */
function namedAt(document: PolicyDocument, position: Position): Named | undefined {
  const at = document.fieldAt(position);
  if (at === undefined) return undefined;
  const { rule, name, node } = at;
  if (name === 'id' || (name === 'effect' && rule.id === undefined))
    return { rule, place: inside(document, node) };
  return undefined;
}

/** A string without its quotes. */
function inside(document: PolicyDocument, node: { offset: number; length: number }): Range {
  return document.range({ offset: node.offset + 1, length: node.length - 2 });
}

/** Where the editor lets a name be typed, with the name as it is now; null where there is none. */
export function prepareRename(
  document: PolicyDocument,
  position: Position,
): { range: Range; placeholder: string } | null {
  const named = namedAt(document, position);
  return named === undefined ? null : { range: named.place, placeholder: named.rule.name };
}

/**
 * Gives the rule another id, in its field and wherever comments and reasons of the file mention it.
 * @throws NameRefused when the id is taken or cannot be one
 */
export function rename(document: PolicyDocument, position: Position, given: string): TextEdit[] | null {
  const named = namedAt(document, position);
  if (named === undefined) return null;
  const id = given.trim();
  if (!PLAIN_ID.test(id)) {
    throw new NameRefused(
      t('An id starts with a letter or a number, and has letters, numbers and . _ : - only, 80 at most.'),
    );
  }
  const { rule } = named;
  if (document.rules.some((other) => other.id === id && other.id !== rule.id))
    throw new NameRefused(t('There is already a rule with the id “{0}”.', id));
  if (rule.id === undefined) return set(document, ['rules', rule.index, 'id'], id);
  return placesOf(document, rule.id).map(({ offset, length }) => replace(document, offset, length, id));
}

/** Where an id stands: in the rules that have it, and in comments and reasons that mention it. */
export function references(document: PolicyDocument, position: Position): Range[] {
  const named = namedAt(document, position);
  if (named?.rule.id === undefined) return named === undefined ? [] : [named.place];
  return placesOf(document, named.rule.id).map((place) => document.range(place));
}

interface Place {
  readonly offset: number;
  readonly length: number;
}

function placesOf(document: PolicyDocument, id: string): readonly Place[] {
  const places: Place[] = [];
  for (const rule of document.rules) {
    const node = rule.fields.get('id');
    if (rule.id === id && node !== undefined)
      places.push({ offset: node.offset + 1, length: node.length - 2 });
    const reason = rule.fields.get('reason');
    if (reason !== undefined) places.push(...mentions(document.text, id, reason.offset, reason.length));
  }
  visit(document.text, {
    onComment: (offset, length) => void places.push(...mentions(document.text, id, offset, length)),
  });
  return places.sort((a, b) => a.offset - b.offset);
}

/** Places of a word in a stretch of text; `push` is not in `no-push`, and a full stop may follow. */
function mentions(text: string, id: string, offset: number, length: number): readonly Place[] {
  const found: Place[] = [];
  const end = offset + length;
  for (let at = text.indexOf(id, offset); at >= 0 && at + id.length <= end; at = text.indexOf(id, at + 1)) {
    const before = text.slice(Math.max(0, at - 1), at);
    const after = text.slice(at + id.length, at + id.length + 2);
    if (!/[\p{L}\p{N}._:-]/u.test(before) && !/^[\p{L}\p{N}_-]|^[.:][\p{L}\p{N}]/u.test(after))
      found.push({ offset: at, length: id.length });
  }
  return found;
}
