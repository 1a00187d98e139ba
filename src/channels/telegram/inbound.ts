import type { CallbackQuery, Message, MessageEntity, Update, User, UserFromGetMe } from 'grammy/types';
import type { Attachment, InboundMessage } from '../../engine/model/message';

/** What is needed to read an update: who we are and which groups we take part in. */
export interface InboundView {
  readonly me: Pick<UserFromGetMe, 'id' | 'username'>;
  /** Empty: any group. */
  readonly allowedGroups: ReadonlySet<string>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Telegram's longest name for a file that is shown or stored. */
const NAME_CAP = 200;

/**
 * One update as an inbound message, or undefined when it is nothing for us: channel posts, service messages,
 * kinds without text or file, groups that are not allowed. Pure.
 */
export function readUpdate(update: Update, view: InboundView): InboundMessage | undefined {
  if (update.message) return readMessage(update.message, view);
  if (update.edited_message) {
    const message = readMessage(update.edited_message, view);
    return message && { ...message, change: 'edited' };
  }
  if (update.callback_query) return readPress(update.callback_query, view);
  return undefined;
}

function readMessage(message: Message, view: InboundView): InboundMessage | undefined {
  const context = contextOf(message.chat, view);
  if (!context || !message.from) return undefined;
  const attachments = attachmentsOf(message);
  const written = message.text ?? message.caption ?? '';
  if (written === '' && attachments.length === 0) return undefined;
  const entities = message.entities ?? message.caption_entities ?? [];
  const { text, named } = withoutOurName(written, entities, view.me);
  const reply = message.reply_to_message;
  // In a forum every message formally answers the one that opened its topic.
  const answersUs = reply?.from?.id === view.me.id && reply.forum_topic_created === undefined;

  return {
    channel: 'telegram',
    account: String(view.me.id),
    conversation: String(message.chat.id),
    context,
    sender: senderOf(message.from, view.me, message.sender_chat !== undefined),
    text: context === 'dm' ? startPayload(text) : text,
    attachments,
    platformId: String(message.message_id),
    receivedAt: view.now,
    addressed: context === 'dm' || named || answersUs,
    ...(reply && reply.forum_topic_created === undefined ? { inReplyTo: String(reply.message_id) } : {}),
  };
}

/** A pressed button: the presser says the button's command. */
function readPress(query: CallbackQuery, view: InboundView): InboundMessage | undefined {
  const { message, data } = query;
  if (!message || !data) return undefined;
  const context = contextOf(message.chat, view);
  if (!context) return undefined;
  return {
    channel: 'telegram',
    account: String(view.me.id),
    conversation: String(message.chat.id),
    context,
    sender: senderOf(query.from, view.me, false),
    text: data,
    attachments: [],
    platformId: `press-${query.id}`,
    receivedAt: view.now,
    addressed: true,
    inReplyTo: String(message.message_id),
  };
}

function contextOf(chat: Message['chat'], view: InboundView): 'dm' | 'group' | undefined {
  if (chat.type === 'private') return 'dm';
  if (chat.type !== 'group' && chat.type !== 'supergroup') return undefined;
  const allowed = view.allowedGroups.size === 0 || view.allowedGroups.has(String(chat.id));
  return allowed ? 'group' : undefined;
}

/**
 * Who is behind `from`. Someone who writes in the name of a chat (an anonymous administrator, a linked channel)
 * cannot be told from others who do so; Telegram puts a stand-in account into `from`, which nobody may be paired as.
 */
function senderOf(from: User, me: InboundView['me'], onBehalfOfChat: boolean): InboundMessage['sender'] {
  return {
    id: String(from.id),
    displayName: [from.first_name, from.last_name].filter(Boolean).join(' ').slice(0, NAME_CAP),
    isBot: from.is_bot === true || onBehalfOfChat,
    isSelf: from.id === me.id,
  };
}

/**
 * Takes our name out of what was said to us: `@our_bot ABC123` and `/run@our_bot npm test` mean `ABC123` and
 * `/run npm test`. `named` is false for a command that carries another bot's name.
 */
function withoutOurName(
  text: string,
  entities: readonly MessageEntity[],
  me: InboundView['me'],
): { text: string; named: boolean } {
  const ours = me.username ? `@${me.username.toLowerCase()}` : undefined;
  let named = false;
  let result = text;
  // From the back, so that earlier offsets stay true.
  for (const entity of [...entities].sort((a, b) => b.offset - a.offset)) {
    const end = entity.offset + entity.length;
    const part = text.slice(entity.offset, end);
    if (entity.type === 'text_mention' && entity.user.id === me.id) {
      named = true;
    } else if (entity.type === 'mention' && part.toLowerCase() === ours) {
      named = true;
      const before = result.slice(0, entity.offset);
      const after = result.slice(end);
      if (before.trim() === '') result = after.trimStart();
      else if (after.trim() === '') result = before.trimEnd();
    } else if (entity.type === 'bot_command' && entity.offset === 0) {
      const at = part.indexOf('@');
      if (at < 0) continue;
      if (part.slice(at).toLowerCase() !== ours) return { text, named: false };
      named = true;
      result = part.slice(0, at) + result.slice(end);
    }
  }
  return { text: result, named };
}

/** `t.me/our_bot?start=CODE` arrives as `/start CODE`: the code is what the person means to say. */
function startPayload(text: string): string {
  return /^\/start ([A-Za-z0-9_-]{1,64})$/.exec(text)?.[1] ?? text;
}

function attachmentsOf(message: Message): Attachment[] {
  const found: Attachment[] = [];
  const add = (
    file: { file_id: string; file_size?: number; file_name?: string; mime_type?: string } | undefined,
    name: string,
    mediaType: string,
  ) => {
    if (!file) return;
    found.push({
      name: (file.file_name ?? name).slice(0, NAME_CAP),
      mediaType: file.mime_type ?? mediaType,
      size: file.file_size ?? -1,
      platformId: file.file_id,
    });
  };
  // An animation is sent as a document too.
  if (message.animation) add(message.animation, 'animation.mp4', 'video/mp4');
  else add(message.document, 'document', 'application/octet-stream');
  add(message.photo?.at(-1), 'photo.jpg', 'image/jpeg');
  add(message.audio, 'audio', 'audio/mpeg');
  add(message.voice, 'voice.ogg', 'audio/ogg');
  add(message.video, 'video.mp4', 'video/mp4');
  return found;
}
