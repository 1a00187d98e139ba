import * as z from 'zod/mini';
import { engineStateSchema, localeSchema, pageCommandSchema, readySchema } from './common';

/** One record as a row: columns for the table, and the whole record as JSON text for the detail pane. */
export const auditRowSchema = z.object({
  seq: z.int(),
  at: z.number(),
  type: z.string(),
  actor: z.string(),
  channel: z.string(),
  summary: z.string(),
  tone: z.enum(['plain', 'good', 'warn', 'bad']),
  taskId: z.optional(z.string()),
  raw: z.string(),
});
export type AuditRow = z.infer<typeof auditRowSchema>;

export const verifyStateSchema = z.discriminatedUnion('state', [
  z.object({ state: z.literal('running'), records: z.number() }),
  z.object({ state: z.literal('intact'), records: z.number(), lastSeq: z.number(), headHash: z.string() }),
  z.object({
    state: z.literal('damaged'),
    records: z.number(),
    problem: z.string(),
    segment: z.string(),
    line: z.number(),
    seq: z.nullable(z.number()),
  }),
  z.object({ state: z.literal('stopped'), message: z.string() }),
]);
export type VerifyState = z.infer<typeof verifyStateSchema>;

/** One figure of a chart: `series` is a channel or an effect, `at` the start of an hour or 0. */
export const chartPointSchema = z.object({ series: z.string(), at: z.number(), count: z.int() });
export type ChartPoint = z.infer<typeof chartPointSchema>;

export const auditToPage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('state'),
    locale: z.optional(localeSchema),
    engine: engineStateSchema,
    /** Words that the filter box may complete. */
    channels: z.array(z.string()),
    types: z.array(z.string()),
    /** Set by a command that opens the panel with a filter, or restores it after a reload. */
    filter: z.optional(z.string()),
  }),
  z.object({
    type: z.literal('page'),
    requestId: z.int(),
    rows: z.array(auditRowSchema),
    nextBeforeSeq: z.optional(z.int()),
    total: z.int(),
  }),
  /** `term` is the part of the filter that was not understood. */
  z.object({
    type: z.literal('failed'),
    requestId: z.int(),
    message: z.string(),
    term: z.optional(z.string()),
  }),
  /** New records are there. */
  z.object({ type: z.literal('grown') }),
  z.object({ type: z.literal('verify'), verify: verifyStateSchema }),
  z.object({
    type: z.literal('charts'),
    activity: z.array(chartPointSchema),
    decisions: z.array(chartPointSchema),
    until: z.number(),
  }),
]);
export type AuditToPage = z.infer<typeof auditToPage>;

export const auditFromPage = z.discriminatedUnion('type', [
  readySchema,
  pageCommandSchema,
  z.object({
    type: z.literal('query'),
    requestId: z.int(),
    filter: z.string().check(z.maxLength(2000)),
    beforeSeq: z.optional(z.int().check(z.positive())),
    limit: z.int().check(z.gte(1), z.lte(500)),
  }),
  z.object({ type: z.literal('verify') }),
  z.object({ type: z.literal('stopVerify') }),
  z.object({ type: z.literal('charts') }),
  z.object({ type: z.literal('openTask'), taskId: z.string() }),
  z.object({ type: z.literal('copyRecord'), seq: z.int() }),
  z.object({ type: z.literal('explain'), seq: z.int().check(z.positive()) }),
]);
export type AuditFromPage = z.infer<typeof auditFromPage>;
