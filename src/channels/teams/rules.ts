import type { ChannelRule } from '../../engine/model/posture';

export const teamsRules: readonly ChannelRule[] = [
  {
    id: 'MT-1',
    severity: 'medium',
    title: 'The tenants of the Teams bot are named',
    why: 'A multi-tenant bot can be installed in any organisation. A list says whose people are meant; without it only the pairing code stands between a stranger and the agent.',
    check: ({ settings }) => {
      const listed = Array.isArray(settings.allowedTenants) ? settings.allowedTenants.length : 0;
      if (settings.tenantId || listed > 0) return undefined;
      return {
        evidence: 'The bot is multi-tenant and no tenant is listed.',
        fix: {
          kind: 'command',
          title: 'Open the settings of the channel',
          command: 'cowork.settings.open',
          arguments: ['channels.teams'],
        },
      };
    },
  },
  {
    id: 'MT-3',
    severity: 'info',
    title: 'The Teams bot is for one tenant',
    why: 'A multi-tenant bot admits people by pairing only. A single-tenant bot cannot be called by other organisations at all.',
    check: ({ settings }) =>
      settings.tenantId
        ? undefined
        : { evidence: 'No tenant is set, so the bot is taken for a multi-tenant one.' },
  },
];
