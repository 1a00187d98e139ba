import * as z from 'zod';
import type { Attachment, InboundMessage } from '../../engine/model/message';
import type { MattermostSettings } from './descriptor';

const id = z.string().min(1).max(100);
const file = z.looseObject({
  id,
  name: z.string().default(''),
  mime_type: z.string().default(''),
  size: z.number().default(-1),
});
/** https://api.mattermost.com/#tag/posts/operation/GetPost */
export const post = z.looseObject({
  id,
  create_at: z.number(),
  update_at: z.number().default(0),
  edit_at: z.number().default(0),
  delete_at: z.number().default(0),
  user_id: z.string().default(''),
  channel_id: id,
  root_id: z.string().default(''),
  message: z.string().default(''),
  type: z.string().default(''),
  props: z.record(z.string(), z.unknown()).nullish(),
  metadata: z.looseObject({ files: z.array(file).nullish() }).nullish(),
});
export type MattermostPost = z.output<typeof post>;

/** https://api.mattermost.com/#tag/WebSocket: the post is JSON in a text. */
export const postedData = z.looseObject({
  post: z.string(),
  channel_type: z.string().default(''),
  sender_name: z.string().default(''),
  team_id: z.string().default(''),
});

/** Where a post was said, as the server says. */
export interface PlaceOfPost {
  /** D: direct, G: group message, P: private channel, O: channel of the team. */
  readonly type: string;
  readonly teamId: string;
}

export interface MattermostView {
  readonly me: { readonly id: string; readonly username: string };
  readonly settings: MattermostSettings;
  /** Whether a thread was begun by one of our posts. */
  isOurs(postId: string): boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Kinds of posts that are a person's own words; the others are notices of the server or of plugins. */
const SPOKEN: ReadonlySet<string> = new Set(['', 'me', 'burn_on_read']);
const NAME_CAP = 200;

/** Whether we take part there at all: a direct message, or a place that is listed. */
export function isListed(
  { type, teamId }: PlaceOfPost,
  channelId: string,
  settings: MattermostSettings,
): boolean {
  if (type === 'D') return true;
  if (settings.allowedChannels.includes(channelId)) return true;
  return teamId !== '' && settings.allowedTeams.includes(teamId);
}

/** A post as a message for the gateway; undefined when it is none. Pure. */
export function readPost(
  said: MattermostPost,
  place: PlaceOfPost,
  senderName: string,
  view: MattermostView,
): InboundMessage | undefined {
  const bot = isProgram(said.props ?? {});
  if (!SPOKEN.has(said.type) && !bot) return undefined;
  const dm = place.type === 'D';
  const change = said.delete_at > 0 ? 'deleted' : said.edit_at > 0 ? 'edited' : undefined;
  const { text, named } = withoutName(said.message, view.me.username);
  const attachments = (said.metadata?.files ?? []).map(attachmentOf);
  return {
    channel: 'mattermost',
    account: view.me.id,
    conversation: said.channel_id,
    context: dm ? 'dm' : 'group',
    sender: {
      id: said.user_id,
      displayName: (senderName.replace(/^@/, '') || said.user_id).slice(0, NAME_CAP),
      isBot: bot,
      isSelf: said.user_id === view.me.id,
    },
    text,
    attachments,
    platformId: said.id,
    receivedAt: view.now,
    addressed: dm || named || (said.root_id !== '' && view.isOurs(said.root_id)),
    ...(said.root_id === '' ? {} : { inReplyTo: said.root_id }),
    ...(change ? { change } : {}),
  };
}

/** Posts of bots and webhooks say so themselves: the server puts it there, and a person cannot. */
function isProgram(props: Record<string, unknown>): boolean {
  const yes = (value: unknown) => value === true || value === 'true';
  return yes(props.from_bot) || yes(props.from_webhook) || yes(props.from_plugin);
}

/** A mention of ours at the beginning or the end is how the message was addressed, not a part of it. */
function withoutName(message: string, username: string): { text: string; named: boolean } {
  const name = `@${username.toLowerCase()}`;
  const text = message.trim();
  const lower = text.toLowerCase();
  const ends = (at: number) => !/[\w.-]/.test(lower[at] ?? ' ') || /^[.](\s|$)/.test(lower.slice(at));
  if (lower.startsWith(name) && ends(name.length))
    return { text: text.slice(name.length).replace(/^[\s:,]+/, ''), named: true };
  if (lower.endsWith(name) && /\s/.test(lower.at(-name.length - 1) ?? 'x'))
    return { text: text.slice(0, -name.length).trimEnd(), named: true };
  const at = lower.indexOf(name);
  return { text, named: at >= 0 && /(^|[\s(])$/.test(lower.slice(0, at)) && ends(at + name.length) };
}

function attachmentOf({ id, name, mime_type, size }: z.output<typeof file>): Attachment {
  return {
    name: name.slice(0, NAME_CAP) || 'file',
    mediaType: mime_type || 'application/octet-stream',
    size,
    platformId: id,
  };
}
