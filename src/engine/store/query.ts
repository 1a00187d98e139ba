import * as z from 'zod';
import type { AnyRecord } from '../model/record';
import type { AuditAggregates } from '../model/views';

/** Most records on a page. */
export const MAX_PAGE = 200;

/** What to look for. All given parts must hold. */
export const auditQuerySchema = z.strictObject({
  /** Identity key. */
  user: z.string().optional(),
  channel: z.string().optional(),
  task: z.string().optional(),
  tool: z.string().optional(),
  effect: z.enum(['allow', 'ask', 'deny']).optional(),
  rule: z.string().optional(),
  /** One type, or several of which any will do. */
  type: z.union([z.string(), z.array(z.string()).min(1).max(100)]).optional(),
  /** Milliseconds since the epoch, inclusive. */
  from: z.number().optional(),
  to: z.number().optional(),
  /** Words; each must occur, the last one may be the beginning of a word. */
  text: z.string().max(500).optional(),
  /** Only records older than this one: `next` of the page before. */
  before: z.number().int().min(1).optional(),
  limit: z.number().int().min(1).max(MAX_PAGE).default(50),
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
export const auditFilterSchema = auditQuerySchema.omit({ before: true, limit: true });
export type StoreFilter = z.infer<typeof auditFilterSchema>;

export const aggregateQuerySchema = auditFilterSchema.extend({
  bucket: z.enum(['hour', 'day']).default('hour'),
});
export type AggregateQuery = z.input<typeof aggregateQuerySchema>;
export type FullAggregateQuery = z.output<typeof aggregateQuerySchema>;

export type Aggregates = AuditAggregates;
