import * as z from 'zod/mini';
import { engineStateSchema, localeSchema, readySchema, resultSchema } from './common';

export const taskStepSchema = z.object({
  actionId: z.string(),
  tool: z.string(),
  action: z.string(),
  sandbox: z.string(),
  startedAt: z.number(),
  state: z.enum(['running', 'ok', 'failed', 'interrupted']),
  exitCode: z.optional(z.nullable(z.number())),
  durationMs: z.optional(z.number()),
  output: z.optional(z.string()),
});
export type TaskStep = z.infer<typeof taskStepSchema>;

/** A file or folder that the task changed. `movedTo` for one that was moved. */
export const taskFileSchema = z.object({
  id: z.string(),
  name: z.string(),
  movedTo: z.optional(z.string()),
  kind: z.enum(['created', 'modified', 'deleted', 'moved']),
  /** restored: it is what it was before the task. */
  state: z.enum(['changed', 'restored']),
  canCompare: z.boolean(),
  canUndo: z.boolean(),
});
export type TaskFile = z.infer<typeof taskFileSchema>;

export const taskPageSchema = z.object({
  id: z.string(),
  user: z.string(),
  displayName: z.string(),
  channel: z.string(),
  conversation: z.string(),
  title: z.string(),
  state: z.string(),
  stateText: z.string(),
  detail: z.string(),
  final: z.boolean(),
  createdAt: z.number(),
  startedAt: z.optional(z.number()),
  endedAt: z.optional(z.number()),
  /** How long it may last, in milliseconds. */
  timeLimitMs: z.optional(z.number()),
  denials: z.int(),
  files: z.array(taskFileSchema),
  steps: z.array(taskStepSchema),
});
export type TaskPage = z.infer<typeof taskPageSchema>;

export const taskToPage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('state'),
    locale: z.optional(localeSchema),
    engine: engineStateSchema,
    now: z.number(),
    /** Absent when the task is not known any more. */
    task: z.optional(taskPageSchema),
    /** The output so far of the step that is running. */
    live: z.string(),
  }),
  z.object({ type: z.literal('output'), text: z.string() }),
  resultSchema,
]);
export type TaskToPage = z.infer<typeof taskToPage>;

export const taskFromPage = z.discriminatedUnion('type', [
  readySchema,
  z.object({ type: z.literal('cancel'), requestId: z.int() }),
  z.object({ type: z.literal('forceStop'), requestId: z.int() }),
  z.object({ type: z.literal('openAudit') }),
  z.object({ type: z.literal('compare'), requestId: z.int(), file: z.string() }),
  z.object({ type: z.literal('restore'), requestId: z.int(), file: z.string() }),
  z.object({ type: z.literal('restoreAll'), requestId: z.int() }),
  z.object({ type: z.literal('undoRestore'), requestId: z.int(), file: z.string() }),
]);
export type TaskFromPage = z.infer<typeof taskFromPage>;
