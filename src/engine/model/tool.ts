import type { OutboundFile } from './message';

/** What ran, as the journal and the reply need it. */
export interface ToolResult {
  readonly ok: boolean;
  /** What a person reads; already decoded, not yet masked or capped. */
  readonly output: string;
  /** Length in bytes and SHA-256, in hex, of the whole output when `output` is only its head and tail. */
  readonly whole?: { readonly length: number; readonly sha256: string };
  /** For commands: null when a signal ended it. */
  readonly exitCode?: number | null;
  readonly signal?: string | null;
  /** One sentence on what went wrong and what to do, when `ok` is false and it is not just an exit code. */
  readonly error?: string;
  /** Files that go along with the reply. */
  readonly attachments?: readonly OutboundFile[];
  /** Names of untrusted content that this tool brought into the task. */
  readonly taint?: readonly string[];
}
