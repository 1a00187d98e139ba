import * as vscode from 'vscode';
import type { ContextKey } from './command-ids';
import type { EngineWatch } from './engine-watch';
import { Disposables } from './lifecycle';
import type { TreeChoices } from './trees/choices';
import { isFinal } from './trees/tasks-tree';

/** Facts of the first-use walkthrough that outlive the window. */
const REMEMBERED = ['cowork.defaultsReviewed', 'cowork.permissionsReviewed', 'cowork.pairingTested'] as const;
export type RememberedKey = (typeof REMEMBERED)[number];

const FILTERS = ['cowork.usersFiltered', 'cowork.tasksFiltered'] as const;
type FilterKey = (typeof FILTERS)[number];

/** Tells the `when` clauses of the manifest what is the case. */
export class ContextKeys extends Disposables {
  private readonly values = new Map<ContextKey, string | boolean>();

  constructor(
    private readonly watch: EngineWatch,
    private readonly memory: vscode.Memento,
  ) {
    super();
    this.register(
      watch.onChange((kinds) => {
        this.update();
        if (kinds.has('posture')) this.updateFromChecklist();
      }),
    );
    this.set('cowork.checklistFiltered', false);
    for (const key of REMEMBERED) this.set(key, memory.get(key, false));
    this.update();
  }

  /** Marks a step of the walkthrough as done, for good. */
  async remember(key: RememberedKey): Promise<void> {
    this.set(key, true);
    await this.memory.update(key, true);
  }

  set(key: ContextKey, value: string | boolean): void {
    if (this.values.get(key) === value) return;
    this.values.set(key, value);
    void vscode.commands.executeCommand('setContext', key, value);
  }

  private updateFromChecklist(): void {
    const { update } = this.watch.engine?.posture.report() ?? {};
    this.set('cowork.updated', update?.status === 'current');
  }

  /** A view's title offers to take a filter away only while there is one. */
  follow(key: FilterKey, choices: Pick<TreeChoices<never>, 'filter' | 'onChange'>): vscode.Disposable {
    const tell = () => this.set(key, choices.filter !== '');
    tell();
    return choices.onChange(tell);
  }

  private update(): void {
    const engine = this.watch.engine;
    const users = engine?.users.list() ?? [];
    this.set('cowork.state', this.watch.state().kind);
    this.set('cowork.hasPending', (engine?.approvals.pending().length ?? 0) > 0);
    this.set('cowork.hasUsers', users.length > 0);
    this.set('cowork.hasCodes', (engine?.pairing.live().length ?? 0) > 0);
    this.set('cowork.hasActiveTasks', engine?.tasks.list().some((task) => !isFinal(task)) ?? false);
    if (users.some((user) => user.how === 'paired') && this.values.get('cowork.pairingTested') !== true) {
      void this.remember('cowork.pairingTested');
    }
  }
}
