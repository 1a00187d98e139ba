import {
  createConnection,
  ProposedFeatures,
  TextDocumentSyncKind,
  TextDocuments,
} from 'vscode-languageserver/node';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { PolicyLanguage } from './policy-language';

// The language server of `.cowork/policy.jsonc`: a process of its own, so that a large file never holds up the
// editor. What it knows of policies comes from the engine; what it knows of JSON from a library.
const connection = createConnection(ProposedFeatures.all);
const documents = new TextDocuments(TextDocument);
const language = new PolicyLanguage();

connection.onInitialize(() => ({
  capabilities: {
    textDocumentSync: TextDocumentSyncKind.Incremental,
    completionProvider: { triggerCharacters: ['"', ':', ' '] },
    hoverProvider: true,
    documentFormattingProvider: true,
  },
}));

documents.onDidChangeContent(({ document }) => {
  const { uri, version } = document;
  void language.diagnostics(document).then((diagnostics) => {
    // A newer text has its own diagnostics under way.
    if (documents.get(uri)?.version === version)
      void connection.sendDiagnostics({ uri, version, diagnostics });
  });
});

documents.onDidClose(
  ({ document }) => void connection.sendDiagnostics({ uri: document.uri, diagnostics: [] }),
);

connection.onCompletion(({ textDocument, position }) => {
  const document = documents.get(textDocument.uri);
  return document ? language.completion(document, position) : null;
});

connection.onHover(({ textDocument, position }) => {
  const document = documents.get(textDocument.uri);
  return document ? language.hover(document, position) : null;
});

connection.onDocumentFormatting(({ textDocument, options }) => {
  const document = documents.get(textDocument.uri);
  return document ? language.format(document, options) : null;
});

documents.listen(connection);
connection.listen();
