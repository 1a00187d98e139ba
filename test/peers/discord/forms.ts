import { z } from 'zod';

/** What Discord takes for a message, and nothing else: https://docs.discord.com/developers/resources/message */
const button = z.strictObject({
  type: z.literal(2),
  style: z.number().int().min(1).max(4),
  label: z.string().min(1).max(80),
  custom_id: z.string().min(1).max(100),
});
const row = z.strictObject({
  type: z.literal(1),
  components: z
    .array(button)
    .min(1)
    .max(5)
    .refine((all) => new Set(all.map(({ custom_id }) => custom_id)).size === all.length),
});
export type Row = z.output<typeof row>;

const mentions = z.strictObject({ parse: z.array(z.string()).max(0), replied_user: z.boolean().optional() });
/** Only SUPPRESS_EMBEDS and SUPPRESS_NOTIFICATIONS can be set. */
const flags = z.number().refine((bits) => (bits & ~((1 << 2) | (1 << 12))) === 0);
const attachments = z.array(z.strictObject({ id: z.number(), filename: z.string() }));

export const editMessage = z.strictObject({
  content: z.string().optional(),
  components: z.array(row).max(5).optional(),
  allowed_mentions: mentions,
  flags: flags.optional(),
  attachments: attachments.optional(),
});
export const newMessage = editMessage.extend({
  nonce: z.string().min(1).max(25).optional(),
  enforce_nonce: z.boolean().optional(),
  message_reference: z
    .strictObject({ message_id: z.string().regex(/^\d{15,22}$/), fail_if_not_exists: z.boolean().optional() })
    .optional(),
});

export interface SentFile {
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: Buffer;
}

/** JSON, or the JSON and the file of a form. https://docs.discord.com/developers/reference#uploading-files */
export function readMultipart(type: string, body: Buffer): { payload: unknown; file?: SentFile } {
  const boundary = /boundary=(.+)$/.exec(type)?.[1];
  if (boundary === undefined)
    return { payload: type.startsWith('application/json') ? JSON.parse(body.toString()) : undefined };
  const sections = body.toString('latin1').split(`--${boundary}`);
  const find = (name: string) => sections.find((one) => one.includes(`name="${name}"`));
  const contentOf = (section: string) =>
    Buffer.from(section.slice(section.indexOf('\r\n\r\n') + 4, -2), 'latin1');
  const json = find('payload_json');
  const section = find('files[0]');
  return {
    payload: json && JSON.parse(contentOf(json).toString('utf8')),
    ...(section
      ? {
          file: {
            name: Buffer.from(/filename="([^"]*)"/.exec(section)?.[1] ?? '', 'latin1').toString('utf8'),
            mediaType: /content-type: (.+)\r\n/i.exec(section)?.[1] ?? '',
            bytes: contentOf(section),
          },
        }
      : {}),
  };
}
