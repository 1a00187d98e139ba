import * as z from 'zod';
import type { Attachment, InboundMessage } from '../../engine/model/message';

const id = z.string().min(1).max(100);
const mentionee = z.looseObject({
  index: z.number().int().nonnegative(),
  length: z.number().int().positive(),
  type: z.string().optional(),
  isSelf: z.boolean().optional(),
});
const message = z.looseObject({
  id,
  type: z.string(),
  text: z.string().optional(),
  quoteToken: z.string().optional(),
  quotedMessageId: z.string().optional(),
  mention: z.looseObject({ mentionees: z.array(mentionee) }).optional(),
  fileName: z.string().optional(),
  fileSize: z.number().optional(),
  contentProvider: z.looseObject({ type: z.string() }).optional(),
});
/** https://developers.line.biz/en/reference/messaging-api/#webhook-event-objects */
export const lineEvent = z.looseObject({
  type: z.string(),
  webhookEventId: id,
  /** Milliseconds since the epoch. */
  timestamp: z.number(),
  mode: z.string().default('active'),
  replyToken: z.string().optional(),
  source: z
    .looseObject({
      type: z.string(),
      userId: z.string().optional(),
      groupId: id.optional(),
      roomId: id.optional(),
    })
    .optional(),
  deliveryContext: z.looseObject({ isRedelivery: z.boolean() }).optional(),
  message: message.optional(),
  unsend: z.looseObject({ messageId: id }).optional(),
  postback: z.looseObject({ data: z.string() }).optional(),
});
export type LineEvent = z.output<typeof lineEvent>;

/** https://developers.line.biz/en/reference/messaging-api/#request-body */
export const lineCall = z.looseObject({ destination: z.string(), events: z.array(lineEvent).max(1_000) });

export interface LineView {
  /** The account's own id. */
  readonly me: string;
  readonly allowedGroups: ReadonlySet<string>;
  /** Whether a message is one of ours. */
  isOurs(messageId: string): boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** A message for the gateway; or why there is none. `outside` is worth a line in the log. */
export type ReadEvent =
  | { readonly kind: 'message'; readonly message: InboundMessage }
  | { readonly kind: 'ignored' }
  | { readonly kind: 'outside'; readonly group: string };

const IGNORED: ReadEvent = { kind: 'ignored' };
const NAME_CAP = 200;
const FILES: Readonly<Record<string, { readonly ending: string; readonly mediaType: string }>> = {
  image: { ending: 'jpg', mediaType: 'image/jpeg' },
  video: { ending: 'mp4', mediaType: 'video/mp4' },
  audio: { ending: 'm4a', mediaType: 'audio/x-m4a' },
  file: { ending: 'bin', mediaType: 'application/octet-stream' },
};

/** An event out of a call that was proved. Pure. */
export function readEvent(event: LineEvent, view: LineView): ReadEvent {
  const { source } = event;
  // Another service of the account has the chat at the moment.
  if (!source || event.mode !== 'active') return IGNORED;
  const group = source.groupId ?? source.roomId;
  const conversation = source.type === 'user' ? source.userId : group;
  if (!conversation) return IGNORED;
  const said = spoken(event, view);
  if (!said) return IGNORED;
  const dm = source.type === 'user';
  if (!dm && !view.allowedGroups.has(conversation))
    return said.addressed ? { kind: 'outside', group: conversation } : IGNORED;
  const sender = source.userId ?? '';
  return {
    kind: 'message',
    message: {
      channel: 'line',
      account: view.me,
      conversation,
      context: dm ? 'dm' : 'group',
      sender: { id: sender, displayName: sender, isBot: false, isSelf: sender === view.me },
      receivedAt: view.now,
      ...said,
      addressed: dm || said.addressed,
    },
  };
}

type Said = Pick<
  InboundMessage,
  'text' | 'attachments' | 'platformId' | 'addressed' | 'inReplyTo' | 'change'
>;

/** What was said by the event; undefined when it says nothing: a sticker, a place, somebody who joined. */
function spoken(event: LineEvent, view: LineView): Said | undefined {
  const { postback, unsend, message: said } = event;
  if (event.type === 'postback' && postback) {
    return {
      text: postback.data,
      attachments: [],
      platformId: `press-${event.webhookEventId}`,
      addressed: true,
    };
  }
  if (event.type === 'unsend' && unsend) {
    return { text: '', attachments: [], platformId: unsend.messageId, addressed: false, change: 'deleted' };
  }
  if (event.type !== 'message' || !said) return undefined;
  const quoted = said.quotedMessageId;
  const answers = quoted === undefined ? {} : { inReplyTo: quoted };
  const ofOurs = quoted !== undefined && view.isOurs(quoted);
  if (said.type === 'text' && said.text !== undefined) {
    const { text, named } = withoutName(said.text, said.mention?.mentionees ?? []);
    return { text, attachments: [], platformId: said.id, addressed: named || ofOurs, ...answers };
  }
  const file = attachmentOf(said);
  return file && { text: '', attachments: [file], platformId: said.id, addressed: ofOurs, ...answers };
}

/** A mention of ours at the beginning or the end is how the message was addressed, not a part of it. */
function withoutName(
  text: string,
  mentions: readonly z.output<typeof mentionee>[],
): { text: string; named: boolean } {
  const own = mentions.filter(({ isSelf }) => isSelf === true);
  let from = 0;
  let to = text.length;
  for (const { index, length } of own) {
    if (text.slice(0, index).trim() === '') from = Math.max(from, index + length);
    else if (text.slice(index + length).trim() === '') to = Math.min(to, index);
  }
  const cut = from === 0 && to === text.length ? text : text.slice(from, to).trim();
  return { text: cut, named: own.length > 0 };
}

/** Files that lie elsewhere than at LINE are not fetched. */
function attachmentOf(said: z.output<typeof message>): Attachment | undefined {
  const kind = FILES[said.type];
  if (!kind || (said.contentProvider && said.contentProvider.type !== 'line')) return undefined;
  return {
    name: (said.fileName ?? `${said.type}-${said.id}.${kind.ending}`).slice(0, NAME_CAP),
    mediaType: kind.mediaType,
    size: said.fileSize ?? -1,
    platformId: said.id,
  };
}
