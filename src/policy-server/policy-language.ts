import {
  type CompletionList,
  type Diagnostic,
  DiagnosticSeverity,
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
import { parseWorkspacePolicy } from '../engine/policy/parse';
import type { PolicyProblem } from '../engine/policy/problems';
import { policyJsonSchema } from '../engine/policy/schema';

/** The name under which the schema is known; nothing is ever fetched from it. */
const SCHEMA_URI = 'cowork://schema/policy.json';

/** What an editor may ask about a policy file. Knows no protocol and no editor. */
export class PolicyLanguage {
  private readonly json: LanguageService;

  constructor() {
    this.json = getLanguageService({
      schemaRequestService: () => Promise.reject(new Error('schemas are not fetched')),
    });
    this.json.configure({
      validate: true,
      allowComments: true,
      schemas: [{ uri: SCHEMA_URI, fileMatch: ['*'], schema: policyJsonSchema() }],
    });
  }

  /** The engine's own findings, so that the editor underlines exactly what the engine leaves out, and why. */
  async diagnostics(document: TextDocument): Promise<Diagnostic[]> {
    const text = document.getText();
    return parseWorkspacePolicy(text).problems.map((problem) => diagnosticOf(problem, document));
  }

  async completion(document: TextDocument, position: Position): Promise<CompletionList | null> {
    return this.json.doComplete(document, position, this.parse(document));
  }

  async hover(document: TextDocument, position: Position): Promise<Hover | null> {
    return this.json.doHover(document, position, this.parse(document));
  }

  format(document: TextDocument, options: FormattingOptions): TextEdit[] {
    return this.json.format(document, whole(document), options);
  }

  private parse(document: TextDocument): JSONDocument {
    return this.json.parseJSONDocument(document);
  }
}

function diagnosticOf(problem: PolicyProblem, document: TextDocument): Diagnostic {
  const start = problem.offset ?? 0;
  return {
    range: {
      start: document.positionAt(start),
      end: document.positionAt(start + Math.max(1, problem.length ?? 1)),
    },
    severity: DiagnosticSeverity.Error,
    source: 'CoWork OS',
    code: problem.kind,
    message: `${problem.message} ${problem.fix}`,
  };
}

function whole(document: TextDocument): Range {
  return { start: document.positionAt(0), end: document.positionAt(document.getText().length) };
}
