import * as vscode from 'vscode';
import { Emitter } from '../engine/model/emitter';
import type { Disposable } from '../engine/model/ports';
import { AGENT_SETTINGS, looseAgents } from '../engine/posture/survey/agents';
import type { EditorPort } from '../session/ports';

const SECTION = 'cowork';

const LEVELS: Readonly<Record<vscode.LogLevel, string>> = {
  [vscode.LogLevel.Off]: 'off',
  [vscode.LogLevel.Trace]: 'trace',
  [vscode.LogLevel.Debug]: 'debug',
  [vscode.LogLevel.Info]: 'info',
  [vscode.LogLevel.Warning]: 'warning',
  [vscode.LogLevel.Error]: 'error',
};

/** What the Checklist sees and does in VS Code. Settings are read and written at user scope alone (law 2). */
export class VsCodeEditor implements EditorPort, Disposable {
  private readonly changed = new Emitter<void>();
  private readonly subscriptions: readonly vscode.Disposable[];
  readonly onChange = this.changed.event;

  readonly settings: EditorPort['settings'] = {
    get: (key) => vscode.workspace.getConfiguration(SECTION).inspect(key)?.globalValue,
    set: async (key, value) => {
      await vscode.workspace.getConfiguration(SECTION).update(key, value, vscode.ConfigurationTarget.Global);
    },
  };

  constructor(private readonly log: vscode.LogOutputChannel) {
    this.subscriptions = [
      log.onDidChangeLogLevel(() => this.changed.fire()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (AGENT_SETTINGS.some((key) => event.affectsConfiguration(key))) this.changed.fire();
      }),
      vscode.extensions.onDidChange(() => this.changed.fire()),
    ];
  }

  agents() {
    const all = vscode.workspace.getConfiguration();
    // What somebody set, wherever it counts; a product’s own default is its own affair.
    return looseAgents((key) => {
      const found = all.inspect(key);
      return found?.workspaceFolderValue ?? found?.workspaceValue ?? found?.globalValue;
    });
  }

  logLevel(): string {
    return LEVELS[this.log.logLevel];
  }

  dispose(): void {
    for (const one of this.subscriptions) one.dispose();
    this.changed.dispose();
  }
}
