import * as vscode from 'vscode';
import type { FixPreview } from '../engine/model/posture';
import { confirmed } from './commands/kit';
import { Disposables } from './lifecycle';
import { t } from './protocol/l10n';

const SCHEME = 'cowork-change';

/** A longer text does not fit into a question. In UTF-16 units. */
const SHORT = 200;

/** Shows what a change would do before it is made: a short one as a sentence, a long one side by side. */
export class ChangePreview extends Disposables {
  private readonly texts = new Map<string, string>();
  private shown = 0;

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
    if ([before, after].every((text) => text.length < SHORT && !text.includes('\n'))) {
      const none = t('not set');
      const detail = [
        title,
        t('{0}\nnow: {1}\nthen: {2}', place, before || none, after || none),
        t('It can be undone under “Changed here”.'),
      ].join('\n\n');
      return confirmed(t('Make this change?'), detail, t('Change'));
    }
    await this.compare(`${place}: ${title}`, before, after);
    const apply = t('Change');
    const answer = await vscode.window.showInformationMessage(
      t('{0}: make this change?', title),
      apply,
      t('Leave as It Is'),
    );
    return answer === apply;
  }

  /** Two texts side by side, which are read and not kept. */
  async compare(title: string, before: string, after: string): Promise<void> {
    // The editor keeps the text of an address that it has shown, so that each pair has addresses of its own.
    this.shown += 1;
    const uri = (name: string, text: string) => {
      const path = `/${this.shown}/${name}`;
      this.texts.set(path, text);
      return vscode.Uri.from({ scheme: SCHEME, path });
    };
    const sides = [uri('now.txt', before), uri('then.txt', after)];
    await vscode.commands.executeCommand('vscode.diff', ...sides, title);
  }
}
