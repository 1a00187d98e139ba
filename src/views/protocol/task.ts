import { z } from 'zod';
import { engineStateSchema, localeSchema, readySchema, resultSchema } from './common';

export const taskStepSchema = z.object({
  actionId: z.string(),
  tool: z.string(),
  action: z.string(),
  sandbox: z.string(),
  startedAt: z.number(),
  state: z.enum(['running', 'ok', 'failed', 'interrupted']),
  exitCode: z.number().nullable().optional(),
  durationMs: z.number().optional(),
  output: z.string().optional(),
});
export type TaskStep = z.infer<typeof taskStepSchema>;

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
  startedAt: z.number().optional(),
  endedAt: z.number().optional(),
  denials: z.number().int(),
  steps: z.array(taskStepSchema),
});
export type TaskPage = z.infer<typeof taskPageSchema>;

export const taskToPage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('state'),
    locale: localeSchema.optional(),
    engine: engineStateSchema,
    now: z.number(),
    /** Absent when the task is not known any more. */
    task: taskPageSchema.optional(),
    /** The output so far of the step that is running. */
    live: z.string(),
  }),
  z.object({ type: z.literal('output'), text: z.string() }),
  resultSchema,
]);
export type TaskToPage = z.infer<typeof taskToPage>;

export const taskFromPage = z.discriminatedUnion('type', [
  readySchema,
  z.object({ type: z.literal('cancel'), requestId: z.number().int() }),
  z.object({ type: z.literal('forceStop'), requestId: z.number().int() }),
  z.object({ type: z.literal('openAudit') }),
]);
export type TaskFromPage = z.infer<typeof taskFromPage>;
