import * as z from 'zod';
import type { ChatContext } from '../../engine/model/identity';
import type { Attachment, InboundMessage } from '../../engine/model/message';
import { type EncryptedFile, encryptedFile, type MatrixEvent, relation } from './wire';

const NAME_CAP = 200;

const info = z
  .looseObject({ mimetype: z.string().optional(), size: z.number().nonnegative().optional() })
  .optional()
  .catch(undefined);

/** https://spec.matrix.org/v1.11/client-server-api/#mroommessage */
const said = z.looseObject({
  msgtype: z.string(),
  body: z.string().default(''),
  formatted_body: z.string().optional().catch(undefined),
  filename: z.string().optional().catch(undefined),
  url: z.string().optional().catch(undefined),
  file: encryptedFile.optional().catch(undefined),
  info,
  'm.relates_to': relation,
  'm.mentions': z
    .looseObject({ user_ids: z.array(z.string()).default([]) })
    .optional()
    .catch(undefined),
});
type Said = z.output<typeof said>;

const FILES: ReadonlySet<string> = new Set(['m.file', 'm.image', 'm.audio', 'm.video']);
const SPOKEN: ReadonlySet<string> = new Set(['m.text', 'm.emote', ...FILES]);

export interface MatrixView {
  readonly me: { readonly id: string; readonly name: string };
  readonly context: ChatContext;
  readonly room: string;
  /** What the sender calls themselves in the room. */
  readonly senderName: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface Heard {
  readonly message: InboundMessage;
  /** Keys of encrypted files, by the `platformId` of their attachment. They go to no record. */
  readonly keys: ReadonlyMap<string, EncryptedFile>;
  /** The event that begins the thread it is in. */
  readonly thread?: string;
}

/** An event as a message for the gateway, or undefined when it is none: reactions, calls, verification. Pure. */
export function readEvent(event: MatrixEvent, view: MatrixView): Heard | undefined {
  if (event.type === 'm.room.redaction') {
    const redacted = event.content.redacts ?? event.redacts;
    return typeof redacted === 'string' ? changed(event, view, redacted, 'deleted') : undefined;
  }
  if (event.type !== 'm.room.message') return undefined;
  const parsed = said.safeParse(event.content);
  if (!parsed.success) return undefined;
  const relates = parsed.data['m.relates_to'];
  if (relates?.rel_type === 'm.replace')
    return changed(event, view, relates.event_id ?? event.event_id, 'edited');
  const bot = parsed.data.msgtype === 'm.notice';
  if (!bot && !SPOKEN.has(parsed.data.msgtype)) return undefined;
  return readSaid(parsed.data, event, view, bot);
}

function readSaid(content: Said, event: MatrixEvent, view: MatrixView, bot: boolean): Heard {
  const relates = content['m.relates_to'];
  const thread = relates?.rel_type === 'm.thread' ? relates.event_id : undefined;
  // In a thread, clients that know no threads are told of an answer that it is not.
  const answers = relates?.is_falling_back === true ? undefined : relates?.['m.in_reply_to']?.event_id;
  const keys = new Map<string, EncryptedFile>();
  const attachment = FILES.has(content.msgtype) ? attachmentOf(content, event.event_id, keys) : undefined;
  const caption = content.filename !== undefined && content.filename !== content.body;
  const written = attachment && !caption ? '' : withoutFallback(content.body, answers !== undefined);
  const { text, named } = withoutName(written, content, view.me);
  const inReplyTo = answers ?? thread;
  return {
    message: {
      ...base(event, view, bot),
      text,
      attachments: attachment ? [attachment] : [],
      platformId: event.event_id,
      addressed: view.context === 'dm' || named,
      ...(inReplyTo === undefined ? {} : { inReplyTo }),
    },
    keys,
    ...(thread === undefined ? {} : { thread }),
  };
}

function changed(
  event: MatrixEvent,
  view: MatrixView,
  platformId: string,
  change: 'edited' | 'deleted',
): Heard {
  const message = { ...base(event, view, false), text: '', attachments: [], platformId, addressed: false };
  return { message: { ...message, change }, keys: new Map() };
}

function base(event: MatrixEvent, view: MatrixView, isBot: boolean) {
  return {
    channel: 'matrix',
    account: view.me.id,
    conversation: view.room,
    context: view.context,
    sender: {
      id: event.sender,
      displayName: view.senderName.slice(0, NAME_CAP),
      isBot,
      isSelf: event.sender === view.me.id,
    },
    receivedAt: view.now,
  } as const;
}

/**
 * Older clients put the message that is answered before the answer, as a quotation. Whoever writes can put anything
 * there, so it is no part of what was said. https://spec.matrix.org/v1.12/client-server-api/#fallbacks-for-rich-replies
 */
function withoutFallback(body: string, isAnswer: boolean): string {
  if (!isAnswer || !/^> (\* )?<@/.test(body)) return body;
  const lines = body.split('\n');
  const end = lines.findIndex((line) => !line.startsWith('> '));
  if (end < 0) return '';
  return lines.slice(lines[end] === '' ? end + 1 : end).join('\n');
}

/**
 * Whether it is meant for us, and what is left without our name at its beginning or end. `m.mentions` decides where a
 * client sends it: https://spec.matrix.org/v1.11/client-server-api/#user-and-room-mentions. Our whole id at the
 * beginning counts always, since nobody writes it by chance.
 */
function withoutName(
  body: string,
  content: Said,
  me: MatrixView['me'],
): { readonly text: string; readonly named: boolean } {
  const text = body.trim();
  const mentions = content['m.mentions'];
  const begins = [me.id, `@${me.name}`, me.name].find((name) => startsWith(text, name));
  const ends = [me.id, `@${me.name}`, me.name].find((name) => endsWith(text, name));
  const named =
    mentions?.user_ids.includes(me.id) === true ||
    begins === me.id ||
    (mentions === undefined && (begins !== undefined || ends === me.id || hasPill(content, me.id)));
  // As it was typed, where it is not our name that it begins or ends with.
  if (!named) return { text: body, named };
  if (begins !== undefined) return { text: text.slice(begins.length).replace(/^\s*[:,]?\s*/, ''), named };
  if (ends !== undefined) return { text: text.slice(0, -ends.length).trimEnd(), named };
  return { text: body, named };
}

function startsWith(text: string, name: string): boolean {
  return (
    name !== '' &&
    text.slice(0, name.length).toLowerCase() === name.toLowerCase() &&
    /^(?:[:,]?\s|[:,]?$)/.test(text.slice(name.length))
  );
}

function endsWith(text: string, name: string): boolean {
  return (
    name !== '' &&
    text.slice(-name.length).toLowerCase() === name.toLowerCase() &&
    /\s$/.test(text.slice(0, -name.length))
  );
}

/** A link to us, as clients write mentions. */
function hasPill({ formatted_body: html }: Said, id: string): boolean {
  if (html === undefined) return false;
  return [id, encodeURIComponent(id)].some((form) => html.includes(`https://matrix.to/#/${form}"`));
}

function attachmentOf(
  { filename, body, url, file, info: about }: Said,
  eventId: string,
  keys: Map<string, EncryptedFile>,
): Attachment | undefined {
  const platformId = file ? `${ENCRYPTED}${eventId}` : url;
  if (platformId === undefined) return undefined;
  if (file) keys.set(platformId, file);
  return {
    name: (filename ?? body).slice(0, NAME_CAP) || 'file',
    mediaType: about?.mimetype ?? 'application/octet-stream',
    size: about?.size ?? -1,
    platformId,
  };
}

/** Begins the id of a file whose key is known for as long as we are connected. */
export const ENCRYPTED = 'encrypted:';
