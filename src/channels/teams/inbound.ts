import * as z from 'zod';
import type { Attachment, InboundMessage } from '../../engine/model/message';
import type { TeamsSettings } from './descriptor';

const id = z.string().min(1).max(512);
/** https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference#activity-object */
export const activitySchema = z.looseObject({
  type: z.string(),
  id: id.optional(),
  serviceUrl: z.string().max(500),
  channelId: z.string().max(100),
  from: z.looseObject({
    id: id.optional(),
    name: z.string().nullish(),
    aadObjectId: z.string().nullish(),
    role: z.string().nullish(),
  }),
  recipient: z.looseObject({ id: id.optional(), name: z.string().nullish() }).nullish(),
  conversation: z.looseObject({
    id,
    conversationType: z.string().nullish(),
    tenantId: z.string().nullish(),
  }),
  text: z.string().nullish(),
  replyToId: z.string().nullish(),
  value: z.unknown().optional(),
  entities: z.array(z.looseObject({ type: z.string() })).nullish(),
  attachments: z
    .array(
      z.looseObject({
        contentType: z.string().default(''),
        name: z.string().nullish(),
        contentUrl: z.string().nullish(),
      }),
    )
    .nullish(),
  channelData: z.looseObject({ tenant: z.looseObject({ id: z.string() }).nullish() }).nullish(),
});
export type Activity = z.output<typeof activitySchema>;

const mention = z.looseObject({
  type: z.literal('mention'),
  mentioned: z.looseObject({ id: z.string() }),
  text: z.string().nullish(),
});
const press = z.looseObject({ coworkCommand: z.string().min(1).max(2_000) });

const CHANGES: Readonly<Record<string, InboundMessage['change']>> = {
  messageUpdate: 'edited',
  messageDelete: 'deleted',
};
/** Parts of a message that are not files that somebody sent. */
const NOT_FILES =
  /^(text\/html|application\/vnd\.microsoft\.card\.|application\/vnd\.microsoft\.teams\.messagereference)/;
const NAME_CAP = 200;

/** A room is known by its own id; the thread that a call is about is behind a semicolon. */
export function roomOf(conversationId: string): {
  readonly room: string;
  readonly thread: string | undefined;
} {
  const [room = '', ...more] = conversationId.split(';');
  const thread = more.find((part) => part.startsWith('messageid='))?.slice('messageid='.length);
  return { room, thread };
}

export function tenantOf({ channelData, conversation }: Activity): string {
  return (channelData?.tenant?.id ?? conversation.tenantId ?? '').toLowerCase();
}

/** Whose people are heard: those of the bot's own tenant, of the listed ones, or of all when none is named. */
export function isTenantAllowed(tenant: string, { tenantId, allowedTenants }: TeamsSettings): boolean {
  if (tenant === '') return false;
  if (tenantId !== '') return tenant === tenantId;
  return allowedTenants.length === 0 || allowedTenants.includes(tenant);
}

/** An activity as a message for the gateway; undefined when it is none. `now` in milliseconds. Pure. */
export function readActivity(
  activity: Activity,
  settings: TeamsSettings,
  now: number,
): InboundMessage | undefined {
  const change = CHANGES[activity.type];
  if ((activity.type !== 'message' && !change) || activity.id === undefined) return undefined;
  const { room, thread } = roomOf(activity.conversation.id);
  const dm = activity.conversation.conversationType === 'personal';
  const { from, recipient } = activity;
  const bot = `28:${settings.appId}`;
  const person = from.aadObjectId?.toLowerCase() ?? '';
  const command = press.safeParse(activity.value);
  const { text, named } = withoutMention(activity, recipient?.id ?? bot);
  return {
    channel: 'teams',
    account: settings.appId,
    conversation: room,
    context: dm ? 'dm' : 'group',
    sender: {
      id: person === '' ? '' : `${tenantOf(activity)}/${person}`,
      displayName: (from.name ?? person).slice(0, NAME_CAP),
      isBot: from.role === 'bot' || (from.id?.startsWith('28:') ?? false),
      isSelf: from.id === bot,
    },
    text: command.success ? command.data.coworkCommand : text,
    attachments: (activity.attachments ?? [])
      .filter(({ contentType }) => !NOT_FILES.test(contentType))
      .map(attachmentOf),
    platformId: activity.id,
    receivedAt: now,
    addressed: dm || named || command.success,
    ...(activity.replyToId ? { inReplyTo: activity.replyToId } : thread ? { inReplyTo: thread } : {}),
    ...(change ? { change } : {}),
  };
}

/** Teams puts mentions into the text as tags, and says beside it whom they mean. */
function withoutMention(activity: Activity, me: string): { text: string; named: boolean } {
  let text = activity.text ?? '';
  let named = false;
  for (const entity of activity.entities ?? []) {
    const parsed = mention.safeParse(entity);
    if (!parsed.success || parsed.data.mentioned.id !== me) continue;
    named = true;
    if (parsed.data.text) text = text.replace(parsed.data.text, '');
  }
  return { text: text.replaceAll('\u00a0', ' ').trim(), named };
}

function attachmentOf({
  name,
  contentType,
  contentUrl,
}: NonNullable<Activity['attachments']>[number]): Attachment {
  return {
    name: (name ?? 'file').slice(0, NAME_CAP),
    mediaType: contentType || 'application/octet-stream',
    size: -1,
    platformId: contentUrl ?? '',
  };
}
