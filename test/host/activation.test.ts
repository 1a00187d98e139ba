import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';

describe('the extension in VS Code', () => {
  const extension = vscode.extensions.all.find(({ extensionUri }) => {
    const root = process.env.COWORK_EXTENSION;
    return root !== undefined && extensionUri.fsPath === root;
  });

  it('is known to the host under the name of its manifest', () => {
    assert.ok(extension, 'the extension under development is not in the list of extensions');
    const manifest = JSON.parse(readFileSync(join(extension.extensionPath, 'package.json'), 'utf8'));
    assert.equal(extension.id.toLowerCase(), `${manifest.publisher}.${manifest.name}`.toLowerCase());
  });

  it('activates', async () => {
    assert.ok(extension);
    await extension.activate();
    assert.equal(extension.isActive, true);
  });
});
