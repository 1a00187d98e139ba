import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';

describe('the extension in VS Code', () => {
  const folder = process.env.COWORK_EXTENSION ?? '';

  function found(): vscode.Extension<unknown> {
    const extension = vscode.extensions.all.find(({ extensionUri }) => extensionUri.fsPath === folder);
    assert.ok(extension, `no extension from ${folder} among those that the host knows`);
    return extension;
  }

  it('is known to the host under the name of its manifest', () => {
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    assert.equal(found().id.toLowerCase(), `${manifest.publisher}.${manifest.name}`.toLowerCase());
  });

  it('activates', async () => {
    await found().activate();
    assert.equal(found().isActive, true);
  });

  it('registers every command of its manifest', async () => {
    await found().activate();
    const manifest: { contributes?: { commands?: { command: string }[] } } = found().packageJSON;
    const declared = (manifest.contributes?.commands ?? []).map(({ command }) => command);
    assert.ok(declared.length > 0, 'the manifest declares commands');
    const registered = new Set(await vscode.commands.getCommands(true));
    assert.deepEqual(
      declared.filter((id) => !registered.has(id)),
      [],
    );
  });
});
