import * as vscode from 'vscode';
import type { FixPreview } from '../engine/model/posture';
import { confirmed } from './commands/kit';
import { Disposables } from './lifecycle';
import { t } from './protocol/l10n';

const SCHEME = 'cowork-change';

/** Shows what a change would do before it is made: a short one as a sentence, a long one side by side. */
export class ChangePreview extends Disposables {
  private readonly texts = new Map<string, string>();

  constructor() {
    super();
    this.register(
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
        provideTextDocumentContent: (uri) => this.texts.get(uri.path) ?? '',
      }),
    );
  }

  /** True when the person said that it shall be made. */
  async confirm({ title, place, before, after }: FixPreview): Promise<boolean> {
    const short = [before, after].every((text) => text.length < 200 && !text.includes('\n'));
    const none = t('not set');
    if (short) {
      const detail = [
        title,
        t('{0}\nnow: {1}\nthen: {2}', place, before || none, after || none),
        t('It can be undone under “Changed here”.'),
      ].join('\n\n');
      return confirmed(t('Make this change?'), detail, t('Change'));
    }
    const [left, right] = ['now', 'then'].map((side) => `/${side}.json`);
    if (left === undefined || right === undefined) return false;
    this.texts.set(left, before);
    this.texts.set(right, after);
    const uri = (path: string) => vscode.Uri.from({ scheme: SCHEME, path });
    await vscode.commands.executeCommand('vscode.diff', uri(left), uri(right), `${place}: ${title}`);
    const apply = t('Change');
    const answer = await vscode.window.showInformationMessage(
      t('{0}: make this change?', title),
      apply,
      t('Leave as It Is'),
    );
    return answer === apply;
  }

  /** A text that is read and not kept: a diff of what a profile changes, for instance. */
  async compare(title: string, before: string, after: string): Promise<void> {
    const [left, right] = ['/now.txt', '/then.txt'] as const;
    this.texts.set(left, before);
    this.texts.set(right, after);
    const uri = (path: string) => vscode.Uri.from({ scheme: SCHEME, path });
    await vscode.commands.executeCommand('vscode.diff', uri(left), uri(right), title);
  }
}
