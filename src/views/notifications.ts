import * as vscode from 'vscode';
import type { ApprovalView } from '../engine/api';
import type { ApprovalsView } from './approvals-view';
import type { EngineWatch } from './engine-watch';
import { Disposables } from './lifecycle';
import { intentText } from './present/approval-card';
import { t } from './protocol/l10n';
import { flat } from './protocol/marks';

/** More than this arriving together is one notification: a flood of requests must not become one of pop-ups. */
const SEPARATE_NOTIFICATIONS = 3;

/**
 * Tells of each new request once. Approving needs the whole action before one's eyes, so a notification offers to
 * look and to deny, never to approve. Do Not Disturb is the editor's and holds for these as well.
 */
export class ApprovalNotifications extends Disposables {
  private known = new Set<string>();

  constructor(
    private readonly watch: EngineWatch,
    private readonly approvals: ApprovalsView,
    private readonly log: vscode.LogOutputChannel,
  ) {
    super();
    this.register(
      watch.onChange((kinds) => {
        if (kinds.has('approvals')) this.look();
      }),
    );
    this.look();
  }

  private look(): void {
    const pending = this.watch.engine?.approvals.pending() ?? [];
    const fresh = pending.filter((view) => !this.known.has(view.id));
    this.known = new Set(pending.map((view) => view.id));
    if (fresh.length > SEPARATE_NOTIFICATIONS) this.run(this.tellMany(fresh.length));
    else for (const view of fresh) this.run(this.tell(view));
  }

  private run(work: Promise<void>): void {
    work.catch((error) => this.log.error(error instanceof Error ? error : String(error)));
  }

  private async tellMany(count: number): Promise<void> {
    const review = t('Review');
    const choice = await vscode.window.showWarningMessage(
      t('{0} new approvals wait for you.', count),
      review,
    );
    if (choice === review) await this.approvals.reveal();
  }

  private async tell(view: ApprovalView): Promise<void> {
    const review = t('Review');
    const deny = t('Deny');
    const name = flat(view.who.displayName);
    const choice = await vscode.window.showWarningMessage(
      t('{0} ({1}). It waits for your approval.', intentText(view.tool, name), view.where.channel),
      review,
      deny,
    );
    if (choice === review) await this.approvals.reveal(view.id);
    if (choice !== deny) return;
    const engine = this.watch.engine;
    if (engine === undefined) return;
    try {
      await engine.approvals.deny(view.id);
    } catch (error) {
      void vscode.window.showWarningMessage(error instanceof Error ? error.message : String(error));
    }
  }
}
