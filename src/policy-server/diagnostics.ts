import { findNodeAtLocation, type Node } from 'jsonc-parser';
import { type Diagnostic, DiagnosticSeverity, DiagnosticTag } from 'vscode-languageserver';
import type { FindingKind, PolicyFinding } from '../engine/policy/check/check';
import { MODES } from '../engine/policy/schema';
import { t } from '../views/protocol/l10n';
import type { PolicyDocument } from './document';
import type { EffectiveAnswer } from './protocol';
import type { Uses } from './uses';

/** unused: matches nothing in the record. no-effect: the person's own settings are stricter already. */
export type DiagnosticKind = FindingKind | 'unused' | 'no-effect';

/** A finding of the engine's check, or one that took the record or the settings. */
export interface Found extends Omit<PolicyFinding, 'kind'> {
  readonly kind: DiagnosticKind;
}

export const SOURCE = 'CoWork OS';

const SEVERITIES: Readonly<Record<DiagnosticKind, DiagnosticSeverity>> = {
  syntax: DiagnosticSeverity.Error,
  invalid: DiagnosticSeverity.Error,
  loosening: DiagnosticSeverity.Error,
  contradictory: DiagnosticSeverity.Warning,
  unreachable: DiagnosticSeverity.Warning,
  broad: DiagnosticSeverity.Warning,
  unused: DiagnosticSeverity.Information,
  'no-effect': DiagnosticSeverity.Hint,
};

const FADED: ReadonlySet<DiagnosticKind> = new Set<DiagnosticKind>(['unreachable', 'no-effect']);

/** Everything to be said of a document, in the order of the text. */
export function findingsOf(
  document: PolicyDocument,
  uses: Uses | undefined,
  effective: EffectiveAnswer,
): readonly Found[] {
  const { findings, understood } = document.checked;
  if (findings.some(({ kind }) => kind === 'syntax')) return findings;
  const doubtful = new Set(findings.map(({ at }) => (at[0] === 'rules' ? at[1] : undefined)));
  return [
    ...findings,
    ...(uses === undefined ? [] : unused(document, uses, doubtful)),
    ...(understood ? withoutEffect(document, effective) : []),
  ].sort((a, b) => a.offset - b.offset);
}

/** The same as the editor shows them. */
export function diagnosticOf(found: Found, document: PolicyDocument): Diagnostic {
  const { kind, message, fix, other } = found;
  return {
    range: document.range(found),
    severity: SEVERITIES[kind],
    source: SOURCE,
    code: kind,
    message: `${message} ${fix}`,
    ...(FADED.has(kind) ? { tags: [DiagnosticTag.Unnecessary] } : {}),
    ...(other === undefined
      ? {}
      : {
          relatedInformation: [
            {
              location: { uri: document.source.uri, range: document.range(other) },
              message: t('The other rule'),
            },
          ],
        }),
  };
}

/** Fields by which a rule names what it is about. Where and who alone are no pattern. */
const PATTERNS = ['command', 'finding', 'path', 'domain'] as const;

function unused(document: PolicyDocument, uses: Uses, doubtful: ReadonlySet<unknown>): readonly Found[] {
  const found: Found[] = [];
  for (const rule of document.rules) {
    const field = PATTERNS.find((name) => rule.fields.has(name));
    const node = field === undefined ? undefined : rule.fields.get(field);
    const counted = uses.of(rule);
    if (field === undefined || node === undefined || counted === undefined) continue;
    // A rule that never applies is reported as that; an empty record says nothing of any rule.
    if (counted.use.matched > 0 || counted.considered === 0 || doubtful.has(rule.index)) continue;
    found.push({
      kind: 'unused',
      path: `rules[${rule.index}].${field}`,
      at: ['rules', rule.index, field],
      value: '',
      message: t('Nothing in the last {0} days was about this.', counted.days),
      fix: t('Look whether it is spelled as people write it; a rule for rare cases is fine.'),
      offset: node.offset,
      length: node.length,
    });
  }
  return found;
}

/** Single values of the file that the settings outdo. */
function withoutEffect(document: PolicyDocument, effective: EffectiveAnswer): readonly Found[] {
  const found: Found[] = [];
  if (document.tree === undefined) return found;
  for (const line of effective ?? []) {
    const [section] = line.path;
    if (!SINGLE.has(String(section)) || line.origin === 'workspace') continue;
    const node: Node | undefined = findNodeAtLocation(document.tree, [...line.path]);
    if (node === undefined || !isStricterValue(line.value, node.value)) continue;
    const path = line.path.join('.');
    // What is left out altogether is reported as that.
    if (document.checked.findings.some((one) => one.path === path)) continue;
    const property = node.parent ?? node;
    found.push({
      kind: 'no-effect',
      path,
      at: line.path,
      value: JSON.stringify(node.value),
      message: t(
        'For you this changes nothing: {0} is in force, which is stricter.',
        JSON.stringify(line.value),
      ),
      fix: t('It still holds for others whose settings are wider.'),
      offset: property.offset,
      length: property.length,
    });
  }
  return found;
}

/** The file may be newer than what is in force, so being another value is not enough. */
function isStricterValue(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number') return a < b;
  for (const order of [EFFECTS, MODES] as const) {
    const [first, second] = [order.indexOf(a as never), order.indexOf(b as never)];
    if (first >= 0 && second >= 0) return first < second;
  }
  return false;
}

/** From the strictest on, as `MODES`. */
const EFFECTS = ['deny', 'ask', 'allow'] as const;

const SINGLE: ReadonlySet<string> = new Set(['mode', 'capabilities', 'budgets', 'limits']);
