import * as vscode from 'vscode';
import { LanguageClient, TransportKind } from 'vscode-languageclient/node';
import {
  CHANGED,
  EFFECTIVE,
  type EffectiveAnswer,
  effectiveAnswer,
  RULE_USE,
  type RuleUseAnswer,
  ruleUseAnswer,
  ruleUseRequest,
  type StartOptions,
} from '../policy-server/protocol';
import type { PolicySide } from './policy-side';

/** The client of the policy file's language server. A bundle of its own: it is large, and most windows never need it. */
export function startPolicyClient(serverPath: string, side: PolicySide): vscode.Disposable {
  const initializationOptions: StartOptions = { bundle: { ...(vscode.l10n.bundle ?? {}) } };
  const client = new LanguageClient(
    'cowork.policy',
    vscode.l10n.t('CoWork OS policy'),
    { module: serverPath, transport: TransportKind.ipc },
    {
      documentSelector: [{ scheme: 'file', pattern: '**/.cowork/policy.jsonc' }],
      initializationOptions,
    },
  );
  client.onRequest(RULE_USE, async (given: unknown): Promise<RuleUseAnswer> => {
    const { rules, days } = ruleUseRequest.parse(given);
    return ruleUseAnswer.parse((await side.engine()?.policy.ruleUse(rules, { days })) ?? null);
  });
  client.onRequest(
    EFFECTIVE,
    (): EffectiveAnswer => effectiveAnswer.parse(side.engine()?.policy.effective() ?? null),
  );
  const subscription = side.onChange(() => {
    if (client.isRunning()) void client.sendNotification(CHANGED);
  });
  void client.start();
  return {
    dispose: () => {
      subscription.dispose();
      void client.dispose();
    },
  };
}
