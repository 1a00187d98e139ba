import * as z from 'zod/mini';
import { engineStateSchema, localeSchema, pageCommandSchema, readySchema } from './common';

/** Records in one request of the page. */
export const PAGE_SIZE = 100;

/** One record as a row of the table. The whole record is asked for when it is looked at. */
export const auditRowSchema = z.object({
  seq: z.int(),
  at: z.number(),
  type: z.string(),
  actor: z.string(),
  channel: z.string(),
  summary: z.string(),
  tone: z.enum(['plain', 'good', 'warn', 'bad']),
  taskId: z.optional(z.string()),
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

/** Where a record stands in the journal, for someone who does not have it. Hashes in hex; `at` is when it was signed. */
export const proofSchema = z.object({
  path: z.array(z.string()),
  head: z.object({ seq: z.int(), at: z.number(), root: z.string(), key: z.string() }),
});
export type Proof = z.infer<typeof proofSchema>;

/** One figure of a chart: `series` is a channel or an effect, `at` the start of an hour or a day (UTC). */
export const chartPointSchema = z.object({ series: z.string(), at: z.number(), count: z.int() });
export type ChartPoint = z.infer<typeof chartPointSchema>;
export const countSchema = z.object({ name: z.string(), count: z.int() });
export type Count = z.infer<typeof countSchema>;

/** Some records, newest first, of all that match a filter. */
const recordsShape = {
  rows: z.array(auditRowSchema),
  nextBeforeSeq: z.optional(z.int()),
  total: z.int(),
};

export const auditToPage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('state'),
    locale: z.optional(localeSchema),
    engine: engineStateSchema,
    /** Words that the filter box may complete. */
    channels: z.array(z.string()),
    types: z.array(z.string()),
    tools: z.array(z.string()),
    users: z.array(z.object({ key: z.string(), name: z.string() })),
    saved: z.array(z.object({ name: z.string(), filter: z.string() })),
    /** Set by a command that opens the panel with a filter, or restores it after a reload. */
    filter: z.optional(z.string()),
    /** The first records for this filter, read while the editor was loading the page. */
    ahead: z.optional(z.object({ filter: z.string(), ...recordsShape })),
  }),
  z.object({ type: z.literal('page'), requestId: z.int(), ...recordsShape }),
  /** `term` is the part of the filter that was not understood. */
  z.object({
    type: z.literal('failed'),
    requestId: z.int(),
    message: z.string(),
    term: z.optional(z.string()),
  }),
  /** The record as it is stored, as indented JSON. Absent when there is none with that number any more. */
  z.object({ type: z.literal('record'), seq: z.int(), text: z.optional(z.string()) }),
  z.object({
    type: z.literal('proof'),
    seq: z.int(),
    proof: z.optional(proofSchema),
    /** Why there is none. */
    message: z.string(),
  }),
  /** New records are there. */
  z.object({ type: z.literal('grown') }),
  z.object({ type: z.literal('verify'), verify: verifyStateSchema }),
  z.object({
    type: z.literal('charts'),
    /** Which request it answers: the filter may have changed since. */
    requestId: z.int(),
    /** From the start of the first hour or day to now, in milliseconds since the epoch. */
    from: z.number(),
    until: z.number(),
    bucket: z.enum(['hour', 'day']),
    total: z.int(),
    activity: z.array(chartPointSchema),
    decisions: z.array(chartPointSchema),
    /** Most first. */
    denials: z.object({ byRule: z.array(countSchema), byUser: z.array(countSchema) }),
    /** What is out of the ordinary, as the record has it, oldest first. */
    marks: z.array(z.object({ seq: z.int(), at: z.number(), text: z.string() })),
  }),
]);
export type AuditToPage = z.infer<typeof auditToPage>;

const filterSchema = z.string().check(z.maxLength(2000));
const seqSchema = z.int().check(z.positive());

export const auditFromPage = z.discriminatedUnion('type', [
  readySchema,
  pageCommandSchema,
  z.object({
    type: z.literal('query'),
    requestId: z.int(),
    filter: filterSchema,
    beforeSeq: z.optional(z.int().check(z.positive())),
    limit: z.int().check(z.gte(1), z.lte(500)),
  }),
  z.object({ type: z.literal('verify') }),
  z.object({ type: z.literal('stopVerify') }),
  z.object({ type: z.literal('charts'), requestId: z.int(), filter: filterSchema }),
  z.object({ type: z.literal('record'), seq: seqSchema }),
  z.object({ type: z.literal('proof'), seq: seqSchema }),
  z.object({ type: z.literal('saveReceipt'), seq: seqSchema }),
  z.object({ type: z.literal('export'), filter: filterSchema }),
  z.object({ type: z.literal('saveFilter'), filter: filterSchema }),
  /** Asks what to do with a saved filter: rename it, forget it. */
  z.object({ type: z.literal('manageFilter'), name: z.string() }),
  z.object({ type: z.literal('openTask'), taskId: z.string() }),
  z.object({ type: z.literal('copyRecord'), seq: seqSchema }),
  z.object({ type: z.literal('explain'), seq: seqSchema }),
]);
export type AuditFromPage = z.infer<typeof auditFromPage>;
