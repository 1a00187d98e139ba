import { randomUUID } from 'node:crypto';
import type { GrantChoice } from '../approvals/approvals';
import { OWNER_AT_DESK, type RecordSink } from '../model/record';
import type { ApprovalView } from '../model/views';
import type { Grant } from '../policy/grants';
import type { Prepared } from './preparation';

/** Tells a person's grant from a rule or a trusted pattern of the policy. */
export const GRANT_PREFIX = 'g-';

/** What the card offers beyond this once. Never more than what it shows. */
export function offeredScopes(prepared: Prepared): ApprovalView['scopes'] {
  return [
    { scope: 'once', allows: 'Only this action, now.' },
    { scope: 'task', allows: `This very action again, as long as ${prepared.request.taskId} runs.` },
    { scope: 'always', allows: 'This very action, for this person, as long as nothing about it changes.' },
  ];
}

/** Records what the person chose to allow from now on. */
export async function recordGrant(
  records: RecordSink,
  prepared: Prepared,
  choice: GrantChoice,
): Promise<void> {
  const { principal, taskId, tool, taint } = prepared.request;
  const id = `${GRANT_PREFIX}${randomUUID()}`;
  const grant: Grant = {
    id,
    scope: choice.scope,
    user: principal.key,
    taint: [...taint],
    matcher: { kind: 'exact', tool, hash: prepared.bindingHash },
    ...(choice.scope === 'task' ? { taskId } : {}),
  };
  await records.append({
    type: 'grant.added',
    actor: OWNER_AT_DESK,
    subject: principal.key,
    data: {
      grantId: id,
      scope: choice.scope,
      user: principal.key,
      ...(choice.scope === 'task' ? { taskId } : {}),
      grant: JSON.stringify(grant),
    },
  });
}
