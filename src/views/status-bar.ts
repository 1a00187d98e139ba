import * as vscode from 'vscode';
import type { EngineWatch } from './engine-watch';
import { Disposables } from './lifecycle';
import type { PageEngineState } from './protocol/common';
import { t } from './protocol/l10n';
import { flat } from './protocol/marks';
import { textTooltip } from './trees/tree';

interface Face {
  readonly text: string;
  readonly label: string;
  readonly background?: string;
  readonly command: string;
}

/** What the item says in each state; `pending` requests wait. */
export function statusFace(state: PageEngineState, pending: number): Face {
  const review = 'cowork.approvals.review';
  switch (state.kind) {
    case 'no-folder':
      return { text: '$(shield) CoWork', label: t('CoWork OS: no folder is open'), command: review };
    case 'restricted':
      return {
        text: '$(shield) CoWork',
        label: t('CoWork OS is off in Restricted Mode'),
        command: 'workbench.trust.manage',
      };
    case 'starting':
      return { text: '$(sync~spin) CoWork', label: t('CoWork OS is starting'), command: review };
    case 'held':
      return {
        text: '$(lock) CoWork',
        label: t('CoWork OS: another window works in this folder'),
        background: 'statusBarItem.warningBackground',
        command: review,
      };
    case 'failed':
      return {
        text: '$(error) CoWork',
        label: t('CoWork OS has stopped: {0}', flat(state.detail)),
        background: 'statusBarItem.errorBackground',
        command: review,
      };
    case 'paused':
      return {
        text: `$(debug-pause) ${t('CoWork paused')}`,
        label: t('CoWork OS is paused: nothing runs until you resume'),
        background: 'statusBarItem.warningBackground',
        command: review,
      };
    case 'ready':
      if (pending === 0) {
        return { text: '$(shield) CoWork', label: t('CoWork OS: no approvals wait'), command: review };
      }
      return {
        text: `$(bell-dot) ${pending}`,
        label: pending === 1 ? t('CoWork OS: 1 approval waits') : t('CoWork OS: {0} approvals wait', pending),
        background: 'statusBarItem.warningBackground',
        command: review,
      };
  }
}

/** One item at the left: how many requests wait, and whether the engine works. A click opens the approvals. */
export class StatusBar extends Disposables {
  private readonly item: vscode.StatusBarItem;

  constructor(private readonly watch: EngineWatch) {
    super();
    this.item = this.register(
      vscode.window.createStatusBarItem('cowork.status', vscode.StatusBarAlignment.Left, 50),
    );
    this.item.name = 'CoWork OS';
    this.register(watch.onChange(() => this.draw()));
    this.draw();
    this.item.show();
  }

  private draw(): void {
    const state = this.watch.state();
    const face = statusFace(state, this.watch.engine?.approvals.pending().length ?? 0);
    this.item.text = face.text;
    this.item.tooltip = textTooltip(face.label, [flat(state.detail)]);
    this.item.accessibilityInformation = { label: face.label, role: 'button' };
    this.item.backgroundColor =
      face.background === undefined ? undefined : new vscode.ThemeColor(face.background);
    this.item.command = face.command;
  }
}
