import * as z from 'zod';
import type { InboundMessage } from '../../engine/model/message';

const id = z.string().min(1).max(100);
/** https://dev.twitch.tv/docs/eventsub/eventsub-subscription-types/#channelchatmessage */
const chat = z.looseObject({
  broadcaster_user_id: id,
  source_broadcaster_user_id: id.nullish(),
  chatter_user_id: id,
  chatter_user_login: z.string().default(''),
  chatter_user_name: z.string().default(''),
  message_id: id,
  message: z.looseObject({
    text: z.string(),
    fragments: z
      .array(
        z.looseObject({
          type: z.string(),
          text: z.string(),
          mention: z.looseObject({ user_id: z.string() }).nullish(),
        }),
      )
      .default([]),
  }),
  badges: z.array(z.looseObject({ set_id: z.string() })).default([]),
  reply: z.looseObject({ parent_message_id: id, parent_user_id: z.string().default('') }).nullish(),
});
/** https://dev.twitch.tv/docs/eventsub/eventsub-subscription-types/#userwhispermessage */
const whisper = z.looseObject({
  from_user_id: id,
  from_user_login: z.string().default(''),
  from_user_name: z.string().default(''),
  to_user_id: id,
  whisper_id: id,
  whisper: z.looseObject({ text: z.string() }),
});

export interface TwitchView {
  /** Our user's id, which is the account. */
  readonly me: string;
  readonly whispers: boolean;
  /** Whether the chat of this broadcaster is one that we take part in. */
  joined(broadcaster: string): boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** The badge that Twitch gives to accounts of chat bots. */
const BOT_BADGE = 'bot-badge';
const WHISPER = 'whisper-';
const NAME_CAP = 200;

/** A notification as a message for the gateway; undefined when it is none for us. Pure. */
export function readEvent(
  type: string | undefined,
  event: unknown,
  view: TwitchView,
): InboundMessage | undefined {
  if (type === 'channel.chat.message') return readChat(event, view);
  return type === 'user.whisper.message' && view.whispers ? readWhisper(event, view) : undefined;
}

function readChat(event: unknown, view: TwitchView): InboundMessage | undefined {
  const parsed = chat.safeParse(event);
  if (!parsed.success) return undefined;
  const said = parsed.data;
  const broadcaster = said.broadcaster_user_id;
  if (!view.joined(broadcaster)) return undefined;
  // In a shared chat the words come from another one, which may not be ours to moderate.
  if (said.source_broadcaster_user_id && said.source_broadcaster_user_id !== broadcaster) return undefined;
  const { text, named } = withoutName(said.message, view.me);
  return {
    channel: 'twitch',
    account: view.me,
    conversation: broadcaster,
    context: 'public',
    sender: {
      id: said.chatter_user_id,
      displayName: (said.chatter_user_name || said.chatter_user_login).slice(0, NAME_CAP),
      isBot: said.badges.some(({ set_id }) => set_id === BOT_BADGE),
      isSelf: said.chatter_user_id === view.me,
    },
    text: asCommand(text),
    attachments: [],
    platformId: said.message_id,
    receivedAt: view.now,
    addressed: named || said.reply?.parent_user_id === view.me,
    ...(said.reply ? { inReplyTo: said.reply.parent_message_id } : {}),
  };
}

function readWhisper(event: unknown, view: TwitchView): InboundMessage | undefined {
  const parsed = whisper.safeParse(event);
  if (!parsed.success || parsed.data.to_user_id !== view.me) return undefined;
  const said = parsed.data;
  return {
    channel: 'twitch',
    account: view.me,
    conversation: `${WHISPER}${said.from_user_id}`,
    context: 'dm',
    sender: {
      id: said.from_user_id,
      displayName: (said.from_user_name || said.from_user_login).slice(0, NAME_CAP),
      isBot: false,
      isSelf: said.from_user_id === view.me,
    },
    text: asCommand(said.whisper.text),
    attachments: [],
    platformId: said.whisper_id,
    receivedAt: view.now,
    addressed: true,
  };
}

/** The person that a conversation of whispers is with; undefined for a chat. */
export function whisperTo(conversation: string): string | undefined {
  return conversation.startsWith(WHISPER) ? conversation.slice(WHISPER.length) : undefined;
}

/** Our mention at the beginning or the end is how the message was addressed. Twitch names us by id, whatever our name is. */
function withoutName(
  { text, fragments }: z.output<typeof chat>['message'],
  me: string,
): { text: string; named: boolean } {
  const ours = (fragment: (typeof fragments)[number] | undefined) => fragment?.mention?.user_id === me;
  if (!fragments.some(ours)) return { text, named: false };
  const rest = [...fragments];
  const isBlank = (fragment: (typeof fragments)[number] | undefined) =>
    fragment !== undefined && fragment.text.trim() === '';
  while (ours(rest[0]) || isBlank(rest[0])) rest.shift();
  while (ours(rest.at(-1)) || isBlank(rest.at(-1))) rest.pop();
  const joined = rest.map((fragment) => fragment.text).join('');
  return { text: joined.trim().replace(/^[,:]\s*/, ''), named: true };
}

/** Twitch keeps lines that begin with a slash for itself, so `!run` stands for `/run`, as is usual there. */
function asCommand(text: string): string {
  return /^![a-z]/i.test(text) ? `/${text.slice(1)}` : text;
}
