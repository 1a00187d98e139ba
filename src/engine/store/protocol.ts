import * as z from 'zod/mini';
import { headSchema } from '../journal/heads';
import { receiptSchema } from '../journal/receipt';
import type { AnyRecord } from '../model/record';
import { aggregateQuerySchema, auditQuerySchema } from './query';
import { exportRequestSchema, retainRequestSchema } from './requests';

/** What passes between the store and its worker. Both sides check what they get. */

const hex64 = z.string().check(z.regex(/^[0-9a-f]{64}$/));

const draftSchema = z.object({
  type: z.string().check(z.minLength(1)),
  actor: z.string(),
  subject: z.string(),
  data: z.string(),
});

const openOptionsSchema = z.object({
  directory: z.string().check(z.minLength(1)),
  label: z.string(),
  leaseToken: z.string(),
  key: z.optional(z.string()),
  rememberedHead: z.optional(headSchema),
  segmentRecords: z.optional(z.int()),
});
export type OpenOptions = z.infer<typeof openOptionsSchema>;

export const requestSchema = z.discriminatedUnion('call', [
  z.object({ id: z.number(), call: z.literal('open'), options: openOptionsSchema }),
  z.object({ id: z.number(), call: z.literal('append'), drafts: z.array(draftSchema).check(z.minLength(1)) }),
  z.object({ id: z.number(), call: z.literal('query'), query: auditQuerySchema }),
  z.object({ id: z.number(), call: z.literal('aggregates'), query: aggregateQuerySchema }),
  z.object({ id: z.number(), call: z.literal('record'), seq: z.int() }),
  z.object({ id: z.number(), call: z.literal('verify') }),
  z.object({ id: z.number(), call: z.literal('receipt'), seq: z.int() }),
  z.object({ id: z.number(), call: z.literal('retain'), request: retainRequestSchema }),
  z.object({
    id: z.number(),
    call: z.literal('backup'),
    target: z.string().check(z.minLength(1)),
    passphrase: z.string().check(z.minLength(1)),
  }),
  z.object({ id: z.number(), call: z.literal('export'), request: exportRequestSchema }),
  z.object({ id: z.number(), call: z.literal('cancel'), target: z.number() }),
  z.object({ id: z.number(), call: z.literal('close') }),
]);
export type Request = z.infer<typeof requestSchema>;
/** A request before it has its number. */
export type Call = Request extends infer R ? (R extends { id: number } ? Omit<R, 'id'> : never) : never;

const damageSchema = z.object({
  kind: z.enum([
    'edited',
    'missing',
    'misplaced',
    'unlinked',
    'torn',
    'truncated',
    'added',
    'replaced',
    'head',
    'key',
    'checkpoint',
  ]),
  segment: z.string(),
  line: z.number(),
  seq: z.number(),
  text: z.string(),
});

const recordShape = z.object({
  seq: z.int(),
  at: z.number(),
  type: z.string(),
  actor: z.string(),
  subject: z.string(),
  data: z.record(z.string(), z.unknown()),
  prev: hex64,
  hash: hex64,
});

/** Records were checked where they were read; here only their outer shape is. */
const recordSchema = z.custom<AnyRecord>((value) => recordShape.safeParse(value).success);

/** What each call gives back. */
export const resultSchemas = {
  open: z.object({
    firstSeq: z.int(),
    lastSeq: z.int(),
    replayed: z.int(),
    recovered: z.optional(z.object({ bytesCut: z.number(), lastSeq: z.number(), aside: z.string() })),
    damage: z.array(damageSchema),
    /** As JSON: a text goes from thread to thread in one piece, and its reader chooses when to take it apart. */
    states: z.record(z.string(), z.string()),
  }),
  append: z.object({
    // Hundreds in one answer: the length of a hash is checked, not each of its digits.
    seals: z.array(
      z.object({
        seq: z.number(),
        at: z.number(),
        prev: z.string().check(z.length(64)),
        hash: z.string().check(z.length(64)),
      }),
    ),
    failure: z.optional(z.unknown()),
  }),
  query: z.object({
    records: z.array(recordSchema),
    next: z.optional(z.number()),
    total: z.object({ count: z.number(), exact: z.boolean() }),
  }),
  aggregates: z.object({
    total: z.number(),
    byChannel: z.array(z.object({ start: z.number(), channel: z.string(), count: z.number() })),
    byEffect: z.array(z.object({ start: z.number(), effect: z.string(), count: z.number() })),
    byType: z.array(z.object({ type: z.string(), count: z.number() })),
    byUser: z.array(z.object({ user: z.string(), count: z.number(), denied: z.number() })),
    denials: z.array(z.object({ ruleId: z.string(), count: z.number() })),
  }),
  record: z.optional(recordSchema),
  verify: z.object({
    intact: z.boolean(),
    records: z.number(),
    firstSeq: z.number(),
    lastSeq: z.number(),
    lastHash: z.string(),
    damage: z.array(damageSchema),
    damageCount: z.number(),
    heads: z.number(),
    lastHead: z.optional(headSchema),
    notes: z.array(z.string()),
  }),
  receipt: z.optional(receiptSchema),
  retain: z.object({ firstSeq: z.number(), dropped: z.number() }),
  backup: z.undefined(),
  export: z.object({ records: z.number(), masked: z.number() }),
  cancel: z.undefined(),
  close: z.undefined(),
} as const;
export type CallName = keyof typeof resultSchemas;

const failureSchema = z.object({
  name: z.string(),
  message: z.string(),
  code: z.optional(z.string()),
  holder: z.optional(z.object({ pid: z.number(), host: z.string(), label: z.string(), since: z.number() })),
});
export type Failure = z.infer<typeof failureSchema>;

export const replySchema = z.union([
  z.object({ id: z.number(), value: z.optional(z.unknown()), failure: z.optional(failureSchema) }),
  z.object({ event: z.literal('progress'), target: z.number(), checked: z.number(), share: z.number() }),
  z.object({ event: z.literal('head'), head: headSchema }),
  z.object({
    event: z.literal('state'),
    state: z.discriminatedUnion('state', [
      z.object({ state: z.literal('ready') }),
      z.object({ state: z.literal('failed'), reason: z.string(), code: z.string() }),
    ]),
  }),
]);
export type Reply = z.infer<typeof replySchema>;

export { failureSchema };
