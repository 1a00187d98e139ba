import type { ChannelRule } from '../../engine/model/posture';

export const telegramRules: readonly ChannelRule[] = [
  {
    id: 'TG-2',
    severity: 'medium',
    title: 'Telegram groups are listed',
    why: 'Anyone may add a bot to a group. A list says which groups are meant; without it only the pairing code stands between a group and the agent.',
    check: ({ modes, settings }) => {
      const listed = Array.isArray(settings.allowedGroups) ? settings.allowedGroups.length : 0;
      if (listed > 0 || modes.group === 'disabled') return undefined;
      return {
        evidence: `No group is listed, and groups are in mode “${modes.group ?? 'pairing'}”.`,
        fix: {
          kind: 'mode',
          title: 'Switch groups off',
          channel: 'telegram',
          context: 'group',
          mode: 'disabled',
        },
      };
    },
  },
  {
    id: 'TG-2.privacy',
    severity: 'medium',
    title: 'The bot’s privacy mode is on',
    why: 'With privacy mode off, Telegram sends the bot every message of its groups, also what is none of its business.',
    check: ({ reported }) =>
      reported.readsAllGroupMessages === true
        ? {
            evidence: 'Telegram says that this bot can read all messages of its groups.',
            fix: {
              kind: 'command',
              title: 'Show how to switch it on',
              command: 'cowork.channels.showSetup',
              arguments: ['telegram'],
            },
          }
        : undefined,
  },
];
