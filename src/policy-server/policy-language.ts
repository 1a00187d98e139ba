import {
  ClientCapabilities,
  type CodeAction,
  CodeActionKind,
  type CompletionItem,
  CompletionItemKind,
  type CompletionList,
  type Diagnostic,
  type FormattingOptions,
  getLanguageService,
  type Hover,
  type JSONDocument,
  type LanguageService,
  type Position,
  type Range,
  type TextDocument,
  type TextEdit,
} from 'vscode-json-languageservice';
import type { CodeLens, InlayHint } from 'vscode-languageserver';
import { t } from '../views/protocol/l10n';
import { diagnosticOf, type Found, findingsOf } from './diagnostics';
import { type PolicyDocument, PolicyDocuments, textOf } from './document';
import { set } from './edits';
import { fixesFor, freeId } from './fixes';
import { hintsOf } from './hints';
import { COMMAND_PATTERNS, documentedSchema, explained, ofCommand, ofFinding } from './knowledge';
import { lensesOf } from './lenses';
import { prepareRename, references, rename } from './names';
import type { EffectiveAnswer, RuleUseAnswer } from './protocol';
import { Uses } from './uses';

/** The name under which the schema is known; nothing is ever fetched from it. */
const SCHEMA_URI = 'cowork://schema/policy.json';

/** What an editor may ask about a policy file. Knows no protocol and no editor. Broken texts get partial answers. */
export class PolicyLanguage {
  private readonly json: LanguageService;
  private readonly documents = new PolicyDocuments();
  private readonly uses = new Map<string, Uses>();
  private effective: EffectiveAnswer = null;

  constructor() {
    this.json = getLanguageService({
      // Documentation is Markdown, which VS Code shows; other editors get it as the text that it is.
      clientCapabilities: ClientCapabilities.LATEST,
      schemaRequestService: () => Promise.reject(new Error('schemas are not fetched')),
    });
    this.json.configure({
      validate: true,
      allowComments: true,
      schemas: [{ uri: SCHEMA_URI, fileMatch: ['*'], schema: documentedSchema() }],
    });
  }

  /** The document as it is understood, for tests and for asking about its rules. */
  read(document: TextDocument): PolicyDocument {
    return this.documents.read(document);
  }

  /** The engine's own findings, so that the editor underlines exactly what the engine leaves out, and why. */
  async diagnostics(document: TextDocument): Promise<Diagnostic[]> {
    const read = this.documents.read(document);
    return this.found(read).map((one) => diagnosticOf(one, read));
  }

  async completion(document: TextDocument, position: Position): Promise<CompletionList | null> {
    const read = this.documents.read(document);
    if (!read.readable) return null;
    const known = await this.json.doComplete(document, position, this.parse(document));
    const field = read.fieldAt(position);
    if (field?.name !== 'command') return known;
    const items = commandItems(read.range(field.node));
    return { isIncomplete: known?.isIncomplete ?? false, items: [...(known?.items ?? []), ...items] };
  }

  async hover(document: TextDocument, position: Position): Promise<Hover | null> {
    const read = this.documents.read(document);
    if (!read.readable) return null;
    const field = read.fieldAt(position);
    if (field !== undefined) {
      const value = textOf(field.rule, field.name) ?? '';
      const text =
        field.name === 'finding' ? ofFinding(value) : field.name === 'command' ? aboutCommand(value) : '';
      if (text) return { contents: { kind: 'markdown', value: text }, range: read.range(field.node) };
    }
    return this.json.doHover(document, position, this.parse(document));
  }

  format(document: TextDocument, options: FormattingOptions): TextEdit[] {
    if (!this.documents.read(document).readable) return [];
    return this.json.format(document, whole(document), options);
  }

  actions(document: TextDocument, range: Range): CodeAction[] {
    const read = this.documents.read(document);
    const actions = fixesFor(read, this.found(read), range, this.uses.get(document.uri));
    const rule = read.ruleAt(range.start);
    if (rule === undefined || rule.id !== undefined) return actions;
    const edits = set(read, ['rules', rule.index, 'id'], freeId(read, 'rule'));
    return [
      ...actions,
      {
        title: t('Give this rule an id'),
        kind: CodeActionKind.RefactorRewrite,
        edit: { changes: { [document.uri]: edits } },
      },
    ];
  }

  lenses(document: TextDocument): CodeLens[] {
    return lensesOf(this.documents.read(document), this.uses.get(document.uri));
  }

  hints(document: TextDocument, range: Range): InlayHint[] {
    return hintsOf(this.documents.read(document), range);
  }

  prepareRename(document: TextDocument, position: Position) {
    return prepareRename(this.documents.read(document), position);
  }

  /** @throws NameRefused when the id is taken or cannot be one */
  rename(document: TextDocument, position: Position, name: string): TextEdit[] | null {
    return rename(this.documents.read(document), position, name);
  }

  references(document: TextDocument, position: Position): Range[] {
    return references(this.documents.read(document), position);
  }

  /** The rules whose use should be asked for. */
  rulesOf(document: TextDocument): readonly unknown[] {
    return usesOf(this.uses, document.uri).wanted(this.documents.read(document));
  }

  /** What the record says of the rules that `rulesOf` named. */
  takeUse(uri: string, rules: readonly unknown[], answer: RuleUseAnswer): void {
    usesOf(this.uses, uri).take(rules, answer);
  }

  /** What the engine says is in force. */
  takeEffective(answer: EffectiveAnswer): void {
    this.effective = answer;
  }

  forget(uri: string): void {
    this.documents.forget(uri);
    this.uses.delete(uri);
  }

  private found(read: PolicyDocument): readonly Found[] {
    return findingsOf(read, this.uses.get(read.source.uri), this.effective);
  }

  private parse(document: TextDocument): JSONDocument {
    return this.json.parseJSONDocument(document);
  }
}

function usesOf(all: Map<string, Uses>, uri: string): Uses {
  const uses = all.get(uri) ?? new Uses();
  all.set(uri, uses);
  return uses;
}

function commandItems(range: Range): readonly CompletionItem[] {
  return [...COMMAND_PATTERNS].map(([pattern, rules]) => {
    const newText = JSON.stringify(pattern);
    return {
      label: pattern,
      kind: CompletionItemKind.Value,
      detail: rules.map(({ id }) => id).join(', '),
      documentation: { kind: 'markdown', value: rules.map(explained).join('\n\n---\n\n') },
      filterText: newText,
      textEdit: { range, newText },
    };
  });
}

function aboutCommand(pattern: string): string {
  const rules = ofCommand(pattern);
  if (rules.length === 0) return '';
  return [t('What the guard knows of this:'), ...rules.map(explained)].join('\n\n');
}

function whole(document: TextDocument): Range {
  return { start: document.positionAt(0), end: document.positionAt(document.getText().length) };
}
