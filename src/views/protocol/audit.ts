import { z } from 'zod';
import { engineStateSchema, localeSchema, pageCommandSchema, readySchema } from './common';

/** One record as a row: columns for the table, and the whole record as JSON text for the detail pane. */
export const auditRowSchema = z.object({
  seq: z.number().int(),
  at: z.number(),
  type: z.string(),
  actor: z.string(),
  channel: z.string(),
  summary: z.string(),
  tone: z.enum(['plain', 'good', 'warn', 'bad']),
  taskId: z.string().optional(),
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
    seq: z.number().nullable(),
  }),
  z.object({ state: z.literal('stopped'), message: z.string() }),
]);
export type VerifyState = z.infer<typeof verifyStateSchema>;

/** One figure of a chart: `series` is a channel or an effect, `at` the start of an hour or 0. */
export const chartPointSchema = z.object({ series: z.string(), at: z.number(), count: z.number().int() });
export type ChartPoint = z.infer<typeof chartPointSchema>;

export const auditToPage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('state'),
    locale: localeSchema.optional(),
    engine: engineStateSchema,
    /** Words that the filter box may complete. */
    channels: z.array(z.string()),
    types: z.array(z.string()),
    /** Set by a command that opens the panel with a filter, or restores it after a reload. */
    filter: z.string().optional(),
  }),
  z.object({
    type: z.literal('page'),
    requestId: z.number().int(),
    rows: z.array(auditRowSchema),
    nextBeforeSeq: z.number().int().optional(),
    total: z.number().int(),
  }),
  /** `term` is the part of the filter that was not understood. */
  z.object({
    type: z.literal('failed'),
    requestId: z.number().int(),
    message: z.string(),
    term: z.string().optional(),
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
    requestId: z.number().int(),
    filter: z.string().max(2000),
    beforeSeq: z.number().int().positive().optional(),
    limit: z.number().int().min(1).max(500),
  }),
  z.object({ type: z.literal('verify') }),
  z.object({ type: z.literal('stopVerify') }),
  z.object({ type: z.literal('charts') }),
  z.object({ type: z.literal('openTask'), taskId: z.string() }),
  z.object({ type: z.literal('copyRecord'), seq: z.number().int() }),
]);
export type AuditFromPage = z.infer<typeof auditFromPage>;
