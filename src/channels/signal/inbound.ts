import * as z from 'zod';
import type { Attachment, InboundMessage } from '../../engine/model/message';
import type { SignalSettings } from './descriptor';

const NAME_CAP = 200;
/** Stands in a message where somebody is mentioned; who, is beside it. */
const PLACEHOLDER = '\ufffc';

const person = z.string().transform((id) => id.toLowerCase());
const mention = z.looseObject({
  name: z.string().nullish(),
  number: z.string().nullish(),
  uuid: person.nullish(),
  start: z.number().int().min(0),
  length: z.number().int().min(0),
});
const attachment = z.looseObject({
  contentType: z.string().nullish(),
  filename: z.string().nullish(),
  id: z.string().min(1).max(300),
  size: z.number().nullish(),
});
/** JsonDataMessage in the source of signal-cli. */
const dataMessage = z.looseObject({
  timestamp: z.number(),
  message: z.string().nullish(),
  mentions: z.array(mention).nullish(),
  attachments: z.array(attachment).nullish(),
  quote: z.looseObject({ id: z.number(), authorUuid: person.nullish() }).nullish(),
  remoteDelete: z.looseObject({ timestamp: z.number() }).nullish(),
  groupInfo: z.looseObject({ groupId: z.string().min(1).max(200), type: z.string().nullish() }).nullish(),
  reaction: z.unknown().optional(),
  storyContext: z.unknown().optional(),
});
/** JsonMessageEnvelope in the source of signal-cli. */
const envelope = z.looseObject({
  sourceUuid: person.nullish(),
  sourceName: z.string().nullish(),
  timestamp: z.number().nullish(),
  serverReceivedTimestamp: z.number().nullish(),
  dataMessage: dataMessage.nullish(),
  editMessage: z.looseObject({ targetSentTimestamp: z.number(), dataMessage }).nullish(),
});
export const received = z.looseObject({
  envelope: envelope.nullish(),
  exception: z.looseObject({ type: z.string().nullish() }).nullish(),
});
export type Received = z.output<typeof received>;
type Data = z.output<typeof dataMessage>;

export interface SignalView {
  /** Our account id. */
  readonly me: string;
  readonly settings: Pick<SignalSettings, 'allowedGroups'>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Signal has no ids of messages: one is known by who sent it, and when by their clock. */
export function messageId(author: string, timestamp: number): string {
  return `${author}:${timestamp}`;
}

/** The two halves of a message's id; undefined when it is none. */
export function fromMessageId(id: string): { author: string; timestamp: number } | undefined {
  const [, author, timestamp] = /^([0-9a-f-]{36}):(\d{1,16})$/.exec(id) ?? [];
  return author && timestamp ? { author, timestamp: Number(timestamp) } : undefined;
}

/** A file is asked for together with the conversation that it came in. */
export function fileId(conversation: string, id: string): string {
  return `${conversation} ${id}`;
}

/**
 * An event as a message for the gateway; undefined when it is none: receipts, typing, reactions, stories, changes of
 * a group, what our own other devices sent, and senders without an account id. Pure.
 */
export function readEnvelope(event: Received, view: SignalView): InboundMessage | undefined {
  const said = event.envelope;
  const sender = said?.sourceUuid;
  if (!said || !sender) return undefined;
  const { editMessage } = said;
  const data = editMessage?.dataMessage ?? said.dataMessage;
  if (!data || data.reaction || data.storyContext) return undefined;
  const group = data.groupInfo;
  if (group) {
    if (group.type && group.type !== 'DELIVER') return undefined;
    const { allowedGroups } = view.settings;
    if (allowedGroups.length > 0 && !allowedGroups.includes(group.groupId)) return undefined;
  }
  const conversation = group ? group.groupId : sender;
  const attachments = (data.attachments ?? []).map((one) => attachmentOf(one, conversation));
  const { text, named } = withMentions(data, view.me);
  const deleted = data.remoteDelete?.timestamp;
  if (text === '' && attachments.length === 0 && deleted === undefined) return undefined;
  const { quote } = data;
  const quoted = quote?.authorUuid ? messageId(quote.authorUuid, quote.id) : undefined;
  return {
    channel: 'signal',
    account: view.me,
    conversation,
    context: group ? 'group' : 'dm',
    sender: {
      id: sender,
      displayName: (said.sourceName || sender).slice(0, NAME_CAP),
      isBot: false,
      isSelf: sender === view.me,
    },
    text,
    attachments,
    platformId: messageId(sender, deleted ?? editMessage?.targetSentTimestamp ?? data.timestamp),
    receivedAt: view.now,
    addressed: !group || named || quote?.authorUuid === view.me,
    ...(quoted ? { inReplyTo: quoted } : {}),
    ...(deleted !== undefined ? { change: 'deleted' } : editMessage ? { change: 'edited' } : {}),
  };
}

/**
 * The text with names where people are mentioned. A mention of ours at the beginning or the end is how the message was
 * addressed, not a part of it.
 */
function withMentions(data: Data, me: string): { text: string; named: boolean } {
  let text = data.message ?? '';
  let named = false;
  // From the back, so that earlier offsets stay true.
  for (const one of [...(data.mentions ?? [])].sort((a, b) => b.start - a.start)) {
    const before = text.slice(0, one.start);
    const after = text.slice(one.start + one.length);
    if (text.slice(one.start, one.start + one.length) !== PLACEHOLDER) continue;
    const ours = one.uuid === me;
    named ||= ours;
    if (ours && before.trim() === '') text = after.replace(/^[\s:,]+/, '');
    else if (ours && after.trim() === '') text = before.trimEnd();
    else text = `${before}@${(one.name || one.number || one.uuid || 'somebody').slice(0, NAME_CAP)}${after}`;
  }
  return { text, named };
}

function attachmentOf(one: z.output<typeof attachment>, conversation: string): Attachment {
  return {
    name: (one.filename ?? '').slice(0, NAME_CAP) || 'file',
    mediaType: one.contentType || 'application/octet-stream',
    size: one.size ?? -1,
    platformId: fileId(conversation, one.id),
  };
}
