import * as vscode from 'vscode';
import type { EngineWatch } from './engine-watch';
import { Disposables } from './lifecycle';
import { effectiveText } from './present/effective-text';
import { t } from './protocol/l10n';

const SCHEME = 'cowork-policy';

/** The document that shows the policy in force. */
export const EFFECTIVE_POLICY = vscode.Uri.parse(`${SCHEME}:/effective-policy.jsonc`);

/** Provides that document, which nobody can edit, and writes it anew when another policy is in force. */
export class EffectivePolicy extends Disposables {
  constructor(private readonly watch: EngineWatch) {
    super();
    const changed = this.register(new vscode.EventEmitter<vscode.Uri>());
    this.register(
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
        onDidChange: changed.event,
        provideTextDocumentContent: () => this.text(),
      }),
    );
    watch.whileEngine((engine) => engine.policy.onChange(() => changed.fire(EFFECTIVE_POLICY)));
    this.register(
      watch.onChange((kinds) => {
        // The engine came or went.
        if (kinds.has('status')) changed.fire(EFFECTIVE_POLICY);
      }),
    );
  }

  private text(): string {
    const { engine } = this.watch;
    if (engine !== undefined) return effectiveText(engine.policy.effective());
    return `// ${this.watch.state().detail || t('The engine is not running.')}\n`;
  }
}
