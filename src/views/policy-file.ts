import { join } from 'node:path';
import * as vscode from 'vscode';
import { Disposables } from './lifecycle';
import type { startPolicyClient } from './policy-client';
import { EngineSide } from './policy-side';
import type { ViewsHost } from './ports';

const POLICY_FILE: vscode.DocumentFilter = { scheme: 'file', pattern: '**/.cowork/policy.jsonc' };

/** Loads the language support of `.cowork/policy.jsonc` when the first such file is opened. */
export function registerPolicyFile(
  bundles: string,
  load: (bundle: string) => unknown,
  host: ViewsHost,
): vscode.Disposable {
  const all = new Disposables();
  const side = all.register(new EngineSide(host));
  let started = false;
  const opened = (document: vscode.TextDocument) => {
    if (started || vscode.languages.match(POLICY_FILE, document) === 0) return;
    started = true;
    const chunk = load(join(bundles, 'policy-client.cjs')) as { startPolicyClient: typeof startPolicyClient };
    all.register(chunk.startPolicyClient(join(bundles, 'policy-server.cjs'), side));
  };
  for (const document of vscode.workspace.textDocuments) opened(document);
  all.register(vscode.workspace.onDidOpenTextDocument(opened));
  return all;
}
