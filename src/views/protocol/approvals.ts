import * as z from 'zod/mini';
import { engineStateSchema, localeSchema, pageCommandSchema, readySchema, resultSchema } from './common';

export const riskSchema = z.enum(['none', 'low', 'medium', 'high']);
export type Risk = z.infer<typeof riskSchema>;

const scopeSchema = z.enum(['once', 'task', 'until', 'always']);

/** One request as its card shows it. Nothing in it is cut; every string is untrusted text. */
export const cardSchema = z.object({
  id: z.string(),
  bindingHash: z.string(),
  taskId: z.string(),
  requestedAt: z.number(),
  expiresAt: z.number(),
  who: z.object({ key: z.string(), sender: z.string(), displayName: z.string(), role: z.string() }),
  where: z.object({
    channel: z.string(),
    account: z.string(),
    conversation: z.string(),
    context: z.string(),
  }),
  message: z.string(),
  tool: z.string(),
  action: z.string(),
  cwd: z.string(),
  envNames: z.array(z.string()),
  files: z.array(z.object({ path: z.string(), access: z.enum(['read', 'write', 'delete']) })),
  hosts: z.array(z.string()),
  parts: z.array(
    z.object({
      text: z.string(),
      summary: z.string(),
      risk: riskSchema,
      explanation: z.optional(z.string()),
      saferAlternative: z.optional(z.string()),
    }),
  ),
  marks: z.array(z.object({ offset: z.int(), name: z.string() })),
  taint: z.array(z.string()),
  why: z.object({
    layer: z.string(),
    ruleId: z.string(),
    reasons: z.array(z.string()),
    /** What each layer said, in order. */
    layers: z.array(
      z.object({ layer: z.string(), effect: z.string(), ruleId: z.string(), reason: z.string() }),
    ),
    /** What would alter the decision, smallest first. */
    alter: z.array(z.string()),
  }),
  /** What it would touch, a sentence each; `complete` is false when there may be more. */
  touches: z.optional(z.object({ lines: z.array(z.string()), complete: z.boolean() })),
  /** The change can be laid beside the file that is there now. */
  comparable: z.boolean(),
  sandbox: z.object({ label: z.string(), isolated: z.boolean() }),
  scopes: z.array(z.object({ scope: scopeSchema, pattern: z.optional(z.string()), allows: z.string() })),
  /** The highest risk of its parts. */
  risk: riskSchema,
  /** Why approving needs a second step; empty when it does not. */
  cautions: z.array(z.string()),
});
export type ApprovalCard = z.infer<typeof cardSchema>;

/** What a choice would have let through without asking, in the past. */
export const forecastSchema = z.object({
  days: z.int(),
  considered: z.int(),
  wouldAutoRun: z.int(),
  /** The first of them; untrusted text. */
  examples: z.array(z.string()),
});
export type Forecast = z.infer<typeof forecastSchema>;

export const approvalsToPage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('state'),
    locale: z.optional(localeSchema),
    engine: engineStateSchema,
    /** The extension's clock, for the countdown. */
    now: z.number(),
    cards: z.array(cardSchema),
    /** Whether anybody could ask at all: the empty page then says what to do first. */
    setup: z.object({ users: z.int(), channelsOnline: z.int() }),
  }),
  z.object({ type: z.literal('reveal'), id: z.string() }),
  /** The answer to `forecast`; without one when it cannot be told. */
  z.object({
    type: z.literal('forecast'),
    id: z.string(),
    pattern: z.string(),
    forecast: z.optional(forecastSchema),
  }),
  resultSchema,
]);
export type ApprovalsToPage = z.infer<typeof approvalsToPage>;
export type ApprovalsState = Extract<ApprovalsToPage, { type: 'state' }>;

export const approvalsFromPage = z.discriminatedUnion('type', [
  readySchema,
  pageCommandSchema,
  z.object({
    type: z.literal('approve'),
    requestId: z.int(),
    id: z.string(),
    bindingHash: z.string(),
    scope: scopeSchema,
    pattern: z.optional(z.string()),
  }),
  z.object({
    type: z.literal('deny'),
    requestId: z.int(),
    id: z.string(),
    consequence: z.enum(['deny', 'cancel-task', 'revoke-user']),
  }),
  z.object({ type: z.literal('openTask'), taskId: z.string() }),
  z.object({ type: z.literal('copy'), id: z.string() }),
  z.object({ type: z.literal('compare'), id: z.string() }),
  z.object({ type: z.literal('openAudit'), taskId: z.string() }),
  z.object({ type: z.literal('forecast'), id: z.string(), pattern: z.string() }),
]);
export type ApprovalsFromPage = z.infer<typeof approvalsFromPage>;
