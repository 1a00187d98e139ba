import * as z from 'zod';
import type { Attachment, InboundMessage } from '../../engine/model/message';

const id = z.string().min(1).max(300);
const file = z.looseObject({
  id,
  mime_type: z.string().default(''),
  caption: z.string().optional(),
  filename: z.string().optional(),
});
/** https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/reference/messages */
const message = z.looseObject({
  from: z.string().default(''),
  id,
  /** Seconds since the epoch. */
  timestamp: z.string().regex(/^\d{1,12}$/),
  type: z.string(),
  group_id: z.string().optional(),
  context: z.looseObject({ id: z.string().optional() }).optional(),
  text: z.looseObject({ body: z.string() }).optional(),
  interactive: z
    .looseObject({ type: z.string(), button_reply: z.looseObject({ id: z.string() }).optional() })
    .optional(),
  image: file.optional(),
  video: file.optional(),
  audio: file.optional(),
  document: file.optional(),
});
export type WhatsAppMessage = z.output<typeof message>;

const status = z.looseObject({
  status: z.string(),
  recipient_id: z.string().optional(),
  errors: z.array(z.looseObject({ code: z.number(), title: z.string().default('') })).optional(),
});
export type WhatsAppStatus = z.output<typeof status>;

const value = z.looseObject({
  metadata: z.looseObject({ phone_number_id: z.string(), display_phone_number: z.string().default('') }),
  contacts: z
    .array(
      z.looseObject({
        wa_id: z.string().optional(),
        profile: z.looseObject({ name: z.string().default('') }).optional(),
      }),
    )
    .optional(),
  messages: z.array(message).max(1_000).optional(),
  statuses: z.array(status).max(1_000).optional(),
});
export type WhatsAppValue = z.output<typeof value>;

/** What is not about messages has other values, which are not looked at. */
export const whatsappCall = z.looseObject({
  object: z.literal('whatsapp_business_account'),
  entry: z
    .array(
      z.looseObject({
        changes: z.array(z.looseObject({ field: z.string(), value: z.unknown() })).max(1_000),
      }),
    )
    .max(1_000),
});
export const messagesValue = value;

const NAME_CAP = 200;

/** A message for the gateway, or why there is none. Pure. */
export function readMessage(
  said: WhatsAppMessage,
  { metadata, contacts = [] }: WhatsAppValue,
  now: number,
): InboundMessage | 'group' | 'nothing for us' {
  // WA-2: nobody mentions a number in a group, so what is meant for it could not be told.
  if (said.group_id !== undefined) return 'group';
  const content = contentOf(said);
  if (!content) return 'nothing for us';
  const { from } = said;
  const name = contacts.find(({ wa_id }) => wa_id === from)?.profile?.name ?? '';
  const answers = said.context?.id;
  return {
    channel: 'whatsapp',
    account: metadata.phone_number_id,
    conversation: from || 'nobody',
    context: 'dm',
    sender: {
      id: from,
      displayName: (name || from).slice(0, NAME_CAP),
      isBot: false,
      isSelf: from !== '' && from === digits(metadata.display_phone_number),
    },
    ...content,
    platformId: said.id,
    receivedAt: now,
    addressed: true,
    ...(answers ? { inReplyTo: answers } : {}),
  };
}

/** A phone number as WhatsApp's ids have it. */
export function digits(phoneNumber: string): string {
  return phoneNumber.replace(/\D/g, '');
}

function contentOf(said: WhatsAppMessage): Pick<InboundMessage, 'text' | 'attachments'> | undefined {
  if (said.type === 'text' && said.text) return { text: said.text.body, attachments: [] };
  const pressed = said.type === 'interactive' ? said.interactive : undefined;
  if (pressed?.type === 'button_reply' && pressed.button_reply)
    return { text: pressed.button_reply.id, attachments: [] };
  for (const kind of ['image', 'video', 'audio', 'document'] as const) {
    const found = said.type === kind ? said[kind] : undefined;
    if (found) return { text: found.caption ?? '', attachments: [attachmentOf(found, kind)] };
  }
  return undefined;
}

function attachmentOf({ id: mediaId, mime_type, filename }: z.output<typeof file>, kind: string): Attachment {
  const mediaType = mime_type.split(';')[0]?.trim() || 'application/octet-stream';
  const ending = /^[a-z0-9]{1,8}$/.exec(mediaType.split('/')[1] ?? '')?.[0] ?? 'bin';
  return {
    name: (filename ?? `${kind}-${mediaId}.${ending}`).slice(0, NAME_CAP),
    mediaType,
    size: -1,
    platformId: mediaId,
  };
}
