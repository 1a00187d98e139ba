import * as vscode from 'vscode';
import type { ChangeKind } from '../../engine/api';
import type { ViewId } from '../command-ids';
import type { EngineWatch } from '../engine-watch';
import { Disposables } from '../lifecycle';
import { t } from '../protocol/l10n';
import type { TreeChoices } from './choices';

/** Changes of one moment are drawn once. In milliseconds; short enough not to be seen. */
const COALESCE_MS = 50;

/** A tree with more rows than this is drawn anew as a whole. */
const MOST_ROWS = 300;

/** What the rows of a tree show, by where they stand. */
type Picture<N> = ReadonlyMap<string, { readonly node: N; readonly shows: string }>;

/**
 * A tree that reads the engine each time it is drawn, and is drawn again when one of `kinds` changes: only the rows that
 * show something else, for VS Code forgets the rows of a tree that is drawn anew, and an action on one of them would
 * not know whose it is.
 */
export abstract class EngineTree<N extends object> extends Disposables implements vscode.TreeDataProvider<N> {
  private readonly changed = this.register(new vscode.EventEmitter<N[] | undefined>());
  private picture: Picture<N> | undefined;
  /** The rows that VS Code was handed, by their ids. It knows each by its object, which therefore stays. */
  private readonly rows = new Map<string, N>();
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
      this.draw();
    }, COALESCE_MS);
  }

  abstract getTreeItem(node: N): vscode.TreeItem;
  protected abstract childrenOf(node?: N): N[];

  getChildren(node?: N): N[] {
    return this.childrenOf(node).map((child) => this.lasting(child));
  }

  /** The same object for the same row, with what is true of it now. */
  private lasting(node: N): N {
    const { id } = this.getTreeItem(node);
    if (id === undefined) return node;
    const known = this.rows.get(id);
    if (known !== undefined) return Object.assign(known, node);
    this.rows.set(id, node);
    return node;
  }

  private draw(): void {
    const before = this.picture;
    // Of what nobody sees nothing is worked out.
    const now = this.view.visible ? this.look() : undefined;
    this.picture = now;
    if (before === undefined || now === undefined || !haveSameRows(before, now)) {
      this.changed.fire(undefined);
      return;
    }
    const other = [...now].filter(([place, { shows }]) => before.get(place)?.shows !== shows);
    if (other.length > 0) this.changed.fire(other.map(([, { node }]) => node));
  }

  /** All rows, top down; undefined when they are too many to be compared. */
  private look(): Picture<N> | undefined {
    const picture = new Map<string, { node: N; shows: string }>();
    const add = (parent: N | undefined, place: string): boolean =>
      this.getChildren(parent).every((node, at) => {
        const item = this.getTreeItem(node);
        const here = `${place}/${item.id ?? at}`;
        picture.set(here, { node, shows: shown(item) });
        return picture.size <= MOST_ROWS && add(node, here);
      });
    const all = add(undefined, '');
    const still = new Set([...picture.values()].map(({ node }) => node));
    for (const [id, node] of this.rows) if (!all || !still.has(node)) this.rows.delete(id);
    return all ? picture : undefined;
  }
}

function haveSameRows<N>(before: Picture<N>, now: Picture<N>): boolean {
  const places = [...before.keys()];
  return before.size === now.size && [...now.keys()].every((place, at) => place === places[at]);
}

function shown(item: vscode.TreeItem): string {
  const { label, description, tooltip, iconPath, contextValue, collapsibleState } = item;
  return JSON.stringify([label, description, tooltip, iconPath, contextValue, collapsibleState]);
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
