import { join } from 'node:path';
import * as vscode from 'vscode';
import type { startPolicyClient } from './policy-client';

const POLICY_FILE: vscode.DocumentFilter = { scheme: 'file', pattern: '**/.cowork/policy.jsonc' };

/** Loads the language support of `.cowork/policy.jsonc` when the first such file is opened. */
export function registerPolicyFile(bundles: string, load: (bundle: string) => unknown): vscode.Disposable {
  let client: vscode.Disposable | undefined;
  const opened = (document: vscode.TextDocument) => {
    if (client || vscode.languages.match(POLICY_FILE, document) === 0) return;
    const chunk = load(join(bundles, 'policy-client.cjs')) as { startPolicyClient: typeof startPolicyClient };
    client = chunk.startPolicyClient(join(bundles, 'policy-server.cjs'));
  };
  for (const document of vscode.workspace.textDocuments) opened(document);
  const subscription = vscode.workspace.onDidOpenTextDocument(opened);
  return {
    dispose: () => {
      subscription.dispose();
      client?.dispose();
    },
  };
}
