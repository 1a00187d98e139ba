import * as z from 'zod/mini';
import type { ExportFormat, ExportResult } from '../model/views';
import { auditFilterSchema, type StoreFilter } from './query';

export const EXPORT_FORMATS = ['jsonl', 'csv', 'ocsf', 'cef'] as const satisfies readonly ExportFormat[];
export type { ExportFormat };

/** Which records an export takes. */
export const exportFilterSchema = auditFilterSchema;
export type ExportFilter = StoreFilter;

export const exportRequestSchema = z.strictObject({
  format: z.enum(EXPORT_FORMATS),
  /** Absolute path of the file, which is replaced when the export is whole. */
  target: z.string().check(z.minLength(1)),
  filter: z._default(exportFilterSchema, {}),
  /** Masked in the file; used for this export only. */
  secrets: z._default(
    z.readonly(z.array(z.strictObject({ name: z.string(), forms: z.readonly(z.array(z.string())) }))),
    [],
  ),
});
export type { ExportResult };
export type ExportRequest = z.input<typeof exportRequestSchema>;

export const retainRequestSchema = z.union([
  z.strictObject({ olderThan: z.number() }),
  z.strictObject({ keep: z.int().check(z.minimum(0)) }),
]);
/** `olderThan`: drop what is older than this time (milliseconds since the epoch). `keep`: leave so many records. */
export type RetainRequest = z.infer<typeof retainRequestSchema>;
