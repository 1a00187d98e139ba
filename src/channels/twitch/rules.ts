import type { ChannelRule } from '../../engine/model/posture';

export const twitchRules: readonly ChannelRule[] = [
  {
    id: 'TW-1',
    severity: 'medium',
    title: 'The Twitch token has no scope that it does not need',
    why: 'Whoever gets hold of the token can do whatever its scopes allow, in every channel of the account.',
    check: ({ reported }) => {
      const extra = listOf(reported.extraScopes);
      return extra.length > 0
        ? { evidence: `The token also has: ${extra.join(', ')}. Get a new one without ${one(extra)}.` }
        : undefined;
    },
  },
  {
    id: 'TW-2',
    severity: 'medium',
    title: 'The Twitch bot moderates each chat that is listed',
    why: 'In a chat that the bot does not moderate it could not be protected from abuse; such a chat is not joined.',
    check: ({ reported }) => {
      const others = listOf(reported.notModerated);
      return others.length > 0
        ? {
            evidence: `It is no moderator in: ${others.join(', ')}. Make it one with /mod, or take ${one(others)} off the list.`,
          }
        : undefined;
    },
  },
  {
    id: 'TW-3',
    severity: 'medium',
    title: 'Whispers on Twitch are off',
    why: 'Anybody on Twitch can whisper to the bot, where no moderator sees it.',
    check: ({ settings }) =>
      settings.whispers === true
        ? {
            evidence: 'Whispers are on.',
            fix: {
              kind: 'setting',
              title: 'Switch whispers off',
              key: 'channels.twitch.whispers',
              value: false,
            },
          }
        : undefined,
  },
  {
    id: 'TW-4',
    severity: 'medium',
    title: 'Nobody abuses the bot in Twitch chats',
    why: 'Somebody who writes to the bot all the time, or again and again without being let in, is trying something or wearing it out.',
    check: ({ reported }) => {
      const suspects = listOf(reported.suspects);
      return suspects.length > 0
        ? {
            evidence: `In the last ten minutes: ${suspects.join('; ')}. Consider a timeout in the chat, with /timeout, the name and 600.`,
          }
        : undefined;
    },
  },
];

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}

function one(list: readonly string[]): string {
  return list.length === 1 ? 'it' : 'them';
}
