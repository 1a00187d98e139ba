import * as vscode from 'vscode';
import type { ApprovalView } from '../engine/api';
import type { EngineWatch } from './engine-watch';
import { forecast } from './forecast';
import { Disposables } from './lifecycle';
import type { ViewsHost } from './ports';
import { toCard } from './present/approval-card';
import { Proposals } from './proposals';
import { type ApprovalsFromPage, type ApprovalsToPage, approvalsFromPage } from './protocol/approvals';
import type { PageCommand } from './protocol/common';
import { t } from './protocol/l10n';
import { pageLocale, WebviewPage } from './webview-page';

/** What a page may have done, by the words of the protocol. */
const COMMANDS: Readonly<Record<PageCommand, string>> = {
  openFolder: 'workbench.action.files.openFolder',
  manageTrust: 'workbench.trust.manage',
  showLog: 'cowork.log.show',
  resume: 'cowork.resume',
  retry: 'cowork.engine.retry',
  openWalkthrough: 'cowork.walkthrough.open',
  generateCode: 'cowork.pairing.generate',
  openChat: 'cowork.chat.openLocal',
};

/** Runs one of the few commands that a page may ask for. */
export async function runPageCommand(name: PageCommand): Promise<void> {
  await vscode.commands.executeCommand(COMMANDS[name]);
}

/** The webview view with one card for each request that waits for an answer. */
export class ApprovalsView extends Disposables implements vscode.WebviewViewProvider {
  private view: vscode.WebviewView | undefined;
  private page: WebviewPage<ApprovalsFromPage, ApprovalsToPage> | undefined;
  private readonly proposals = this.register(new Proposals());
  private toReveal: string | undefined;
  /** What the page was told last, without the time. */
  private sent = '';

  constructor(
    private readonly host: ViewsHost,
    private readonly watch: EngineWatch,
  ) {
    super();
    this.register(vscode.window.registerWebviewViewProvider('cowork.approvals', this));
    this.register(
      watch.onChange((kinds) => {
        const relevant = ['approvals', 'status', 'users', 'channels'] as const;
        if (relevant.some((kind) => kinds.has(kind))) this.send();
      }),
    );
    this.register({ dispose: () => this.page?.dispose() });
  }

  /** Shows the view, and there the card of this request if it still waits. */
  async reveal(approvalId?: string): Promise<void> {
    this.toReveal = approvalId;
    await vscode.commands.executeCommand('cowork.approvals.focus');
    if (approvalId !== undefined && this.view?.visible) this.page?.post({ type: 'reveal', id: approvalId });
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.page?.dispose();
    this.view = view;
    const page = new WebviewPage<ApprovalsFromPage, ApprovalsToPage>(
      view.webview,
      this.host.pages,
      'approvals',
      approvalsFromPage,
      (message) => this.receive(message),
      this.host.log,
    );
    this.page = page;
    page.register(
      view.onDidDispose(() => {
        page.dispose();
        if (this.page === page) this.page = this.view = undefined;
      }),
    );
    this.updateBadge();
  }

  private updateBadge(): void {
    if (this.view === undefined) return;
    const count = this.watch.engine?.approvals.pending().length ?? 0;
    this.view.badge =
      count === 0
        ? undefined
        : { value: count, tooltip: count === 1 ? t('1 approval waits') : t('{0} approvals wait', count) };
  }

  private send(first = false): void {
    this.updateBadge();
    const engine = this.watch.engine;
    const channels = this.host.channels.list();
    const content = {
      engine: this.watch.state(),
      cards: (engine?.approvals.pending() ?? []).map(toCard),
      setup: {
        users: engine?.users.list().filter((user) => user.state === 'active').length ?? 0,
        channelsOnline: channels.filter((channel) => channel.state === 'online').length,
      },
    };
    // Most of what happens changes nothing here, and a page that draws the same once more is late for what does.
    const text = JSON.stringify(content);
    if (!first && text === this.sent) return;
    this.sent = text;
    this.page?.post({
      type: 'state',
      ...(first ? { locale: pageLocale() } : {}),
      now: Date.now(),
      ...content,
    });
  }

  private async receive(message: ApprovalsFromPage): Promise<void> {
    switch (message.type) {
      case 'ready':
        this.send(true);
        if (this.toReveal !== undefined) this.page?.post({ type: 'reveal', id: this.toReveal });
        this.toReveal = undefined;
        return;
      case 'command':
        return runPageCommand(message.name);
      case 'openTask':
        await vscode.commands.executeCommand('cowork.tasks.open', message.taskId);
        return;
      case 'copy': {
        const card = this.pending(message.id);
        if (card !== undefined) await vscode.env.clipboard.writeText(card.action);
        return;
      }
      case 'compare': {
        const view = this.pending(message.id);
        if (view !== undefined) await this.proposals.show(view);
        return;
      }
      case 'openAudit':
        await vscode.commands.executeCommand('cowork.audit.openFor', `task:${message.taskId}`);
        return;
      case 'forecast': {
        const view = this.pending(message.id);
        const { engine } = this.watch;
        if (view === undefined || engine === undefined) return;
        const found = await forecast(engine, view, message.pattern);
        this.page?.post({ ...message, ...(found === undefined ? {} : { forecast: found }) });
        return;
      }
      case 'approve':
        return this.answer(message.requestId, (engine) =>
          engine.approvals.approve(message.id, message.bindingHash, {
            scope: message.scope,
            ...(message.pattern === undefined ? {} : { pattern: message.pattern }),
          }),
        );
      case 'deny':
        return this.answer(message.requestId, (engine) =>
          engine.approvals.deny(message.id, message.consequence),
        );
    }
  }

  private pending(id: string): ApprovalView | undefined {
    return this.watch.engine?.approvals.pending().find((view) => view.id === id);
  }

  private async answer(
    requestId: number,
    act: (engine: NonNullable<EngineWatch['engine']>) => Promise<void>,
  ): Promise<void> {
    const engine = this.watch.engine;
    try {
      if (!vscode.workspace.isTrusted || engine === undefined) throw new Error(this.watch.state().detail);
      await act(engine);
      this.page?.post({ type: 'result', requestId, ok: true, message: '' });
    } catch (error) {
      this.host.log.warn(error instanceof Error ? error.message : String(error));
      const message = error instanceof Error ? error.message : String(error);
      this.page?.post({ type: 'result', requestId, ok: false, message });
    }
    this.send();
  }
}
