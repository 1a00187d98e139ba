import { z } from 'zod';

const textElement = z.strictObject({
  type: z.literal('text'),
  text: z.string().min(1),
  style: z.strictObject({ code: z.boolean() }).optional(),
});
export const blocks = z
  .array(
    z.discriminatedUnion('type', [
      z.strictObject({
        type: z.literal('rich_text'),
        elements: z
          .array(
            z.strictObject({
              type: z.enum(['rich_text_section', 'rich_text_preformatted']),
              elements: z.array(textElement).min(1),
            }),
          )
          .min(1),
      }),
      z.strictObject({
        type: z.literal('actions'),
        elements: z
          .array(
            z.strictObject({
              type: z.literal('button'),
              action_id: z.string().min(1).max(255),
              text: z.strictObject({ type: z.literal('plain_text'), text: z.string().min(1).max(75) }),
              value: z.string().max(2000),
              style: z.enum(['primary', 'danger']).optional(),
            }),
          )
          .min(1)
          .max(25),
      }),
    ]),
  )
  .max(50);
const TS = /^\d{10}\.\d{6}$/;
export const METHODS = {
  'auth.test': z.strictObject({}),
  'apps.connections.open': z.strictObject({}),
  'conversations.history': z.strictObject({
    channel: z.string(),
    oldest: z.string().regex(/^\d{1,12}\.\d{6}$/),
    limit: z
      .string()
      .regex(/^\d{1,3}$/)
      .transform(Number)
      .refine((limit) => limit >= 1 && limit <= 999),
    cursor: z.string().optional(),
  }),
  'chat.postMessage': z.strictObject({
    channel: z.string(),
    text: z.string().min(1).max(40_000),
    blocks: z.string(),
    unfurl_links: z.literal('false'),
    unfurl_media: z.literal('false'),
    thread_ts: z.string().regex(TS).optional(),
  }),
  'chat.update': z.strictObject({
    channel: z.string(),
    ts: z.string().regex(TS),
    text: z.string().min(1).max(40_000),
    blocks: z.string(),
  }),
  'files.info': z.strictObject({ file: z.string() }),
  'files.getUploadURLExternal': z.strictObject({
    filename: z.string().min(1),
    length: z.string().regex(/^[1-9]\d*$/),
  }),
  'files.completeUploadExternal': z.strictObject({
    files: z.string(),
    channel_id: z.string(),
    thread_ts: z.string().regex(TS).optional(),
  }),
} as const;

/** The scope that each method takes, as its page says. */
export const SCOPE_OF: Readonly<Record<string, string>> = {
  'chat.postMessage': 'chat:write',
  'chat.update': 'chat:write',
  'files.info': 'files:read',
  'files.getUploadURLExternal': 'files:write',
  'files.completeUploadExternal': 'files:write',
};
