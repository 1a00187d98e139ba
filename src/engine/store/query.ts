import * as z from 'zod/mini';
import type { AnyRecord } from '../model/record';
import type { AuditAggregates } from '../model/views';

/** Most records on a page. */
export const MAX_PAGE = 200;

/** What to look for. All given parts must hold. */
export const auditQuerySchema = z.strictObject({
  /** Identity key. */
  user: z.optional(z.string()),
  channel: z.optional(z.string()),
  task: z.optional(z.string()),
  tool: z.optional(z.string()),
  effect: z.optional(z.enum(['allow', 'ask', 'deny'])),
  rule: z.optional(z.string()),
  /** One type, or several of which any will do. */
  type: z.optional(z.union([z.string(), z.array(z.string()).check(z.minLength(1), z.maxLength(100))])),
  /** Milliseconds since the epoch, inclusive. */
  from: z.optional(z.number()),
  to: z.optional(z.number()),
  /** Words; each must occur, the last one may be the beginning of a word. */
  text: z.optional(z.string().check(z.maxLength(500))),
  /** Only records older than this one: `next` of the page before. */
  before: z.optional(z.int().check(z.minimum(1))),
  limit: z._default(z.int().check(z.minimum(1), z.maximum(MAX_PAGE)), 50),
});
export type AuditQuery = z.input<typeof auditQuerySchema>;
export type FullAuditQuery = z.output<typeof auditQuerySchema>;

/** Newest first. */
export interface AuditPage {
  readonly records: readonly AnyRecord[];
  /**
   * `before` of the next page; absent when there is no more. A page may be short, or empty, and still have a next
   * one: a search ends after a time, so that it never holds up what is being written.
   */
  readonly next?: number;
  /** How many records the whole query finds; an upper bound unless `exact`. */
  readonly total: { readonly count: number; readonly exact: boolean };
}

/** An audit query without its pages. */
export const auditFilterSchema = z.omit(auditQuerySchema, { before: true, limit: true });
export type StoreFilter = z.infer<typeof auditFilterSchema>;

export const aggregateQuerySchema = z.extend(auditFilterSchema, {
  bucket: z._default(z.enum(['hour', 'day']), 'hour'),
});
export type AggregateQuery = z.input<typeof aggregateQuerySchema>;
export type FullAggregateQuery = z.output<typeof aggregateQuerySchema>;

export type Aggregates = AuditAggregates;
