import type { ChannelRule } from '../../engine/model/posture';

/** Roles that a token of a bot never needs. https://docs.mattermost.com/onboard/advanced-permissions.html */
const POWERFUL: ReadonlySet<string> = new Set([
  'system_admin',
  'system_manager',
  'system_user_manager',
  'system_post_all',
  'system_post_all_public',
]);

export const mattermostRules: readonly ChannelRule[] = [
  {
    id: 'MM-1',
    severity: 'high',
    title: 'The Mattermost token has few rights',
    why: 'Whoever gets hold of the token can do whatever its account may do; an administrator’s token opens the whole server.',
    check: ({ reported }) => {
      const roles = Array.isArray(reported.roles) ? reported.roles : [];
      const powerful = roles.filter((role) => POWERFUL.has(role));
      return powerful.length > 0
        ? {
            evidence: `The account of the token has the roles ${powerful.join(', ')}. Use a bot account with the role Member.`,
          }
        : undefined;
    },
  },
  {
    id: 'MM-2',
    severity: 'medium',
    title: 'Mattermost channels are listed one by one',
    why: 'A team that is listed admits each of its channels to which somebody adds the bot.',
    check: ({ settings, modes }) => {
      const teams = Array.isArray(settings.allowedTeams) ? settings.allowedTeams.length : 0;
      if (teams === 0 || modes.group === 'disabled') return undefined;
      return {
        evidence: `${teams} ${teams === 1 ? 'team is' : 'teams are'} listed as a whole.`,
        fix: {
          kind: 'setting',
          title: 'List no team as a whole',
          key: 'channels.mattermost.allowedTeams',
          value: [],
        },
      };
    },
  },
];
