import { randomUUID } from 'node:crypto';
import type { GrantChoice } from '../approvals/approvals';
import type { Clock } from '../model/ports';
import { OWNER_AT_DESK, type RecordSink } from '../model/record';
import type { ApprovalView } from '../model/views';
import { approvalScopes, grantChoices, grantFromChoice, UNTIL_MS } from '../policy/grant-choices';
import type { Prepared } from './preparation';

/** Tells a person's grant from a rule or a trusted pattern of the policy. */
export const GRANT_PREFIX = 'g-';

/** What the card offers beyond this once. Never more than what it shows. */
export function offeredScopes({ policy, request, facts }: Prepared): ApprovalView['scopes'] {
  return approvalScopes(grantChoices(policy, request, facts));
}

/** Records what the person chose to allow from now on, for the one who asked. */
export async function recordGrant(
  records: RecordSink,
  clock: Clock,
  { policy, request, facts }: Prepared,
  { scope, pattern = '' }: GrantChoice,
): Promise<void> {
  const { principal, taskId } = request;
  const grant = grantFromChoice(grantChoices(policy, request, facts), pattern, request, {
    id: `${GRANT_PREFIX}${randomUUID()}`,
    scope,
    ...(scope === 'until' ? { until: clock.now() + UNTIL_MS } : {}),
  });
  await records.append({
    type: 'grant.added',
    actor: OWNER_AT_DESK,
    subject: principal.key,
    data: {
      grantId: grant.id,
      scope,
      user: principal.key,
      ...(grant.taskId === undefined ? {} : { taskId }),
      ...(grant.until === undefined ? {} : { until: grant.until }),
      grant: JSON.stringify(grant),
    },
  });
}
