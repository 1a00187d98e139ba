import * as z from 'zod/mini';

/** What the engine is doing, as every webview needs it to say why there is nothing to see. */
export const engineStateSchema = z.object({
  kind: z.enum(['no-folder', 'restricted', 'starting', 'held', 'failed', 'ready', 'paused']),
  detail: z.string(),
});
export type PageEngineState = z.infer<typeof engineStateSchema>;

/** Sentences of the page's language, sent once before anything is drawn. */
export const localeSchema = z.object({
  language: z.string(),
  bundle: z.record(z.string(), z.string()),
});
export type PageLocale = z.infer<typeof localeSchema>;

/** Asks the extension for the first message. Sent when a page is loaded, also when it is shown again. */
export const readySchema = z.object({ type: z.literal('ready') });

/** Commands that a page may ask for by name. Nothing else is run for a webview. */
export const PAGE_COMMANDS = [
  'openFolder',
  'manageTrust',
  'showLog',
  'resume',
  'retry',
  'openWalkthrough',
  'generateCode',
  'openChat',
] as const;
export const pageCommandSchema = z.object({ type: z.literal('command'), name: z.enum(PAGE_COMMANDS) });
export type PageCommand = (typeof PAGE_COMMANDS)[number];

/** How an action that a page asked for ended. `message` says why when it did not work. */
export const resultSchema = z.object({
  type: z.literal('result'),
  requestId: z.int(),
  ok: z.boolean(),
  message: z.string(),
});
