import * as z from 'zod/mini';
import { localeSchema, readySchema, resultSchema } from './common';

export const authenticatorToPage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('state'),
    locale: z.optional(localeSchema),
    /** Whose it is, for the heading. */
    holder: z.string(),
    /** What its codes are asked for, one sentence. */
    purpose: z.string(),
    /** Absent once it is set up: the page then has nothing left to show. It is never kept by the page. */
    setup: z.optional(z.object({ uri: z.string(), secret: z.string() })),
  }),
  resultSchema,
]);
export type AuthenticatorToPage = z.infer<typeof authenticatorToPage>;

/** Longest code that is passed on, in UTF-16 units: six digits, and the spaces that apps show between them. */
export const CODE_LIMIT = 16;

export const authenticatorFromPage = z.discriminatedUnion('type', [
  readySchema,
  z.object({
    type: z.literal('confirm'),
    requestId: z.int(),
    code: z.string().check(z.maxLength(CODE_LIMIT)),
  }),
  z.object({ type: z.literal('close') }),
]);
export type AuthenticatorFromPage = z.infer<typeof authenticatorFromPage>;
