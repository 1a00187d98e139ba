import * as z from 'zod';
import type { Attachment, InboundMessage } from '../../engine/model/message';

/** Who we are at Slack. */
export interface SlackIdentity {
  readonly account: string;
  readonly teamId: string;
  readonly enterpriseId?: string;
  readonly userId: string;
  readonly botId: string | undefined;
}

export interface SlackView {
  readonly me: SlackIdentity;
  /** Empty: the workspace or organisation of `me`. */
  readonly allowedTeams: ReadonlySet<string>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A message for the gateway; or why there is none. `ignored` is no news, `outside` is worth a line in the log. */
export type ReadEvent =
  | { readonly kind: 'message'; readonly message: InboundMessage }
  | { readonly kind: 'ignored' }
  | { readonly kind: 'outside'; readonly team: string };

const IGNORED: ReadEvent = { kind: 'ignored' };
const NAME_CAP = 200;

const id = z.string().min(1).max(100);
const file = z.looseObject({
  id,
  name: z.string().nullish(),
  mimetype: z.string().nullish(),
  size: z.number().nullish(),
});
/** https://docs.slack.dev/reference/events/message and …/app_mention */
const message = z.looseObject({
  type: z.enum(['message', 'app_mention']),
  subtype: z.string().optional(),
  channel: id.optional(),
  channel_type: z.string().optional(),
  user: id.optional(),
  bot_id: id.nullish(),
  text: z.string().nullish(),
  ts: id,
  thread_ts: id.optional(),
  team: id.nullish(),
  user_team: id.nullish(),
  source_team: id.nullish(),
  files: z.array(file).nullish(),
});
const changed = z.looseObject({
  message: message.partial({ type: true }).optional(),
  previous_message: message.partial({ type: true }).optional(),
});
/** https://docs.slack.dev/apis/events-api/#event-type-structure */
const eventBody = z.looseObject({
  team_id: id.nullish(),
  enterprise_id: id.nullish(),
  context_enterprise_id: id.nullish(),
  is_ext_shared_channel: z.boolean().optional(),
  event: z.looseObject({ type: z.string() }),
});
/** https://docs.slack.dev/reference/interaction-payloads/block_actions-payload */
const pressBody = z.looseObject({
  type: z.literal('block_actions'),
  team: z.looseObject({ id, enterprise_id: id.nullish() }).nullish(),
  enterprise: z.looseObject({ id }).nullish(),
  user: z.looseObject({ id, team_id: id.nullish() }),
  channel: z.looseObject({ id }).nullish(),
  container: z.looseObject({ message_ts: id.nullish(), thread_ts: id.nullish() }).nullish(),
  actions: z.array(z.looseObject({ action_id: z.string(), action_ts: id, value: z.string().nullish() })),
});

/** Subtypes that are a person's own words. All others are notices of Slack or of other programs. */
const SPOKEN: ReadonlySet<string | undefined> = new Set([
  undefined,
  'file_share',
  'me_message',
  'thread_broadcast',
  'bot_message',
]);

/** An event of the Events API, out of its envelope. Pure. */
export function readEvent(body: unknown, view: SlackView): ReadEvent {
  const outer = eventBody.safeParse(body);
  if (!outer.success) return IGNORED;
  const inner = message.safeParse(outer.data.event);
  if (!inner.success || !inner.data.channel) return IGNORED;
  const { subtype, channel } = inner.data;
  const edit = subtype === 'message_changed' || subtype === 'message_deleted';
  if (!edit && !SPOKEN.has(subtype)) return IGNORED;
  const change = edit ? changed.safeParse(outer.data.event).data : undefined;
  // Of a change, what counts is the message that was changed and who wrote it.
  const said = edit ? (change?.message ?? change?.previous_message) : inner.data;
  if (!said || (!said.user && !said.bot_id)) return IGNORED;

  const deliveredTo = outer.data.team_id ?? view.me.teamId;
  const outerOrg = outer.data.enterprise_id ?? outer.data.context_enterprise_id ?? undefined;
  // In a channel shared with another company the sender's team is not the one that the event was delivered to.
  const senderTeam =
    said.user_team ??
    said.source_team ??
    said.team ??
    (outer.data.is_ext_shared_channel ? undefined : deliveredTo);
  if (!isAllowed(deliveredTo, outerOrg, view)) return { kind: 'outside', team: deliveredTo };
  if (senderTeam === undefined) return { kind: 'outside', team: 'unknown' };
  // Our organisation vouches for its own workspaces; of another company only the listed teams count.
  const senderOrg = outer.data.is_ext_shared_channel ? undefined : outerOrg;
  if (!isAllowed(senderTeam, senderOrg, view)) return { kind: 'outside', team: senderTeam };

  const context = contextOf(channel, inner.data.channel_type);
  const { text, named } = readText(said.text ?? '', view.me.userId);
  const attachments = (said.files ?? []).map(attachmentOf);
  if (text === '' && attachments.length === 0 && !edit) return IGNORED;
  return {
    kind: 'message',
    message: {
      channel: 'slack',
      account: view.me.account,
      conversation: channel,
      context,
      sender: {
        id: `${senderTeam}/${said.user ?? said.bot_id}`,
        displayName: said.user ?? said.bot_id ?? '',
        isBot: said.bot_id != null || subtype === 'bot_message',
        isSelf: said.user === view.me.userId || (said.bot_id != null && said.bot_id === view.me.botId),
      },
      text,
      attachments,
      platformId: messageId(said.ts, said.thread_ts),
      receivedAt: view.now,
      addressed: context === 'dm' || named || inner.data.type === 'app_mention',
      ...(said.thread_ts !== undefined && said.thread_ts !== said.ts ? { inReplyTo: said.thread_ts } : {}),
      ...(edit ? { change: subtype === 'message_deleted' ? 'deleted' : 'edited' } : {}),
    },
  };
}

/**
 * A message of a direct conversation that was asked for, which says less of where it is from than an event: only what
 * the person wrote whom the conversation is known to be with, by an event of before. Pure.
 */
export function readMissed(
  said: object,
  place: { readonly id: string; readonly about: string | undefined },
  edited: boolean,
  view: SlackView,
): ReadEvent {
  const { teamId, enterpriseId } = view.me;
  const event = { ...said, type: 'message', channel: place.id, channel_type: 'im' };
  const read = readEvent({ team_id: teamId, enterprise_id: enterpriseId, event }, view);
  if (read.kind !== 'message' || read.message.sender.id !== place.about) return IGNORED;
  return edited ? { kind: 'message', message: { ...read.message, change: 'edited' } } : read;
}

/** A pressed button: the presser says the button's command. Pure. */
export function readPress(body: unknown, view: SlackView): ReadEvent {
  const parsed = pressBody.safeParse(body);
  if (!parsed.success) return IGNORED;
  const { team, enterprise, user, channel, container, actions } = parsed.data;
  const action = actions[0];
  if (!channel || !action?.value || !action.action_id.startsWith('cowork-')) return IGNORED;
  const senderTeam = user.team_id ?? team?.id;
  if (senderTeam === undefined) return { kind: 'outside', team: 'unknown' };
  const org = team?.enterprise_id ?? enterprise?.id ?? undefined;
  // The press comes from where the message was; who presses may be of another company.
  if (team && !isAllowed(team.id, org, view)) return { kind: 'outside', team: team.id };
  if (!isAllowed(senderTeam, senderTeam === team?.id ? org : undefined, view)) {
    return { kind: 'outside', team: senderTeam };
  }
  return {
    kind: 'message',
    message: {
      channel: 'slack',
      account: view.me.account,
      conversation: channel.id,
      context: contextOf(channel.id, undefined),
      sender: {
        id: `${senderTeam}/${user.id}`,
        displayName: user.id,
        isBot: false,
        isSelf: user.id === view.me.userId,
      },
      text: action.value,
      attachments: [],
      platformId: messageId(
        `press-${user.id}-${action.action_ts}`,
        container?.thread_ts ?? container?.message_ts ?? undefined,
      ),
      receivedAt: view.now,
      addressed: true,
      ...(container?.message_ts ? { inReplyTo: container.message_ts } : {}),
    },
  };
}

/** A message's id, with the thread it is in, so that an answer finds its way there after a restart too. */
function messageId(ts: string, thread: string | undefined): string {
  return thread === undefined || thread === ts ? ts : `${ts}/${thread}`;
}

/** The thread to answer in: that of the question, or in a group a new one under it. */
export function threadOf(inReplyTo: string | undefined, conversation: string): string | undefined {
  if (inReplyTo === undefined) return undefined;
  const [ts, thread] = inReplyTo.split('/');
  const root = thread ?? (contextOf(conversation, undefined) === 'dm' ? undefined : ts);
  return root !== undefined && /^\d{1,12}\.\d{1,12}$/.test(root) ? root : undefined;
}

function isAllowed(team: string, org: string | undefined, { me, allowedTeams }: SlackView): boolean {
  if (allowedTeams.size > 0) return allowedTeams.has(team) || (org !== undefined && allowedTeams.has(org));
  return (
    team === me.teamId ||
    (me.enterpriseId !== undefined && (team === me.enterpriseId || org === me.enterpriseId))
  );
}

function contextOf(channel: string, type: string | undefined): 'dm' | 'group' {
  return type === 'im' || (type === undefined && channel.startsWith('D')) ? 'dm' : 'group';
}

/**
 * Slack's wire text as it was typed: links as they were written, `&lt;` as `<`, our own mention taken off the start
 * and the end. Slack keeps lines that start with `/` for itself, so `!run` stands for `/run`.
 * https://docs.slack.dev/messaging/formatting-message-text
 */
function readText(wire: string, us: string): { text: string; named: boolean } {
  const mention = `<@${us}>`;
  const named = wire.includes(mention) || wire.includes(`<@${us}|`);
  let text = wire.trim();
  if (text.startsWith(mention)) text = text.slice(mention.length).replace(/^[:,]?\s*/, '');
  if (text.endsWith(mention)) text = text.slice(0, -mention.length).trimEnd();
  text = text.replace(/<([^<>]*)>/g, (_, inside: string) => readMark(inside));
  text = text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
  return { text: /^![a-z]/i.test(text) ? `/${text.slice(1)}` : text, named };
}

function readMark(inside: string): string {
  const bar = inside.indexOf('|');
  const target = bar < 0 ? inside : inside.slice(0, bar);
  const label = bar < 0 ? '' : inside.slice(bar + 1);
  if (target.startsWith('@')) return target;
  if (target.startsWith('#')) return label ? `#${label}` : target;
  if (target.startsWith('!')) return `@${target.slice(1).split('^')[0]}`;
  // What Slack made a link of was typed as the label; any other label hides where the link goes.
  const typed = target.replace(/^(?:https?:\/\/|mailto:)/, '');
  return label !== '' && typed.replace(/\/$/, '') === label.replace(/\/$/, '') ? label : target;
}

function attachmentOf(found: z.output<typeof file>): Attachment {
  return {
    name: (found.name ?? 'file').slice(0, NAME_CAP),
    mediaType: found.mimetype ?? 'application/octet-stream',
    size: found.size ?? -1,
    platformId: found.id,
  };
}
