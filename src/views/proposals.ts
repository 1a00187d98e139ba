import { basename } from 'node:path';
import * as vscode from 'vscode';
import type { ApprovalView } from '../engine/api';
import { Disposables } from './lifecycle';
import { proposedFile, proposedSides } from './present/proposal';
import { t } from './protocol/l10n';
import { flat } from './protocol/marks';

const SCHEME = 'cowork-proposal';
/** What was looked at lately; each is two texts of a file. */
const KEPT = 20;

/** Lays what a request would make of a file beside what is there, in the editor's own diff. Read-only both. */
export class Proposals extends Disposables {
  private readonly texts = new Map<string, string>();

  constructor() {
    super();
    this.register(
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
        provideTextDocumentContent: ({ path, query }) => this.texts.get(`${path}?${query}`) ?? '',
      }),
    );
  }

  async show(view: ApprovalView): Promise<void> {
    const path = proposedFile(view);
    if (path === undefined) return;
    const { before, after } = proposedSides(view, await textOf(path));
    // Bound to what was asked: a request that changed is another document.
    const side = (name: string, text: string) => {
      const query = `${name}:${view.bindingHash}`;
      const uri = vscode.Uri.from({ scheme: SCHEME, path, query });
      this.texts.set(`${path}?${query}`, text);
      return uri;
    };
    const [left, right] = [side('now', before), side('then', after)];
    for (const key of [...this.texts.keys()].slice(0, -2 * KEPT)) this.texts.delete(key);
    const title = t('{0} (now ↔ as asked for)', flat(basename(path)));
    await vscode.commands.executeCommand('vscode.diff', left, right, title, { preview: true });
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return new TextDecoder().decode(await vscode.workspace.fs.readFile(vscode.Uri.file(path)));
  } catch {
    // It is to be made.
    return '';
  }
}
