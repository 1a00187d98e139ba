import type { ChannelRule } from '../../engine/model/posture';

/** What the app needs, and nothing else: to read what is said to it, and to answer. */
export const SCOPES_NEEDED: readonly string[] = ['app_mentions:read', 'chat:write', 'im:history'];

/** Only for files: to fetch those that people send, and to send some. */
export const SCOPES_FOR_FILES: readonly string[] = ['files:read', 'files:write'];

export const slackRules: readonly ChannelRule[] = [
  {
    id: 'SL-3.scopes',
    severity: 'medium',
    title: 'The Slack app has no permission that it does not need',
    why: 'Whoever gets hold of the token gets everything that the app may do.',
    check: ({ reported }) => {
      const extra = Array.isArray(reported.extraScopes) ? reported.extraScopes : [];
      return extra.length > 0
        ? { evidence: `The app also has: ${extra.join(', ')}. Remove them under OAuth & Permissions.` }
        : undefined;
    },
  },
];
