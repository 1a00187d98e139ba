import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as vscode from 'vscode';

/** The policy file of the open folder, with the place that `|` marks. */
async function open(marked: string): Promise<{ document: vscode.TextDocument; position: vscode.Position }> {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
  const file = join(folder, '.cowork/policy.jsonc');
  await mkdir(dirname(file), { recursive: true });
  const at = Math.max(0, marked.indexOf('|'));
  const text = marked.replace('|', '');
  await writeFile(file, text);
  const document = await vscode.workspace.openTextDocument(vscode.Uri.file(file));
  const editor = await vscode.window.showTextDocument(document);
  if (document.getText() !== text) {
    const whole = new vscode.Range(document.positionAt(0), document.positionAt(document.getText().length));
    await editor.edit((edit) => edit.replace(whole, text));
  }
  await document.save();
  return { document, position: document.positionAt(at) };
}

/** Asks the editor again until the answer is as it should be; the server works in a process of its own. */
async function answer<T>(ask: () => Thenable<T>, good: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await ask();
    if (good(value)) return value;
    await new Promise((resume) => setTimeout(resume, 50));
  }
}

function ask<T>(command: string, ...args: readonly unknown[]): Thenable<T> {
  return vscode.commands.executeCommand<T>(command, ...args);
}

const whole = (document: vscode.TextDocument) =>
  new vscode.Range(document.positionAt(0), document.positionAt(document.getText().length));

function problems(document: vscode.TextDocument, code: string): Promise<vscode.Diagnostic[]> {
  const own = async () =>
    vscode.languages
      .getDiagnostics(document.uri)
      .filter((one) => one.source === 'CoWork OS' && one.code === code);
  return answer(own, (found) => found.length > 0);
}

const text = (value: unknown) => JSON.stringify(value);

