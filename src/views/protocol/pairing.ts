import * as z from 'zod/mini';
import { localeSchema, readySchema, resultSchema } from './common';

export const pairingToPage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('state'),
    locale: z.optional(localeSchema),
    now: z.number(),
    channel: z.string(),
    context: z.string(),
    role: z.string(),
    /** The code is for the chat of this editor, which the page can open. */
    local: z.boolean(),
    /** How the code is used on this channel, one sentence. */
    how: z.string(),
    /** Absent once it can no longer be used. It is never kept by the page. */
    code: z.optional(z.string()),
    /** A link or QR content by which the code is sent, where the platform has one. */
    link: z.optional(z.string()),
    /** The platform's id of the only one who may use it. */
    expected: z.optional(z.string()),
    /** How many people sent it, or another one, while it was good: more than one, and it may have leaked. */
    triedBy: z.int(),
    expiresAt: z.number(),
    /** live: can be used. The others say how it ended. */
    phase: z.enum(['live', 'used', 'ended']),
    outcome: z.string(),
    tries: z.array(
      z.object({ at: z.number(), sender: z.string(), displayName: z.string(), triesLeft: z.int() }),
    ),
  }),
  resultSchema,
]);
export type PairingToPage = z.infer<typeof pairingToPage>;

export const pairingFromPage = z.discriminatedUnion('type', [
  readySchema,
  z.object({
    type: z.enum(['copy', 'copyLink', 'rotate', 'cancel', 'extend', 'close', 'openChat']),
    requestId: z.int(),
  }),
]);
export type PairingFromPage = z.infer<typeof pairingFromPage>;
