import { realpathSync } from 'node:fs';
import * as vscode from 'vscode';
import type { Desk, EditorDiagnostic } from '../engine/model/desk';
import { captureScreen } from './screenshot';

/** The desk that VS Code is: its clipboard, its documents, its findings. */
export function vscodeDesk(): Desk {
  return {
    clipboard: {
      read: async () => vscode.env.clipboard.readText(),
      write: async (text) => vscode.env.clipboard.writeText(text),
    },
    editor: {
      unsaved: (path) => unsavedDocument(path)?.getText(),
      async replaceUnsaved(path, text) {
        const document = unsavedDocument(path);
        if (!document) return false;
        const edit = new vscode.WorkspaceEdit();
        const all = new vscode.Range(0, 0, document.lineCount, 0);
        edit.replace(document.uri, document.validateRange(all), text);
        return vscode.workspace.applyEdit(edit);
      },
      async show(path, line) {
        const at = Math.max(0, (line ?? 1) - 1);
        await vscode.window.showTextDocument(vscode.Uri.file(path), {
          preview: true,
          // Whoever sits there may be typing elsewhere.
          preserveFocus: true,
          ...(line === undefined ? {} : { selection: new vscode.Range(at, 0, at, 0) }),
        });
      },
      diagnostics: () => vscode.languages.getDiagnostics().flatMap(([uri, found]) => entries(uri, found)),
    },
    screen: { capture: () => captureScreen() },
  };
}

/** The document of a file, by where it really is, with changes that are not on the disk. */
function unsavedDocument(path: string): vscode.TextDocument | undefined {
  return vscode.workspace.textDocuments.find(
    ({ uri, isDirty, isClosed }) => isDirty && !isClosed && realPath(uri) === path,
  );
}

function entries(uri: vscode.Uri, found: readonly vscode.Diagnostic[]): EditorDiagnostic[] {
  const path = realPath(uri);
  if (path === undefined) return [];
  return found.map(({ range, severity, message, source }) => ({
    path,
    line: range.start.line + 1,
    column: range.start.character + 1,
    severity: SEVERITIES[severity],
    message,
    source: source ?? '',
  }));
}

const SEVERITIES: Readonly<Record<vscode.DiagnosticSeverity, EditorDiagnostic['severity']>> = {
  [vscode.DiagnosticSeverity.Error]: 'error',
  [vscode.DiagnosticSeverity.Warning]: 'warning',
  [vscode.DiagnosticSeverity.Information]: 'information',
  [vscode.DiagnosticSeverity.Hint]: 'hint',
};

function realPath(uri: vscode.Uri): string | undefined {
  if (uri.scheme !== 'file') return undefined;
  try {
    return realpathSync(uri.fsPath);
  } catch {
    return undefined;
  }
}
