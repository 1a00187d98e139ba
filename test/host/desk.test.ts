import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { vscodeDesk } from '../../src/host/desk';

describe('the desk that VS Code is', () => {
  const desk = vscodeDesk();
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'cowork-desk-')));
    path = join(folder, 'a.txt');
    writeFileSync(path, 'one\ntwo\n');
  });
  afterEach(async () => {
    await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
    rmSync(folder, { recursive: true, force: true });
  });

  it('knows a file with unsaved changes, changes it there, and Undo takes it back', async () => {
    assert.equal(desk.editor.unsaved(path), undefined);
    assert.equal(await desk.editor.replaceUnsaved(path, 'x'), false);
    const document = await vscode.workspace.openTextDocument(path);
    const editor = await vscode.window.showTextDocument(document);
    assert.equal(desk.editor.unsaved(path), undefined, 'open, but as it is on the disk');
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), 'typed '));
    assert.equal(desk.editor.unsaved(path), 'typed one\ntwo\n');
    assert.equal(await desk.editor.replaceUnsaved(path, 'all new'), true);
    assert.equal(document.getText(), 'all new');
    assert.equal(readFileSync(path, 'utf8'), 'one\ntwo\n');
    await vscode.commands.executeCommand('undo');
    assert.equal(document.getText(), 'typed one\ntwo\n');
  });

  it('shows a file at a line', async () => {
    await desk.editor.show(path, 2);
    const editor = vscode.window.visibleTextEditors.find(({ document }) => document.uri.fsPath === path);
    assert.equal(editor?.selection.active.line, 1);
  });

  it('has the findings that VS Code shows', () => {
    const found = vscode.languages.createDiagnosticCollection('cowork-test');
    try {
      const range = new vscode.Range(1, 2, 1, 3);
      const finding = new vscode.Diagnostic(range, 'unused', vscode.DiagnosticSeverity.Warning);
      finding.source = 'test';
      found.set(vscode.Uri.file(path), [finding]);
      assert.deepEqual(
        desk.editor.diagnostics().filter((one) => one.path === path),
        [{ path, line: 2, column: 3, severity: 'warning', message: 'unused', source: 'test' }],
      );
    } finally {
      found.dispose();
    }
  });
});