describe('the policy file in the editor', function () {
  this.timeout(60_000);

  after(() => ask('workbench.action.closeAllEditors'));

  it('is completed from the schema and the catalogue of the guard, with documentation', async () => {
    const field = await open('{ "rules": [ { "|" } ] }');
    const list = await answer(
      () =>
        ask<vscode.CompletionList>(
          'vscode.executeCompletionItemProvider',
          field.document.uri,
          field.position,
        ),
      ({ items }) => items.some(({ label }) => text(label).includes('finding')),
    );
    assert.ok(list.items.some(({ label }) => text(label).includes('effect')));
    const id = await open('{ "rules": [ { "effect": "deny", "finding": "|" } ] }');
    const ids = await answer(
      () => ask<vscode.CompletionList>('vscode.executeCompletionItemProvider', id.document.uri, id.position),
      ({ items }) => items.some(({ label }) => text(label).includes('data.destroy')),
    );
    const item = ids.items.find(({ label }) => text(label).includes('data.destroy'));
    const { documentation } = item ?? {};
    const shown = documentation instanceof vscode.MarkdownString ? documentation.value : documentation;
    assert.match(shown ?? '', /unless there is a backup/);
  });

  it('explains a finding and a field on hover', async () => {
    for (const [marked, words] of [
      ['{ "rules": [ { "effect": "deny", "finding": "data.des|troy" } ] }', /Make a dump first/],
      ['{ "mo|de": "plan" }', /stricter mode/],
    ] as const) {
      const { document, position } = await open(marked);
      await answer(
        () => ask<vscode.Hover[]>('vscode.executeHoverProvider', document.uri, position),
        (hovers) =>
          words.test(
            hovers
              .flatMap(({ contents }) => contents)
              .map((one) => (typeof one === 'string' ? one : one.value))
              .join(),
          ),
      );
    }
  });

  const wrong: readonly (readonly [string, string, string])[] = [
    ['syntax', '{ "mode": "plan" "rules": [] }', 'Insert “,”'],
    ['invalid', '{ "modus": "plan" }', 'Write "mode"'],
    ['loosening', '{ "capabilities": { "shell": "allow" } }', 'Write "ask"'],
    [
      'unreachable',
      '{ "rules": [ { "effect": "deny", "path": "infra/**" }, { "effect": "ask", "path": "infra/a/**" } ] }',
      'Remove this rule',
    ],
    [
      'contradictory',
      '{ "rules": [ { "effect": "deny", "path": "infra/**" }, { "effect": "ask", "path": "infra/**" } ] }',
      'Remove the other rule',
    ],
    ['broad', '{ "rules": [ { "effect": "ask", "command": "npx *" } ] }', 'Say why it is this broad'],
  ];
  for (const [code, content, title] of wrong) {
    it(`underlines what is ${code}, and mends it with one click`, async () => {
      const { document } = await open(content);
      const [problem] = await problems(document, code);
      const actions = await answer(
        () => ask<vscode.CodeAction[]>('vscode.executeCodeActionProvider', document.uri, problem?.range),
        (found) => found.some((action) => action.title === title),
      );
      const fix = actions.find((action) => action.title === title);
      assert.ok(fix?.edit);
      assert.equal(await vscode.workspace.applyEdit(fix.edit), true);
      await answer(
        async () => vscode.languages.getDiagnostics(document.uri).filter((one) => one.code === code),
        (left) => left.length === 0,
      );
    });
  }

  it('has a lens over each rule that leads into the simulator', async () => {
    const { document } = await open(
      '{\n  "rules": [\n    { "effect": "ask", "command": "git push *" }\n  ]\n}',
    );
    const lenses = await answer(
      () => ask<vscode.CodeLens[]>('vscode.executeCodeLensProvider', document.uri, 10),
      (found) => found.some(({ command }) => command?.command === 'cowork.policy.simulate'),
    );
    const lens = lenses.find(({ command }) => command?.command === 'cowork.policy.simulate');
    assert.equal(lens?.range.start.line, 2);
    assert.deepEqual(lens?.command?.arguments, ['{"effect":"ask","command":"git push *"}']);
    await vscode.commands.executeCommand('cowork.policy.simulate', ...(lens?.command?.arguments ?? []));
    await answer(
      async () => vscode.window.activeTextEditor?.document,
      (shown) => shown?.languageId === 'markdown' && shown.getText().includes('git push'),
    );
  });

  it('shows behind a pattern what it is taken for', async () => {
    const { document } = await open('{ "rules": [ { "effect": "ask", "command": "git push --force *" } ] }');
    const hints = await answer(
      () => ask<vscode.InlayHint[]>('vscode.executeInlayHintProvider', document.uri, whole(document)),
      (found) => found.length > 0,
    );
    assert.equal(hints[0]?.label, 'git, somewhere "push" … "--force"');
  });

  it('finds an id in rules and comments, and renames it in all of them', async () => {
    const { document, position } = await open(
      '{\n  // keep-local is ours\n  "rules": [ { "effect": "ask", "id": "keep-|local", "path": "a/b" } ]\n}',
    );
    const found = await answer(
      () => ask<vscode.Location[]>('vscode.executeReferenceProvider', document.uri, position),
      (places) => places.length > 0,
    );
    assert.equal(found.length, 2);
    const edit = await ask<vscode.WorkspaceEdit>(
      'vscode.executeDocumentRenameProvider',
      document.uri,
      position,
      'stay',
    );
    await vscode.workspace.applyEdit(edit);
    assert.match(document.getText(), /\/\/ stay is ours[\s\S]*"id": "stay"/);
    await assert.rejects(
      async () =>
        ask(
          'vscode.executeDocumentRenameProvider',
          document.uri,
          document.positionAt(document.getText().indexOf('"stay"') + 2),
          '*/',
        ),
      /starts with a letter/,
    );
  });

  it('is formatted as JSON with comments', async () => {
    const { document } = await open('{"mode":"plan",// why\n"rules":[]}');
    const edits = await answer(
      () =>
        ask<vscode.TextEdit[] | undefined>('vscode.executeFormatDocumentProvider', document.uri, {
          tabSize: 2,
          insertSpaces: true,
        }),
      (found) => (found?.length ?? 0) > 0,
    );
    const edit = new vscode.WorkspaceEdit();
    edit.set(document.uri, edits ?? []);
    await vscode.workspace.applyEdit(edit);
    assert.match(document.getText(), /^\{\n {2}"mode": "plan", \/\/ why\n/);
  });

  it('shows the policy in force with where each line comes from, read-only, and follows what is saved', async () => {
    await open('{ "capabilities": { "network": "deny" } }');
    await vscode.commands.executeCommand('cowork.policy.showEffective');
    const shown = await answer(
      async () => vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === 'cowork-policy'),
      (document) => /"network": "deny",\s+\/\/ the folder's file/.test(document?.getText() ?? ''),
    );
    assert.match(shown?.getText() ?? '', /"mode": "ask",\s+\/\/ default/);
    assert.equal(shown?.languageId, 'jsonc');
    const edit = new vscode.WorkspaceEdit();
    if (shown !== undefined) edit.insert(shown.uri, new vscode.Position(0, 0), 'x');
    assert.equal(
      await vscode.workspace.applyEdit(edit).then(
        (done) => done && shown?.isDirty === true,
        () => false,
      ),
      false,
    );
    await open('{ "capabilities": { "network": "ask" } }');
    await answer(
      async () => shown?.getText() ?? '',
      (now) => /"network": "ask",\s+\/\/ default/.test(now),
    );
  });

  it('does not let the settings of the workspace loosen anything', async () => {
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
    const wishes = {
      'cowork.mode': 'trusted',
      'cowork.capabilities.shell': 'allow',
      'cowork.trustedPatterns': ['*'],
    };
    const file = join(folder, '.vscode/settings.json');
    await mkdir(dirname(file), { recursive: true });
    await open('{}');
    await vscode.commands.executeCommand('cowork.policy.showEffective');
    const shown = () =>
      vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === 'cowork-policy')?.getText() ?? '';
    const seen = answer(
      async () => vscode.workspace.getConfiguration('editor').get<number>('tabSize'),
      (size) => size === 7,
    );
    // A setting that a workspace may write says when the file has been read.
    await writeFile(file, JSON.stringify({ ...wishes, 'editor.tabSize': 7 }));
    await seen;
    await open('{ "capabilities": { "network": "deny" } }');
    await answer(
      async () => shown(),
      (now) => now.includes('"network": "deny"'),
    );
    assert.match(shown(), /"mode": "ask",\s+\/\/ default/);
    assert.match(shown(), /"shell": "ask",\s+\/\/ default/);
    assert.doesNotMatch(shown(), /"trusted"/);
    await writeFile(file, '{}');
  });

  it('keeps what was understood last in force while the file is broken, and says so', async () => {
    await open('{ "capabilities": { "network": "deny" } }');
    await vscode.commands.executeCommand('cowork.policy.showEffective');
    const shown = await answer(
      async () => vscode.workspace.textDocuments.find(({ uri }) => uri.scheme === 'cowork-policy'),
      (document) => /"network": "deny"/.test(document?.getText() ?? ''),
    );
    const { document } = await open('{ "capabilities": { "network": "de');
    await problems(document, 'syntax');
    assert.match(shown?.getText() ?? '', /"network": "deny"/);
    await open('{}');
  });
});
