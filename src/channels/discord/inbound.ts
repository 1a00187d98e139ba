import * as z from 'zod';
import type { Attachment, InboundMessage } from '../../engine/model/message';

const id = z.string().min(1).max(100);
const person = z.looseObject({
  id,
  username: z.string().default(''),
  global_name: z.string().nullish(),
  bot: z.boolean().optional(),
  system: z.boolean().optional(),
});
export const attachmentSchema = z.looseObject({
  id,
  filename: z.string().default(''),
  content_type: z.string().nullish(),
  size: z.number().default(-1),
  url: z.string().default(''),
});
/** https://docs.discord.com/developers/resources/message#message-object */
const message = z.looseObject({
  id,
  channel_id: id,
  guild_id: id.nullish(),
  author: person,
  webhook_id: id.nullish(),
  content: z.string().default(''),
  type: z.number().default(0),
  edited_timestamp: z.string().nullish(),
  attachments: z.array(attachmentSchema).default([]),
  mentions: z.array(z.looseObject({ id })).default([]),
  message_reference: z.looseObject({ type: z.number().nullish(), message_id: id.nullish() }).nullish(),
  referenced_message: z.looseObject({ author: person.nullish() }).nullish(),
});
export type DiscordMessage = z.output<typeof message>;

export interface DiscordView {
  /** Our user's id, which is the account. */
  readonly me: string;
  readonly allowedGuilds: ReadonlySet<string>;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface ReadMessage {
  readonly message: InboundMessage;
  /** The server that it was said in; undefined for a direct message. */
  readonly guild: string | undefined;
  /** Where the files of the message are, by their ids. */
  readonly files: ReadonlyMap<string, string>;
}

/** Messages that people write, and their answers. The others are notices of Discord or of programs. */
const SPOKEN: ReadonlySet<number> = new Set([0, 19]);
/** A message of elsewhere that somebody passes on. https://docs.discord.com/developers/resources/message#message-reference-types */
const FORWARD = 1;
const NAME_CAP = 200;

/** A message of somebody where we take part; undefined when it is none. Pure. */
export function readMessage(data: unknown, edited: boolean, view: DiscordView): ReadMessage | undefined {
  const parsed = message.safeParse(data);
  if (!parsed.success) return undefined;
  const said = parsed.data;
  const context = contextOf(said.guild_id, view);
  if (!context || !SPOKEN.has(said.type) || said.message_reference?.type === FORWARD) return undefined;
  // Discord tells of a preview that it added in the same way as of an edit.
  if (edited && !said.edited_timestamp) return undefined;
  const { text, named } = withoutName(said.content, view.me);
  const answered = said.message_reference?.message_id;
  return {
    message: {
      channel: 'discord',
      account: view.me,
      conversation: said.channel_id,
      context,
      sender: senderOf(said.author, view.me, said.webhook_id != null),
      text,
      attachments: said.attachments.map((file) => attachmentOf(file, said)),
      platformId: said.id,
      receivedAt: view.now,
      addressed:
        context === 'dm' ||
        named ||
        said.mentions.some((mention) => mention.id === view.me) ||
        said.referenced_message?.author?.id === view.me,
      ...(answered ? { inReplyTo: answered } : {}),
      ...(edited ? { change: 'edited' } : {}),
    },
    guild: said.guild_id ?? undefined,
    files: new Map(said.attachments.map((file) => [attachmentOf(file, said).platformId, file.url])),
  };
}

/** A direct message, or a server that is listed; undefined where we take no part (DC-2). */
export function contextOf(
  guild: string | null | undefined,
  { allowedGuilds }: Pick<DiscordView, 'allowedGuilds'>,
): 'dm' | 'group' | undefined {
  if (guild == null) return 'dm';
  return allowedGuilds.has(guild) ? 'group' : undefined;
}

export function senderOf(
  author: z.output<typeof person>,
  me: string,
  webhook: boolean,
): InboundMessage['sender'] {
  return {
    id: author.id,
    displayName: (author.global_name || author.username || author.id).slice(0, NAME_CAP),
    isBot: webhook || author.bot === true || author.system === true,
    isSelf: author.id === me,
  };
}

export { person as personSchema };

/** Our mention at the beginning or the end is how the message was addressed, not a part of it. */
function withoutName(content: string, me: string): { text: string; named: boolean } {
  const mentions = [`<@${me}>`, `<@!${me}>`];
  const named = mentions.some((mention) => content.includes(mention));
  let text = content.trim();
  for (const mention of mentions) {
    if (text.startsWith(mention)) text = text.slice(mention.length).replace(/^[:,]?\s*/, '');
    if (text.endsWith(mention)) text = text.slice(0, -mention.length).trimEnd();
  }
  return { text, named };
}

/** The id says where to ask for the file's address again: addresses are good for a day only. */
function attachmentOf(file: z.output<typeof attachmentSchema>, said: DiscordMessage): Attachment {
  return {
    name: file.filename.slice(0, NAME_CAP) || 'file',
    mediaType: file.content_type || 'application/octet-stream',
    size: file.size,
    platformId: `${said.channel_id}/${said.id}/${file.id}`,
  };
}
