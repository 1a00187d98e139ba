import * as vscode from 'vscode';
import { LanguageClient, TransportKind } from 'vscode-languageclient/node';

/** The client of the policy file's language server. A bundle of its own: it is large, and most windows never need it. */
export function startPolicyClient(serverPath: string): vscode.Disposable {
  const client = new LanguageClient(
    'cowork.policy',
    vscode.l10n.t('CoWork OS policy'),
    { module: serverPath, transport: TransportKind.ipc },
    { documentSelector: [{ scheme: 'file', pattern: '**/.cowork/policy.jsonc' }] },
  );
  void client.start();
  return { dispose: () => void client.dispose() };
}
