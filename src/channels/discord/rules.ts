import type { FactValue } from '../../engine/model/facts';
import type { ChannelRule } from '../../engine/model/posture';

export const discordRules: readonly ChannelRule[] = [
  {
    id: 'DC-2',
    severity: 'medium',
    title: 'The Discord bot is only in servers that are listed',
    why: 'In a server that is not listed nobody is heard, but the bot can still be seen there and be sent what its intents cover.',
    check: ({ reported, settings }) => {
      const listed = listOf(settings.allowedGuilds);
      const other = listOf(reported.guilds).filter((guild) => !listed.includes(guild));
      if (other.length === 0) return undefined;
      return {
        evidence: `It is in ${count(other.length)} that ${other.length === 1 ? 'is' : 'are'} not listed: ${other.slice(0, 5).join(', ')}${other.length > 5 ? ', …' : ''}. Remove it there, or list ${other.length === 1 ? 'it' : 'them'}.`,
      };
    },
  },
  {
    id: 'DC-2.public',
    severity: 'medium',
    title: 'Only you can add the Discord bot to a server',
    why: 'While the bot is public, whoever knows its application id can add it to a server of theirs.',
    check: ({ reported }) =>
      reported.botPublic === true
        ? {
            evidence:
              'The application is public. Switch User Install off under Installation and Public Bot off under Bot.',
          }
        : undefined,
  },
  {
    id: 'DC-3',
    severity: 'medium',
    title: 'Each Discord server has a bot of its own',
    why: 'One bot in servers that trust their members differently gives all of them the same token, the same modes and the same folder.',
    check: ({ reported, settings }) => {
      const listed = listOf(settings.allowedGuilds);
      if (listed.length > 1) {
        const all = new Set([...listed, ...listOf(reported.guilds)]);
        return {
          evidence: `${count(listed.length)} share this bot, which is in ${all.size} in all. Make one application a server, each for a folder of its own.`,
        };
      }
      const guilds = listOf(reported.guilds);
      return guilds.length > 1
        ? {
            evidence: `The bot is in ${count(guilds.length)}, and ${listed.length === 1 ? 'one is' : 'none is'} listed. Remove it from the others.`,
          }
        : undefined;
    },
  },
  {
    id: 'DC-3.intents',
    severity: 'low',
    title: 'The Discord bot does not ask for the content of every message',
    why: 'With the Message Content intent the bot is sent all that is said in the channels that it sees, not only what is meant for it.',
    check: ({ settings }) =>
      settings.messageContent === true
        ? {
            evidence: 'The Message Content intent is asked for.',
            fix: {
              kind: 'setting',
              title: 'Do without the Message Content intent',
              key: 'channels.discord.messageContent',
              value: false,
            },
          }
        : undefined,
  },
];

function listOf(value: unknown | FactValue): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

function count(guilds: number): string {
  return `${guilds} ${guilds === 1 ? 'server' : 'servers'}`;
}
