import type { ChannelRule } from '../../engine/model/posture';

/** What the app needs, and nothing else: to read what is said to it, and to answer. */
export const SCOPES_NEEDED: readonly string[] = ['app_mentions:read', 'chat:write', 'im:history'];

/** Only for files: to fetch those that people send, and to send some. */
export const SCOPES_FOR_FILES: readonly string[] = ['files:read', 'files:write'];

export const slackRules: readonly ChannelRule[] = [
  {
    id: 'SL-2',
    severity: 'low',
    title: 'Single Slack workspaces are listed',
    why: 'An organisation has workspaces that others open and fill with people. What is listed by its own id stays what was meant.',
    check: ({ settings }) => {
      const teams = Array.isArray(settings.allowedTeams) ? settings.allowedTeams : [];
      const wide = teams.filter((team) => typeof team === 'string' && team.startsWith('E'));
      if (wide.length === 0) return undefined;
      return {
        evidence: `Whole organisations are let in: ${wide.join(', ')}.`,
        fix: {
          kind: 'setting',
          title: 'Keep the single workspaces only',
          key: 'channels.slack.allowedTeams',
          value: teams.filter((team) => !wide.includes(team)),
        },
      };
    },
  },
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
