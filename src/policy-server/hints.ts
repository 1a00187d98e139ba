import type { Node } from 'jsonc-parser';
import type { Range } from 'vscode-json-languageservice';
import { type InlayHint, InlayHintKind } from 'vscode-languageserver';
import { canonicalName, specOf } from '../engine/guard/programs';
import { compileCommandPattern } from '../engine/policy/command-pattern';
import { isAbsolutePath } from '../engine/policy/paths';
import { normaliseHost } from '../engine/policy/snapshot';
import { t } from '../views/protocol/l10n';
import type { PolicyDocument } from './document';

/** Behind each pattern: what the engine makes of it. */
export function hintsOf(document: PolicyDocument, range: Range): InlayHint[] {
  const from = document.source.offsetAt(range.start);
  const to = document.source.offsetAt(range.end);
  const hints: InlayHint[] = [];
  for (const { node: whole, fields } of document.rules) {
    if (whole.offset > to || whole.offset + whole.length < from) continue;
    for (const [name, meaning] of MEANINGS) {
      const node: Node | undefined = fields.get(name);
      const text: unknown = node?.value;
      if (node === undefined || typeof text !== 'string' || text.trim() === '') continue;
      hints.push({
        position: document.source.positionAt(node.offset + node.length),
        label: meaning(text),
        kind: InlayHintKind.Type,
        paddingLeft: true,
      });
    }
  }
  return hints;
}

const MEANINGS: ReadonlyMap<string, (pattern: string) => string> = new Map([
  ['command', commandMeaning],
  ['path', pathMeaning],
  ['domain', domainMeaning],
]);

/** A restricting pattern: the program by its name, and words in this order with anything in between. */
export function commandMeaning(pattern: string): string {
  const { program, rest } = compileCommandPattern(pattern);
  const words = rest.filter((word) => word !== '*').map((word) => JSON.stringify(word));
  const kind = kindOf(program);
  const named = kind === '' ? program : `${program} (${kind})`;
  if (program === '*')
    return words.length === 0 ? t('any command') : t('any program with {0}', words.join(' … '));
  if (words.length === 0) return t('{0} with any words', named);
  return t('{0}, somewhere {1}', named, words.join(' … '));
}

function kindOf(program: string): string {
  const spec = specOf(canonicalName(program, 'bash'), 'bash');
  if (spec?.wrapper !== undefined) return t('runs another command');
  switch (spec?.kind) {
    case 'shell':
      return t('shell');
    case 'interpreter':
      return t('interpreter');
    case 'runner':
      return t('package runner');
    default:
      return '';
  }
}

function pathMeaning(pattern: string): string {
  const text = pattern.trim();
  if (text.startsWith('~')) return t('in your home, with all below it');
  if (isAbsolutePath(text)) return t('this place, with all below it');
  if (!/[/\\]/.test(text) && text !== '**') return t('at any depth of the folder');
  return t('from the top of the folder, with all below it');
}

function domainMeaning(pattern: string): string {
  const host = normaliseHost(pattern);
  if (host === '*') return t('every host');
  return t('{0} and what is below it', host.startsWith('*.') ? host.slice(2) : host);
}
