import { findNodeAtLocation, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { type CodeAction, CodeActionKind, type Range, type TextEdit } from 'vscode-json-languageservice';
import { t } from '../views/protocol/l10n';
import { diagnosticOf, type Found } from './diagnostics';
import type { PolicyDocument, RuleNode } from './document';
import { remove, removeNode, replace, set } from './edits';
import type { Uses } from './uses';

interface Fix {
  readonly title: string;
  readonly edits: readonly TextEdit[];
}

/** Quick fixes for what was found in a range; the first of each is the one to prefer. */
export function fixesFor(
  document: PolicyDocument,
  found: readonly Found[],
  range: Range,
  uses: Uses | undefined,
): CodeAction[] {
  const from = document.source.offsetAt(range.start);
  const to = document.source.offsetAt(range.end);
  const actions: CodeAction[] = [];
  for (const one of found) {
    if (one.offset > to || one.offset + Math.max(1, one.length) < from) continue;
    const fixes = fixesOf(document, one, uses).filter(({ edits }) => edits.length > 0);
    for (const [at, { title, edits }] of fixes.entries()) {
      actions.push({
        title,
        kind: CodeActionKind.QuickFix,
        diagnostics: [diagnosticOf(one, document)],
        ...(at === 0 ? { isPreferred: true } : {}),
        edit: { changes: { [document.source.uri]: [...edits] } },
      });
    }
  }
  return actions;
}

function fixesOf(document: PolicyDocument, found: Found, uses: Uses | undefined): readonly Fix[] {
  switch (found.kind) {
    case 'syntax':
      return syntaxFixes(document);
    case 'loosening':
      return looseningFixes(document, found);
    case 'invalid':
      return invalidFixes(document, found);
    case 'contradictory':
      return contradictionFixes(document, found);
    case 'unreachable':
      return unreachableFixes(document, found);
    case 'broad':
      return broadFixes(document, found, uses);
    case 'unused':
      return [removal(document, found)];
    case 'no-effect':
      return [{ title: t('Remove {0}', found.path), edits: remove(document, found.at) }];
  }
}

/** What is missing where the parser stopped. */
function syntaxFixes(document: PolicyDocument): readonly Fix[] {
  if (!document.readable) return [];
  const errors: ParseError[] = [];
  parseTree(document.text, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error === undefined) return duplicateFixes(document);
  const missing = MISSING.get(printParseErrorCode(error.error));
  if (missing === undefined) return [];
  // The mistake is noticed at the next word; what is missing belongs behind the last one.
  const before = document.text.slice(0, error.offset).trimEnd().length;
  const edits = [replace(document, before, 0, missing)];
  return [{ title: t('Insert “{0}”', missing), edits }];
}

const MISSING: ReadonlyMap<string, string> = new Map([
  ['CommaExpected', ','],
  ['ColonExpected', ':'],
  ['CloseBraceExpected', '}'],
  ['CloseBracketExpected', ']'],
  ['UnexpectedEndOfString', '"'],
]);

/** JSON otherwise: a key is there twice, and the problem stands at the second. */
function duplicateFixes(document: PolicyDocument): readonly Fix[] {
  const problem = document.checked.findings.find(({ kind }) => kind === 'syntax');
  const property = problem === undefined ? undefined : propertyAt(document, problem.offset);
  if (property === undefined) return [];
  return [{ title: t('Remove the second one'), edits: removeNode(document, property) }];
}

function propertyAt({ tree }: PolicyDocument, offset: number): Node | undefined {
  const queue = tree === undefined ? [] : [tree];
  for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
    if (node.type === 'property' && node.offset === offset) return node;
    queue.push(...(node.children ?? []));
  }
  return undefined;
}

function looseningFixes(document: PolicyDocument, found: Found): readonly Fix[] {
  const { at } = found;
  const field = String(at.at(-1));
  const [section] = at;
  if (field === 'mode') return ['ask', 'plan'].map((value) => written(document, at, value));
  if (field === 'effect' || section === 'capabilities')
    return ['ask', 'deny'].map((value) => written(document, at, value));
  return [{ title: t('Remove {0}', shortName(found)), edits: remove(document, at) }];
}

