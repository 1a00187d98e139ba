import * as z from 'zod';
import { auditQuerySchema } from './query';

export const EXPORT_FORMATS = ['jsonl', 'csv', 'ocsf', 'cef'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Which records an export takes: an audit query without its pages. */
export const exportFilterSchema = auditQuerySchema.omit({ before: true, limit: true });
export type ExportFilter = z.infer<typeof exportFilterSchema>;

export const exportRequestSchema = z.strictObject({
  format: z.enum(EXPORT_FORMATS),
  /** Absolute path of the file, which is replaced when the export is whole. */
  target: z.string().min(1),
  filter: exportFilterSchema.default({}),
});
export type ExportRequest = z.input<typeof exportRequestSchema>;

export const retainRequestSchema = z.union([
  z.strictObject({ olderThan: z.number() }),
  z.strictObject({ keep: z.number().int().min(0) }),
]);
/** `olderThan`: drop what is older than this time (milliseconds since the epoch). `keep`: leave so many records. */
export type RetainRequest = z.infer<typeof retainRequestSchema>;
