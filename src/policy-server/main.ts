import {
  CodeActionKind,
  createConnection,
  ErrorCodes,
  ProposedFeatures,
  ResponseError,
  TextDocumentSyncKind,
  TextDocuments,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { setBundle } from '../views/protocol/l10n';
import { NameRefused } from './names';
import { PolicyLanguage } from './policy-language';
import {
  CHANGED,
  EFFECTIVE,
  effectiveAnswer,
  RULE_USE,
  type RuleUseRequest,
  ruleUseAnswer,
  startOptions,
} from './protocol';
import { DAYS } from './uses';

// The language server of `.cowork/policy.jsonc`: a process of its own, so that a large file never holds up the
// editor. What it knows of policies comes from the engine's code; what it knows of JSON from a library; of the record
// and the settings it asks its client.
const connection = createConnection(ProposedFeatures.all);
const documents = new TextDocuments(TextDocument);
const language = new PolicyLanguage();

connection.onInitialize(({ initializationOptions }) => {
  const options = startOptions.safeParse(initializationOptions);
  if (options.success) setBundle(options.data.bundle);
  return {
    capabilities: {
      textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: true },
      completionProvider: { triggerCharacters: ['"', ':', ' '] },
      hoverProvider: true,
      documentFormattingProvider: true,
      codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix, CodeActionKind.RefactorRewrite] },
      codeLensProvider: {},
      inlayHintProvider: true,
      renameProvider: { prepareProvider: true },
      referencesProvider: true,
    },
  };
});

async function report(document: TextDocument): Promise<void> {
  const { uri, version } = document;
  const diagnostics = await language.diagnostics(document);
  // A newer text has its own diagnostics under way.
  if (documents.get(uri)?.version === version)
    await connection.sendDiagnostics({ uri, version, diagnostics });
}

/** Documents that are being asked about; true when something has changed since. */
const asking = new Map<string, boolean>();

/** The semantic check: what the record and the settings say of the rules. After opening, saving and changes of either. */
async function check({ uri }: TextDocument): Promise<void> {
  if (asking.has(uri)) {
    asking.set(uri, true);
    return;
  }
  try {
    do {
      asking.set(uri, false);
      const document = documents.get(uri);
      if (document === undefined) return;
      await ask(document);
    } while (asking.get(uri) === true);
  } finally {
    asking.delete(uri);
  }
}

async function ask(document: TextDocument): Promise<void> {
  const rules = language.rulesOf(document);
  const request: RuleUseRequest = { rules: [...rules], days: DAYS };
  const [use, effective] = await Promise.all([
    connection.sendRequest(RULE_USE, request),
    connection.sendRequest(EFFECTIVE),
  ]);
  language.takeUse(document.uri, rules, ruleUseAnswer.parse(use));
  language.takeEffective(effectiveAnswer.parse(effective));
  const now = documents.get(document.uri);
  if (now === undefined) return;
  await report(now);
  await Promise.all([
    connection.languages.inlayHint.refresh(),
    connection.sendRequest('workspace/codeLens/refresh'),
  ]);
}

/** Milliseconds between a change and its diagnostics, so that the completion that follows a letter goes before them. */
const REPORT_AFTER_MS = 30;
const reports = new Map<string, NodeJS.Timeout>();

function reportSoon(uri: string): void {
  clearTimeout(reports.get(uri));
  const timer = setTimeout(() => {
    reports.delete(uri);
    const document = documents.get(uri);
    if (document !== undefined) inBackground(report(document));
  }, REPORT_AFTER_MS);
  reports.set(uri, timer);
}

function inBackground(work: Promise<unknown>): void {
  work.catch((error: unknown) => {
    connection.console.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
  });
}

documents.onDidOpen(({ document }) => inBackground(check(document)));
documents.onDidSave(({ document }) => inBackground(check(document)));
documents.onDidChangeContent(({ document }) => reportSoon(document.uri));
documents.onDidClose(({ document }) => {
  language.forget(document.uri);
  inBackground(connection.sendDiagnostics({ uri: document.uri, diagnostics: [] }));
});
connection.onNotification(CHANGED, () => {
  for (const document of documents.all()) inBackground(check(document));
});

/** Answers about a document that is open, and nothing about others. */
function about<P extends { textDocument: { uri: string } }, R>(
  answer: (document: TextDocument, params: P) => R,
) {
  return (params: P): R | null => {
    const document = documents.get(params.textDocument.uri);
    return document === undefined ? null : answer(document, params);
  };
}

connection.onCompletion(about((document, { position }) => language.completion(document, position)));
connection.onHover(about((document, { position }) => language.hover(document, position)));
connection.onDocumentFormatting(about((document, { options }) => language.format(document, options)));
connection.onCodeAction(about((document, { range }) => language.actions(document, range)));
connection.onCodeLens(about((document) => language.lenses(document)));
connection.languages.inlayHint.on(about((document, { range }) => language.hints(document, range)));
connection.onPrepareRename(about((document, { position }) => language.prepareRename(document, position)));
connection.onReferences(
  about((document, { position }) =>
    language.references(document, position).map((range) => ({ uri: document.uri, range })),
  ),
);
connection.onRenameRequest(
  about((document, { position, newName }) => {
    try {
      const edits = language.rename(document, position, newName);
      return edits === null ? null : { changes: { [document.uri]: edits } };
    } catch (error) {
      if (!(error instanceof NameRefused)) throw error;
      return new ResponseError(ErrorCodes.InvalidParams, error.message);
    }
  }),
);

documents.listen(connection);
connection.listen();
