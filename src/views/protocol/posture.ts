import * as z from 'zod/mini';
import { engineStateSchema, localeSchema, readySchema } from './common';

export const SEVERITY_KEYS = ['critical', 'high', 'medium', 'low', 'info'] as const;

const pointSchema = z.object({
  /** Milliseconds since the epoch. */
  at: z.number(),
  score: z.number(),
  /** Counts in the order of `SEVERITY_KEYS`; accepted ones included. */
  open: z.array(z.number()),
  accepted: z.number(),
});
export type PagePoint = z.infer<typeof pointSchema>;

export const postureToPage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('state'),
    locale: z.optional(localeSchema),
    engine: engineStateSchema,
    profile: z.string(),
    score: z.number(),
    /** Names of the severities, in the order of `SEVERITY_KEYS`. */
    names: z.array(z.string()),
    open: z.array(z.number()),
    accepted: z.number(),
    /** Oldest first. */
    history: z.array(pointSchema),
  }),
]);
export type PostureToPage = z.infer<typeof postureToPage>;

export const postureFromPage = z.discriminatedUnion('type', [
  readySchema,
  z.object({ type: z.literal('checklist') }),
]);
export type PostureFromPage = z.infer<typeof postureFromPage>;