/** A field by its name, an entry of a list by its place. */
function shortName({ at, path }: Found): string {
  const last = at.at(-1);
  return typeof last === 'string' ? last : path;
}

function written(document: PolicyDocument, at: Found['at'], value: string | number): Fix {
  return { title: t('Write {0}', JSON.stringify(value)), edits: set(document, at, value) };
}

function invalidFixes(document: PolicyDocument, found: Found): readonly Fix[] {
  const { at, meant } = found;
  const node = document.tree === undefined ? undefined : findNodeAtLocation(document.tree, [...at]);
  const fixes: Fix[] = [...meantFixes(document, found)];
  const key = node?.parent?.type === 'property' ? node.parent.children?.[0] : undefined;
  if (meant !== undefined && 'name' in meant && key !== undefined) {
    const name = JSON.stringify(meant.name);
    fixes.push({ title: t('Write {0}', name), edits: [replace(document, key.offset, key.length, name)] });
  }
  const value: unknown = node?.value;
  if (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)))
    fixes.push(written(document, at, Number(value)));
  if (node !== undefined)
    fixes.push({ title: t('Remove {0}', shortName(found)), edits: remove(document, at) });
  return fixes;
}

/** The value that was probably meant. */
function meantFixes(document: PolicyDocument, { at, meant }: Found): readonly Fix[] {
  return meant !== undefined && 'value' in meant ? [written(document, at, meant.value)] : [];
}

function ruleOf(document: PolicyDocument, { at }: Found): RuleNode | undefined {
  return document.rules.find(({ index }) => at[0] === 'rules' && at[1] === index);
}

function removal(document: PolicyDocument, { at }: Found): Fix {
  return { title: t('Remove this rule'), edits: remove(document, at.slice(0, 2)) };
}

function contradictionFixes(document: PolicyDocument, found: Found): readonly Fix[] {
  const rule = ruleOf(document, found);
  if (found.at.at(-1) === 'id') {
    const id = freeId(document, rule?.id ?? 'rule');
    return [{ title: t('Name it {0}', id), edits: set(document, found.at, id) }];
  }
  const other = found.other?.index;
  return [
    removal(document, found),
    ...(other === undefined
      ? []
      : [{ title: t('Remove the other rule'), edits: remove(document, ['rules', other]) }]),
  ];
}

function unreachableFixes(document: PolicyDocument, found: Found): readonly Fix[] {
  const fixes: Fix[] = [...meantFixes(document, found)];
  const rule = ruleOf(document, found);
  if (found.other === undefined && found.meant === undefined) {
    for (const name of ['tool', 'group'] as const) {
      if (rule?.fields.has(name))
        fixes.push({
          title: t('Remove {0}', name),
          edits: remove(document, ['rules', rule.index, name]),
        });
    }
  }
  return [...fixes, removal(document, found)];
}

function broadFixes(document: PolicyDocument, found: Found, uses: Uses | undefined): readonly Fix[] {
  const rule = ruleOf(document, found);
  const narrower = rule === undefined ? [] : (uses?.of(rule)?.use.narrower ?? []);
  const fixes = narrower.map((pattern) => ({
    title: t('Narrow it to {0}', JSON.stringify(pattern)),
    edits: set(document, found.at, pattern),
  }));
  const reason = t('Say here why it must be all of it.');
  return [
    ...fixes,
    {
      title: t('Say why it is this broad'),
      edits: rule === undefined ? [] : set(document, ['rules', rule.index, 'reason'], reason),
    },
    removal(document, found),
  ];
}

/** An id that no rule of the document has: `name`, or `name-2` and so on. */
export function freeId(document: PolicyDocument, name: string): string {
  const taken = new Set(document.rules.map(({ id }) => id));
  for (let number = 2; ; number++) {
    const id = `${name}-${number}`;
    if (!taken.has(id)) return id;
  }
}
