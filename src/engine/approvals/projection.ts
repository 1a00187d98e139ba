import type { Projection } from '../model/projection';

/** An approval as far as the journal knows it; the card itself is rebuilt for each request. */
export interface PendingApproval {
  readonly approvalId: string;
  readonly taskId: string;
  readonly expiresAt: number;
}

export interface ApprovalsState {
  /** How many were ever requested: the next one is `a<requested + 1>`. */
  requested: number;
  pending: Record<string, PendingApproval>;
}

/** Approvals that nobody has answered yet. */
export const approvalsProjection: Projection<ApprovalsState> = {
  name: 'approvals',
  version: 1,
  initial: () => ({ requested: 0, pending: {} }),
  reduce(state, record) {
    if (record.type === 'approval.requested') {
      const { approvalId, taskId, expiresAt } = record.data;
      state.requested++;
      state.pending[approvalId] = { approvalId, taskId, expiresAt };
    } else if (record.type === 'approval.resolved') {
      delete state.pending[record.data.approvalId];
    }
  },
};
