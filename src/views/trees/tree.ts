import * as vscode from 'vscode';
import type { ChangeKind } from '../../engine/api';
import type { ViewId } from '../command-ids';
import type { EngineWatch } from '../engine-watch';
import { Disposables } from '../lifecycle';
import { t } from '../protocol/l10n';
import type { TreeChoices } from './choices';

/** Changes of one moment are drawn once. In milliseconds; short enough not to be seen. */
const COALESCE_MS = 50;

/** A tree that reads the engine each time it is drawn, and is drawn again when one of `kinds` changes. */
export abstract class EngineTree<N> extends Disposables implements vscode.TreeDataProvider<N> {
  private readonly changed = this.register(new vscode.EventEmitter<void>());
  readonly onDidChangeTreeData = this.changed.event;
  readonly view: vscode.TreeView<N>;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    id: ViewId,
    protected readonly watch: EngineWatch,
    kinds: readonly ChangeKind[],
    canSelectMany = false,
  ) {
    super();
    this.view = this.register(
      vscode.window.createTreeView<N>(id, { treeDataProvider: this, canSelectMany, showCollapseAll: true }),
    );
    this.register(
      watch.onChange((changes) => {
        if (kinds.some((kind) => changes.has(kind))) this.refresh();
      }),
    );
    this.register({ dispose: () => clearTimeout(this.timer) });
  }

  /** Draws anew when the person chooses to see something else, and says beside the title what is left out. */
  protected choose(choices: Pick<TreeChoices<never>, 'filter' | 'onChange'>): void {
    const tell = () => {
      this.view.description = choices.filter === '' ? '' : t('with “{0}”', choices.filter);
      this.refresh();
    };
    tell();
    this.register(choices.onChange(tell));
  }

  refresh(): void {
    if (this.isDisposed || this.timer !== undefined) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.changed.fire();
    }, COALESCE_MS);
  }

  abstract getTreeItem(node: N): vscode.TreeItem;
  abstract getChildren(node?: N): N[];
}

/** A tooltip of lines that are text and stay text: no links, no commands, no markup from outside. */
export function textTooltip(title: string, lines: readonly string[]): vscode.MarkdownString {
  const tooltip = new vscode.MarkdownString('', false);
  tooltip.isTrusted = false;
  tooltip.supportHtml = false;
  tooltip.appendText(title);
  for (const line of lines) if (line !== '') tooltip.appendMarkdown('\n\n').appendText(line);
  return tooltip;
}
