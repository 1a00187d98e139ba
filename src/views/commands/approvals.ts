import type { ApprovalView } from '../../engine/api';
import { intentText } from '../present/approval-card';
import { t } from '../protocol/l10n';
import { flat } from '../protocol/marks';
import { contextText } from '../protocol/words';
import { type Choice, confirmed, type Desk, type Handler, inform, needEngine, pick } from './kit';

function choice(view: ApprovalView): Choice<ApprovalView> {
  return {
    label: intentText(view.tool, flat(view.who.displayName)),
    description: `${view.where.channel}, ${contextText(view.where.context)}`,
    detail: flat(view.action),
    value: view,
  };
}

/** Approving is done on the card, where the whole action is read; the palette can look and deny. */
export function approvalCommands(desk: Desk) {
  return {
    'cowork.approvals.review': async () => {
      const [first] = desk.watch.engine?.approvals.pending() ?? [];
      await desk.approvals.reveal(first?.id);
    },
    'cowork.approvals.deny': async () => {
      const { approvals } = needEngine(desk);
      const waiting = approvals.pending();
      if (waiting.length === 0) return inform(t('No approvals wait for you.'));
      const view = await pick(t('Deny'), t('Which request?'), waiting.map(choice), true);
      if (view !== undefined) await approvals.deny(view.id);
    },
    'cowork.approvals.denyAll': async () => {
      const { approvals } = needEngine(desk);
      const waiting = approvals.pending();
      if (waiting.length === 0) return inform(t('No approvals wait for you.'));
      const question = t('Deny all {0} requests?', waiting.length);
      if (!(await confirmed(question, t('The tasks go on and are told that it was denied.'), t('Deny All'))))
        return;
      for (const view of waiting) await approvals.deny(view.id);
    },
  } satisfies Record<string, Handler>;
}
