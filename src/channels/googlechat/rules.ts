import type { ChannelRule } from '../../engine/model/posture';

/** All that the app needs. https://developers.google.com/workspace/chat/authenticate-authorize */
export const SCOPE = 'https://www.googleapis.com/auth/chat.bot';

export const googlechatRules: readonly ChannelRule[] = [
  {
    id: 'GC-1',
    severity: 'high',
    title: 'The service account of Google Chat has the scope chat.bot alone',
    why: 'Whoever gets hold of the key gets everything that its tokens may do.',
    check: ({ reported }) => {
      const scopes = Array.isArray(reported.scopes) ? reported.scopes : [];
      const extra = scopes.filter((scope) => scope !== SCOPE);
      return extra.length > 0
        ? { evidence: `Its tokens also carry: ${extra.join(', ')}. Use a service account of its own.` }
        : undefined;
    },
  },
  {
    id: 'GC-3',
    severity: 'low',
    title: 'Google Chat does not run into its quota',
    why: 'Replies wait while the quota is used up, approvals among them.',
    check: ({ reported }) =>
      typeof reported.limited === 'number' && reported.limited >= 10
        ? { evidence: `Google asked to wait ${reported.limited} times since the start.` }
        : undefined,
  },
];
