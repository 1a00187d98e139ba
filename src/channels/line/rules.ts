import type { ChannelRule } from '../../engine/model/posture';

/** Of the month's messages, from where on it is said. */
const NEARLY_USED = 0.9;

export const lineRules: readonly ChannelRule[] = [
  {
    id: 'LN-2',
    severity: 'medium',
    title: 'LINE calls this window, and no other address',
    why: 'Whoever has the address that is entered at LINE gets every message of the account.',
    check: ({ reported }) =>
      reported.webhookElsewhere === true
        ? {
            evidence:
              'Another address than that of this window is entered at LINE, or none. Enter the one of this channel (Copy Webhook Address), or use a channel of its own.',
          }
        : undefined,
  },
  {
    id: 'LN-4',
    severity: 'low',
    title: 'The month’s messages are not used up',
    why: 'When the number of the plan is reached, answers that come later than a minute after the question are no longer delivered.',
    check: ({ reported: { quotaLimit, quotaUsed } }) =>
      typeof quotaLimit === 'number' && typeof quotaUsed === 'number' && quotaUsed >= quotaLimit * NEARLY_USED
        ? { evidence: `${quotaUsed} of ${quotaLimit} messages of this month are used.` }
        : undefined,
  },
];
