import type { ToolGroup } from '../../model/decision';
import { type ChatContext, roleAtLeast } from '../../model/identity';
import type { Fix, Found } from '../../model/posture';
import type { ChannelPosture, ChannelsFacts } from '../facts';
import { each, type PostureRule } from '../rule';

const CONTEXT_WORDS: Readonly<Record<ChatContext, string>> = {
  dm: 'direct messages',
  group: 'groups',
  public: 'public rooms',
};

/** Tools that change the machine or leave it. */
const ACTING: readonly ToolGroup[] = ['shell', 'destructive', 'write'];

/** Where somebody who is let in may speak to the agent now. */
function places(facts: ChannelsFacts): readonly { channel: ChannelPosture; context: ChatContext }[] {
  return facts.channels
    .filter((channel) => channel.enabled)
    .flatMap((channel) => channel.contexts.map((context) => ({ channel, context })))
    .filter(({ channel, context }) => channel.modes[context] !== 'disabled');
}

function withOthers(facts: ChannelsFacts) {
  return places(facts).filter(({ channel, context }) => channel.external && context !== 'dm');
}

/** The setting `access.rules` with these groups of tools off in one place, and nothing else changed. */
function denyGroups(
  facts: ChannelsFacts,
  { channel }: ChannelPosture,
  context: ChatContext,
  denied: readonly ToolGroup[],
): Fix {
  const ofChannel = record(facts.accessRules[channel]);
  const contexts = record(ofChannel.contexts);
  const value = {
    ...facts.accessRules,
    [channel]: {
      ...ofChannel,
      contexts: { ...contexts, [context]: { ...record(contexts[context]), deniedToolGroups: denied } },
    },
  };
  return { kind: 'setting', title: `Switch ${denied.join(', ')} off there`, key: 'access.rules', value };
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : {};
}

export const channelRules: readonly PostureRule<ChannelsFacts>[] = [
  {
    id: 'INI-1',
    severity: 'high',
    title: 'Nobody is let in unasked',
    why: 'In the mode “open” everyone who finds the bot may use it. A pairing code proves access to this desktop.',
    check: (facts) =>
      each(places(facts), ({ channel, context }): Found | undefined =>
        channel.external && channel.modes[context] === 'open'
          ? {
              subject: `${channel.channel}.${context}`,
              severity: context === 'dm' ? 'high' : 'critical',
              evidence: `${channel.name} is open in ${CONTEXT_WORDS[context]}.`,
              fix: {
                kind: 'mode',
                title: 'Ask for a pairing code',
                channel: channel.channel,
                context,
                mode: 'pairing',
              },
            }
          : undefined,
      ),
  },
  {
    id: 'INI-2',
    severity: 'high',
    title: 'The bot has an account of its own',
    why: 'Whoever gets into a personal account’s agent gets what that person has. A bot account is easier to audit and to revoke.',
    check: ({ channels }) =>
      each(channels, ({ channel, name, enabled, account }) =>
        enabled && account?.isBot === false
          ? {
              subject: channel,
              evidence: `${name} says that ${account.name} is a person’s account.`,
              fix: {
                kind: 'command',
                title: 'Enter the token of a bot account',
                command: 'cowork.channels.enterToken',
                arguments: [channel],
              },
            }
          : undefined,
      ),
  },
  {
    id: 'INI-2.dedicated',
    severity: 'medium',
    title: 'An account without a bot mark is a dedicated one',
    why: 'This platform has no bots, so that nobody but you can say whether the account serves this purpose alone.',
    check: ({ channels }) =>
      each(channels, ({ channel, name, enabled, noBots, account, acknowledged }) =>
        enabled && noBots && account !== undefined && !acknowledged.account
          ? {
              subject: channel,
              evidence: `It was not said that ${account.name} on ${name} is used for nothing else.`,
              fix: {
                kind: 'command',
                title: 'Say that it is a dedicated account',
                command: 'cowork.checklist.acknowledge',
                arguments: ['dedicated-account', `${channel}:${account.account}`],
              },
            }
          : undefined,
      ),
  },
  {
    id: 'CTX-1',
    severity: 'high',
    title: 'The clipboard and memory stay out of groups',
    why: 'What one person copied, or told the agent in private, is nobody else’s business.',
    check: (facts) =>
      each(withOthers(facts), ({ channel, context }): Found | undefined => {
        const denied = channel.denied[context] ?? [];
        return denied.includes('memory')
          ? undefined
          : {
              subject: `${channel.channel}.${context}`,
              evidence: `Memory tools are not switched off in ${CONTEXT_WORDS[context]} of ${channel.name}.`,
              fix: denyGroups(facts, channel, context, [...denied, 'memory']),
            };
      }),
  },
  {
    id: 'CTX-2',
    severity: 'medium',
    title: 'Groups have rules of their own',
    why: 'In a group the agent reads what many people write. Commands and changes asked for there deserve a stricter rule than a direct message.',
    check: (facts) =>
      each(withOthers(facts), ({ channel, context }): Found | undefined => {
        const denied = channel.denied[context] ?? [];
        const left = ACTING.filter(
          (group) => !denied.includes(group) && (group !== 'shell' || facts.shell !== 'deny'),
        );
        const restricted = roleAtLeast(channel.requiredRole[context] ?? 'observer', 'approver');
        if (left.length === 0 || restricted) return undefined;
        const open = channel.modes[context] === 'open' || context === 'public';
        return {
          subject: `${channel.channel}.${context}`,
          severity: channel.modes[context] === 'open' ? 'critical' : open ? 'high' : 'medium',
          evidence: `Everyone who is let in may ask for ${left.join(', ')} in ${CONTEXT_WORDS[context]} of ${channel.name}.`,
          fix: denyGroups(facts, channel, context, [...new Set([...denied, ...left])]),
        };
      }),
  },
  {
    id: 'ENV-DEV',
    severity: 'medium',
    title: 'Open access is for testing on this machine',
    why: 'In development the built-in chat may be open. For a channel that others reach it takes the owner’s word, which is on the record.',
    check: ({ channels, profile }) =>
      each(channels, ({ channel, name, external, acknowledged }) =>
        external && profile === 'development' && acknowledged.open
          ? {
              subject: channel,
              evidence: `It was acknowledged that ${name} may be open to strangers.`,
              fix: {
                kind: 'command',
                title: 'Take it back',
                command: 'cowork.checklist.withdraw',
                arguments: ['open-access', channel],
              },
            }
          : undefined,
      ),
  },
  {
    id: 'ENV-PROD.open',
    severity: 'high',
    title: 'Nothing is set to open that the profile keeps shut',
    why: 'The profile holds it down to pairing; the day the profile is changed, it would be open.',
    check: ({ channels, profile }) =>
      each(
        channels.flatMap((channel) => channel.contexts.map((context) => ({ channel, context }))),
        ({ channel, context }): Found | undefined =>
          channel.chosen[context] === 'open' && channel.modes[context] !== 'open'
            ? {
                subject: `${channel.channel}.${context}`,
                evidence: `${channel.name} is set to open in ${CONTEXT_WORDS[context]}; the profile ${profile} makes it ${channel.modes[context]}.`,
                fix: {
                  kind: 'mode',
                  title: 'Set it to pairing',
                  channel: channel.channel,
                  context,
                  mode: 'pairing',
                },
              }
            : undefined,
      ),
  },
];
